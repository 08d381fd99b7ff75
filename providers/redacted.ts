/** Characters of a provider's sentence that are passed on. */
const SHOWN = 240;
/** Characters in a row that a sentence may share with a text of the request. */
const SHARED = 12;
/** Quotations of 40 characters and more are taken for data. */
const QUOTATIONS = /(["'`])(?:(?!\1).){40,}\1|\{[^{}]{40,}\}/gs;
const GONE = '…';

/**
 * A provider's sentence as it may be logged, shown and kept: without the key, without what it
 * repeats of the texts it was sent, without long quotations, control characters and line ends.
 * @param texts what was sent: messages, texts to embed
 * @param key the endpoint's key
 */
export function redacted(sentence: string, texts: readonly string[] = [], key?: string): string {
  let kept = sentence;
  if (key) kept = kept.replaceAll(key, GONE);
  // Providers show a part of a wrong key, too.
  kept = kept.replace(/\b(?:sk|pk|hf|gsk|xai)[-_][\w*.-]{4,}/g, GONE);
  kept = withoutShared(kept.slice(0, 4 * SHOWN), texts);
  kept = kept.replace(QUOTATIONS, GONE);
  kept = kept.replace(/[\p{C}\s]+/gu, ' ').trim();
  return kept.length > SHOWN ? `${kept.slice(0, SHOWN)}${GONE}` : kept;
}

/** Whole short texts, and parts of {@link SHARED} characters and more of the long ones, are taken out. */
function withoutShared(sentence: string, texts: readonly string[]): string {
  let kept = sentence;
  for (const text of texts) {
    const whole = text.trim();
    if (whole.length > 2 && whole.length <= SHARED) kept = kept.replaceAll(whole, GONE);
  }
  const haystack = texts.join('\n');
  let result = '';
  for (let at = 0; at < kept.length; ) {
    let length = SHARED;
    if (at + length > kept.length || !haystack.includes(kept.slice(at, at + length))) {
      result += kept[at++];
      continue;
    }
    while (at + length < kept.length && haystack.includes(kept.slice(at, at + length + 1)))
      length++;
    result += GONE;
    at += length;
  }
  return result;
}
