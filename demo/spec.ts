import { WARM_UPS } from '../core/modelNames.ts';
import { runSpec } from '../core/registry.ts';
import type { RunSpec } from '../core/spec.ts';
import { CATEGORIES, partFile } from './data.ts';

/** The run spec of the demo; its data files lie in the folder the run is given. */
export function demoSpec(name: string, seed: number, rounds = 1): RunSpec {
  return runSpec.parse({
    name,
    seed,
    // Further parts of the data come between the rounds, and whoever brings them calls the next.
    ...(rounds > 1 && { rounds, next: {} }),
    task: {
      type: 'classification',
      instruction: 'Name the category of the thing that is defined.',
      labels: [...CATEGORIES],
    },
    data: {
      labelled: 'labelled.jsonl',
      unlabelled: partFile(1),
      test: 'test.jsonl',
    },
    training: { epochs: 8 },
    evolve: { epochs: 2, batchSize: 8 },
    // Forty examples make four models that err in different places; prompts alone tell a model this
    // small little that is new, and cost more.
    collaborators: WARM_UPS.map((model) => ({ name: model, model, shots: 0 })),
    coTraining: true,
    selection: { rule: 'paper', percentile: 75, score: 'probability' },
    batch: { size: 50, window: 2 },
  });
}
