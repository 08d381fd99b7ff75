import type { Token } from './entropy.ts';
import type { Task } from './tasks/task.ts';
import type { Example } from './types.ts';

/** How many of the likeliest tokens are asked for in each place: as many as all endpoints give. */
export const TOP_LOGPROBS = 5;

/** The parts that a model gives each of the answers that there can be, together 1, by canonical answer. */
export type Shares = Readonly<Record<string, number>>;

/** How a model says each of the answers that there can be, by canonical answer. */
export type Options = ReadonlyMap<string, string>;

/** The answers that there can be to an example; undefined where they are not of a fixed set. */
export function optionsOf(
  task: Pick<Task, 'classes' | 'classesOf' | 'possible' | 'target'>,
  x: Example,
): Options | undefined {
  const answers = task.possible?.(x) ?? (task.classesOf ? null : task.classes);
  return answers ? new Map(answers.map((answer) => [answer, task.target(answer)])) : undefined;
}

/**
 * What a model gave each of the options, by the likeliest tokens of the places in which they part: the
 * probability of all that begins as one of them alone does. A label's length counts for nothing, as it
 * does in the probability of a whole text.
 *
 * @param parsed the answer that was read of the text
 * @returns null where that does not begin with this answer, or not all of its probabilities are known
 */
export function sharesOf(
  tokens: readonly Token[] | null,
  options: Options,
  parsed: string | null,
): Shares | null {
  const spoken = Array.from(options, ([answer, said]) => [answer, said.toLowerCase()] as const);
  const begunBy = (text: string) => {
    const begun = text.trimStart().toLowerCase();
    return spoken.flatMap(([answer, said]) => (isOneOf(begun, said) ? answer : []));
  };
  const given = new Map<string, number>();
  const add = (answer: string, logprob: number) =>
    given.set(answer, (given.get(answer) ?? 0) + Math.exp(logprob));

  let said = '';
  let before = 0;
  for (const { text, logprob, top = [] } of tokens ?? []) {
    if (logprob === null) return null;
    for (const other of top) {
      const [answer, ...others] = other.text === text ? [] : begunBy(said + other.text);
      if (answer !== undefined && others.length === 0) add(answer, before + other.logprob);
    }
    said += text;
    before += logprob;
    if (begunBy(said).length < 2) break;
  }
  const answer = mostOf(begunBy(said), options, said);
  if (answer === undefined || answer !== parsed) return null;
  add(answer, before);
  const sum = [...given.values()].reduce((total, part) => total + part, 0);
  return Object.fromEntries(Array.from(given, ([one, part]) => [one, part / sum]));
}

/** Whether a text is the beginning of an option, or goes on after it with another word or sign. */
function isOneOf(text: string, option: string): boolean {
  return (
    option.startsWith(text) ||
    (text.startsWith(option) && !/^[\p{L}\p{N}]/u.test(text.slice(option.length)))
  );
}

/** The only option that a text begins, else the longest of those that are all there. */
function mostOf(begun: readonly string[], options: Options, text: string): string | undefined {
  if (begun.length === 1) return begun[0];
  const lengthOf = (answer: string) => options.get(answer)!.length;
  return begun
    .filter((answer) => lengthOf(answer) <= text.trim().length)
    .sort((a, b) => lengthOf(b) - lengthOf(a))[0];
}
