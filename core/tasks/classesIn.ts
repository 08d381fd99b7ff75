import type { Task } from './task.ts';

/** The classes in an answer: the answer itself, where it holds no parts. */
export const classesIn = (answer: string, { classesOf }: Pick<Task, 'classesOf'>) =>
  classesOf?.(answer) ?? [answer];
