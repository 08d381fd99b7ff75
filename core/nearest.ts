/** The name of `known` that `word` was probably meant to be; undefined where none is close. */
export function nearestName(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((name) => ({ name, edits: editDistance(word.toLowerCase(), name.trim().toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  return best && best.edits <= Math.max(2, word.length / 3) ? best.name : undefined;
}

/** Levenshtein's distance: insertions, deletions and replacements that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** ` (did you mean "labelled"?)` when one of `known` is close to `word`, else the known ones. */
export function suggestion(word: string, known: readonly string[]): string {
  const nearest = nearestName(word, known);
  if (nearest) return ` (did you mean "${nearest}"?)`;
  return known.length > 0 ? ` (known: ${known.join(', ')})` : '';
}
