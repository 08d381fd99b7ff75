import type { Command } from 'commander';
import { wholeNumber } from '../cli/options.ts';
import { table } from '../cli/table.ts';
import { percent } from '../core/report/format.ts';
import type { RoundReport } from '../core/roundReport.ts';
import { usageOf } from '../core/usage.ts';
import { Bench, startTemporal } from '../test/support/stack.ts';
import { startProvider } from '../testing/provider.ts';
import type { BenchOptions, BenchResult } from './support/bench.ts';
import { poolSpec, writePool } from './support/pool.ts';

export const description =
  "tokens a pseudo-label, against the authors' four requests an example; at most half";

const TARGET = 0.5;
const LABELLED = 20;
const TEST = 20;

/** Four answers an example, drawn from one prompt with three neighbours. */
const DRAWN = [{ name: 'drawn', shots: 3, temperature: 1, samples: 4 }];
/** Two of them without neighbours. */
const DRAWN_FROM_TWO = [
  { name: 'no-shots', shots: 0, temperature: 1, samples: 2 },
  { name: 'nearest', shots: 3, temperature: 1, samples: 2 },
];

/** What differs between the ways; all else, the justification of every disagreement too, is the same. */
const WAYS = {
  // Their code (github.com/luo-junyu/SemiEvol) asks one prompt four times, at temperature 1.
  authors: { spec: { collaborators: DRAWN }, endpoint: { supportsN: false } },
  ours: { spec: { collaborators: DRAWN }, endpoint: {} },
  'ours, two prompts': { spec: { collaborators: DRAWN_FROM_TWO }, endpoint: {} },
  'four prompts (default)': { spec: {}, endpoint: {} },
};

/** What one way costs and gives. */
interface Cost {
  requests: number;
  promptTokens: number;
  completionTokens: number;
  /** Prompt and completion tokens a pseudo-label. */
  tokens: number;
  agreement: number;
  /** Share of the pseudo-labels that are right: all, and those selected. */
  accuracy: number;
  selectedAccuracy: number;
}

interface Options extends BenchOptions {
  unlabelled: number;
}

export function addOptions(command: Command): Command {
  return command.option('--unlabelled <n>', 'pseudo-labels a way', wholeNumber(1), 1_000);
}

export async function run({ unlabelled, say, print }: Options): Promise<BenchResult> {
  const sizes = { labelled: LABELLED, unlabelled, test: TEST };
  const temporal = await startTemporal();
  const costs: Record<string, Cost> = {};
  try {
    for (const [way, { spec: changes, endpoint }] of Object.entries(WAYS)) {
      say(`${way}: ${unlabelled} pseudo-labels`);
      const bench = await Bench.open(temporal, await startProvider(), endpoint);
      try {
        await writePool(bench.folder, sizes);
        const spec = poolSpec(bench.folder, 'cost', changes);
        await bench.run(spec);
        const [report] = await bench.reports(spec.name);
        costs[way] = costOf(report!);
      } finally {
        await bench.close();
      }
    }
  } finally {
    await temporal.teardown();
  }
  print(costTable(costs));
  const measured = costs.ours!.tokens / costs.authors!.tokens;
  return {
    bench: 'cost',
    measured,
    target: TARGET,
    ok: measured <= TARGET,
    details: { sizes, costs },
  };
}

function costOf({ usage, pseudoLabels, examples }: RoundReport): Cost {
  const collaborate = usageOf(usage, 'collaborate');
  const justify = usageOf(usage, 'justify');
  const sum = (of: 'requests' | 'promptTokens' | 'completionTokens') =>
    (collaborate[of] + justify[of]) / examples.unlabelled;
  return {
    requests: sum('requests'),
    promptTokens: sum('promptTokens'),
    completionTokens: sum('completionTokens'),
    tokens: sum('promptTokens') + sum('completionTokens'),
    agreement: pseudoLabels.agreement,
    accuracy: pseudoLabels.all.value!,
    selectedAccuracy: pseudoLabels.selected.value!,
  };
}

function costTable(costs: Record<string, Cost>): string {
  return table(
    ['a pseudo-label', 'requests', 'prompt', 'completion', 'tokens', 'agreed', 'right', 'selected'],
    Object.entries(costs).map(([way, cost]) => [
      way,
      cost.requests.toFixed(2),
      cost.promptTokens.toFixed(1),
      cost.completionTokens.toFixed(1),
      cost.tokens.toFixed(1),
      percent(cost.agreement),
      percent(cost.accuracy),
      percent(cost.selectedAccuracy),
    ]),
  );
}
