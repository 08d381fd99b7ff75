/** Characters in a row that a sentence may share with a text. */
const SHARED = 12;
/** Shorter texts are parts of any sentence. */
const SHORTEST = 3;
const GONE = '…';

/**
 * A sentence without what it repeats of texts, as they are or as JSON has them: whole short ones,
 * and parts of {@link SHARED} characters and more of others. Memory does not grow with the texts.
 */
export async function withoutTexts(
  sentence: string,
  texts: AsyncIterable<string>,
): Promise<string> {
  const said = folded(sentence);
  const isShared = Array<boolean>(sentence.length).fill(false);
  for await (const text of texts)
    for (const form of new Set([text, JSON.stringify(text).slice(1, -1)])) {
      const known = folded(form.trim());
      if (known.length < SHORTEST) continue;
      const length = Math.min(known.length, SHARED);
      for (let at = 0; at + length <= said.length; at++)
        if (known.includes(said.slice(at, at + length))) isShared.fill(true, at, at + length);
    }
  return isShared
    .map((isGone, at) => (isGone ? GONE : sentence[at]))
    .join('')
    .replace(new RegExp(`${GONE}+`, 'g'), GONE);
}

/** In one case, as far as no character gets another length by it. */
const folded = (text: string): string =>
  text.replace(/[A-Z\u00C0-\u00DE]/g, (letter) => letter.toLowerCase());
