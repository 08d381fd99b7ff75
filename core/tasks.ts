import type { TaskSpec } from './spec.ts';
import { classification } from './tasks/classification.ts';
import { multipleChoice } from './tasks/multipleChoice.ts';
import type { Task } from './tasks/task.ts';

export type { Task };

/** The task that a spec describes. */
export function createTask(spec: TaskSpec): Task {
  switch (spec.type) {
    case 'classification':
      return classification(spec);
    case 'multiple-choice':
      return multipleChoice(spec);
  }
}
