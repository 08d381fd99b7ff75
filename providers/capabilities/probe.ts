import { APIError } from 'openai';
import pLimit from 'p-limit';
import type { Capabilities, Finding, Way } from '../../core/capabilities.ts';
import type { ChatMessage } from '../../core/types.ts';
import type { Endpoint } from '../endpoint.ts';
import { UnreadableAnswer } from '../errors.ts';
import { bodyOf } from '../form.ts';
import { refusesForm } from '../said.ts';
import { answerOf } from '../wire.ts';
import { trialOf } from './trial.ts';
import {
  type Draws,
  isDrawn,
  isTwice,
  type Outcome,
  onLimit,
  onLogprobs,
  onN,
  onObject,
  onSeed,
  onSystem,
  onTemperature,
  onTopLogprobs,
  says,
  verdictOn,
} from './verdicts.ts';

/** How long all of it may take, in milliseconds: what is not answered by then is not known. */
const PATIENCE_MS = 60_000;
/** Most requests at the same time. */
const TOGETHER = 8;

// Every question begins with one word, by which the stand-in of our tests knows it.
const COUNT = 'Probe: count from one to thirty in words, and write nothing else.';
const SENTENCE = 'Probe: write one sentence that nobody has ever written before.';
const COLOUR = 'Probe: which is the colour of the day? Answer with its name alone.';
const TOLD = 'vermilion';
const TELLING = `The colour of the day is ${TOLD}.`;
/** Without a word of an object; some endpoints want to read "JSON" where one is to be made. */
const SNOW = 'Probe: which colour is snow? Answer with one word, not as JSON.';
const FIELD = 'colour_of_snow';
const SCHEMA = {
  type: 'object',
  properties: { [FIELD]: { type: 'string' } },
  required: [FIELD],
  additionalProperties: false,
};

/** Most tokens of an answer: to count, to say a sentence, to answer at once and after thoughts. */
const LIMITS = { count: 4, sentence: 8, word: 24, thoughts: 512 };
const SEEDS = [7, 11] as const;

/** What was found out, and whether every request was answered or refused. */
export type Probed = Pick<Capabilities, 'findings' | 'thoughts'> & { isWhole: boolean };

/**
 * Finds out what a chat model is capable of, by tiny requests with one field each, and what comes
 * of them. Costs some hundred tokens. The form that the model takes is known from a plain probe.
 * @returns undefined where nothing is answered
 * @throws the signal's reason
 */
export async function probeCapabilities(
  endpoint: Endpoint,
  model: string,
  way: Way,
  signal?: AbortSignal,
): Promise<Probed | undefined> {
  const prober = new Prober(endpoint, model, way, signal);
  const hearing = hear(prober);
  const [byOld, byNew, logprobs, top, { seed, draws, two }, objects, { system, thoughts }] =
    await Promise.all([
      prober.ask(COUNT, { max_tokens: LIMITS.count }, { limit: null }),
      prober.ask(COUNT, { max_completion_tokens: LIMITS.count }, { limit: null }),
      prober.ask(SENTENCE, { logprobs: true }),
      prober.ask(SENTENCE, { logprobs: true, top_logprobs: 2 }),
      draw(prober),
      hearing.then(({ thoughts }) => makeObjects(prober, Boolean(thoughts))),
      hearing,
    ]);
  if (!prober.isHeard) return undefined;
  return {
    findings: {
      logprobs: verdictOn(logprobs, onLogprobs),
      top_logprobs: verdictOn(top, onTopLogprobs),
      n: verdictOn(two, (trial) => onN(trial, isDrawn(draws))),
      seed,
      temperature: onTemperature(draws),
      max_tokens: verdictOn(byOld, (trial) => onLimit(trial, LIMITS.count)),
      max_completion_tokens: verdictOn(byNew, (trial) => onLimit(trial, LIMITS.count)),
      system,
      ...objects,
    },
    thoughts,
    isWhole: prober.isWhole,
  };
}

const JSON_SCHEMA = {
  type: 'json_schema',
  json_schema: { name: 'snow', strict: true, schema: SCHEMA },
};

/** What is made of one word where an object is asked for. */
async function makeObjects(
  prober: Prober,
  thinks: boolean,
): Promise<Pick<Capabilities['findings'], 'response_format' | 'json_object'>> {
  const limit = thinks ? LIMITS.thoughts : LIMITS.word;
  const [bySchema, any] = await Promise.all([
    prober.ask(SNOW, { response_format: JSON_SCHEMA }, { limit }),
    prober.ask(SNOW, { response_format: { type: 'json_object' } }, { limit }),
  ]);
  return {
    response_format: verdictOn(bySchema, (trial) => onObject(trial, FIELD)),
    json_object: verdictOn(any, (trial) => onObject(trial)),
  };
}

