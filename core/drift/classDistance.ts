import { randomFrom } from '../random.ts';

/** How far the classes of the selected lie from those of the labelled examples. */
export interface ClassDistance {
  /** Total variation: the share, 0 to 1, that would have to be of another class. */
  distance: number;
  /** What it would not exceed by chance in 99 of 100 draws, were both drawn from the same. */
  byChance: number;
}

const DRAWS = 400;
const LEVEL = 0.99;
/** So many draws show what chance does to any number above. Bounds the time. */
const MOST = 2_000;

/**
 * @param labelled how many there are of each class
 * @param selected the same, in the same order
 * @returns undefined where there are none of either
 */
export function classDistance(
  labelled: readonly number[],
  selected: readonly number[],
  seed: number,
): ClassDistance | undefined {
  const [ofLabelled, ofSelected] = [sum(labelled), sum(selected)];
  if (ofLabelled === 0 || ofSelected === 0) return undefined;
  const draw = drawerOf(
    labelled.map((count, index) => count + selected[index]!),
    randomFrom(seed),
  );
  const byChance = Array.from({ length: DRAWS }, () =>
    distance(draw(Math.min(ofLabelled, MOST)), draw(Math.min(ofSelected, MOST))),
  ).sort((a, b) => a - b);
  return {
    distance: distance(labelled, selected),
    byChance: byChance[Math.ceil(LEVEL * DRAWS) - 1]!,
  };
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

function distance(a: readonly number[], b: readonly number[]): number {
  const [ofA, ofB] = [sum(a), sum(b)];
  return sum(a.map((count, index) => Math.abs(count / ofA - b[index]! / ofB))) / 2;
}

/** Draws so many of the classes, each as likely as its count says. */
function drawerOf(counts: readonly number[], random: () => number): (size: number) => number[] {
  let total = 0;
  const ends = counts.map((count) => {
    total += count;
    return total;
  });
  return (size) => {
    const drawn = Array<number>(counts.length).fill(0);
    for (let time = 0; time < size; time++) {
      const place = random() * total;
      drawn[ends.findIndex((end) => place < end)]!++;
    }
    return drawn;
  };
}
