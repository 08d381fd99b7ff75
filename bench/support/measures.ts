import { table } from '../../cli/table.ts';
import { count } from '../../core/report/format.ts';

/** A whole number, as tables have it. */
export const whole = (value: number): string => count(Math.round(value));

/** A table with a column for each measurement: what was measured at which size, the first row being the sizes. */
export function measuresTable<Measures>(
  all: readonly Measures[],
  size: [name: string, of: (one: Measures) => number],
  rows: readonly [name: string, of: (one: Measures) => number | string][],
): string {
  const texts = (of: (one: Measures) => number | string) =>
    all.map((one) => {
      const value = of(one);
      return typeof value === 'string' ? value : whole(value);
    });
  const [head, sizeOf] = size;
  return table(
    [head, ...texts(sizeOf)],
    rows.map(([name, of]) => [name, ...texts(of)]),
  );
}
