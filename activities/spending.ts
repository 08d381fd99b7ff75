import type { Answer } from '../core/answer.ts';
import { neededModels } from '../core/neededModels.ts';
import { type Spent, spentIn } from '../core/spent.ts';
import type { Usage } from '../core/usage.ts';
import type { Endpoints } from '../providers/endpoint.ts';
import { billOf } from '../providers/pricing.ts';
import { Spending as Sums } from '../store/spending.ts';
import type { RoundContext } from './dependencies.ts';

/** A model where it is served: two endpoints may have one of the same name. */
export interface ModelAt {
  endpoint: string;
  model: string;
}

/** Adds up what the work of an activity used, by endpoint and model, and what that costs there. */
export class Spending {
  readonly #sums = new Sums();

  add(of: ModelAt, usage: Partial<Usage>): void {
    this.#sums.add({ phase: '', ...of }, usage);
  }

  addAnswers(answers: readonly Answer[]): void {
    for (const { endpoint, model, promptTokens, cachedTokens, completionTokens } of answers)
      this.add(
        { endpoint, model },
        {
          promptTokens: promptTokens ?? 0,
          cachedTokens: cachedTokens ?? 0,
          completionTokens: completionTokens ?? 0,
        },
      );
  }

  /** @param rootOf the model by whose price a model goes: tuned ones have none of their own */
  spent(endpoints: Endpoints, rootOf: (model: ModelAt) => string): Spent {
    const usage = this.#sums.all().map((one) => ({ ...one, model: rootOf(one) }));
    return spentIn({ usage, bill: billOf(usage, (name) => endpoints.get(name).config.prices) });
  }
}

/** Of a run's models: those that its spec names have prices of their own, the others are tuned. */
export function rootIn({
  spec,
  task,
}: Pick<RoundContext, 'spec' | 'task'>): (model: ModelAt) => string {
  const named = neededModels(spec, task);
  return ({ endpoint, model }) =>
    named.some((one) => one.endpoint === endpoint && one.name === model) ? model : spec.model.name;
}
