import { oncePer } from './oncePer.ts';
import type { TaskSpec } from './spec.ts';
import { classification } from './tasks/classification.ts';
import { multipleChoice } from './tasks/multipleChoice.ts';
import type { Task } from './tasks/task.ts';

export type { Task };

/** The task that a spec describes. Labels by the thousand take time to prepare: once a spec. */
export const createTask: (spec: TaskSpec) => Task = oncePer((spec) => {
  switch (spec.type) {
    case 'classification':
      return classification(spec);
    case 'multiple-choice':
      return multipleChoice(spec);
  }
});
