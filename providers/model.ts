import { setTimeout as sleep } from 'node:timers/promises';
import { AWAY } from '../core/answer.ts';
import type { ThoughtsPlace } from '../core/capabilities.ts';
import { type AwayLimit, CircuitBreaker } from './breaker.ts';
import { TooFewSamples } from './completion.ts';
import { type Trouble, UnreadableAnswer } from './errors.ts';
import { type Feature, type Refused, suspects } from './form.ts';
import type { AdaptiveLimiter } from './limiter.ts';
import { refusesForm } from './said.ts';

/** How often we repeat a request whose answer cannot be read, which the client does not. */
const READ_AGAIN = 2;
/** How often a request may fail, each time after repetitions, while others are answered. */
const FAILURES = 4;
/** The same, of refusals: they are no accidents. */
const REFUSALS = 2;
/** How much longer we wait after each. */
const SLOWER = 4;

/** When to give up: `signal` ends the waiting for a free place, `deadline` also what is under way. */
export interface Patience {
  signal: AbortSignal;
  deadline: AbortSignal;
  /** Whether it goes before all batches: for the few that one of them waits for. */
  isAhead?: boolean;
  /** For how long the model may be away until the request is given up; it is waited for without. */
  away?: AwayLimit | undefined;
}

/** What a probe tells of a model: it answers as it is asked, or, from now on, in another form. */
export type Standing = 'answers' | 'form-learned';

/** A request to a model, and how the model is probed to tell whose its trouble is. */
export interface Asking<T> {
  send(signal: AbortSignal | undefined): Promise<T>;
  /** Fails as long as the model is not answered. */
  probe(): Promise<Standing>;
  /** What was sent, which no message may repeat. */
  texts: readonly string[];
  /** How often it may fail while others are answered, where its sender knows another way then. */
  failures?: number;
}

/** The smallest request in a form. */
export interface Probe {
  /** Tells it from others of its model. */
  form: string;
  /** What it has that may be refused. */
  features: readonly Feature[];
  send(refused: Refused): Promise<unknown>;
}

/** What is known of a model before it is asked. */
export interface Findings {
  /** What it refuses or ignores, so that it is not sent. */
  without: Refused;
  /** Where it puts its thoughts. */
  thoughts?: ThoughtsPlace | null;
}

/** What a request was given up for. */
export interface GivenUp {
  givenUp: Trouble;
}

/** What keeps a model up that has to be deployed before it answers. */
export interface ModelHost {
  /**
   * The model's name in requests now.
   * @throws NotUp while it has none; a final failure where it will have none
   */
  servedAs(): Promise<string>;
}

/** What a model has of its endpoint. */
export interface Surroundings {
  endpoint: string;
  limiter: AdaptiveLimiter;
  /** See the endpoint's configuration. */
  finalAfterSeconds: number;
  /** What an error means; undefined for one of our own. */
  troubleOf(error: unknown, model: string, texts?: readonly string[]): Trouble | undefined;
  notify(notice: string): void;
}

/** Thrown inside the limiter by a request that had to wait for others until there was an outage. */
const HELD_BACK = Symbol('held back');

/** A model at an endpoint, with what is found out of it by asking: whether it answers, and how. */
export class Model {
  readonly name: string;
  readonly #around: Surroundings;
  readonly #breaker: CircuitBreaker;
  readonly #firstWaitMs: number;
  /** So far: whether others are answered tells whose the trouble is. */
  #answers = 0;
  #host?: ModelHost;
  #servedAs: string;
  /** What refusals have told. */
  #learnt: Refused = new Set();
  /** What was found out before, by looking at answers. */
  #found: Findings = { without: new Set() };
  /** Both together: each request asks for it. */
  #refused: Refused = new Set();
  /** The probes under way, by form. */
  readonly #probing = new Map<string, Promise<Standing>>();

