import type { OpenAI } from 'openai';
import type { ChatMessage } from '../core/types.ts';

/** One request for answers to one prompt. */
export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  temperature: number;
  maxTokens: number;
  /** A seed for each of the samples to draw; one request for several has the first. */
  seeds: readonly number[];
}

/** What chat requests have in them; what a model refuses is left out or said otherwise. */
export const chatFeatures = [
  'logprobs',
  'max_tokens',
  'temperature',
  'seed',
  'n',
  'system',
] as const;
/** The same of requests for embeddings. */
export const embeddingFeatures = ['base64'] as const;
export type Feature = (typeof chatFeatures | typeof embeddingFeatures)[number];

/** The features that a model has refused. */
export type Refused = ReadonlySet<Feature>;

type Body = OpenAI.ChatCompletionCreateParamsNonStreaming;

/**
 * A request without the features that its model refuses. Instead of `max_tokens` it has the newer
 * `max_completion_tokens`; what the system says goes before the user's first words.
 */
export function bodyOf(request: ChatRequest, refused: Refused): Body {
  const { model, messages, temperature, maxTokens, seeds } = request;
  const takes = (feature: Feature) => !refused.has(feature);
  return {
    model,
    messages: takes('system') ? messages : withoutSystem(messages),
    ...(takes('temperature') && { temperature }),
    [takes('max_tokens') ? 'max_tokens' : 'max_completion_tokens']: maxTokens,
    ...(takes('seed') && { seed: seeds[0]! }),
    ...(takes('logprobs') && { logprobs: true }),
    ...(seeds.length > 1 && { n: seeds.length }),
  };
}

function withoutSystem(messages: ChatMessage[]): ChatMessage[] {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  const others = messages.filter(({ role }) => role !== 'system');
  const [first, ...rest] = others;
  if (!first || system.length === 0) return others;
  return [{ ...first, content: [...system, first.content].join('\n\n') }, ...rest];
}

/** How refusals name a feature. */
const NAMES: Record<Feature, RegExp> = {
  logprobs: /\b(top_)?logprobs\b/i,
  max_tokens: /\bmax_tokens\b/i,
  temperature: /\btemperature\b/i,
  seed: /\bseed\b/i,
  n: /^n$|["'`]n["'`]|\bn\s*[=>]|\bchoices?\b|"n" is ignored/i,
  system: /\bsystem\b/i,
  base64: /\bencoding_format\b|\bbase64\b/i,
};

/**
 * The features that a request may have been refused for, the likeliest first: those still in use,
 * beginning with what the refusal names. What is forbidden (403) is forbidden by name only.
 */
export function suspects(features: readonly Feature[], refused: Refused, why: Error): Feature[] {
  const { param, status } = why as { param?: string | null; status?: number };
  const isNamed = (feature: Feature) =>
    NAMES[feature].test(param ?? '') || NAMES[feature].test(why.message);
  const used = features.filter((feature) => !refused.has(feature));
  const { named = [], others = [] } = Object.groupBy(used, (feature) =>
    isNamed(feature) ? 'named' : 'others',
  );
  return status === 403 ? named : [...named, ...others];
}
