import type { Answer } from '../answer.ts';
import type { Task } from '../tasks/task.ts';
import type { Example } from '../types.ts';
import type { Opinion } from './kind.ts';

/**
 * An opinion as an answer. Like a model's answer of one token, it has the entropy −ln p, in nats; and
 * what is no answer to the example counts as unreadable.
 * @throws TypeError for what is no opinion
 */
export function answerIn(
  { answer, probability, text }: Opinion,
  { options }: Pick<Example, 'options'>,
  task: Task,
): Pick<Answer, 'text' | 'parsed' | 'entropy' | 'probability'> {
  if (answer !== null && typeof answer !== 'string')
    throw new TypeError('answer must be a text or null');
  if (probability !== undefined && !(probability > 0 && probability <= 1))
    throw new TypeError('probability must be above 0 and at most 1, or left out');
  const canonical = answer === null ? undefined : task.canonical(answer, options);
  const parsed = canonical && 'answer' in canonical ? canonical.answer : null;
  const sure = parsed === null ? null : (probability ?? null);
  return {
    text: text ?? (parsed === null ? (answer ?? '') : task.target(parsed)),
    parsed,
    entropy: sure === null ? null : 0 - Math.log(sure),
    probability: sure,
  };
}
