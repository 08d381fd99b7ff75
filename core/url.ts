/** Whether a place is given as a URL, with its scheme, and not as a path. */
export function isUrl(given: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(given);
}