/** Draws that tell what temperature, seed and `n` do. */
async function draw(prober: Prober): Promise<{ seed: Finding; draws: Draws; two: Outcome }> {
  const greedy = await prober.ask(SENTENCE, { temperature: 0 });
  const at = (temperature: number) => (greedy === 'refused' ? {} : { temperature });
  const drawing = async (haveSeeds: boolean): Promise<Draws> => {
    const [seed, another] = SEEDS;
    const by = (seed: number) => (haveSeeds ? { seed } : {});
    const [greedyToo, ...drawn] = await Promise.all([
      prober.ask(SENTENCE, { ...at(0), ...by(another) }),
      prober.ask(SENTENCE, { ...at(1), ...by(seed) }),
      prober.ask(SENTENCE, { ...at(1), ...by(seed) }),
      prober.ask(SENTENCE, { ...at(1), ...by(another) }),
    ]);
    return { greedy: [greedy, greedyToo], drawn, haveSeeds };
  };
  const [seeded, two] = await Promise.all([drawing(true), drawTwo(prober, at(1))]);
  const seed = onSeed(seeded);
  // Where seeds are refused it is asked without, for what the temperature does.
  return { seed, two, draws: seed.verdict === 'refused' ? await drawing(false) : seeded };
}

/** Two samples by one request, and by another where they are one and the same: that may be chance. */
async function drawTwo(prober: Prober, fields: object): Promise<Outcome> {
  const two = await prober.ask(SENTENCE, { n: 2, ...fields });
  return typeof two !== 'string' && isTwice(two) ? prober.ask(SENTENCE, { n: 2, ...fields }) : two;
}

/** Whether a model hears the system, and where it puts thoughts while it answers. */
async function hear(prober: Prober): Promise<{ system: Finding } & Pick<Capabilities, 'thoughts'>> {
  const before: ChatMessage[] = [{ role: 'system', content: TELLING }];
  const short = await prober.ask(COLOUR, {}, { before, limit: LIMITS.word });
  const isCut = (outcome: Outcome) =>
    typeof outcome !== 'string' &&
    outcome.choices[0]!.read.finishReason === 'length' &&
    !says(outcome, TOLD);
  // It may think for longer.
  const heard = isCut(short)
    ? await prober.ask(COLOUR, {}, { before, limit: LIMITS.thoughts })
    : short;
  const more = `${TELLING} Nobody doubts it. ${TELLING}`;
  const [byMore, byUser] =
    typeof heard === 'string' || says(heard, TOLD)
      ? (['unanswered', 'unanswered'] as const)
      : await Promise.all([
          prober.ask(COLOUR, {}, { before: [{ role: 'system', content: more }] }),
          prober.ask(`${COLOUR} ${TELLING}`, {}, { limit: LIMITS.word }),
        ]);
  const system = verdictOn(heard, (bySystem) => onSystem({ bySystem, byMore, byUser }, TOLD));
  const thoughts = typeof heard === 'string' ? undefined : heard.choices[0]!.thoughts;
  return { system, thoughts: thoughts ?? (isCut(heard) ? undefined : thoughts) };
}

/** Sends requests that find something out, of one model and in one way. */
class Prober {
  /** Whether any request so far was answered or refused. */
  isHeard = false;
  /** Whether every one was. */
  isWhole = true;
  readonly #endpoint: Endpoint;
  readonly #plain: object;
  readonly #limitField: string;
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: AbortSignal;
  readonly #room: <T>(send: () => Promise<T>) => Promise<T>;

  constructor(endpoint: Endpoint, model: string, way: Way, signal?: AbortSignal) {
    const refused = endpoint.refused(model);
    this.#endpoint = endpoint;
    this.#room = pLimit(Math.min(TOGETHER, endpoint.config.maxInFlight));
    this.#signal = signal;
    const timeout = AbortSignal.timeout(PATIENCE_MS);
    this.#deadline = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const request = { model, messages: [], sampling: { ...way, temperature: 0 }, seeds: [0] };
    const without = new Set([...refused, 'logprobs', 'seed', 'temperature'] as const);
    this.#plain = bodyOf(request, without);
    this.#limitField = refused.has('max_tokens') ? 'max_completion_tokens' : 'max_tokens';
  }

  /**
   * Asks a question with some fields more.
   * @param limit most tokens of the answer; null where the fields say it
   * @throws the signal's reason
   */
  async ask(
    question: string,
    fields: object = {},
    {
      before = [],
      limit = LIMITS.sentence,
    }: { before?: ChatMessage[]; limit?: number | null } = {},
  ): Promise<Outcome> {
    const body = {
      ...this.#plain,
      messages: [...before, { role: 'user', content: question }],
      ...(limit !== null && { [this.#limitField]: limit }),
      ...fields,
    };
    const first = await this.#room(() => this.#outcomeOf(body));
    // It may have been refused for something else, that passes.
    const outcome = first === 'refused' ? await this.#room(() => this.#outcomeOf(body)) : first;
    if (outcome === 'unanswered') this.isWhole = false;
    else this.isHeard = true;
    return outcome;
  }

  async #outcomeOf(body: object): Promise<Outcome> {
    const { client } = this.#endpoint;
    try {
      const sent = client.post<unknown>('/chat/completions', { body, signal: this.#deadline });
      return await answerOf(sent, trialOf);
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (refusesForm(error) && error.status !== 403) return 'refused';
      const isTheirs = error instanceof APIError || error instanceof UnreadableAnswer;
      if (!isTheirs && !this.#deadline.aborted) throw error;
      return 'unanswered';
    }
  }
}
