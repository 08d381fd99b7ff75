import { setWorkflowOptions } from '@temporalio/workflow';
import { evaluate } from './evaluate.ts';
import { evolve } from './evolve.ts';
import { fineTune } from './fineTune.ts';
import { propagate } from './propagate.ts';
import { round } from './round.ts';

// With worker versioning each stays on the build that it began with, its children too; an evolution
// takes the newest build at each round (see `evolve`).
for (const workflow of [evaluate, evolve, fineTune, propagate, round])
  setWorkflowOptions({ versioningBehavior: 'PINNED' }, workflow);

export { pause, resume } from './messages.ts';
export { evaluate, evolve, fineTune, propagate, round };
