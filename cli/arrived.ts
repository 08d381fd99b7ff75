import type { Arrived } from '../core/living/arrival.ts';
import { count } from '../core/report/format.ts';
import type { Split } from '../core/types.ts';

const SPLITS: Split[] = ['labelled', 'unlabelled', 'test'];

/** What came of an arrival, in a line for people. */
export function arrivedText(run: string, { segment, added, removed }: Arrived): string {
  const part = (numbers: Record<Split, number>, what: (is: 'is' | 'are') => string, sign = 1) => {
    const some = SPLITS.filter((split) => numbers[split] * sign > 0);
    const total = some.reduce((sum, split) => sum + Math.abs(numbers[split]), 0);
    const list = some.map((split) => `${count(Math.abs(numbers[split]))} ${split}`).join(', ');
    return total === 0 ? [] : [`${list} ${what(total === 1 ? 'is' : 'are')}`];
  };
  const parts = [
    ...part(added, (is) => `${is} new`),
    ...part(removed, (is) => `${is} struck out`),
    ...part(removed, (is) => (is === 'is' ? 'counts again' : 'count again'), -1),
  ];
  return parts.length === 0
    ? `"${run}" stays as it is: nothing of this is new to its data`
    : `"${run}": ${parts.join('; ')} (segment ${segment})`;
}
