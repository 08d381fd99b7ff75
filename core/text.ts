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

/** A text of the user's data as a message shows it. */
export function quoted(text: string): string {
  const whole = normalise(text);
  return whole.length <= SHOWN ? `"${whole}"` : `"${whole.slice(0, SHOWN)}…"`;
}
