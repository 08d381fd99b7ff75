/** One form for texts that differ only in composition or white space: NFC, single spaces, trimmed. */
export function normalise(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim();
}

/** The form under which two answers count as the same: normalised, any case. */
export function fold(text: string): string {
  return normalise(text).toLowerCase();
}
