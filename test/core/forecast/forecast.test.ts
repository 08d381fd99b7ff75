import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Forecast, forecastOf } from '../../../core/forecast/forecast.ts';
import { alikeIn } from '../../../core/forecast/neighbours.ts';
import type { PlannedUse } from '../../../core/forecast/prospect.ts';
import { batchSeconds, secondsOf } from '../../../core/forecast/time.ts';
import type { TokenCounter } from '../../../core/forecast/tokens.ts';
import { builtIn, runSpec } from '../../../core/registry.ts';
import type { Shot, Split, StoredExample } from '../../../core/types.ts';

const wordsIn = (text: string) => text.split(/\s+/).filter(Boolean).length;
/** A word is a token, and nothing marks turns. */
const counter: TokenCounter = {
  by: 'words',
  error: { low: 1, high: 1 },
  text: wordsIn,
  prompt: (messages) => messages.reduce((sum, { content }) => sum + wordsIn(content), 0),
  row: (messages) => messages.reduce((sum, { content }) => sum + wordsIn(content), 0),
};

function examplesOf(split: Split, count: number): StoredExample[] {
  return Array.from({ length: count }, (_, ordinal) => ({
    ...{ id: `${split}-${ordinal}`, split, ordinal },
    question: `what is ${split} ${ordinal}`,
    answer: ordinal % 2 === 0 ? 'up' : 'down',
  }));
}

/** @param counts how many there are of labelled, unlabelled and test examples */
function forecast(changes: object, counts = [40, 100, 30], drawsSeveral = true): Forecast {
  const spec = runSpec.parse({
    name: 'run',
    task: { type: 'classification', labels: ['up', 'down'] },
    data: { labelled: 'a.csv', unlabelled: 'b.csv', test: 'c.csv' },
    ...changes,
  });
  const sampleOf = (split: Split, index: number) => {
    const count = counts[index]!;
    return { count, examples: examplesOf(split, Math.min(count, 50)) };
  };
  return forecastOf({
    spec,
    task: builtIn.task(spec.task),
    needs: builtIn.selector(spec.selection).needs,
    samples: {
      labelled: sampleOf('labelled', 0) as { count: number; examples: (StoredExample & Shot)[] },
      unlabelled: sampleOf('unlabelled', 1),
      test: sampleOf('test', 2),
    },
    models: { counterOf: () => counter, drawsSeveral: () => drawsSeveral },
  });
}

const phasesIn = ({ uses }: Forecast) => [...new Set(uses.map(({ phase }) => phase))];
const sumOf = (
  { uses }: Forecast,
  amount: 'requests' | 'promptTokens' | 'completionTokens' | 'trainedTokens',
  of: (use: PlannedUse) => boolean = () => true,
) => uses.filter(of).reduce((sum, use) => sum + use[amount].likely, 0);

