import type { Config } from '../config/config.ts';
import type { Measured } from '../core/forecast/answers.ts';
import type { Asks, Models, PlannedUse } from '../core/forecast/prospect.ts';
import type { Pace } from '../core/forecast/time.ts';
import type { TokenCounter } from '../core/forecast/tokens.ts';
import type { ModelAt } from '../core/types.ts';
import { tokenCounter } from '../providers/tokenizers/index.ts';
import type { Probed } from './probe.ts';

/** A model that was asked has as many tokens for prompts like those it was asked, or nearly so. */
const MEASURED_ERROR = { low: 0.95, high: 1.05 };

/** How many times as long a request may take among others. */
const BUSY = 4;

/** How tokens are counted for a model. */
export interface Counted extends ModelAt {
  counter: TokenCounter;
}

/** Finds the counters of models. @param folders of tokenizers, of which the configuration names none */
export async function countersOf(
  models: readonly ModelAt[],
  { endpoints }: Pick<Config, 'endpoints'>,
  folders: Readonly<Record<string, string>>,
): Promise<Counted[]> {
  const counters = models.map(async ({ endpoint, model }) => {
    const folder = endpoints[endpoint]?.tokenizers[model] ?? folders[model];
    return { endpoint, model, counter: await tokenCounter(model, folder) };
  });
  return Promise.all(counters);
}

/** A counter set right by what the model's prompts were found to have, where it is none of its own. */
export function corrected({ counter, ...at }: Counted, probed: readonly Probed[]): Counted {
  const { ratio } = probed.find((one) => isAt(one, at) && one.ratio !== undefined) ?? {};
  const { error, by, text, prompt, row } = counter;
  if (ratio === undefined || error.low === error.high) return { ...at, counter };
  return {
    ...at,
    counter: {
      by: `${by}, set right by its own count of some prompts`,
      error: MEASURED_ERROR,
      text: (given) => ratio * text(given),
      prompt: (messages) => ratio * prompt(messages),
      row: (messages) => ratio * row(messages),
    },
  };
}

/** What is known of the models of a run. @param probed what those have shown that were asked */
export function knownModels(
  counters: readonly Counted[],
  { endpoints }: Pick<Config, 'endpoints'>,
  probed: readonly Probed[] = [],
): Models {
  return {
    counterOf: (at) => counters.find((one) => isAt(one, at))!.counter,
    drawsSeveral: ({ endpoint }) => endpoints[endpoint]?.supportsN ?? true,
    measured: (at, asks) => measuredOf(probedOf(probed, at, asks)),
  };
}

/** How fast an endpoint answers. @param most requests that a run has under way */
export function paceOf(
  { endpoint, model, asks }: PlannedUse,
  { endpoints }: Pick<Config, 'endpoints'>,
  { most, probed }: { most: number; probed: readonly Probed[] },
): Pace {
  const { seconds = [], perMinute } = probedOf(probed, { endpoint, model }, asks) ?? {};
  const inFlight = Math.min(endpoints[endpoint]?.maxInFlight ?? 1, most);
  if (seconds.length === 0) return { inFlight, perMinute };
  // Requests among many wait for each other, and take longer than those that came alone.
  const [low, high] = [Math.min(...seconds), BUSY * Math.max(...seconds)];
  return { inFlight, perMinute, requestSeconds: { low, likely: meanOf(seconds), high } };
}

function measuredOf({ answers = [] }: Partial<Probed> = {}): Measured | undefined {
  return answers.length === 0 ? undefined : { mean: meanOf(answers) };
}

const probedOf = (probed: readonly Probed[], at: ModelAt, asks: Asks | undefined) =>
  probed.find((one) => isAt(one, at) && one.asks === asks);

const isAt = (one: ModelAt, at: ModelAt): boolean =>
  one.endpoint === at.endpoint && one.model === at.model;

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
