import { addUsage, type ModelUsage, NO_USAGE, type Usage } from '../core/usage.ts';

/** Sums what was used, by phase, endpoint, model and transport. */
export class Spending {
  readonly #sums = new Map<string, ModelUsage>();

  add(
    { phase, endpoint, model, transport }: Omit<ModelUsage, keyof Usage>,
    usage: Partial<Usage>,
  ): void {
    const key = JSON.stringify([phase, endpoint, model, transport]);
    const sum = this.#sums.get(key) ?? NO_USAGE;
    this.#sums.set(key, { phase, endpoint, model, transport, ...addUsage(sum, usage) });
  }

  all(): ModelUsage[] {
    return [...this.#sums.values()];
  }
}
