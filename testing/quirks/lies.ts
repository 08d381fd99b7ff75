import type { OpenAI } from 'openai';
import type { Quirk, QuirkMaker } from './quirk.ts';

/** What servers accept and ignore: each of them a lie of its own. */

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;
type Choice = OpenAI.ChatCompletion.Choice;
type Token = OpenAI.ChatCompletionTokenLogprob;

const CHAT = 'POST /chat/completions';

/** A server that reads a request as if it said something else. */
const reading =
  (change: (params: Params) => void): QuirkMaker =>
  () => ({
    before({ route, body }) {
      if (route === CHAT) change(body as Params);
      return undefined;
    },
  });

/** A server whose choices are others than those of the model. */
const choosing =
  (change: (choices: Choice[]) => object[]): QuirkMaker =>
  () => ({
    after(answer, { route }) {
      if (route !== CHAT) return answer;
      const { choices, ...rest } = answer as OpenAI.ChatCompletion;
      return { ...rest, choices: change(choices) };
    },
  });

/** A server whose tokens are others than those of the text. */
const telling = (change: (token: Token, index: number) => object): QuirkMaker =>
  choosing((choices) =>
    choices.map((choice) => ({
      ...choice,
      logprobs: choice.logprobs && {
        ...choice.logprobs,
        content: (choice.logprobs.content ?? []).map(change),
      },
    })),
  );

/** As Python writes it. */
const NAN = '"NaN"';

const notANumber: QuirkMaker = () => {
  const spell = telling((token) => ({ ...token, logprob: 'NaN' }))();
  return { ...spell, sent: (text) => text.replaceAll(`"logprob":${NAN}`, '"logprob":NaN') };
};

/** No two draws are the same, whatever the seed. */
const unseeded: QuirkMaker = (): Quirk => {
  let drawn = 0;
  return {
    before({ route, body }) {
      if (route === CHAT) (body as Params).seed = ++drawn;
      return undefined;
    },
  };
};

export const LIES = {
  'lie-logprobs-none': choosing((choices) =>
    choices.map((choice) => ({ ...choice, logprobs: null })),
  ),
  'lie-logprobs-empty': choosing((choices) =>
    choices.map((choice) => ({ ...choice, logprobs: choice.logprobs && { content: [] } })),
  ),
  'lie-logprobs-positive': telling((token) => ({ ...token, logprob: -token.logprob })),
  'lie-logprobs-nan': notANumber,
  'lie-logprobs-clamped': telling((token) => ({ ...token, logprob: -9999 })),
  'lie-logprobs-zero': telling((token) => ({ ...token, logprob: 0 })),
  'lie-logprobs-same': telling((token) => ({ ...token, logprob: -0.5 })),
  'lie-logprobs-others': telling((token, index) => ({ ...token, token: ` token${index}` })),
  'lie-top-logprobs': telling((token) => ({ ...token, top_logprobs: [] })),
  'lie-n': choosing((choices) => choices.slice(0, 1)),
  'lie-n-copies': choosing((choices) => choices.map((_, index) => ({ ...choices[0], index }))),
  'lie-seed': unseeded,
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
