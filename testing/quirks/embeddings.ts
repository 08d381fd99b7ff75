import type { OpenAI } from 'openai';
import { tokens } from '../wire.ts';
import { instead, POISON, type QuirkMaker } from './quirk.ts';

type Params = Omit<OpenAI.EmbeddingCreateParams, 'input'> & { input: string | string[] };

/** A server's limits; small ones, so that a small data set meets them. */
const MOST_TEXTS = 32;
const MOST_TOKENS = 300;
const LONGEST = 200;

const refusing = (
  isRefused: (texts: string[], params: Params) => boolean,
  status: number,
  error: object,
) =>
  instead<Params>(/^POST \/embeddings$/, (params) =>
    isRefused([params.input].flat(), params) ? { status, body: { error } } : undefined,
  );
const lengths = (texts: string[]) => texts.map((text) => tokens(text).length);

export const EMBEDDING_QUIRKS = {
  'embed-32': refusing((texts) => texts.length > MOST_TEXTS, 413, {
    message: `batch size is above the maximum allowed batch size ${MOST_TEXTS}`,
  }),
  'embed-tokens': refusing(
    (texts) => lengths(texts).reduce((sum, length) => sum + length, 0) > MOST_TOKENS,
    400,
    {
      message: `Requested more than the ${MOST_TOKENS} tokens that a request may have.`,
      type: 'max_tokens_per_request',
      param: null,
      code: 'max_tokens_per_request',
    },
  ),
  'embed-long': refusing((texts) => lengths(texts).some((length) => length > LONGEST), 400, {
    message: `This model's maximum context length is ${LONGEST} tokens.`,
    type: 'invalid_request_error',
    param: null,
    code: null,
  }),
  'embed-base64-refused': refusing((_, { encoding_format }) => encoding_format === 'base64', 400, {
    message: 'base64 is not supported.',
    param: 'encoding_format',
  }),
  'embed-500': refusing((texts) => texts.some((text) => text.includes(POISON)), 500, {
    message: 'json: unsupported value: NaN',
  }),
} satisfies Record<string, QuirkMaker>;
