import type { Config } from '../config/config.ts';
import { type Forecast, forecastOf } from '../core/forecast/forecast.ts';
import type { ModelAt, PlannedUse, Samples } from '../core/forecast/prospect.ts';
import type { Span } from '../core/forecast/span.ts';
import { secondsOf } from '../core/forecast/time.ts';
import type { TokenCounter } from '../core/forecast/tokens.ts';
import { neededModels } from '../core/neededModels.ts';
import { Registry } from '../core/registry.ts';
import { count } from '../core/report/format.ts';
import type { RunSpecInput } from '../core/spec.ts';
import type { Shot, StoredExample } from '../core/types.ts';
import { type Bill, NO_USAGE } from '../core/usage.ts';
import { withFolder } from '../data/scratch.ts';
import { billed } from '../providers/pricing.ts';
import type { Findings } from './check.ts';
import { corrected, countersOf, knownModels, paceOf } from './knownModels.ts';
import { type Probed, probe } from './probe.ts';
import { checked } from './spec.ts';
import { estimateOf } from './trainingEstimate.ts';

/** Examples of each split by which prompts are measured; labelled ones are shown as neighbours, too. */
const SAMPLE = 400;

/** By what a forecast is made. */
export interface ForecastOptions {
  /** Where relative paths of data files start; the working folder when left out. */
  folder?: string;
  /** Whether some requests are spent to measure answers, and how long they take. */
  probe?: boolean;
  /** Folders with the `tokenizer.json` of models of which the configuration names none. */
  tokenizers?: Readonly<Record<string, string>>;
}

/** What is used in a phase, with what it costs and how long it takes. */
export interface ForecastUse extends PlannedUse {
  /** US dollars; null where nothing of it has a price. */
  cost: Span | null;
  /** Null of a fine-tune: providers do not tell. */
  seconds: Span | null;
}

/** What a run is going to use and to cost, and what keeps it from it. */
export interface RunForecast extends Pick<Findings, 'counts' | 'files' | 'problems' | 'warnings'> {
  run: string;
  /** In the order of phases; none where the data cannot be used. */
  uses: ForecastUse[];
  previews: Forecast['previews'];
  /** How tokens were counted for each model, and the factors between which the truth lies. */
  counted: (ModelAt & Pick<TokenCounter, 'by' | 'error'>)[];
  /** US dollars of all that has a price; null where nothing has. */
  cost: Span | null;
  /** What has no price. */
  unpriced: Bill['unpriced'];
  /** What models have shown that were asked. */
  probed: Probed[];
  /** US dollars of the first warm-up, where the provider was asked and estimates it. */
  estimate?: number | undefined;
}

/**
 * What a run would use, phase by phase, and what would keep it from it: looks at all data, renders
 * the prompts of some examples and counts their tokens. Nothing is stored, and nothing is spent
 * unless it is to probe.
 * @throws SpecError; TokenizerError
 */
export async function forecastRun(
  input: RunSpecInput,
  config: Config,
  { folder = '.', probe: isProbed = false, tokenizers = {} }: ForecastOptions = {},
): Promise<RunForecast> {
  const { lookBeforeStart } = await import('./check.ts');
  const registry = new Registry(config.extensions);
  const spec = checked(registry.runSpec, input, 'the run spec');
  const task = registry.task(spec.task);
  return withFolder(async (scratch) => {
    const limitless = { bytes: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY };
    const options = { ...limitless, sample: SAMPLE, scratch };
    const found = await lookBeforeStart(spec, folder, { config, registry }, options);
    const { counts, files, problems, warnings } = found;
    const told = { run: spec.name, counts, files, problems, warnings };
    const samples = samplesOf(found);
    if (!samples) return { ...told, ...NOTHING_FORECAST };

    const asked = neededModels(spec, task).map(({ endpoint, name: model }) => ({
      endpoint,
      model,
    }));
    const counters = await countersOf(asked, config, tokenizers);
    const { needs } = registry.selector(spec.selection);
    const prospect = { spec, task, needs, samples, models: knownModels(counters, config) };
    const unprobed = forecastOf(prospect);
    const probed = isProbed ? await probe(unprobed.kinds, prospect, config) : [];
    const known = counters.map((one) => corrected(one, probed));
    const models = knownModels(known, config, probed);
    const { uses, previews } = isProbed ? forecastOf({ ...prospect, models }) : unprobed;
    const estimate = isProbed
      ? await estimateOf({ spec, task, samples }, { config, folder: scratch })
      : {};
    const most = spec.batch.size * spec.batch.window;
    return {
      ...told,
      problems: [
        ...problems,
        ...contextProblems(uses, found),
        ...probed.flatMap(({ problem }) => problem ?? []),
        ...(estimate.problem ? [estimate.problem] : []),
      ],
      uses: uses.map((use) => ({
        ...use,
        cost: costOf([use], config).cost,
        seconds: use.asks ? secondsOf(use, paceOf(use, config, { most, probed })) : null,
      })),
      ...{ previews, probed, estimate: estimate.usd },
      counted: known.map(({ counter: { by, error }, ...at }) => ({ ...at, by, error })),
      ...costOf(uses, config),
    };
  });
}

const NOTHING_FORECAST = {
  uses: [],
  previews: [],
  counted: [],
  cost: null,
  unpriced: [],
  probed: [],
};

/** Undefined where the data of a split cannot be used. */
function samplesOf({ counts, samples }: Findings): Samples | undefined {
  const { labelled, unlabelled, test } = samples;
  if (!labelled || !unlabelled || !test) return undefined;
  return {
    labelled: { count: counts.labelled!, examples: labelled as (StoredExample & Shot)[] },
    unlabelled: { count: counts.unlabelled!, examples: unlabelled },
    test: { count: counts.test!, examples: test },
  };
}

/** What uses cost, were all low, likely or high. A tuned model has the price of its base. */
function costOf(
  uses: readonly PlannedUse[],
  { endpoints }: Config,
): Pick<RunForecast, 'cost' | 'unpriced'> {
  const billOf = (of: keyof Span) =>
    billed(
      uses.map(({ phase, endpoint, model, ...use }) => ({
        ...NO_USAGE,
        ...{ phase, endpoint, model, root: model, transport: 'direct' as const },
        requests: use.requests[of],
        promptTokens: use.promptTokens[of],
        completionTokens: use.completionTokens[of],
        trainedTokens: use.trainedTokens[of],
      })),
      (name) => endpoints[name]?.prices ?? {},
    ).bill;
  const [low, likely, high] = [billOf('low'), billOf('likely'), billOf('high')];
  const { cost, unpriced } = high;
  return {
    cost: cost === null ? null : { low: low.cost ?? 0, likely: likely.cost ?? 0, high: cost },
    unpriced,
  };
}

/** That prompts and answers are longer than a model takes, where a list tells what it does. */
function contextProblems(uses: readonly PlannedUse[], { listed }: Findings): string[] {
  const problems = uses.flatMap(({ endpoint, model, longest = 0, phase }) => {
    const { contextLength = Number.POSITIVE_INFINITY } =
      listed.find((one) => one.endpoint === endpoint && one.name === model) ?? {};
    return longest > contextLength
      ? `${phase}: with its answer a prompt has up to ${count(longest)} tokens, and model "${model}" at endpoint "${endpoint}" takes ${count(contextLength)}: lower shots or maxTokens, or take one with a longer context`
      : [];
  });
  return [...new Set(problems)];
}
