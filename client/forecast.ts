import type { Config } from '../config/config.ts';
import { type Forecast, forecastOf } from '../core/forecast/forecast.ts';
import type { PlannedUse, Samples } from '../core/forecast/prospect.ts';
import type { Span } from '../core/forecast/span.ts';
import { batchSeconds, secondsOf } from '../core/forecast/time.ts';
import type { TokenCounter } from '../core/forecast/tokens.ts';
import { neededModels } from '../core/neededModels.ts';
import { Registry } from '../core/registry.ts';
import { count } from '../core/report/format.ts';
import type { RunSpecInput } from '../core/spec.ts';
import type { ModelAt, Shot, StoredExample } from '../core/types.ts';
import { withFolder } from '../data/scratch.ts';
import type { Findings } from './check.ts';
import { costOf, type ForecastCost, type SentUse, sent } from './forecastCosts.ts';
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
export interface ForecastUse extends SentUse {
  /** US dollars; null where nothing of it has a price. */
  cost: Span | null;
  /** Null of a fine-tune: providers do not tell. */
  seconds: Span | null;
}

/** What a run is going to use and to cost, and what keeps it from it. */
export interface RunForecast
  extends Pick<Findings, 'counts' | 'files' | 'problems' | 'warnings'>,
    ForecastCost {
  run: string;
  /** In the order of phases; none where the data cannot be used. */
  uses: ForecastUse[];
  previews: Forecast['previews'];
  /** How tokens were counted for each model, and the factors between which the truth lies. */
  counted: (ModelAt & Pick<TokenCounter, 'by' | 'error'>)[];
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
    const forecast = isProbed ? forecastOf({ ...prospect, models }) : unprobed;
    const uses = sent(forecast.uses, spec, config);
    const estimate = isProbed
      ? await estimateOf({ spec, task, samples }, { config, folder: scratch })
      : {};
    const most = spec.batch.size * spec.batch.window;
    const secondsFor = (use: SentUse): Span | null => {
      if (!use.asks) return null;
      const { batches } = config.endpoints[use.endpoint] ?? {};
      if (use.transport === 'direct' || !batches)
        return secondsOf(use, paceOf(use, config, { most, probed }));
      const { windowHours, maxRequests, atOnce } = batches;
      return batchSeconds(use, { windowHours, requestsAtOnce: maxRequests * atOnce });
    };
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
        seconds: secondsFor(use),
      })),
      ...{ previews: forecast.previews, probed, estimate: estimate.usd },
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
