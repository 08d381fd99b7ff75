import type { OpenAI } from 'openai';
import { type Capabilities, type Capability, isLacking } from '../core/capabilities.ts';
import type { Sampling } from '../core/sampling.ts';
import type { ChatMessage, JsonSchema } from '../core/types.ts';

/** One request for answers to one prompt. */
export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  sampling: Sampling;
  /** A seed for each of the samples to draw; one request for several has the first. */
  seeds: readonly number[];
  /** How many of the likeliest tokens in each place are wanted with the answer; none when left out. */
  topLogprobs?: number | undefined;
  /** The JSON schema that answers are to keep to (structured output), of an object. */
  schema?: JsonSchema | undefined;
}

/** What the wire calls the parameters of sampling. Likely ones to be refused come first. */
const PARAMETERS = {
  maxTokens: 'max_tokens',
  temperature: 'temperature',
  topP: 'top_p',
  reasoningEffort: 'reasoning_effort',
} as const satisfies Record<Exclude<keyof Sampling, 'extraBody'>, string>;
const PARAMETER_ENTRIES = Object.entries(PARAMETERS) as [keyof typeof PARAMETERS, Parameter][];
type Parameter = (typeof PARAMETERS)[keyof typeof PARAMETERS];

/** What can be in a request, and be refused by a model: then it is left out or said otherwise. */
export type Feature =
  | 'top_logprobs'
  | 'logprobs'
  | 'response_format'
  | Parameter
  | 'seed'
  | 'n'
  | 'system'
  | 'base64';

/** The features that a model has refused. */
export type Refused = ReadonlySet<Feature>;

/** What is said instead of a feature that is refused. */
const INSTEAD: { [feature in Feature]?: string } = { max_tokens: 'max_completion_tokens' };

/** The features of a chat request, the likeliest to be refused first. */
export function featuresOf({
  messages,
  sampling,
  seeds,
  schema,
  topLogprobs,
}: ChatRequest): Feature[] {
  const given = PARAMETER_ENTRIES.filter(([key]) => sampling[key] !== undefined).map(
    ([, name]) => name,
  );
  return [
    ...(schema ? (['response_format'] as const) : []),
    ...(topLogprobs ? (['top_logprobs'] as const) : []),
    'logprobs',
    ...given,
    'seed',
    ...(seeds.length > 1 ? (['n'] as const) : []),
    ...(messages.some(({ role }) => role === 'system') ? (['system'] as const) : []),
  ];
}

/** What is worse sent in vain than left out. */
const LEFT_OUT = [
  'logprobs',
  'top_logprobs',
  'n',
  'system',
  'response_format',
] as const satisfies Capability[];

/** The features that requests go without, by what was found out of a model. */
export function featuresLacking({ findings }: Pick<Capabilities, 'findings'>): Feature[] {
  const { max_tokens, max_completion_tokens, temperature, seed } = findings;
  const isOtherTaken = max_completion_tokens.verdict === 'supported';
  return [
    ...LEFT_OUT.filter((name) => isLacking(findings[name])),
    ...(isLacking(max_tokens) && isOtherTaken ? (['max_tokens'] as const) : []),
    ...(temperature.verdict === 'refused' ? (['temperature'] as const) : []),
    ...(seed.verdict === 'refused' ? (['seed'] as const) : []),
  ];
}

type Body = OpenAI.ChatCompletionCreateParamsNonStreaming;

/**
 * A request without the features that its model refuses. Instead of `max_tokens` it has the newer
 * `max_completion_tokens`; what the system says goes before the user's first words.
 */
export function bodyOf(request: ChatRequest, refused: Refused): Body {
  const { model, messages, sampling, seeds, schema, topLogprobs } = request;
  const takes = (feature: Feature) => !refused.has(feature);
  const body: Body = {
    model,
    messages: takes('system') ? messages : withoutSystem(messages),
    ...(takes('seed') && { seed: seeds[0]! }),
    ...(takes('logprobs') && {
      logprobs: true,
      ...(topLogprobs && takes('top_logprobs') && { top_logprobs: topLogprobs }),
    }),
    ...(seeds.length > 1 && { n: seeds.length }),
    ...(schema && takes('response_format') && { response_format: formatOf(schema) }),
  };
  const fields: Record<string, unknown> = {};
  for (const [key, feature] of PARAMETER_ENTRIES) {
    const name = takes(feature) ? feature : INSTEAD[feature];
    if (name && sampling[key] !== undefined) fields[name] = sampling[key];
  }
  return { ...body, ...fields, ...sampling.extraBody };
}

function formatOf(schema: JsonSchema): Body['response_format'] {
  return { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } };
}

function withoutSystem(messages: ChatMessage[]): ChatMessage[] {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  const others = messages.filter(({ role }) => role !== 'system');
  const [first, ...rest] = others;
  if (!first || system.length === 0) return others;
  return [{ ...first, content: [...system, first.content].join('\n\n') }, ...rest];
}

/** How refusals name a feature, where not by its own word. */
const NAMES: { [feature in Feature]?: RegExp } = {
  logprobs: /\b(top_)?logprobs\b/i,
  response_format: /\bresponse_format\b|\bjson_schema\b|\bstructured outputs?\b|\bgrammar\b/i,
  n: /^n$|["'`]n["'`]|\bn\s*[=>]|\bchoices?\b|"n" is ignored/i,
  base64: /\bencoding_format\b|\bbase64\b/i,
};

/**
 * The features that a request may have been refused for, the likeliest first: those still in use,
 * beginning with what the refusal names. What is forbidden (403) is forbidden by name only.
 */
export function suspects(features: readonly Feature[], refused: Refused, why: Error): Feature[] {
  const { param, status } = why as { param?: string | null; status?: number };
  const isNamed = (feature: Feature) => {
    const name = NAMES[feature] ?? new RegExp(`\\b${feature}\\b`, 'i');
    return name.test(param ?? '') || name.test(why.message);
  };
  const used = features.filter((feature) => !refused.has(feature));
  const { named = [], others = [] } = Object.groupBy(used, (feature) =>
    isNamed(feature) ? 'named' : 'others',
  );
  return status === 403 ? named : [...named, ...others];
}
