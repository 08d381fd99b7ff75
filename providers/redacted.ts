import { Redaction } from '../core/redaction.ts';

/** Characters of a provider's sentence that are passed on. */
const SHOWN = 240;
/** Quotations of 40 characters and more are taken for data. */
const QUOTATIONS = /(["'`])(?:(?!\1).){40,}\1|\{[^{}]{40,}\}/gs;
/** What looks like a key; providers show a part of a wrong one, too. */
const KEYS = /\b(?:sk|pk|hf|gsk|xai)[-_][\w*.-]{4,}/g;
const GONE = '…';

/**
 * A provider's sentence as it may be logged, shown and kept: without the key, without what it
 * repeats of the texts it was sent, without long quotations, control characters and line ends.
 * @param texts what was sent: messages, texts to embed
 * @param key the endpoint's key
 */
export function redacted(sentence: string, texts: readonly string[] = [], key?: string): string {
  const beginning = sentence.slice(0, 4 * SHOWN);
  const redaction = new Redaction(key ? beginning.replaceAll(key, GONE) : beginning);
  for (const text of texts) redaction.hide(text);
  const kept = redaction.kept
    .replace(KEYS, GONE)
    .replace(QUOTATIONS, GONE)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return kept.length > SHOWN ? `${kept.slice(0, SHOWN)}${GONE}` : kept;
}
