import type { TokenCounter } from '../../core/forecast/tokens.ts';
import type { ChatMessage } from '../../core/types.ts';
import { tokensBy } from './openai.ts';

/**
 * For each token that o200k makes of an English text, tokenizers of open models make 1.0 to 1.25:
 * SmolLM2's and WordPiece's, measured on the paper's data. Of a character beyond ASCII they make up
 * to one more, by how many languages they know.
 */
const MORE = 1.1;
const BEYOND_ASCII = 0.3;
/** Tokens that mark a turn, and those that open a conversation or an answer. */
const TURN = 5;
const OPENING = 5;
const ERROR = { low: 0.75, high: 1.5 };

/** Counts tokens of a model whose tokenizer is not at hand. */
export async function estimating(): Promise<TokenCounter> {
  const count = await tokensBy('o200k_base');
  const tokens = (text: string) =>
    MORE * count(text) + BEYOND_ASCII * (text.match(/\P{ASCII}/gu)?.length ?? 0);
  const turns = (messages: readonly ChatMessage[]) =>
    messages.reduce((sum, { content }) => sum + tokens(content) + TURN, 0);
  return {
    by: "an estimate by OpenAI's o200k, since its tokenizer is not at hand: endpoints.….tokenizers of temporal.config.ts may name its folder",
    error: ERROR,
    text: tokens,
    prompt: (messages) => turns(messages) + OPENING,
    row: turns,
  };
}
