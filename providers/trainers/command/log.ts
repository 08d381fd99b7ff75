/** What a tool's log says of a training; what it does not say is left out. */
export interface TrainingLog {
  step?: number;
  total?: number;
  /** NaN where it has diverged. */
  loss?: number;
  /** Tokens trained on so far. */
  tokens?: number;
}

/** Named groups that a pattern may have. */
const FIELDS = ['step', 'total', 'loss', 'tokens', 'kilotokens'] as const;

// Colours and cursor movements of a terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what such sequences begin with
const ESCAPES = /\u001b\[[\d;?]*[A-Za-z]/g;

/** The lines of a log: a progress bar begins each anew with a carriage return. */
const linesOf = (text: string): string[] => text.replace(ESCAPES, '').split(/[\r\n]+/);

/**
 * What stands last in a log.
 * @param patterns with named groups: `step`, `total`, `loss`, `tokens`, or `kilotokens` where a tool
 * rounds them. Every line is held against all of them.
 */
export function readLog(text: string, patterns: readonly RegExp[]): TrainingLog {
  const said: Partial<Record<(typeof FIELDS)[number], string>> = {};
  for (const line of linesOf(text))
    for (const pattern of patterns) {
      const groups = pattern.exec(line)?.groups ?? {};
      for (const field of FIELDS) if (groups[field] !== undefined) said[field] = groups[field];
    }
  const { kilotokens, loss, ...counts } = said;
  return {
    ...(kilotokens !== undefined && { tokens: Math.round(1000 * Number(kilotokens)) }),
    ...Object.fromEntries(Object.entries(counts).map(([field, value]) => [field, Number(value)])),
    // "nan" and "inf" are no numbers to JavaScript, either of them no loss.
    ...(loss !== undefined && { loss: Number(loss) }),
  };
}

/** The last lines that say anything, in one. */
export function lastLines(text: string, count = 3): string {
  const lines = linesOf(text).map((line) => line.trim());
  return lines.filter(Boolean).slice(-count).join(' | ');
}
