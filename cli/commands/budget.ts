import type { Command } from 'commander';
import { BUDGET_UNITS, type BudgetScope, type Limits } from '../../core/budget.ts';
import { PHASES } from '../../core/phases.ts';
import { amountText } from '../../core/report/budget.ts';
import { configOf, print, withClient } from '../context.ts';
import { CliError } from '../errors.ts';

interface Options extends Limits {
  perRound?: boolean;
  phase?: string;
  json?: boolean;
}

export default async function budget(
  run: string,
  { perRound, phase, json, ...limits }: Options,
  command: Command,
): Promise<void> {
  const units = BUDGET_UNITS.filter((unit) => limits[unit] !== undefined);
  if (units.length === 0)
    throw new CliError('name a limit: --usd, --tokens, --requests or --gpu-hours');
  const scope = perRound ? 'round' : phase === undefined ? 'run' : phaseNamed(phase);
  await withClient(await configOf(command), (client) => client.get(run).setBudget(limits, scope));
  const amounts = units.map((unit) => amountText(limits[unit]!, unit)).join(', ');
  const of = scope === 'run' ? '' : scope === 'round' ? ' in each round' : ` in ${scope}`;
  print(json, { run, scope, limits }, `"${run}" may spend ${amounts}${of}`);
}

function phaseNamed(name: string): BudgetScope {
  const phase = PHASES.find((one) => one.name === name);
  if (phase) return phase.name;
  const names = PHASES.map((one) => one.name).join(', ');
  throw new CliError(`there is no phase "${name}": name one of ${names}`);
}
