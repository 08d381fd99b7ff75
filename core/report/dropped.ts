import type { Section } from './section.ts';

/** What the store has not kept of old rounds; nothing where it has kept all. */
export function droppedSections(rounds: readonly number[]): Section[] {
  if (rounds.length === 0) return [];
  const of = rounds.length === 1 ? `round ${rounds[0]}` : `rounds ${runsIn(rounds).join(', ')}`;
  return [
    {
      title: 'Not kept',
      blocks: [
        `Answers and neighbours of ${of} are not in the store any more (retention.answers in the spec). Pseudo-labels, what was selected, figures and spend are.`,
      ],
    },
  ];
}

/** Ascending numbers, those in a row as one: `1–4`, `6`. */
function runsIn(numbers: readonly number[]): string[] {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
}
