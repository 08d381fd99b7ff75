const STRING_OR_NO_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/gs;

/**
 * JSON as some servers write it, in Python's way, with `null` for the numbers that it has no word
 * for: one impossible log-probability should not cost the answer.
 */
export function strictJson(text: string): string {
  if (!/NaN|Infinity/.test(text)) return text;
  return text.replace(STRING_OR_NO_NUMBER, (found) => (found.startsWith('"') ? found : 'null'));
}
