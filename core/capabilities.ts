/** What is found out of a model at an endpoint before it is used; see docs/capabilities.md. */

import type { Sampling } from './sampling.ts';

/** What can be asked of a chat model, by the wire's name for it. */
export type Capability =
  | 'logprobs'
  | 'top_logprobs'
  | 'n'
  | 'seed'
  | 'temperature'
  | 'max_tokens'
  | 'max_completion_tokens'
  | 'system'
  | 'response_format'
  | 'json_object';

/** How a capability is found out, and what is done without it; in words, for people. */
export interface CapabilityEntry {
  /** The tiny request that finds it out. */
  probe: string;
  /** What shows that it is accepted and ignored. */
  lie: string;
  /** What is done instead where it is refused or ignored. */
  fallback: string;
}

/** The one list of capabilities: the probe has a verdict on each, documentation and `doctor` show it. */
export const CAPABILITIES: Record<Capability, CapabilityEntry> = {
  logprobs: {
    probe: 'a sentence with `logprobs`',
    lie: 'no values, or none for most tokens that can be one (positive, NaN, -9999); the same value for every token; tokens that are not those of the text',
    fallback: 'not asked for; the entropy of the votes ranks pseudo-labels, and the report says so',
  },
  top_logprobs: {
    probe: 'a sentence with `top_logprobs: 2`',
    lie: 'most tokens come without two possible values, or with probabilities of more than 1 together',
    fallback: 'an answer says how likely it is itself, and nothing of the other labels',
  },
  n: {
    probe: 'two sentences by `n: 2`',
    lie: 'one sentence, or the same one twice where others differ',
    fallback: 'several samples are as many requests',
  },
  seed: {
    probe: 'three sentences at temperature 1, two of them with one seed',
    lie: 'the two with one seed differ',
    fallback: 'a sample that was lost is drawn anew; one that is stored is never asked for again',
  },
  temperature: {
    probe: 'two sentences at temperature 0 with different seeds, and those of the seed',
    lie: 'the two at temperature 0 differ, or those at temperature 1 do not',
    fallback: 'samples are drawn as the endpoint likes; several may be one and the same',
  },
  max_tokens: {
    probe: 'to count to thirty with `max_tokens: 4`',
    lie: 'an answer of more than four tokens, or of more than four words',
    fallback:
      'max_completion_tokens is sent where that is taken; else answers are as long as the model likes',
  },
  max_completion_tokens: {
    probe: 'the same with `max_completion_tokens: 4`',
    lie: 'the same',
    fallback: 'max_tokens is sent',
  },
  system: {
    probe: 'for a colour that the system message alone names',
    lie: 'it is not named, and the prompt has no more tokens where the message says more; where tokens are not told: it is named where the user says the same',
    fallback: "goes before the user's first words",
  },
  response_format: {
    probe: 'for one word, with a JSON schema of an object as `response_format`',
    lie: 'the answer is no object of that schema',
    fallback: 'the answer is read from the text',
  },
  json_object: {
    probe: 'for one word, with `response_format: { type: "json_object" }`',
    lie: 'the answer is no object',
    fallback: 'the answer is read from the text',
  },
};

/** `ignored` is what is accepted and has no effect; `unknown` what could not be told. */
export type CapabilityVerdict = 'supported' | 'refused' | 'ignored' | 'unknown';

export interface Finding {
  verdict: CapabilityVerdict;
  /** What tells it, where the verdict is not all there is to say. */
  detail?: string;
}

/**
 * Where a model puts its thoughts: in a field of their own, in parts of the content, in the text
 * between two marks, or in the text before a closing mark that nothing opened.
 */
export type ThoughtsPlace = 'field' | 'parts' | 'text' | 'text-unopened';

/** What is found out of a chat model at an endpoint, in one way of asking it. */
export interface Capabilities {
  findings: Record<Capability, Finding>;
  /** Null where it does not think, undefined where that could not be told. */
  thoughts?: ThoughtsPlace | null;
  /** Tokens of prompt and answer together, where the list of models tells. */
  contextLength?: number;
  /** When the model is shut down, as the list of models has it. */
  shutdown?: string;
}

/** Whether it is known that a capability cannot be had. */
export const isLacking = ({ verdict }: Finding): boolean =>
  verdict === 'refused' || verdict === 'ignored';

/** How a model is asked, as far as that can change what it is capable of. */
export type Way = Pick<Sampling, 'reasoningEffort' | 'extraBody'>;

/** The ways in which a model is asked, each once. */
export function waysOf(samplings: readonly Way[]): Way[] {
  const ways = samplings.map(({ reasoningEffort, extraBody }) => ({
    ...(reasoningEffort && { reasoningEffort }),
    ...(extraBody && { extraBody }),
  }));
  return [...new Map(ways.map((way) => [JSON.stringify(way), way])).values()];
}

/** A chat model in one way of asking it, whatever a configuration calls its endpoint. */
export interface AskedWay {
  /** The endpoint's base URL, which holds no secrets. */
  baseURL: string;
  model: string;
  way: Way;
}

/** What was found out of it, and when. */
export interface KnownCapabilities extends AskedWay, Capabilities {
  /** ISO 8601. */
  probedAt: string;
  /** Whether there was an answer or a refusal to everything: else it is found out anew. */
  isWhole: boolean;
}

/** Where it is kept. */
export interface CapabilityBook {
  /** What was found out last. */
  latest(asked: AskedWay): Promise<KnownCapabilities | undefined>;
  add(known: KnownCapabilities): Promise<void>;
}
