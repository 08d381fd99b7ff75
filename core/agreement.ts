import type { Answer } from './answer.ts';
import { type Equality, partiesOf, surestOf } from './consensus.ts';

/** Which of the different answers to one example mean the same. */
export interface Meanings {
  /** In canonical form, no two of them equal. */
  answers: string[];
  /** The number of the group of each, from 0. */
  groups: number[];
}

/** The different ones among answers, in their order. */
export const differing = (answers: readonly (string | null)[], equal: Equality): string[] =>
  partiesOf(answers, (answer) => answer, equal).map(({ answer }) => answer);

/** The same groups, numbered from 0 in the order in which they come. */
export function numbered(groups: readonly number[]): number[] {
  const order = [...new Set(groups)];
  return groups.map((group) => order.indexOf(group));
}

/**
 * Groups of so many things: those that are linked are in one, and so are those that others link, so
 * that being in one group is an equivalence.
 * @param mayBeOne whether two may be in one group, whatever links them; of two links that would put
 * others together the first counts
 */
export function groupsOf(
  count: number,
  isLinked: (a: number, b: number) => boolean,
  mayBeOne: (a: number, b: number) => boolean = () => true,
): number[] {
  const groups = Array.from({ length: count }, (_, index) => index);
  const membersOf = (group: number) => [...groups.keys()].filter((one) => groups[one] === group);
  for (let b = 0; b < count; b++)
    for (let a = 0; a < b; a++) {
      if (groups[a] === groups[b] || !isLinked(a, b)) continue;
      const [from, to] = [groups[b]!, groups[a]!];
      const others = membersOf(to);
      if (!membersOf(from).every((one) => others.every((other) => mayBeOne(other, one)))) continue;
      groups.forEach((group, index) => {
        if (group === from) groups[index] = to;
      });
    }
  return numbered(groups);
}

/** Vectors come in single precision. */
export const ROUNDING = 1e-6;

/** Whether two vectors have at least the cosine similarity `threshold`; what has none is near nothing. */
export function isNear(
  a: ArrayLike<number> | null,
  b: ArrayLike<number> | null,
  threshold: number,
): boolean {
  if (!a || !b) return false;
  let [dot, ofA, ofB] = [0, 0, 0];
  for (let place = 0; place < a.length; place++) {
    dot += a[place]! * b[place]!;
    ofA += a[place]! ** 2;
    ofB += b[place]! ** 2;
  }
  return dot / Math.sqrt(ofA * ofB) > threshold - ROUNDING;
}

/** What is said of an answer in the words of another. */
type Worded = Pick<Answer, 'parsed' | 'entropy'>;

/**
 * The answers to one example, those of a group all in the words of the surest of them: that of the
 * lowest entropy, of equal ones the first. So they are equal, and their label is in words that a
 * model was sure of.
 */
export function inWordsOfSurest<One extends Worded>(
  answers: readonly One[],
  { answers: different, groups }: Meanings,
  equal: Equality,
): One[] {
  const groupOf = ({ parsed }: Worded) =>
    parsed === null ? undefined : groups[different.findIndex((one) => equal(one, parsed))];
  const byGroup = Map.groupBy(answers, groupOf);
  return answers.map((answer) => {
    const group = groupOf(answer);
    if (group === undefined) return answer;
    return { ...answer, parsed: surestOf(byGroup.get(group)!)!.parsed };
  });
}
