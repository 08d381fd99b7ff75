import type { FastifyInstance } from 'fastify';
import type { OpenAI } from 'openai';
import { type Sampled, sample, textOf } from './model.ts';
import type { Models } from './models.ts';
import { digest, nowInSeconds, Refusal, tokens } from './wire.ts';

export interface ChatOptions {
  supportsN: boolean;
  logprobs: boolean;
  /** The provider's seed. */
  seed: number;
}

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;

/** Answers a request, wherever it comes from. @throws Refusal */
export function answerChat(
  params: Params,
  models: Models,
  options: ChatOptions,
): OpenAI.ChatCompletion {
  check(params, options);
  return complete(params, models.check(params.model, 404), options.seed);
}

export function chatRoutes(app: FastifyInstance, models: Models, options: ChatOptions): void {
  app.post<{ Body: Params }>('/chat/completions', async ({ body }) =>
    answerChat(body, models, options),
  );
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

/** A completion that follows from the request, the model's competence and the provider's seed alone. */
function complete(params: Params, competence: number, providerSeed: number): OpenAI.ChatCompletion {
  const { model, messages, n, seed, temperature, logprobs, top_logprobs } = params;
  const limit = params.max_completion_tokens ?? params.max_tokens ?? Number.POSITIVE_INFINITY;
  const drawn = Array.from({ length: n ?? 1 }, (_, index) =>
    sample({
      model,
      messages,
      competence,
      providerSeed,
      seed: temperature === 0 ? null : (seed ?? 0) * 128 + index,
    }),
  );
  const count = (message: OpenAI.ChatCompletionMessageParam) => tokens(textOf(message)).length + 4;
  const prompt = messages.reduce((sum, message) => sum + count(message), 0);
  const completion = drawn.reduce((sum, one) => sum + Math.min(limit, one.length), 0);
  // As if the instruction alone were always in the prompt cache.
  const cached = messages[0]?.role === 'system' ? count(messages[0]) : 0;
  return {
    id: `chatcmpl-${digest(params)}`,
    object: 'chat.completion',
    created: nowInSeconds(),
    model,
    choices: drawn.map((one, index) => {
      const kept = one.slice(0, limit);
      return {
        index,
        finish_reason: kept.length < one.length ? 'length' : 'stop',
        message: {
          role: 'assistant',
          content: kept.map(({ token }) => token).join(''),
          refusal: null,
        },
        logprobs: logprobs
          ? { content: wireLogprobs(kept, top_logprobs ?? 0), refusal: null }
          : null,
      };
    }),
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
    return { ...one, top_logprobs: top > 0 ? [one] : [] };
  });
}
