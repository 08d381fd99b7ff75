import type { BudgetScope, BudgetUnit, BudgetUse, Lack } from '../budget.ts';
import { isNear } from '../budget.ts';
import { count, money, percent } from './format.ts';
import { type Table, tableOf } from './section.ts';

/** How an option of `semievol budget` is called. */
const OPTIONS: Record<BudgetUnit, string> = {
  usd: '--usd',
  tokens: '--tokens',
  requests: '--requests',
  gpuHours: '--gpu-hours',
};

/** An amount of a unit: `$4.10`, `1,200 tokens`. */
export function amountText(amount: number, unit: BudgetUnit): string {
  if (unit === 'usd') return money(amount);
  if (unit === 'gpuHours') return `${Number(amount.toFixed(2))} GPU hours`;
  return `${count(Math.round(amount))} ${unit}`;
}

/** An amount of another: `$4.10 of $5.00`, `1,200 of 1,500 tokens`. */
const partText = (part: number, of: number, unit: BudgetUnit): string =>
  unit === 'usd'
    ? `${amountText(part, unit)} of ${amountText(of, unit)}`
    : `${amountText(part, unit).replace(/ .*/, '')} of ${amountText(of, unit)}`;

const scopeText = (scope: BudgetScope): string =>
  scope === 'run' ? 'the run' : scope === 'round' ? 'a round' : `phase ${scope}`;

/** The command that raises a limit. */
const command = (run: string, { scope, unit }: Pick<BudgetUse, 'scope' | 'unit'>): string => {
  const of = scope === 'run' ? '' : scope === 'round' ? ' --per-round' : ` --phase ${scope}`;
  return `semievol budget ${run}${of} ${OPTIONS[unit]} N`;
};

/** Why nothing new is begun, and what helps. */
export function lackText(run: string, lack: Lack): string {
  const { scope, unit, limit, spent, reserved, wanted } = lack;
  const parts = [
    `${partText(spent, limit, unit)} spent`,
    ...(reserved > 0 ? [`${amountText(reserved, unit)} reserved for what is under way`] : []),
    ...(wanted > 0 ? [`the next step takes up to ${amountText(wanted, unit)}`] : []),
  ];
  return `the budget of ${scopeText(scope)} is reached: ${parts.join(', ')}. "${command(run, lack)}" raises it, and the run goes on`;
}

/** What is to be warned of: limits that are nearly used up. */
export function nearLines(run: string, uses: readonly BudgetUse[]): string[] {
  return uses.filter(isNear).map((use) => {
    const { scope, unit, limit, spent, reserved } = use;
    return `${percent((spent + reserved) / limit)} of the budget of ${scopeText(scope)} is used: ${partText(spent + reserved, limit, unit)}. "${command(run, use)}" raises it`;
  });
}

/** What is gone of a limit, in a line. */
export function budgetLine({ scope, unit, limit, spent, reserved }: BudgetUse): string {
  const open = reserved > 0 ? `, ${amountText(reserved, unit)} reserved` : '';
  return `budget of ${scopeText(scope)}: ${partText(spent, limit, unit)} spent${open}`;
}

/** What is gone of each limit; nothing where there are none. */
export function budgetTables(uses: readonly BudgetUse[]): Table[] {
  if (uses.length === 0) return [];
  const text = (title: string, of: (use: BudgetUse) => string) =>
    ({ title, kind: 'text', of }) as const;
  return [
    tableOf(uses, [
      text('budget of', ({ scope }) => scopeText(scope)),
      text('spent', ({ spent, limit, unit }) => partText(spent, limit, unit)),
      text('reserved', ({ reserved, unit }) => (reserved > 0 ? amountText(reserved, unit) : '')),
    ]),
  ];
}
