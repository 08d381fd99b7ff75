import type { Config } from '../config/config.ts';
import { messagesOf } from '../core/errors.ts';
import type { Asked } from '../core/forecast/asked.ts';
import type { Asks, Prospect } from '../core/forecast/prospect.ts';
import type { Rates } from '../core/forecast/time.ts';
import type { ModelAt } from '../core/types.ts';
import type { ChatSample } from '../providers/completion.ts';
import { Endpoint } from '../providers/endpoint.ts';
import { ratesOf } from '../providers/rates.ts';

/** Requests of each kind. */
const REQUESTS = 5;

/** What requests of a kind have shown of a model, and what was spent on them. */
export interface Probed extends ModelAt {
  asks: Asks;
  requests: number;
  promptTokens: number;
  completionTokens: number;
  /** Of each answer. */
  answers: number[];
  /** How many tokens the prompts have for each that was counted, where the endpoint tells. */
  ratio?: number;
  /** Of each request. */
  seconds: number[];
  /** What the endpoint says that it takes in a minute. */
  perMinute: Rates;
  /** Why there is no answer, where there is none. */
  problem?: string;
}

/**
 * Sends a few of the requests of a run, of each kind that models answer which are there before it:
 * how long their answers are, how many tokens their prompts have, and how long they take.
 */
export async function probe(
  kinds: readonly Asked[],
  { samples, models, spec }: Prospect,
  config: Config,
): Promise<Probed[]> {
  const probed: Probed[] = [];
  const byModel = Map.groupBy(kinds, ({ at, asks }) => JSON.stringify([at, asks]));
  for (const [first, ...others] of byModel.values()) {
    const { at, asks } = first!;
    const settings = config.endpoints[at.endpoint];
    if (!settings) continue;
    const endpoint = new Endpoint(at.endpoint, settings);
    const counter = models.counterOf(at);
    const found: Probed = {
      ...at,
      asks,
      ...{ requests: 0, promptTokens: 0, completionTokens: 0, answers: [], seconds: [] },
      // Many say nothing of it.
      perMinute: await ratesOf(endpoint, at.model).catch(() => ({})),
    };
    let counted = 0;
    for (const asked of [first!, ...others])
      for (const x of samples[asked.split].examples.slice(0, REQUESTS)) {
        const messages = asked.messages(x);
        if (!messages) continue;
        const { sampling, schema } = asked;
        const began = performance.now();
        try {
          const request = { model: at.model, messages, sampling, seeds: [spec.seed], schema };
          const [answer] = (await endpoint.chat(request)) as [ChatSample];
          found.requests++;
          found.seconds.push((performance.now() - began) / 1_000);
          if (answer.completionTokens === null || answer.promptTokens === null) continue;
          found.answers.push(answer.completionTokens);
          found.completionTokens += answer.completionTokens;
          found.promptTokens += answer.promptTokens;
          counted += counter.prompt(messages);
        } catch (error) {
          found.problem = messagesOf(endpoint.failure(error, at.model))[0]!;
        }
      }
    if (counted > 0) found.ratio = found.promptTokens / counted;
    probed.push(found);
  }
  return probed;
}
