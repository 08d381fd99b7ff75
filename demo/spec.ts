import { runSpec } from '../core/registry.ts';
import type { RunSpec } from '../core/spec.ts';
import { CATEGORIES } from './data.ts';

/** The run spec of the demo; its data files lie in the folder the run is given. */
export function demoSpec(name: string, seed: number): RunSpec {
  return runSpec.parse({
    name,
    seed,
    task: {
      type: 'classification',
      instruction: 'Name the category of the thing that is defined.',
      labels: [...CATEGORIES],
    },
    data: {
      labelled: 'labelled.jsonl',
      unlabelled: 'unlabelled.jsonl',
      test: 'test.jsonl',
    },
    training: { epochs: 6 },
    evolve: { epochs: 3 },
    // One worked example at a time costs half of three, and a model this small gains no more by them.
    collaborators: [
      { name: 'no-shots', shots: 0 },
      { name: 'nearest', shots: 1 },
      { name: 'second-nearest', shots: 1, skip: 1 },
      { name: 'third-nearest', shots: 1, skip: 2 },
    ],
    justification: { maxTokens: 32 },
    batch: { size: 50, window: 2 },
  });
}
