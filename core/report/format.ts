import type { Estimate } from '../statistics.ts';
import { normalise, printable } from '../text.ts';

/** What stands where there is no value, or none is known. */
export const NONE = '–';

/** A share of 0 to 1 in per cent, with one decimal. */
export function percent(share: number | null): string {
  return share === null ? NONE : `${(100 * share).toFixed(1)} %`;
}

/** A number of 0 to 1 that is no share, with three decimals: `0.867`. */
export function decimal(value: number): string {
  return value.toFixed(3);
}

/** A level of confidence in per cent: `95 %`, `99.9 %`. */
export function level(confidence: number): string {
  return `${Number((100 * confidence).toFixed(1))} %`;
}

/** A share with its interval and what it was counted from: `50.0 % (23.7 to 76.3 %, 5/10)`. */
export function estimate({ value, low, high, got, of }: Estimate): string {
  if (value === null || low === null || high === null) return NONE;
  const [sum, most] = [got, of].map((one) => count(Number(one.toFixed(1))));
  return `${percent(value)} (${(100 * low).toFixed(1)} to ${percent(high)}, ${sum}/${most})`;
}

/** A whole number with commas between thousands. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

/** How much is done of how much: `250 of 1,000 examples`; '' where nothing is known. */
export function amount(done: number, total: number, unit: string): string {
  if (total > 0) return `${count(done)} of ${count(total)} ${unit}`;
  return done > 0 ? `${count(done)} ${unit}` : '';
}

/** US dollars and cents; what is less than a cent is said to be. */
export function money(dollars: number): string {
  if (dollars > 0 && dollars < 0.01) return 'less than $0.01';
  const format = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return `$${dollars.toLocaleString('en', format)}`;
}

/** A time span in its two largest units: `4.2 s`, `12 min 5 s`, `3 h 20 min`, `2 d 7 h`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3_600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .flatMap(([amount, unit]) => (amount > 0 ? [`${amount} ${unit}`] : []))
    .join(' ');
}

/** An estimated time span, no more exact than it can be: `25 s`, `2 min 10 s`, `12 min`. */
export function roughly(seconds: number): string {
  const step = seconds < 60 ? 5 : seconds < 600 ? 10 : 60;
  return duration(Math.max(step, step * Math.round(seconds / step)));
}

/** A rate, given a second, in the unit of time that makes it a good number: `4.2/s`, `120/min`. */
export function perTime(rate: number): string {
  const [value, unit] =
    rate >= 1 ? [rate, 's'] : rate >= 1 / 60 ? [60 * rate, 'min'] : [3_600 * rate, 'h'];
  return `${value < 10 ? value.toFixed(1) : count(Math.round(value))}/${unit}`;
}

/** A point in time, given in epoch milliseconds, to the second: `2026-11-26 23:40:00 UTC`. */
export function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A text of the user's as one line, without what a terminal would obey. */
export function oneLine(text: string): string {
  return printable(normalise(text));
}