describe('a forecast', () => {
  it('has the phases that the spec leads to', () => {
    const vote = { resolution: 'vote' };
    assert.deepEqual(phasesIn(forecast(vote)), [
      ...['embed', 'warm-up', 'propagate', 'fine-tune', 'baseline', 'evaluate'],
    ]);
    const sparse = { ...vote, until: 'select', retrieval: { mode: 'bm25' } };
    assert.deepEqual(phasesIn(forecast(sparse)), ['warm-up', 'propagate']);
    const crossFitted = phasesIn(forecast({}, [100, 100, 30]));
    for (const phase of ['fold-1', 'fold-2', 'cross-fit'] as const)
      assert.ok(crossFitted.includes(phase), phase);
    const heldOut = forecast({ ...vote, selection: { rule: 'calibrated', error: 0.5 } });
    assert.ok(phasesIn(heldOut).includes('held-out') && phasesIn(heldOut).includes('sft'));
    const equal = forecast({ ...vote, evaluation: { sft: 'equal-epochs' } });
    assert.ok(!phasesIn(equal).includes('baseline'));
  });

  it('counts rows and epochs of each fine-tune', () => {
    const collaborators = [{ name: 'a', model: 'warm-up-2', shots: 0 }];
    const spec = { collaborators, training: { epochs: 5 }, evolve: { epochs: 2 } };
    const made = forecast({ ...spec, selection: { rule: 'paper', exactly: 20 } });
    const row = made.previews.find(({ kind }) => kind.startsWith('labelled row'))!.tokens;
    const trained = (phase: string) => sumOf(made, 'trainedTokens', (use) => use.phase === phase);
    assert.equal(trained('warm-up'), 40 * row * 5);
    assert.equal(trained('warm-up-2'), 40 * row * 5);
    assert.ok(Math.abs(trained('fine-tune') - (40 + 20) * row * 2) < 1e-6);
    assert.deepEqual(phasesIn(made).includes('baseline'), false, 'too few steps');
  });

  it('repeats prompts where a request draws no more than one answer', () => {
    const collaborators = [{ name: 'a', samples: 4, shots: 0 }];
    const propagated = (use: PlannedUse) => use.phase === 'propagate';
    const [once, each] = [true, false].map((several) =>
      forecast({ collaborators, resolution: 'vote' }, undefined, several),
    );
    assert.equal(sumOf(once!, 'requests', propagated), 100);
    assert.equal(sumOf(each!, 'requests', propagated), 400);
    assert.equal(
      sumOf(each!, 'promptTokens', propagated),
      4 * sumOf(once!, 'promptTokens', propagated),
    );
    assert.equal(
      sumOf(each!, 'completionTokens', propagated),
      sumOf(once!, 'completionTokens', propagated),
    );
  });

  it('asks the base of a later round no more, since it was graded before', () => {
    const made = forecast({ rounds: 3, resolution: 'vote' });
    const graded = made.uses.filter(({ asks, who }) => asks === 'tests' && who === 'vanilla');
    assert.deepEqual(
      graded.map(({ round }) => round),
      [1],
    );
    const embedded = made.uses.filter(({ phase }) => phase === 'embed');
    assert.ok(embedded.every(({ round }) => round === 1));
    for (const round of [1, 2, 3])
      assert.equal(
        sumOf(made, 'requests', (use) => use.round === round && use.phase === 'propagate'),
        400,
      );
  });

  it('shows the very prompts, with labelled neighbours that share rare words', () => {
    const { previews } = forecast({ resolution: 'vote' });
    const { messages } = previews.find(({ kind }) => kind === 'prompt of nearest')!;
    assert.equal(messages[0]!.role, 'system');
    assert.equal(messages.length, 1 + 2 * 3 + 1);
    assert.equal(messages.at(-1)!.content, 'what is unlabelled 0');
    const shot = (id: string, question: string): Shot => ({ id, question, answer: 'up' });
    const near = alikeIn([
      shot('a', 'the price of the house'),
      shot('b', 'the colour of the wombat at the zoo'),
      shot('c', 'the'),
    ]);
    assert.equal(near({ id: 'x', question: 'the wombat' }, 1)[0]!.id, 'b');
    assert.deepEqual(near({ id: 'a', question: 'the price of the house' }, 9).length, 2);
  });

  it('takes as long as what is slowest: answers, requests a minute or tokens a minute', () => {
    const made = forecast({ resolution: 'vote' });
    const use = made.uses.find(({ asks }) => asks === 'answers')!;
    const requestSeconds = { low: 1, likely: 1, high: 1 };
    assert.equal(secondsOf(use, { inFlight: 10, requestSeconds }).likely, 10);
    const perMinute = { requests: 10 };
    assert.equal(secondsOf(use, { inFlight: 10, requestSeconds, perMinute }).likely, 600);
    const tokens = use.promptTokens.likely + use.completionTokens.likely;
    const slow = secondsOf(use, { inFlight: 10, requestSeconds, perMinute: { tokens: 1 } });
    assert.equal(slow.likely, 60 * tokens);
    const inBatches = batchSeconds(use, { windowHours: 24, requestsAtOnce: 50 });
    assert.equal(inBatches.high, 2 * 24 * 3_600);
  });
});
