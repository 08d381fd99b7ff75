/**
 * What holds work up, in words: a line for each thing that does, such as an endpoint, which says since
 * when it is held back and what is tried.
 */

/** A line without what changes while it lasts: how often it was tried, and when it will be next. */
export const lasting = (line: string): string =>
  line.replace(/(; held back since [^,;]+)(, asked \d+ times since)?, next at .*$/s, '$1');

/**
 * The troubles of several as one, each once: many may be held up by the same, each since another
 * time. Undefined where there are none.
 */
export function allTroubles(troubles: readonly (string | undefined)[]): string | undefined {
  const lines = troubles.flatMap((trouble) => linesOf(trouble));
  const byMatter = new Map<string, string>();
  for (const line of lines) {
    const [matter = ''] = line.split('; held back since');
    if (!byMatter.has(matter)) byMatter.set(matter, line);
  }
  return [...byMatter.values()].join('\n') || undefined;
}

export const linesOf = (trouble: string | undefined): string[] => trouble?.split('\n') ?? [];
