import { latterHalf, type Reading } from '../core/pace.ts';
import { type PhaseView, type RunView, timed } from './runView.ts';

/** What was seen of a phase since its rate is measured. */
interface Seen {
  since: Reading;
  readings: readonly Reading[];
}

/**
 * Estimates the time left from views of a run one after the other: a phase may go faster or slower
 * than it did, as where an evaluation comes to another model.
 */
export class Pacing {
  readonly #seen = new Map<string, Seen>();

  /** @param now epoch milliseconds */
  of(view: RunView, now = Date.now()): RunView {
    const { round } = view.status ?? {};
    return timed(view, (phase) => this.#since(`${round} ${phase.name}`, phase, now), now);
  }

  #since(key: string, { paced, done }: PhaseView, at: number): Reading | undefined {
    if (!paced) return undefined;
    const before = this.#seen.get(key);
    // After a pause its rate is measured anew, and a job's when it begins to move.
    const isSame = before?.since.at === paced.at;
    const seen = isSame ? before : { since: paced, readings: [paced] };
    const readings = latterHalf(seen.readings, paced.at, { at, done });
    this.#seen.set(key, { ...seen, readings });
    return readings[0];
  }
}
