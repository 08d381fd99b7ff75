import type { OpenAI } from 'openai';
import { textOf } from '../model.ts';
import { changed, instead, POISON, type QuirkMaker } from './quirk.ts';

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;
type Choice = OpenAI.ChatCompletion.Choice;
type Logprob = OpenAI.ChatCompletionTokenLogprob;

const CHAT = /^POST \/chat\/completions$/;
const CHAT_OR_EMBEDDINGS = /^POST \/(chat\/completions|embeddings)$/;

const refusing = (isRefused: (params: Params) => boolean, status: number, body: object) =>
  instead<Params>(CHAT, (params) => (isRefused(params) ? { status, body } : undefined));
const always = (status: number, body: object) =>
  instead(CHAT_OR_EMBEDDINGS, () => ({ status, body }));

/** A server that reads a request as if it said something else. */
export const reading = (change: (params: Params) => void): QuirkMaker =>
  instead<Params>(CHAT, (params) => {
    change(params);
    return undefined;
  });

/** A server whose choices are others than those of the model. */
export const choosing = (change: (choices: Choice[]) => object[]): QuirkMaker =>
  changed<OpenAI.ChatCompletion>(CHAT, (answer) => ({
    ...answer,
    choices: change(answer.choices),
  }));

/** The same, of each choice by itself. */
export const answering = (change: (choice: Choice) => object): QuirkMaker =>
  choosing((choices) => choices.map(change));

/** No two draws are the same, whatever the seed. */
export const redrawing =
  (more: Partial<Params> = {}): QuirkMaker =>
  () => {
    let drawn = 0;
    return reading((params) => Object.assign(params, more, { seed: ++drawn }))();
  };

const isPoisonous = ({ messages }: Params) => messages.some((one) => textOf(one).includes(POISON));

const DOUBT = 'Is it food? Hmm, the answer is food? No, wait.';

/** A choice that ends before it has said anything. */
const unsaid = ({ message, logprobs, ...rest }: Choice): Choice => ({
  ...rest,
  message: { ...message, content: '' },
  logprobs: logprobs && { ...logprobs, content: [] },
});

/** A choice that says a thought before its answer, with log-probabilities as unsure as it is. */
function thinking(before: string, { message, logprobs, ...rest }: Choice): object {
  const words = before.match(/\S+\s*/g) ?? [];
  const thought = words.map((token) => ({ token, logprob: Math.log(0.1) }));
  return {
    ...rest,
    message: { ...message, content: before + message.content },
    logprobs: logprobs && { ...logprobs, content: [...thought, ...(logprobs.content ?? [])] },
  };
}

/** A choice whose tokens are followed by one more. */
const withToken = ({ logprobs, ...rest }: Choice, token: string, logprob: number | null) => ({
  ...rest,
  logprobs: logprobs && {
    ...logprobs,
    content: [...(logprobs.content ?? []), { token, logprob } as Logprob],
  },
});

export const CHAT_QUIRKS = {
  // One example is too long, in the words of three servers.
  'context-llamacpp': refusing(isPoisonous, 400, {
    error: {
      code: 400,
      message: 'the request exceeds the available context size, try increasing it',
      type: 'exceed_context_size_error',
    },
  }),
  'context-tgi': refusing(isPoisonous, 422, {
    error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096',
    error_type: 'validation',
  }),
  'context-500': refusing(isPoisonous, 500, {
    error: { code: 500, message: 'Context size has been exceeded.', type: 'server_error' },
  }),

  // No money, in three forms.
  'error-200': refusing(() => true, 200, {
    error: { message: 'Insufficient credits.', code: 402, metadata: { provider_name: null } },
  }),
  'pay-402': always(402, { error: { message: 'Insufficient Balance' } }),
  quota: always(429, {
    error: {
      message: 'You exceeded your current quota, please check your plan and billing details.',
      type: 'insufficient_quota',
      param: null,
      code: 'insufficient_quota',
    },
  }),

  // Content in other forms.
  parts: answering(({ message, ...rest }) => ({
    ...rest,
    message: {
      ...message,
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: DOUBT }] },
        { type: 'text', text: message.content },
      ],
    },
  })),
  'think-inline': answering((choice) => thinking(`<think>\n${DOUBT}\n</think>\n\n`, choice)),
  'think-close-only': answering((choice) => thinking(`${DOUBT}\n</think>\n\n`, choice)),
  'think-cut': answering((choice) => ({
    ...thinking(`<think>\n${DOUBT}\n`, unsaid(choice)),
    finish_reason: 'length',
  })),
  'think-separate': answering((choice) => {
    const { message, ...rest } = unsaid(choice);
    const reasoning_content = 'Okay, the user wants a label.';
    return { ...rest, message: { ...message, reasoning_content }, finish_reason: 'length' };
  }),
  'logprob-null': answering((choice) => withToken(choice, '', null)),
  'logprob-9999': answering((choice) => withToken(choice, '</s>', -9999)),

  // Parameters that are refused.
  'max-tokens': refusing(({ max_tokens }) => max_tokens != null, 400, {
    error: {
      message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.",
      param: 'max_tokens',
      code: 'unsupported_parameter',
    },
  }),
  temperature: refusing(({ temperature }) => (temperature ?? 1) !== 1, 400, {
    error: {
      message: "'temperature' supports the default, 1, only.",
      param: 'temperature',
      code: 'unsupported_value',
    },
  }),
  seed: refusing(({ seed }) => seed != null, 422, {
    object: 'error',
    message: { detail: [{ type: 'extra_forbidden', loc: ['body', 'seed'] }] },
  }),
  'n-400': refusing(({ n }) => (n ?? 1) > 1, 400, {
    error: { code: 400, message: 'Only one completion choice is allowed' },
  }),
  system: refusing(({ messages }) => messages.some(({ role }) => role === 'system'), 400, {
    ...{ object: 'error', message: 'System role not supported', type: 'BadRequestError' },
    ...{ param: null, code: 400 },
  }),

  /** Every answer is another one: as if each were the first to be drawn. */
  unsteady: redrawing({ temperature: 1 }),
} satisfies Record<string, QuirkMaker>;
