import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OpenAI } from 'openai';
import type { AnswerError, ChatAnswer, ChatSample } from './answers.ts';
import { type Sampled, sample, textOf } from './model.ts';
import type { Models } from './models.ts';
import { isProbe, obey } from './obedience.ts';
import { digest, nowInSeconds, Refusal, tokens } from './wire.ts';

export interface ChatOptions {
  supportsN: boolean;
  logprobs: boolean;
  /** The provider's seed. */
  seed: number;
}

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;

/** One choice before it is cut and put on the wire. */
interface Drawn {
  tokens: Sampled;
  refusal?: string;
  withoutLogprobs?: boolean;
  finishReason?: OpenAI.ChatCompletion.Choice['finish_reason'];
}

/**
 * Answers a request, wherever it comes from.
 * @param script gives what is to be answered; undefined: what the model would say
 * @throws Refusal
 */
export function answerChat(
  params: Params,
  models: Models,
  options: ChatOptions,
  script?: () => ChatAnswer | undefined,
): OpenAI.ChatCompletion {
  check(params, options);
  const competence = models.check(params.model, 404);
  const scripted = script?.();
  return complete(
    params,
    scripted === undefined
      ? drawnByModel(params, competence, options.seed)
      : drawnByScript(params, scripted),
  );
}

export function chatRoutes(
  app: FastifyInstance,
  answer: (params: Params, request: FastifyRequest) => OpenAI.ChatCompletion,
): void {
  app.post<{ Body: Params }>('/chat/completions', async (request) => answer(request.body, request));
}

function check({ messages, n, logprobs }: Params, options: ChatOptions): void {
  if (!Array.isArray(messages) || messages.length === 0)
    throw new Refusal(400, 'invalid_type', 'messages must not be empty.', { param: 'messages' });
  if (n && (n > 128 || (n > 1 && !options.supportsN)))
    throw new Refusal(400, 'unsupported_value', `n = ${n} is not supported.`, { param: 'n' });
  if (logprobs && !options.logprobs)
    throw new Refusal(400, 'unsupported_parameter', 'This model gives no logprobs.', {
      param: 'logprobs',
    });
}

/** Samples that follow from the request, the model's competence and the provider's seed alone. */
function drawnByModel(params: Params, competence: number, providerSeed: number): Drawn[] {
  const { model, messages, n, seed: given, temperature } = params;
  return Array.from({ length: n ?? 1 }, (_, index) => {
    const seed = temperature === 0 ? null : (given ?? 0) * 128 + index;
    return {
      tokens: isProbe(params)
        ? obey(params, seed)
        : sample({ model, messages, competence, providerSeed, seed }),
    };
  });
}

/** @throws Refusal where the answer is an error */
function drawnByScript({ n }: Params, answer: ChatAnswer): Drawn[] {
  if (isError(answer)) {
    const { status, code = 'scripted_error', message = 'This was to go wrong.', headers } = answer;
    throw new Refusal(status, code, message, { headers });
  }
  const samples = typeof answer === 'object' && 'samples' in answer ? answer.samples : [answer];
  return Array.from({ length: n ?? 1 }, (_, index) => drawn(samples[index % samples.length]!));
}

function drawn(said: ChatSample): Drawn {
  if (typeof said === 'string') return drawn({ text: said });
  if ('refusal' in said) return { tokens: [], refusal: said.refusal };
  const { text, entropy = DEFAULT_ENTROPY, finishReason } = said;
  return {
    // White space at the end is a token of its own, so that nothing of the text is lost.
    tokens: (text.match(/\s*\S+|\s+$/g) ?? []).map((token) => ({
      token,
      logprob: -(entropy ?? 0),
    })),
    withoutLogprobs: entropy === null,
    finishReason,
  };
}

const DEFAULT_ENTROPY = 0.1;

const isError = (answer: ChatAnswer): answer is AnswerError =>
  typeof answer === 'object' && 'status' in answer;

function complete(params: Params, choices: Drawn[]): OpenAI.ChatCompletion {
  const { model, messages, logprobs, top_logprobs } = params;
  const limit = params.max_completion_tokens ?? params.max_tokens ?? Number.POSITIVE_INFINITY;
  const count = (message: OpenAI.ChatCompletionMessageParam) => tokens(textOf(message)).length + 4;
  const prompt = messages.reduce((sum, message) => sum + count(message), 0);
  const completion = choices.reduce((sum, one) => sum + Math.min(limit, one.tokens.length), 0);
  // As if the instruction alone were always in the prompt cache.
  const cached = messages[0]?.role === 'system' ? count(messages[0]) : 0;
  return {
    id: `chatcmpl-${digest(params)}`,
    object: 'chat.completion',
    created: nowInSeconds(),
    model,
    choices: choices.map(
      ({ tokens: all, refusal = null, withoutLogprobs, finishReason }, index) => {
        const kept = all.slice(0, limit);
        return {
          index,
          finish_reason: kept.length < all.length ? 'length' : (finishReason ?? 'stop'),
          message: {
            role: 'assistant',
            content: refusal === null ? kept.map(({ token }) => token).join('') : null,
            refusal,
          },
          logprobs:
            logprobs && !withoutLogprobs
              ? { content: wireLogprobs(kept, top_logprobs ?? 0), refusal: null }
              : null,
        };
      },
    ),
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      prompt_tokens_details: { cached_tokens: cached },
    },
  };
}

function wireLogprobs(sampled: Sampled, top: number): OpenAI.ChatCompletionTokenLogprob[] {
  return sampled.map(({ token, logprob }) => {
    const one = { token, logprob, bytes: [...Buffer.from(token)] };
    return { ...one, top_logprobs: [one, ...others(logprob, top - 1)].slice(0, top) };
  });
}

/** Tokens that were not chosen, with what is left of the probability. */
function others(
  logprob: number,
  count: number,
): Omit<OpenAI.ChatCompletionTokenLogprob, 'top_logprobs'>[] {
  const left = Math.max(1 - Math.exp(logprob), 1e-9) / Math.max(count, 1);
  return Array.from({ length: Math.max(count, 0) }, (_, index) => {
    const token = ` other${index + 1}`;
    return { token, logprob: Math.log(left), bytes: [...Buffer.from(token)] };
  });
}
