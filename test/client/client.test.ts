import assert from 'node:assert/strict';
import { appendFile, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { beforeEach, describe, it } from 'mocha';
import {
  CheckFailed,
  type FineTuneRequest,
  ReportsNotFound,
  RunConflict,
  RunFailed,
  RunNotFound,
  RunNotRunning,
  type RunSpecInput,
  SemiEvolClient,
  SpecError,
} from '../../client/index.ts';
import { defineConfig } from '../../config/config.ts';
import { LABELS } from '../../testing/task.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { writeTask } from '../support/stack.ts';
import { useBench, useOwnTemporal } from '../support/suite.ts';
import { writeTrainingFile } from '../workflows/support.ts';

const JOBS = '/fine_tuning/jobs';

describe('the typed client', () => {
  const temporal = useOwnTemporal('suite');
  const bench = useBench('test', {}, {}, temporal);
  let client: SemiEvolClient;
  beforeEach(() => {
    client = bench.client;
  });

  const withWorker = async (use: () => Promise<void>) => (await bench.worker()).runUntil(use);

  /** A spec as a user writes it, with paths from the folder of the data. */
  async function specOf(name: string, changes: Partial<RunSpecInput> = {}): Promise<RunSpecInput> {
    const { data } = await writeTask(bench.folder, name);
    const fromFolder = (paths: string[]) => paths.map((path) => relative(bench.folder, path));
    return {
      name,
      task: { type: 'classification', labels: LABELS },
      data: {
        labelled: fromFolder(data.labelled),
        unlabelled: fromFolder(data.unlabelled),
        test: fromFolder(data.test),
      },
      ...changes,
    };
  }

  const failureOf = (promise: Promise<unknown>): Promise<RunFailed> =>
    promise.then(
      () => assert.fail('it completed'),
      (error) => {
        assert.ok(error instanceof RunFailed, String(error));
        return error;
      },
    );

  it('takes a run from its spec to its figures', async () => {
    const spec = await specOf('whole');
    const place = { folder: bench.folder };
    await withWorker(async () => {
      const { counts } = await client.check(spec, place);
      assert.deepEqual(counts, { labelled: 20, unlabelled: 40, test: 30 });

      // Its job waits until it has been seen, however fast the run is.
      bench.provider.jobs.hold();
      const run = await client.start(spec, place);
      assert.equal(run.before, 'none');
      const seen = new Set<string>();
      let last: Awaited<ReturnType<typeof run.status>> | undefined;
      for await (const view of run.follow()) {
        for (const { name } of view.phases) seen.add(name);
        if (seen.has('warm-up')) bench.provider.jobs.release();
        last = view;
      }
      assert.equal(last?.state, 'completed');

      const { latest, totals } = await run.result();
      assert.equal(totals.finished, 1);
      const { rounds, data } = await run.reports();
      assert.equal(rounds[0]?.models.champion, latest[0]?.champion);
      assert.equal(data?.files.length, 3);

      const again = await client.start(spec, place);
      assert.equal(again.before, 'completed');
      assert.deepEqual(await again.result(), await run.result());
      await assert.rejects(run.pause(), (error: Error) => {
        assert.ok(error instanceof RunNotRunning);
        return /it has completed, and stays as it is/.test(error.message);
      });
      assert.equal(await client.hasWorker(), true);
      // Searches see a change a little later.
      const listed = await lookUntil(
        async () => {
          const runs = [];
          for await (const one of client.list()) runs.push(one);
          return runs;
        },
        (runs) => runs.some(({ state }) => state === 'completed'),
      );
      assert.deepEqual(
        listed.map(({ name }) => name),
        ['whole'],
      );
    });
  });

  it('pauses, resumes and cancels, and attaches to what runs', async () => {
    const spec = await specOf('steered');
    const place = { folder: bench.folder };
    const run = await client.start(spec, place);
    await run.pause();
    await withWorker(async () => {
      for await (const { status } of run.follow()) if (status?.paused) break;
      const attached = await client.start(spec, place);
      assert.equal(attached.before, 'running');
      await attached.resume();
      for await (const { status } of run.follow()) if (status?.paused === false) break;
      await run.cancel();
      const failure = await failureOf(run.result());
      assert.deepEqual([failure.state, failure.outlook], ['cancelled', 'again']);
      const { state, failure: told } = await run.status();
      assert.deepEqual([state, told?.messages], ['cancelled', failure.messages]);
      assert.equal((await client.start(spec, place)).before, 'ended-early');
      await client.get('steered').cancel();
      await failureOf(client.get('steered').result());
    });
  });

  it('refuses another spec, or other data, under a name that is taken', async () => {
    const spec = await specOf('taken');
    const place = { folder: bench.folder };
    const run = await client.start(spec, place);
    const conflict = (differs: string) => (error: Error) =>
      error instanceof RunConflict &&
      error.differs === differs &&
      /another name/.test(error.message);
    await assert.rejects(client.start({ ...spec, seed: 1 }, place), conflict('spec'));
    await appendFile(`${bench.folder}/test.jsonl`, '{"question": "new", "answer": "food"}\n');
    await assert.rejects(client.start(spec, place), conflict('data'));
    const tune = { name: run.name, endpoint: 'local', model: 'm', file: 'chats.jsonl' };
    await assert.rejects(client.fineTune(tune), conflict('spec'));
    await temporal.client.workflow.getHandle(run.name).terminate();
    assert.equal((await failureOf(run.result())).state, 'terminated');
    await assert.rejects(client.fineTune(tune), conflict('spec'));
  });

  it('tells what is wrong with a spec by field, and with its surroundings, before it starts', async () => {
    const spec = await specOf('wrong');
    const wrong = { ...spec, rounds: 0, maxTokens: 'many' } as unknown as RunSpecInput;
    await assert.rejects(client.start(wrong), (error: Error) => {
      assert.ok(error instanceof SpecError);
      assert.deepEqual(error.problems, [
        'maxTokens must be a number, not the text "many"',
        'rounds must be at least 1, not 0',
      ]);
      return true;
    });
    const tune = { endpoint: 'local', model: 'm', file: 'f', training: { epochs: 0 } };
    await assert.rejects(client.fineTune(tune as FineTuneRequest), {
      name: 'SpecError',
      message:
        'the fine-tune cannot be used:\n  name is missing\n  training.epochs must be more than 0, not 0',
    });
    const elsewhere = { ...spec, model: { endpoint: 'remote' } };
    await assert.rejects(client.check(elsewhere, { folder: bench.folder }), (error: Error) => {
      assert.ok(error instanceof CheckFailed);
      return error.problems.length === 1 && /no endpoint "remote"/.test(error.message);
    });
    assert.equal(await client.stateOf('wrong'), 'none');
  });

  it('tells why a run failed, with the type and the remedy', async () => {
    const { provider } = bench;
    provider.setFaults(({ path, method }) =>
      path === JOBS && method === 'POST' ? { status: 400 } : undefined,
    );
    const spec = await specOf('refused');
    await withWorker(async () => {
      const run = await client.start(spec, { folder: bench.folder });
      const failure = await failureOf(run.result());
      assert.equal(failure.type, 'BadRequest');
      assert.match(failure.message, /^run "refused" failed: .*answered 400/);
      assert.match(failure.remedy, /Mend what the message names/);
      const { state, failure: told } = await run.status();
      assert.deepEqual([state, told?.type], ['failed', 'BadRequest']);
      assert.deepEqual((await run.reports()).rounds, []);
    });
  });

  it('tells of a name that nothing has, and of a store that is another', async () => {
    const ghost = client.get('ghost');
    await Promise.all(
      [ghost.status(), ghost.pause(), ghost.cancel(), ghost.result(), ghost.reports()].map(
        (asked) => assert.rejects(asked, RunNotFound),
      ),
    );
    await assert.rejects(client.getFineTune('ghost').status(), RunNotFound);
    const other = defineConfig({ ...bench.config, store: { uri: `${bench.folder}/other` } });
    const spec = await specOf('stored');
    await withWorker(async () => {
      const run = await client.start(spec, { folder: bench.folder });
      await run.result();
      const elsewhere = new SemiEvolClient(temporal.client, other).get(run.name);
      await assert.rejects(elsewhere.reports(), (error: Error) => {
        assert.ok(error instanceof ReportsNotFound);
        return /set store\.uri/.test(error.message);
      });
    });
    await rm(other.store.uri, { recursive: true, force: true });
  });

  it('gives up to wait when its signal says so, and what runs goes on', async () => {
    const run = await client.start(await specOf('waited'), { folder: bench.folder });
    const reason = new Error('enough');
    const following = run.follow({ signal: AbortSignal.abort(reason) });
    await assert.rejects(async () => {
      for await (const _ of following);
    }, reason);
    const controller = new AbortController();
    const waiting = run.result({ signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(waiting, reason);
    assert.equal(await client.stateOf(run.name), 'running');
    await temporal.client.workflow.getHandle(run.name).terminate();
  });

  describe('supervises a fine-tune alone', () => {
    const request = (name: string, file: string) => ({
      ...{ name, file, endpoint: 'local', model: 'smollm2-135m-instruct' },
      training: { epochs: 1 },
    });

    it('to its model; the same again is the same', async () => {
      const asked = request('tuned', await writeTrainingFile(bench, 'tuned'));
      await withWorker(async () => {
        const tune = await client.fineTune(asked);
        const result = await tune.result();
        assert.equal(result.model, bench.provider.jobs.all()[0]?.fine_tuned_model);
        assert.equal(result.rows, 1);
        assert.deepEqual((await tune.status()).result, result);
        const again = await client.fineTune(asked);
        assert.equal(again.before, 'completed');
        assert.deepEqual(await again.result(), result);
        await appendFile(asked.file, '{"messages": []}\n');
        await assert.rejects(client.fineTune(asked), RunConflict);
        await assert.rejects(client.get('tuned').status(), RunNotFound, 'it is no run');
      });
    });

    it('and cancels it with its job', async () => {
      const { provider } = bench;
      provider.setFaults(({ path }) => (path.startsWith(`${JOBS}/`) ? { status: 503 } : undefined));
      const tune = await client.fineTune(
        request('stopped', await writeTrainingFile(bench, 'stopped')),
      );
      await withWorker(async () => {
        for await (const { progress } of tune.follow()) if (progress?.trouble) break;
        provider.setFaults(undefined);
        await tune.cancel();
        assert.equal((await failureOf(tune.result())).state, 'cancelled');
      });
      assert.deepEqual(
        provider.jobs.all().map(({ status }) => status),
        ['cancelled'],
      );
    });
  });

  it("works by a client that has a codec, a failure converter and interceptors of its user's", async () => {
    const { provider } = bench;
    const dataConverter = {
      payloadCodecs: [scramble],
      failureConverterPath: fileURLToPath(new URL('./failureConverter.ts', import.meta.url)),
    };
    const started: string[] = [];
    const own = new Client({
      connection: temporal.connection,
      dataConverter,
      interceptors: {
        workflow: [
          {
            start(input, next) {
              started.push(input.workflowType);
              return next(input);
            },
          },
        ],
      },
    });
    client = new SemiEvolClient(own, bench.config);
    provider.setFaults(({ path }) => (path === JOBS ? { status: 503 } : undefined));
    const worker = await bench.worker({ dataConverter });
    await worker.runUntil(async () => {
      const run = await client.start(await specOf('secret'), { folder: bench.folder });
      assert.deepEqual(started, ['evolve']);
      for await (const { phases } of run.follow()) {
        const [trouble] = phases.flatMap((phase) => phase.trouble ?? []);
        if (!trouble) continue;
        assert.match(trouble, /answered 503/);
        break;
      }
      provider.setFaults(({ path }) => (path === JOBS ? { status: 400 } : undefined));
      const failure = await failureOf(run.result());
      assert.match(failure.message, /answered 400/);
      await assert.rejects(temporal.client.workflow.getHandle('secret').result());
    });
  });
});

/** Stands for an encryption: nobody reads it by chance. */
const scramble: PayloadCodec = {
  encode: async (payloads) =>
    payloads.map((payload) => ({ ...payload, data: flipped(payload.data) })),
  decode: async (payloads) =>
    payloads.map((payload) => ({ ...payload, data: flipped(payload.data) })),
};
const flipped = (data: Uint8Array | null | undefined) => data?.map((byte) => byte ^ 0xff);
