/** How far a refusal that follows answers cuts: it echoes our own probing, and was a little too much. */
const CUT = 0.9;
/** How far each further one cuts, until a request is answered: the capacity has fallen. CUBIC's β. */
const FURTHER_CUT = 0.7;
/** Round trips from a refusal until more than before is tried: as many as in a cycle of BBR. */
const ROUNDS = 8;
/** Most growth in a round trip, as in CUBIC. */
const GROWTH = 0.5;
const FIRST = 16;

/**
 * How many requests an endpoint can have at the same time, learned from which of them it refuses.
 *
 * A congestion window after CUBIC (RFC 9438): it grows by half in each round trip until the first
 * refusal, and from then on nears the size at which it was last refused along a cubic, fast first
 * and then flat. Where nothing is refused there, it probes beyond, twice as far with each round
 * trip. Growth is counted in round trips, not in seconds, so that the share of refused requests
 * does not depend on how long the endpoint thinks: model answers take from milliseconds to minutes.
 * The outcome of a request that was sent before the last cut says nothing of the size since.
 */
export class CongestionWindow {
  readonly #most: number;
  #size: number;
  /** The size that was refused, 0 if none was. Its shrinking makes two windows converge (§4.7). */
  #ceiling = 0;
  /** Round trips since it was. */
  #rounds = 0;
  #sent = 0;
  /** The first request sent since the last cut. */
  #current = 0;
  /** Whether nothing sent since the last cut has been answered yet. */
  #isFalling = false;

  /** @param most requests at the same time, at the most */
  constructor(most: number) {
    this.#most = most;
    this.#size = Math.min(FIRST, most);
  }

  /** Requests to have under way, 1 or more. */
  get size(): number {
    return Math.round(this.#size);
  }

  /** Counts a request that is sent. @returns its number */
  send(): number {
    return this.#sent++;
  }

  /** @param isFull whether others waited for room; else the answer says nothing about more */
  answered(request: number, isFull: boolean): void {
    if (request < this.#current) return;
    this.#isFalling = false;
    if (!isFull) return;
    this.#rounds += 1 / this.#size;
    const wanted = Math.max(this.#size, this.#target());
    const step = Math.min(wanted - this.#size, GROWTH * this.#size);
    this.#size = Math.min(this.#most, this.#size + step / this.#size);
  }

  /** The refusals of one window come together and mean one thing: only the first of them cuts. */
  refused(request: number): void {
    if (request < this.#current) return;
    this.#current = this.#sent;
    const refused = this.#size;
    this.#size = Math.max(
      1,
      Math.min(refused * (this.#isFalling ? FURTHER_CUT : CUT), this.size - 1),
    );
    if (this.#isFalling) return;
    this.#isFalling = true;
    this.#ceiling = refused < this.#ceiling ? (refused * (1 + CUT)) / 2 : refused;
    this.#rounds = 0;
  }

  /** W_cubic of RFC 9438, §4.2, with K = ROUNDS; then the probing. */
  #target(): number {
    if (this.#ceiling === 0) return Number.POSITIVE_INFINITY;
    const beyond = this.#rounds - ROUNDS;
    return beyond < 0
      ? this.#ceiling * (1 + (1 - CUT) * (beyond / ROUNDS) ** 3)
      : this.#ceiling + 2 ** beyond;
  }
}
