import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { beforeEach, describe, it } from 'mocha';
import { ReviewRefused, RunNotRunning, UpdateRefused } from '../../client/index.ts';
import type { RankedExample } from '../../core/review/ranking.ts';
import type { RunSpec } from '../../core/spec.ts';
import { extendDataset } from '../../data/extendDataset.ts';
import { ingestDataset } from '../../data/ingestDataset.ts';
import { connectStore, type Store } from '../../store/store.ts';
import { startSemievol, writeConfigOption } from '../cli/support.ts';
import { writeTask } from '../support/stack.ts';
import { use, useBench } from '../support/suite.ts';

const RANKED = 12;
const sizes = { labelled: 6, unlabelled: 20, test: 5 };

describe('A desk for reviews', () => {
  const bench = useBench('suite');
  const store = use<Store>(
    'suite',
    async () => connectStore({ uri: bench.config.store.uri }),
    async (opened) => opened.close(),
  );
  let spec: RunSpec;
  let dataset: string;
  let runs = 0;

  use(
    'suite',
    async () => {
      const worker = await Worker.create({
        connection: bench.temporal.nativeConnection,
        taskQueue: bench.config.temporal.taskQueue,
        workflowsPath: fileURLToPath(new URL('./workflows/reviewed.ts', import.meta.url)),
      });
      return { worker, running: worker.run() };
    },
    async ({ worker, running }) => {
      worker.shutdown();
      await running;
    },
  );

  /** A run whose first round has ranked the first unlabelled examples, and doubts a labelled one. */
  beforeEach(async () => {
    spec = await writeTask(bench.folder, `reviewed-${++runs}`, sizes);
    await store.specs.add(spec.name, spec);
    ({ dataset } = await ingestDataset(store, { data: spec.data, task: spec.task }));
    const data = store.dataset(dataset);
    const [doubted] = await data.range('labelled', { from: 0, to: 1 });
    const others = await data.range('unlabelled', { from: 0, to: RANKED - 1 });
    const suspicion = { label: 'food', votes: 4, collaborators: 4, against: 1, for: 0 };
    const examples: RankedExample[] = [
      { split: 'labelled', ordinal: 0, exampleId: doubted!.id, candidates: [], suspicion },
      ...others.map(({ ordinal, id }): RankedExample => {
        const teaching = { disagreement: 0.5, nearness: 1 };
        return { split: 'unlabelled', ordinal, exampleId: id, candidates: [], teaching };
      }),
    ];
    await store.reviews(spec.name).addRanking({ round: 1, dataset, examples });
  });

  interface Ended {
    /** Up to which reviews were handed over. */
    handedOver: number[];
    /** How many are open of what was ranked. */
    open: number;
  }

  /** Starts the run's workflow. It has ranked when this returns: before that, nothing can be reviewed. */
  async function begin(review: object | null = { size: RANKED, waitHours: 1 }) {
    const handle = await bench.temporal.client.workflow.start('evolve', {
      workflowId: spec.name,
      taskQueue: bench.config.temporal.taskQueue,
      args: [{ review: review ?? undefined, ranked: RANKED }],
    });
    await handle.query('__temporal_workflow_metadata');
    return handle;
  }

  /** Has the run's workflow at work, until the next round is called. */
  async function whileRuns(work: () => Promise<void>, review?: object | null): Promise<Ended> {
    const handle = await begin(review);
    try {
      await work();
      await handle.signal('pause');
      return (await handle.result()) as Ended;
    } catch (error) {
      await handle.terminate();
      throw error;
    }
  }
  const open = (reviewer: string) => bench.client.get(spec.name).review(reviewer);

  it('gives two people other examples, and what they say joins the data of the run', async () => {
    const [ada, bob] = ['ada', 'bob'];
    const { handedOver } = await whileRuns(async () => {
      const desks = [await open(ada!), await open(bob!)] as const;
      const [first, second] = [await desks[0].take(5), await desks[1].take(5)];
      const places = [...first, ...second].map(({ position }) => position);
      assert.deepEqual(places, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      const [doubted, bad, skipped, undone, right] = first;
      assert.deepEqual(
        doubted!.choices.map(({ answer }) => answer),
        ['animal', 'artifact', 'food', 'person', 'plant'],
      );
      await desks[0].say(doubted!, { verdict: 'answer', answer: 'food' });
      await desks[0].say(bad!, { verdict: 'bad' });
      await desks[0].say(skipped!, { verdict: 'skip' });
      await desks[0].say(undone!, { verdict: 'answer', answer: 'food' });
      await desks[0].say(undone!, { verdict: 'undo' });
      await desks[0].say(right!, { verdict: 'answer', answer: 'plant' });
      await desks[1].say(second[0]!, { verdict: 'answer', answer: 'person' });
      assert.deepEqual(
        (await desks[0].take(3)).map(({ position }) => position),
        [3, 10, 11],
        'what was taken back comes again',
      );
      for (const desk of desks) {
        assert.equal((await desk.handIn())?.segment, 1);
        assert.equal(await desk.handIn(), undefined, 'nothing new');
        desk.close();
      }
    });
    assert.deepEqual(handedOver, [6, 7]);
    const cutOff = await whileRuns(async () => {
      const desk = await open('ada');
      await desk.handIn();
      desk.close();
    });
    assert.deepEqual(cutOff.handedOver, [7], 'who was cut off is handed over with the next');

    const { data, task } = spec;
    const arrival = { reviews: 7 };
    const arrived = await extendDataset(store, { dataset, run: spec.name, arrival, data, task });
    const gold = (await store.dataset(dataset).at('labelled', [0]))[0]!.answer;
    const isOther = gold === 'food' ? 0 : 1;
    assert.deepEqual(arrived.added, { labelled: 2 + isOther, unlabelled: 0, test: 0 });
    assert.deepEqual(arrived.removed, { labelled: isOther, unlabelled: 3, test: 0 });
  });

  it('takes in files that people have answered, whole or not at all, and once', async () => {
    const { handedOver } = await whileRuns(async () => {
      const desk = await open('ada');
      const lines = desk
        .export(await desk.take(4), 'jsonl')
        .trim()
        .split('\n');
      const fill = (...answers: object[]) =>
        lines.map((line, index) => JSON.stringify({ ...JSON.parse(line), ...answers[index] }));
      const refused = (text: string, why: RegExp) =>
        assert.rejects(desk.import(text, 'jsonl', 'answers.jsonl'), (error: Error) => {
          assert.ok(error instanceof ReviewRefused);
          assert.match(error.message, /answers\.jsonl/);
          return why.test(error.message);
        });
      await refused(
        fill({ answer: 'food' }, { answer: 'vegetable' }).join('\n'),
        /line 2: .*"vegetable" is not one of the labels/,
      );
      await refused('{"id": "another"}', /line 1: no example "another"/);
      await refused('id,answer', /line 1 is not a JSON object.*taken for jsonl/);
      assert.deepEqual(await store.reviews(spec.name).read(), []);

      const text = fill({ answer: 'Food ' }, { bad: true }, { answer: 'plant' }).join('\n');
      const { arrived, ...brought } = await desk.import(text, 'jsonl', 'answers.jsonl');
      const none = { answers: 0, bad: 0, skipped: 0, known: 0, changed: 0, open: 1 };
      assert.deepEqual(brought, { ...none, answers: 2, bad: 1 });
      assert.equal(arrived.length, 1);
      const again = await desk.import(text, 'jsonl', 'answers.jsonl');
      assert.deepEqual(again, { ...none, known: 3, arrived: [] });
      const other = fill({ answer: 'plant' }).join('\n');
      const { changed, answers } = await desk.import(other, 'jsonl', 'answers.jsonl');
      assert.deepEqual([changed, answers], [1, 1]);
      desk.close();
    });
    assert.deepEqual(handedOver, [3, 4]);
  });

  it('is not there for a run that is over, or asks for too much', async () => {
    await whileRuns(async () => {
      const desk = await open('ada');
      await assert.rejects(desk.take(10_000), (error: Error) => {
        assert.ok(error instanceof UpdateRefused);
        return /count: ask for 1 to 500/.test(error.message);
      });
      desk.close();
    });
    await assert.rejects(open('ada'), RunNotRunning);
  });

  it('finds nothing in a run that asks nobody', async () => {
    const asks = async (reviewer: string) => {
      const desk = await open(reviewer);
      try {
        await assert.rejects(desk.take(1), (error: Error) => {
          assert.ok(error instanceof UpdateRefused);
          return /the spec has no review/.test(error.message);
        });
      } finally {
        desk.close();
      }
    };
    await whileRuns(() => asks('ada'), null);
  });

  it('lets the next round go on when everything is reviewed', async () => {
    const handle = await begin();
    const desk = await open('ada');
    for (const one of await desk.take(RANKED)) await desk.say(one, { verdict: 'skip' });
    assert.equal((await desk.handIn())?.segment, 1);
    assert.deepEqual(await desk.take(RANKED), []);
    assert.deepEqual(await handle.result(), { handedOver: [RANKED], open: 0 });
    desk.close();
  });

  it('is in the terminal: asks line by line, and writes and reads files', async () => {
    const option = await writeConfigOption({ path: bench.folder } as never, bench.config);
    const env = { TEMPORAL_ADDRESS: bench.temporal.address };
    const review = (...args: string[]) =>
      startSemievol(['review', spec.name, '--reviewer=ada', option, ...args], env);
    const { handedOver } = await whileRuns(async () => {
      const sitting = review('--json');
      sitting.stdin.end('3\nu\n3\nb\ne\nplant\nq\n');
      const { exitCode, stdout, stderr } = await sitting;
      assert.equal(exitCode, 0, stderr);
      const { answers, bad, skipped } = JSON.parse(stdout);
      assert.deepEqual([answers, bad, skipped], [2, 1, 0]);
      assert.match(stderr, /1 of 12 · labelled ".*", which models and neighbours speak against/);

      const file = join(bench.folder, 'tasks.json');
      const exported = await review(`--export=${file}`, '--format=label-studio', '--count=2');
      assert.equal(exported.exitCode, 0, exported.stderr);
      assert.match(exported.stdout, /^2 examples to review are in .*24 hours/);
      const tasks = JSON.parse(await readFile(file, 'utf8'));
      assert.equal(tasks.length, 2);
      const twice = await review(`--export=${file}`);
      assert.equal(twice.exitCode, 2);
      assert.match(twice.stderr, /is there already, and may hold answers/);
      const imported = await review(`--import=${file}`, '--format=label-studio');
      assert.equal(imported.exitCode, 0, imported.stderr);
      assert.match(imported.stdout, /0 answers, .* 2 are open/);
    });
    assert.deepEqual(handedOver, [5]);
    const said = await store.reviews(spec.name).read();
    assert.deepEqual(
      said.map(({ verdict, reviewer }) => `${verdict} by ${reviewer}`),
      ['answer', 'undo', 'answer', 'bad', 'answer'].map((verdict) => `${verdict} by ada`),
    );
  });
});
