import type { Answer } from '../core/answer.ts';
import { neededModels } from '../core/neededModels.ts';
import type { RunSpec } from '../core/spec.ts';
import { type Spent, spentIn } from '../core/spent.ts';
import { addUsage, NO_USAGE, type Usage } from '../core/usage.ts';
import type { EndpointConfig } from '../providers/config.ts';
import { billOf } from '../providers/pricing.ts';

/** Adds up what the work of an activity used, by model, and what that costs at its endpoint. */
export class Spending {
  readonly #used = new Map<string, Usage>();

  add(model: string, usage: Partial<Usage>): void {
    this.#used.set(model, addUsage(this.#used.get(model) ?? NO_USAGE, usage));
  }

  addAnswers(answers: readonly Answer[]): void {
    for (const { model, promptTokens, cachedTokens, completionTokens } of answers)
      this.add(model, {
        promptTokens: promptTokens ?? 0,
        cachedTokens: cachedTokens ?? 0,
        completionTokens: completionTokens ?? 0,
      });
  }

  /** @param rootOf the model by whose price a model goes: tuned ones have none of their own */
  spent({ prices }: Pick<EndpointConfig, 'prices'>, rootOf: (model: string) => string): Spent {
    const used = [...this.#used].map(([model, usage]) => ({
      ...{ phase: '', endpoint: '', model: rootOf(model) },
      ...usage,
    }));
    return spentIn({ usage: used, bill: billOf(used, () => prices) });
  }
}

/** Of a run's models: those that its spec names have prices of their own, the others are tuned. */
export function rootIn(spec: RunSpec): (model: string) => string {
  const named = new Set(neededModels(spec).map(({ name }) => name));
  return (model) => (named.has(model) ? model : spec.model.name);
}
