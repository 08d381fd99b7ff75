import type { RoundReport } from '../../../core/roundReport.ts';
import type { Estimate } from '../../../core/statistics.ts';
import type { RoundInput } from '../../../workflows/round.ts';

export { evolve } from '../../../workflows/evolve.ts';

const half: Estimate = { value: 0.5, low: 0.2, high: 0.8, got: 5, of: 10 };

/** A round that takes no time; the new model of every other one is promoted. */
export async function round(input: RoundInput): Promise<RoundReport> {
  const { run, round, champion: base, dataset, counts } = input;
  const promoted = round % 2 === 1;
  const semievol = `model-${round}`;
  return {
    ...{ run, round, dataset, task: 'classification', model: 'base', seed: 0, examples: counts },
    confidence: 0.95,
    metrics: [
      {
        name: 'accuracy',
        values: {
          base: half,
          sft: { epochs: half, steps: half },
          semievol: { ...half, value: 0.5 - round / 50 },
        },
        comparison: { test: 'mcnemar', firstOnly: 1, secondOnly: 1, pValue: 1 },
      },
    ],
    sftBaseline: 'epochs',
    resolution: { way: 'justify', reason: 'the spec says how disagreement is resolved' },
    pseudoLabels: {
      ...{ all: half, selected: half, count: round, agreement: 0.5, threshold: 0.1, rule: 'paper' },
      choice: { score: 'entropy', fitted: null, reason: 'the spec names it' },
      entropyOf: 'answers',
      withoutScore: 0,
      classes: { selected: 2, known: 2, missing: [], counts: [] },
      steps: {
        asked: 10,
        kept: round,
        nearDuplicates: 0,
        by: 'rule',
        short: 0,
        balance: 'none',
        rows: round,
        keptRows: 0,
      },
    },
    answers: [],
    withoutVector: 0,
    promoted,
    gate: {
      champion: base,
      challenger: { role: 'semievol', model: semievol },
      verdict: promoted ? 'promote' : 'keep',
      ...{ tests: [], vetoes: [], tooFew: { class: 0, category: 0 }, reason: 'it is odd' },
    },
    models: { warmUp: 'warm', sft: 'warm', semievol, champion: promoted ? semievol : base },
    seconds: {},
    usage: [],
    bill: { cost: null, unpriced: [] },
  };
}
