import { addUsage, type ModelUsage, NO_USAGE, type Usage } from '../core/usage.ts';

/** Sums what was used, by phase and model. */
export class Spending {
  readonly #sums = new Map<string, Omit<ModelUsage, 'endpoint'>>();

  add(phase: string, model: string, usage: Partial<Usage>): void {
    const key = JSON.stringify([phase, model]);
    const sum = this.#sums.get(key) ?? NO_USAGE;
    this.#sums.set(key, { phase, model, ...addUsage(sum, usage) });
  }

  all(): Omit<ModelUsage, 'endpoint'>[] {
    return [...this.#sums.values()];
  }
}
