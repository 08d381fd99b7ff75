import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { RunSpecInput } from '../../core/spec.ts';
import type { RequestBody } from '../../testing/requests.ts';
import {
  attempt,
  type Laboratory,
  models,
  openLaboratory,
  pool,
  ref,
  uploaded,
} from './support.ts';

const range = { from: 0, to: 2 };
const input = { ...ref, pass: 'propagate' as const, range, models, endpoint: 'local' };
const THOUGHT = '<think>Hm.</think>';
const RESPONSE = 'It is green.\nAnswer: plant';
/** What the model says, with entropies of 4 (thoughts), 2 (reasons and mark) and 1 (answer). */
const SAID = [
  [`${THOUGHT}\n\n`, -4],
  ['It is green.\n', -2],
  ['Answer:', -2],
  [' plant', -1],
] as const;
const choice = {
  message: { content: SAID.map(([text]) => text).join('') },
  finish_reason: 'stop',
  logprobs: { content: SAID.map(([token, logprob]) => ({ token, logprob })) },
};

describe('the form of answers', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  async function answered(answer: RunSpecInput['answer'], more: object = {}) {
    lab = await openLaboratory({
      spec: { collaborators: [{ name: 'alone', shots: 0 }], answer, ...more },
      examples: [...pool('unlabelled', 2), ...pool('labelled', 1), ...pool('test', 2)],
    });
    const bodies: RequestBody[] = [];
    lab.provider.setFaults(({ path, body }) => {
      if (path !== '/chat/completions') return undefined;
      if (body!.max_tokens !== 1) bodies.push(body!);
      return { status: 200, body: { choices: [choice] } };
    });
    await attempt(lab.activities.collaborate, input);
    const [stored] = await lab.tables.answers({ round: 1, stage: 'collaborate', range });
    return { stored: stored!, bodies };
  }
  const system = ({ messages }: RequestBody) => (messages as { content: string }[])[0]!.content;

  async function taught() {
    await attempt(lab.activities.justify, { ...input, way: 'vote' as const });
    await attempt(lab.activities.select, ref);
    const rows = { from: 'labelled-and-selected', ref, times: 1 } as const;
    const order = {
      ...{ lineage: { ...ref, role: 'other' as const }, model: models.base, rows },
      ...{ training: { epochs: 1 }, seed: 3, suffix: 'mine' },
    };
    const made = uploaded(
      await attempt(lab.activities.uploadTrainingFile, { endpoint: 'local', order }),
    );
    const { client } = lab.endpoints.get('local');
    const lines = await (await client.files.content(made.fileId)).text();
    return lines
      .trimEnd()
      .split('\n')
      .map((line): [system: string, said: string] => {
        const { messages } = JSON.parse(line);
        return [messages[0].content, messages.at(-1).content];
      });
  }

  it('is direct by default, with the entropy of the response, and teaches answers', async () => {
    const { stored, bodies } = await answered({});
    assert.match(system(bodies[0]!), /Answer with one of the labels only\.$/);
    assert.equal(bodies[0]!.max_tokens, 16);
    assert.deepEqual([stored.text, stored.parsed, stored.entropy], [RESPONSE, 'plant', 5 / 3]);
    const [labelled, first, second] = await taught();
    assert.deepEqual([first![1], second![1]], ['plant', 'plant']);
    assert.deepEqual([labelled![0], first![0]], [system(bodies[0]!), system(bodies[0]!)]);
  });

  it('may be reasoned, and teach answers: the evaluation asks for them at once', async () => {
    const { stored, bodies } = await answered({ form: 'reasoned', entropy: 'answer' });
    assert.match(system(bodies[0]!), /Think step by step\. End with the line:\nAnswer: <one of/);
    assert.equal(bodies[0]!.max_tokens, 1024);
    assert.deepEqual([stored.parsed, stored.entropy], ['plant', 1]);
    assert.equal(stored.probability, Math.exp(-1));
    const rows = await taught();
    assert.ok(rows.every(([asked]) => /Answer with one of the labels only\.$/.test(asked)));
    assert.deepEqual(rows[1]![1], 'plant');
    await attempt(lab.activities.evaluate, {
      ...input,
      split: 'test',
      role: 'semievol',
      model: models.base,
    });
    assert.equal(system(bodies.at(-1)!), rows[1]![0]);
    assert.equal(bodies.at(-1)!.max_tokens, 16);
  });

  it('may teach whole responses: the evaluation asks for reasons, too', async () => {
    const { bodies } = await answered({ form: 'reasoned', target: 'response' });
    const [labelled, ...selected] = await taught();
    assert.match(labelled![0], /Answer with one of the labels only\.$/);
    assert.deepEqual(selected, [
      [system(bodies[0]!), RESPONSE],
      [system(bodies[0]!), RESPONSE],
    ]);
    await attempt(lab.activities.evaluate, {
      ...input,
      split: 'test',
      role: 'semievol',
      model: models.base,
    });
    assert.equal(system(bodies.at(-1)!), selected[0]![0]);
    assert.equal(bodies.at(-1)!.max_tokens, 1024);
  });

  it('may keep thoughts: in the entropy, and before the response that is taught', async () => {
    const { stored, bodies } = await answered({ target: 'response', thoughts: 'keep' });
    assert.equal(stored.entropy, 9 / 4);
    assert.equal(stored.parsed, 'plant');
    const [, first] = await taught();
    assert.deepEqual(first, [system(bodies[0]!), `${THOUGHT}\n\n${RESPONSE}`]);
  });

  it('has more tokens where the kind needs them, and as many as the spec says where it does', async () => {
    const task = {
      type: 'extraction',
      schema: { type: 'object', properties: { color: { type: 'string' } } },
    };
    const { bodies } = await answered({}, { task });
    assert.equal(bodies[0]!.max_tokens, 512);
    assert.deepEqual((bodies[0]!.response_format as { type: string }).type, 'json_schema');
    await lab.close();
    const reasoned = await answered({ form: 'reasoned' }, { task, maxTokens: 300 });
    assert.equal(reasoned.bodies[0]!.max_tokens, 300);
    assert.equal(reasoned.bodies[0]!.response_format, undefined);
  });

  it('is structured where the model gives that, and read all the same where it does not', async () => {
    const task = {
      type: 'extraction',
      schema: { type: 'object', properties: { color: { type: 'string' } } },
    };
    lab = await openLaboratory({
      spec: { collaborators: [{ name: 'alone', shots: 0 }], task },
      examples: pool('unlabelled', 2),
      provider: { answers: { chat: "Here it is: {'color': 'green'}" } },
    });
    const error = { message: 'response_format is not supported.', param: 'response_format' };
    lab.provider.setFaults(({ body }) =>
      body?.response_format ? { status: 400, body: { error } } : undefined,
    );
    await attempt(lab.activities.collaborate, input);
    const stored = await lab.tables.answers({ round: 1, stage: 'collaborate', range });
    assert.deepEqual(
      stored.map(({ parsed }) => parsed),
      ['{"color":"green"}', '{"color":"green"}'],
    );
    const answered = lab.provider.requests({ kind: 'chat', status: 200 });
    assert.deepEqual(
      answered.map(({ body }) => body.response_format),
      [undefined, undefined],
    );
  });
});
