/** One form for texts that differ only in composition or white space: NFC, single spaces, trimmed. */
export function normalise(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim();
}

/** The form under which two answers count as the same: normalised, any case. */
export function fold(text: string): string {
  return normalise(text).toLowerCase();
}

/** Characters of a text that a message shows: enough to find it, too few to give it away. */
const SHOWN = 40;

/** A text without what a terminal would obey: control characters and turns of direction as codes. */
export function printable(text: string): string {
  return text.replace(
    /(?![\n\t])[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu,
    (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`,
  );
}

/** A text of the user's data as a message shows it. */
export function quoted(text: string): string {
  const whole = printable(normalise(text));
  return whole.length <= SHOWN ? `"${whole}"` : `"${whole.slice(0, SHOWN)}…"`;
}
