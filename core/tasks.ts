import type { TaskSpec } from './spec.ts';
import { classification } from './tasks/classification.ts';
import { multipleChoice } from './tasks/multipleChoice.ts';
import type { Task } from './tasks/task.ts';

export type { Task };

/** Labels by the thousand take time to prepare, and every activity of a run asks for its task. */
const known = new WeakMap<TaskSpec, Task>();

/** The task that a spec describes. */
export function createTask(spec: TaskSpec): Task {
  const task = known.get(spec) ?? taskOf(spec);
  known.set(spec, task);
  return task;
}

function taskOf(spec: TaskSpec): Task {
  switch (spec.type) {
    case 'classification':
      return classification(spec);
    case 'multiple-choice':
      return multipleChoice(spec);
  }
}