  constructor(name: string, around: Surroundings) {
    this.name = name;
    this.#servedAs = name;
    this.#around = around;
    // A second, where two minutes make something final.
    this.#firstWaitMs = (1000 * around.finalAfterSeconds) / 120;
    this.#breaker = new CircuitBreaker({
      finalAfterMs: 1000 * around.finalAfterSeconds,
      firstWaitMs: this.#firstWaitMs,
      troubleOf: (error) => around.troubleOf(error, name),
      notify: around.notify,
    });
  }

  /** Why its requests are held back; undefined where they are not. */
  get trouble(): string | undefined {
    return this.#breaker.trouble;
  }

  /** Since when nothing is answered; undefined where something is. */
  get awaySince(): number | undefined {
    return this.#breaker.awaySince;
  }

  /** Its name in requests. */
  get servedAs(): string {
    return this.#servedAs;
  }

  get isHosted(): boolean {
    return this.#host !== undefined;
  }

  /** From now on it is asked by the name of its deployment, and its host when it does not answer. */
  hostedBy(host: ModelHost, servedAs: string): void {
    this.#host = host;
    this.#servedAs = servedAs;
  }

  /** Finds out its name in requests, where that may change. @throws as the host does */
  async findServed(): Promise<void> {
    if (this.#host) this.#servedAs = await this.#host.servedAs();
  }

  /** What it does not take in a request, or ignores. */
  get refused(): Refused {
    return this.#refused;
  }

  /** Where it puts its thoughts, as far as is known. */
  get thoughts(): ThoughtsPlace | null | undefined {
    return this.#found.thoughts;
  }

  /**
   * The answer to a request, or why it was given up. Waits while there is an outage, and sends once
   * there is room.
   * @throws ApplicationFailure, non-retryable, where the provider refuses for good; the signal's
   * reason; errors of our own
   */
  async ask<T>(
    { send, probe, texts, failures: most }: Asking<T>,
    { signal, deadline, isAhead, away }: Partial<Patience> = {},
  ): Promise<T | GivenUp> {
    const { limiter, troubleOf, notify } = this.#around;
    const whole = async () => {
      signal?.throwIfAborted();
      if (this.#breaker.isOpen) throw HELD_BACK;
      return readable(() => send(deadline));
    };
    for (let failures = 0; ; ) {
      const trouble = await this.#breaker.closed(signal, away);
      if (trouble) return { givenUp: { ...trouble, reason: AWAY } };
      const before = this.#answers;
      try {
        const answer = await limiter.run(whole, signal, isAhead);
        this.#answers++;
        this.#breaker.answered();
        return answer;
      } catch (error) {
        if (error === HELD_BACK) continue;
        const trouble = troubleOf(error, this.name, texts);
        if (!trouble) throw error;
        const othersAre = !trouble.isRefusal && this.#answers > before;
        if (!othersAre && !(await this.#isAnswering(probe))) continue;
        if (trouble.isBusy) continue;
        failures++;
        const isGivenUp = failures >= (most ?? (trouble.isRefusal ? REFUSALS : FAILURES));
        if (isGivenUp && trouble.mayBeOfOne) {
          if (most === undefined)
            notify(`${trouble.message}; one request is given up, others are answered`);
          return { givenUp: trouble };
        }
        if (!trouble.isRefusal) await sleep(this.#waitAfter(failures), undefined, { signal });
      }
    }
  }

  /**
   * Sends a probe, or joins the one of its form under way. Where it is refused, leaves out one
   * feature after the other until it is not; what has to be left out is left out from then on.
   * @throws the client's error where it is not answered
   */
  probe(probe: Probe): Promise<Standing> {
    const { form } = probe;
    const probing =
      this.#probing.get(form) ?? this.#answerTo(probe).finally(() => this.#probing.delete(form));
    this.#probing.set(form, probing);
    return probing;
  }

  /** From now on requests are without these features. */
  learn(refused: Iterable<Feature>): void {
    const news = [...refused].filter((feature) => !this.#refused.has(feature));
    this.#learnt = new Set([...this.#learnt, ...news]);
    this.#refused = new Set([...this.#learnt, ...this.#found.without]);
    this.#around.notify(
      `endpoint "${this.#around.endpoint}": model "${this.name}" does not take ${news.join(' and ')}; asked without from now on`,
    );
  }

  /** From now on it is asked by what was found out, and no more by what was before. */
  goBy(found: Findings): void {
    const news = [...found.without].filter((feature) => !this.#refused.has(feature));
    this.#found = found;
    this.#refused = new Set([...this.#learnt, ...found.without]);
    if (news.length > 0)
      this.#around.notify(
        `endpoint "${this.#around.endpoint}": model "${this.name}" refuses or ignores ${news.join(' and ')}, as was found out; asked without from now on`,
      );
  }

  async #answerTo(probe: Probe): Promise<Standing> {
    const standing = await this.#learnForm(probe);
    this.#breaker.answered();
    return standing;
  }

  async #learnForm({ features, send }: Probe): Promise<Standing> {
    let refusal = await refusalOf(send(this.refused));
    if (!refusal) return 'answers';
    const refused = new Set(this.refused);
    let left = suspects(features, refused, refusal);
    while (left.length > 0) {
      const [feature, ...others] = left as [Feature, ...Feature[]];
      const next = await refusalOf(send(new Set([...refused, feature])));
      if (next?.message === refusal.message) {
        left = others;
        continue;
      }
      refused.add(feature);
      if (!next) {
        if (!(await refusalOf(send(this.refused)))) return 'answers'; // it was not for its form
        this.learn(refused);
        return 'form-learned';
      }
      // What was not refused for the one may be for the other.
      refusal = next;
      left = suspects(features, refused, refusal);
    }
    throw refusal;
  }

  /** Whether a probe is answered in the form that is known; where it fails, the circuit is opened. */
  async #isAnswering(probe: () => Promise<Standing>): Promise<boolean> {
    try {
      return (await probe()) === 'answers';
    } catch (error) {
      const trouble = this.#around.troubleOf(error, this.name);
      if (!trouble) throw error;
      this.#breaker.open(trouble, probe);
      return false;
    }
  }

  /** Milliseconds to wait after so many failures of a request. */
  #waitAfter(failures: number): number {
    return this.#firstWaitMs * SLOWER ** Math.min(failures - 1, FAILURES - 2);
  }
}

/** Sends, and again where the answer cannot be read. */
async function readable<T>(send: () => Promise<T>, again = READ_AGAIN): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (again === 0 || !(error instanceof UnreadableAnswer)) throw error;
    return readable(send, again - 1);
  }
}

/** What refuses a request as it is; undefined where it is answered. @throws any other error */
async function refusalOf(sent: Promise<unknown>): Promise<Error | undefined> {
  try {
    await sent;
    return undefined;
  } catch (error) {
    if (error instanceof TooFewSamples || refusesForm(error)) return error;
    throw error;
  }
}
