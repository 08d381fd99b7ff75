import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import Fastify from 'fastify';
import { after, before, describe, it } from 'mocha';
import OpenAI from 'openai';
import type { CrownInput } from '../../activities/crown.ts';
import type { Announcement } from '../../core/living/announcement.ts';
import { openStore } from '../../store/store.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';
import { textOf } from './support.ts';

const RUN = 'crowning';
const MODEL = 'smollm2-135m-instruct';
const SECRET = `whsec_${Buffer.from('only the two of us know').toString('base64')}`;
const SECRET_ENV = 'TEST_WEBHOOK_SECRET';

/** A webhook, as one who is told has it: what is not signed is refused. */
function webhook() {
  const app = Fastify();
  const { webhooks } = new OpenAI({ apiKey: 'none' });
  const told: { id: string; event: { type: string; timestamp: string; data: Announcement } }[] = [];
  let busy = 0;
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_, body, done) =>
    done(null, body),
  );
  app.post('/hooks/very-secret-path', async ({ headers, body }, reply) => {
    if (busy-- > 0) return reply.code(503).send();
    await webhooks.verifySignature(body as string, headers as Record<string, string>, SECRET);
    told.push({ id: headers['webhook-id'] as string, event: JSON.parse(body as string) });
    return {};
  });
  return {
    app,
    told,
    /** Answers so many requests that it is overloaded. */
    overload: (requests: number) => {
      busy = requests;
    },
  };
}

const input = (number: number, changes: Partial<CrownInput['promotion']> = {}): CrownInput => ({
  ...{ run: RUN, dataset: 'data' },
  promotion: {
    ...{ number, round: number, model: MODEL, role: 'semievol', from: 'base' },
    ...{ by: 'person', name: 'R. Viewer', reason: 'it is kinder', ...changes },
  },
});

describe('crowning a champion', () => {
  const bench = useBench('suite');
  const { app, told, overload } = webhook();
  const own: Announcement[] = [];

  before(async () => {
    process.env[SECRET_ENV] = SECRET;
    const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/hooks/very-secret-path`;
    bench.config.announce = {
      webhook: { url, secretEnv: SECRET_ENV },
      activity: { name: 'deploy' },
    };
    const store = await openStore({ uri: bench.config.store.uri });
    await store.specs.add(RUN, await writeTask(bench.folder, RUN));
    store.close();
    await bench.startWorker({
      workflowsPath: fileURLToPath(new URL('./crowning/workflows.ts', import.meta.url)),
      activities: { deploy: async (announcement: Announcement) => void own.push(announcement) },
    });
  });
  after(async () => {
    delete process.env[SECRET_ENV];
    await app.close();
  });

  const execute = (crowned: CrownInput, workflowId: string) =>
    bench.temporal.client.workflow.execute('crowning', {
      ...{ workflowId, taskQueue: bench.config.temporal.taskQueue, args: [crowned] },
    });
  const recorded = async (number: number) => {
    const store = await openStore({ uri: bench.config.store.uri });
    const promotions = await (await store.run(RUN, 'data')).promotions();
    store.close();
    return promotions.find((one) => one.number === number)!;
  };
  const announced = (number: number) =>
    bench.temporal.client.workflow.getHandle(`${RUN}/promotion-${number}`);

  it("tells a webhook, signed, and an activity of one's own, once each", async () => {
    overload(1);
    const champion = await execute(input(1), 'crown-1');
    assert.deepEqual(champion, { model: MODEL, changes: 1 });
    await announced(1).result();
    const promotion = await recorded(1);
    const announcement = { ...promotion, run: RUN, endpoint: 'local', alias: null };
    assert.deepEqual(own, [announcement]);
    const event = { type: 'champion.changed', timestamp: promotion.at, data: announcement };
    assert.deepEqual(told, [{ id: `${RUN}/promotion-1`, event }]);

    await execute(input(1), 'crown-1-again');
    await announced(1).result();
    assert.equal(told.length, 1);
    assert.equal(own.length, 1);

    const history = textOf(await announced(1).fetchHistory());
    assert.doesNotMatch(history, /very-secret-path|only the two|whsec_/);
  });

  it('tells nobody of the model that a run begins with', async () => {
    await execute(input(0, { role: 'base', from: null }), 'crown-0');
    await assert.rejects(announced(0).describe(), { name: 'WorkflowNotFoundError' });
  });

  it('tells of changes, too, that were recorded after one, and not told', async () => {
    const store = await openStore({ uri: bench.config.store.uri });
    const { promotion } = input(2);
    const at = new Date().toISOString();
    await (await store.run(RUN, 'data')).addPromotion({ ...promotion, at });
    store.close();
    const before = told.length;
    const champion = await execute(input(0, { role: 'base', from: null }), 'crown-0-again');
    assert.deepEqual(champion, { model: MODEL, changes: 2 });
    await announced(2).result();
    assert.deepEqual(
      told.slice(before).map(({ id, event }) => [id, event.timestamp]),
      [[`${RUN}/promotion-2`, at]],
    );
  });

  it('tells nothing unsigned: it waits for the secret, and says in which variable', async () => {
    delete process.env[SECRET_ENV];
    await execute(input(3), 'crown-3');
    const said = async () => {
      const { pendingActivities } = (await announced(3).describe()).raw;
      return pendingActivities?.map(({ lastFailure }) => lastFailure?.message).find(Boolean);
    };
    const message = await lookUntil(said, Boolean);
    assert.match(message!, /the webhook .* was not told: TEST_WEBHOOK_SECRET is not set/);
    process.env[SECRET_ENV] = SECRET;
    await announced(3).result();
    assert.equal(told.at(-1)!.id, `${RUN}/promotion-3`);
  });
});
