import type { OpenAI } from 'openai';
import { answering, choosing, reading, redrawing } from './chat.ts';
import type { QuirkMaker } from './quirk.ts';

/** What servers accept and ignore: each of them a lie of its own. */

type Token = OpenAI.ChatCompletionTokenLogprob;

/** A server whose tokens are others than those of the text. */
const telling = (change: (token: Token, index: number) => object): QuirkMaker =>
  answering((choice) => ({
    ...choice,
    logprobs: choice.logprobs && {
      ...choice.logprobs,
      content: (choice.logprobs.content ?? []).map(change),
    },
  }));

/** As Python writes it. */
const NAN = '"NaN"';

const notANumber: QuirkMaker = () => {
  const spell = telling((token) => ({ ...token, logprob: 'NaN' }))();
  return { ...spell, sent: (text) => text.replaceAll(`"logprob":${NAN}`, '"logprob":NaN') };
};

export const LIES = {
  'lie-logprobs-none': answering((choice) => ({ ...choice, logprobs: null })),
  'lie-logprobs-empty': answering((choice) => ({
    ...choice,
    logprobs: choice.logprobs && { content: [] },
  })),
  'lie-logprobs-positive': telling((token) => ({ ...token, logprob: -token.logprob })),
  'lie-logprobs-nan': notANumber,
  'lie-logprobs-clamped': telling((token) => ({ ...token, logprob: -9999 })),
  'lie-logprobs-zero': telling((token) => ({ ...token, logprob: 0 })),
  'lie-logprobs-same': telling((token) => ({ ...token, logprob: -0.5 })),
  'lie-logprobs-others': telling((token, index) => ({ ...token, token: ` token${index}` })),
  'lie-top-logprobs': telling((token) => ({ ...token, top_logprobs: [] })),
  'lie-n': choosing((choices) => choices.slice(0, 1)),
  'lie-n-copies': choosing((choices) => choices.map((_, index) => ({ ...choices[0], index }))),
  'lie-seed': redrawing(),
  'lie-temperature': reading((params) => {
    params.temperature = 1;
  }),
  'lie-greedy': reading((params) => {
    params.temperature = 0;
  }),
  'lie-max-tokens': reading((params) => {
    delete params.max_tokens;
  }),
  'lie-max-completion-tokens': reading((params) => {
    delete params.max_completion_tokens;
  }),
  'lie-system': reading((params) => {
    params.messages = params.messages.filter(({ role }) => role !== 'system');
  }),
  'lie-response-format': reading((params) => {
    delete params.response_format;
  }),
} satisfies Record<string, QuirkMaker>;
