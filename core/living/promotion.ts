import type { ModelRole } from '../types.ts';

/** A change of a run's champion. */
export interface Promotion {
  /** 0 is the spec's model, before the first round; then one after the other. */
  number: number;
  /** The round after which it came. */
  round: number;
  model: string;
  /** What it was to its round; `chosen` where a person has chosen it by name. */
  role: 'base' | Exclude<ModelRole, 'vanilla'> | 'chosen';
  /** The champion before; null of the first. */
  from: string | null;
  by: 'gate' | 'person';
  /** Who, where it was a person. */
  name: string | null;
  reason: string;
  /** ISO 8601. */
  at: string;
}
