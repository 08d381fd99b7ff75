import type { PlannedUse, Preview } from '../forecast/prospect.ts';
import { plus, type Span } from '../forecast/span.ts';
import type { TokenCounter } from '../forecast/tokens.ts';
import type { Split } from '../types.ts';
import type { Bill } from '../usage.ts';
import { count, money, NONE, roughly } from './format.ts';
import { type Section, tableOf } from './section.ts';

/** A use with its cost in US dollars and its time in seconds, where these are known. */
export type PricedUse = PlannedUse & { cost: Span | null; seconds: Span | null };

/** What a forecast tells. */
export interface ToldForecast {
  run: string;
  counts: Partial<Record<Split, number>>;
  uses: readonly PricedUse[];
  previews: readonly Preview[];
  counted: readonly ({ endpoint: string; model: string } & Pick<TokenCounter, 'by' | 'error'>)[];
  cost: Span | null;
  unpriced: Bill['unpriced'];
  /** US dollars of the first warm-up, by the provider's own word. */
  estimate?: number | undefined;
  problems: readonly string[];
  warnings: readonly string[];
}

/** What a run is going to use, what it is going to say, and what keeps it from it. */
export function forecastSections(forecast: ToldForecast): Section[] {
  const { uses, previews } = forecast;
  return [
    ...(uses.length > 0 ? [useSection(forecast), countSection(forecast)] : []),
    ...previews.map(previewSection),
    problemSection(forecast),
  ];
}

const ASKS: Record<NonNullable<PlannedUse['asks']>, string> = {
  answers: 'answers of',
  justifications: 'justifications',
  comparisons: 'comparisons of answers',
  tests: 'answers of',
  grades: 'verdicts on',
  checks: 'verdicts, to check the judge',
  vectors: 'vectors,',
};

/** What all rounds use of a model in a phase for the same thing. */
interface Row {
  phase: string;
  what: string;
  at: string;
  sum: Pick<PricedUse, 'requests' | 'promptTokens' | 'completionTokens' | 'trainedTokens'>;
  cost: Span | null;
  seconds: Span | null;
}

function useSection({ run, counts, uses, cost, unpriced, estimate }: ToldForecast): Section {
  const rounds = Math.max(...uses.map(({ round }) => round));
  const rows = [...Map.groupBy(uses, nameOf).values()].map(rowOf);
  const examples = (['labelled', 'unlabelled', 'test'] as const)
    .map((split) => `${count(counts[split] ?? 0)} ${split}`)
    .join(', ');
  const amount = (title: string, of: (row: Row) => Span | null, format = compact) => ({
    title,
    kind: 'text' as const,
    of: (row: Row) => amounts(of(row), format),
  });
  const text = (title: string, of: (row: Row) => string) => ({ title, kind: 'text' as const, of });
  return {
    title: `Plan of ${run}${rounds > 1 ? `, ${rounds} rounds` : ''}`,
    blocks: [
      `Examples: ${examples}. Each figure is the likeliest, with the two between which the truth lies.`,
      tableOf(
        [...rows, { ...rowOf(uses), phase: 'in all', what: '', at: '' }],
        [
          text('phase', ({ phase }) => phase),
          text('for', ({ what }) => what),
          text('model', ({ at }) => at),
          amount('requests', ({ sum }) => sum.requests),
          amount('tokens in', ({ sum }) => sum.promptTokens),
          amount('tokens out', ({ sum }) => sum.completionTokens),
          amount('tokens trained', ({ sum }) => sum.trainedTokens),
          amount('time', ({ seconds }) => seconds, roughly),
          ...(cost ? [amount('cost', (row) => row.cost, money)] : []),
        ],
      ),
      'Time is that of requests, as many at once as the endpoint allows; fine-tunes take what their provider needs.',
      ...(cost
        ? [`It costs ${amounts(cost, money)}, at the prices of the configuration.`]
        : ['The configuration has no prices for it (endpoints.….prices).']),
      ...(cost ? unpriced : []).map(
        ({ endpoint, model, tokens }) =>
          `Without a price: ${tokens.join(', ')} of ${model} at ${endpoint}.`,
      ),
      ...(estimate
        ? [`The provider itself estimates ${money(estimate)} for the first warm-up.`]
        : []),
    ],
  };
}

const nameOf = ({ phase, asks, who, endpoint, model }: PricedUse): string =>
  JSON.stringify([phase, asks, who, endpoint, model]);

function rowOf(uses: readonly PricedUse[]): Row {
  const { phase, asks, who, endpoint, model } = uses[0]!;
  const costs = uses.flatMap(({ cost }) => cost ?? []);
  const times = uses.flatMap(({ seconds }) => seconds ?? []);
  return {
    phase,
    what: asks ? [ASKS[asks], who].filter(Boolean).join(' ') : 'fine-tune',
    at: `${model} at ${endpoint}`,
    sum: {
      requests: plus(...uses.map((use) => use.requests)),
      promptTokens: plus(...uses.map((use) => use.promptTokens)),
      completionTokens: plus(...uses.map((use) => use.completionTokens)),
      trainedTokens: plus(...uses.map((use) => use.trainedTokens)),
    },
    cost: costs.length > 0 ? plus(...costs) : null,
    seconds: times.length > 0 ? plus(...times) : null,
  };
}

/** `1.2k (900 to 2k)`, or the likeliest alone where there is no doubt. */
function amounts(span: Span | null, format: (amount: number) => string): string {
  if (!span || span.high === 0) return NONE;
  const [low, likely, high] = [span.low, span.likely, span.high].map(format);
  return low === high ? likely! : `${likely} (${low} to ${high})`;
}

/** A number in three digits: `941`, `35.4k`, `1.2M`. */
function compact(amount: number): string {
  const [value, unit] =
    amount >= 999_500 ? [amount / 1e6, 'M'] : amount >= 1e4 ? [amount / 1e3, 'k'] : [amount, ''];
  return unit ? `${Number(value.toPrecision(3))}${unit}` : count(Math.round(value));
}

function countSection({ counted }: ToldForecast): Section {
  const blocks = counted.map(({ endpoint, model, by, error: { low, high } }) => {
    const error = low === high ? '' : `; the truth lies between ${low} and ${high} times that`;
    return `${model} at ${endpoint}: ${by}${error}.`;
  });
  return { title: 'How tokens were counted', blocks };
}

function previewSection({ kind, model, endpoint, messages, tokens }: Preview): Section {
  return {
    title: `First ${kind} (${model} at ${endpoint}, ${count(Math.round(tokens))} tokens)`,
    blocks: messages.flatMap(({ role, content }) =>
      content.split('\n').map((line, index) => `${index === 0 ? `${role}: ` : '  '}${line}`),
    ),
  };
}

function problemSection({ problems, warnings }: ToldForecast): Section {
  return {
    title: problems.length > 0 ? 'What would fail' : 'Nothing is seen that would fail',
    blocks: [...problems, ...warnings.map((warning) => `warning: ${warning}`)],
  };
}
