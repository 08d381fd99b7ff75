import { type Answer, usageOfAnswer } from '../core/answer.ts';
import { neededModels } from '../core/neededModels.ts';
import { type Spent, spentIn } from '../core/spent.ts';
import type { ModelAt } from '../core/types.ts';
import type { Transport, Usage } from '../core/usage.ts';
import type { Endpoints } from '../providers/endpoint.ts';
import { billed } from '../providers/pricing.ts';
import { Spending as Sums } from '../store/spending.ts';
import type { RoundContext } from './dependencies.ts';

/** Adds up what the work of an activity used, by endpoint and model, and what that costs there. */
export class Spending {
  readonly #sums = new Sums();

  /** @param of directly asked unless it says otherwise */
  add(of: ModelAt & { transport?: Transport }, usage: Partial<Usage>): void {
    this.#sums.add({ phase: '', transport: 'direct', ...of }, usage);
  }

  addAnswers(answers: readonly Answer[]): void {
    for (const answer of answers) {
      const { endpoint, model, transport } = answer;
      this.add({ endpoint, model, transport }, usageOfAnswer(answer));
    }
  }

  /** @param rootOf the model that one goes back to, by whose price it goes where it has none */
  spent(endpoints: Endpoints, rootOf: (model: ModelAt) => string): Spent {
    const rooted = this.#sums.all().map((one) => ({ ...one, root: rootOf(one) }));
    return spentIn(billed(rooted, (name) => endpoints.get(name).config.prices));
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
