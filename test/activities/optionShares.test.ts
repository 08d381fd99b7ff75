import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { RequestBody } from '../../testing/requests.ts';
import { attempt, type Laboratory, models, openLaboratory, pool, ref } from './support.ts';

const range = { from: 0, to: 1 };
const input = { ...ref, pass: 'propagate' as const, range, models, endpoint: 'local' };

/** What each collaborator gives the labels, by a word of its system prompt; the first is what it says. */
const GIVEN: Record<string, [label: string, probability: number][]> = {
  botanist: [
    ['plant', 0.5],
    ['animal', 0.4],
    ['mineral', 0.1],
  ],
  zoologist: [
    ['animal', 0.5],
    ['plant', 0.1],
    ['Plant', 0.1],
    ['food', 0.3],
  ],
};

const saying = (given: [label: string, probability: number][]) => {
  const top = given.map(([token, share]) => ({ token, logprob: Math.log(share) }));
  const logprobs = { content: [{ ...top[0]!, top_logprobs: top }] };
  return { choices: [{ message: { content: given[0]![0] }, finish_reason: 'stop', logprobs }] };
};

describe('what models give each label', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  async function answered(more: object = {}) {
    lab = await openLaboratory({
      spec: {
        collaborators: Object.keys(GIVEN).map((name) => ({
          ...{ name, shots: 0, system: `You are a ${name}.` },
        })),
        answer: { probability: 'shares' },
        ...more,
      },
      examples: [...pool('unlabelled', 1), ...pool('labelled', 1), ...pool('test', 1)],
    });
    const bodies: RequestBody[] = [];
    lab.provider.setFaults(({ path, body }) => {
      if (path !== '/chat/completions') return undefined;
      bodies.push(body!);
      const [{ content }] = body!.messages as [{ content: string }];
      const [, given] = Object.entries(GIVEN).find(([name]) => content.includes(name))!;
      return { status: 200, body: saying(given) };
    });
    await attempt(lab.activities.collaborate, input);
    const stored = await lab.tables.answers({ round: 1, stage: 'collaborate', range });
    return {
      bodies,
      sharesOf: (name: string) => stored.find((one) => one.collaborator === name)!.shares,
    };
  }
  const rounded = (shares: Readonly<Record<string, number>> | null) =>
    shares &&
    Object.fromEntries(Object.entries(shares).map(([one, part]) => [one, part.toFixed(4)]));

  it('decides between what they say, and is stored with it', async () => {
    const { bodies, sharesOf } = await answered();
    assert.deepEqual([...new Set(bodies.map(({ top_logprobs }) => top_logprobs))], [5]);
    assert.deepEqual(rounded(sharesOf('botanist')), { plant: '0.5556', animal: '0.4444' });
    const food = { food: '0.3000' };
    assert.deepEqual(rounded(sharesOf('zoologist')), {
      animal: '0.5000',
      plant: '0.2000',
      ...food,
    });
    await attempt(lab.activities.justify, { ...input, way: 'probability' as const });
    const [label] = await lab.tables.pseudoLabels(1, range);
    assert.deepEqual([label!.label, label!.votes], ['animal', 1]);
    assert.ok(Math.abs(label!.probability! - (4 / 9 + 1 / 2) / 2) < 1e-9);
  });

  it('is not asked where the spec does not want it', async () => {
    const { bodies, sharesOf } = await answered({ answer: {} });
    assert.ok(bodies.every(({ logprobs }) => logprobs === true));
    assert.ok(bodies.every((body) => body.top_logprobs === undefined));
    assert.equal(sharesOf('botanist'), null);
  });
});
