import type { ChatMessage } from '../types.ts';

/** Counts tokens as a model does, or nearly so. */
export interface TokenCounter {
  /** How it counts, in words. */
  by: string;
  /** The factors of its count between which the truth lies; 1 and 1 where it is the model's own. */
  error: { low: number; high: number };
  /** Of a text by itself. */
  text(text: string): number;
  /** Of all that a request says to a chat model, what marks its turns included. */
  prompt(messages: readonly ChatMessage[]): number;
  /** Of a row of a training file. */
  row(messages: readonly ChatMessage[]): number;
}
