import type { Capacity } from './endpoint.ts';

/** Decides which requests are taken. Times are milliseconds on any clock that only goes forward. */
export class Gate {
  #capacity: Capacity | undefined;
  #tokens = 0;
  #filledAt = 0;
  #inFlight = 0;
  mostInFlight = 0;

  constructor(capacity: Capacity | undefined, now: number) {
    this.set(capacity, now);
    if (capacity && 'burst' in capacity) this.#tokens = capacity.burst;
  }

  /** Changes the capacity. What is in flight stays, a fuller bucket spills. */
  set(capacity: Capacity | undefined, now: number): void {
    this.#fill(now);
    this.#capacity = capacity;
    this.#fill(now);
  }

  /** Takes a request, or not. One that was taken must `leave`. */
  enter(now: number): boolean {
    if (!this.#hasRoom(now)) return false;
    this.mostInFlight = Math.max(this.mostInFlight, ++this.#inFlight);
    return true;
  }

  leave(): void {
    this.#inFlight--;
  }

  /** The rate-limit headers of OpenAI's wire; none for a limit of requests at the same time. */
  headers(): Record<string, string> {
    if (!this.#capacity || 'slots' in this.#capacity) return {};
    const { perSecond, burst } = this.#capacity;
    return {
      'x-ratelimit-limit-requests': String(Math.floor(burst)),
      'x-ratelimit-remaining-requests': String(Math.floor(this.#tokens)),
      'x-ratelimit-reset-requests': `${Math.ceil(((burst - this.#tokens) / perSecond) * 1000)}ms`,
    };
  }

  #hasRoom(now: number): boolean {
    if (!this.#capacity) return true;
    if ('slots' in this.#capacity) return this.#inFlight < this.#capacity.slots;
    this.#fill(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #fill(now: number): void {
    if (this.#capacity && 'burst' in this.#capacity) {
      const { perSecond, burst } = this.#capacity;
      const gained = ((now - this.#filledAt) / 1000) * perSecond;
      this.#tokens = Math.min(burst, this.#tokens + gained);
    }
    this.#filledAt = now;
  }
}
