import type { z } from 'zod';
import { quoted } from './text.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

export interface SentenceOptions {
  /** Whether a text that was given may be shown: not where it may be a secret. */
  showTexts: boolean;
  /** A value as its file writes it. */
  written?: (path: Path) => string | undefined;
}

/**
 * What zod found wrong in `input`, in words for whoever wrote it: the field, what it must be, what
 * was given, and the remedy where there is one.
 */
export function sentenceOf(issue: Issue, input: unknown, options: SentenceOptions): string {
  const { path } = issue;
  const field = fieldName(path);
  const value = valueAt(input, path);
  const given = shown(value, options);
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined
        ? `${field} is missing`
        : `${field} must be ${KINDS[issue.expected] ?? issue.expected}, not ${given}${remedy([issue.expected], value, path, options)}`;
    case 'invalid_value':
      return `${field} must be ${oneOf(issue.values.map((one) => JSON.stringify(one)))}, not ${given}`;
    case 'too_small':
      return issue.origin === 'string'
        ? `${field} must not be empty`
        : `${field} must ${bound(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum)}, not ${given}`;
    case 'too_big':
      return `${field} must ${bound(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum)}, not ${given}`;
    case 'invalid_union':
      return unionSentence(issue, input, options);
    case 'invalid_format':
      return `${field} cannot be ${given}: ${issue.message}`;
    case 'unrecognized_keys':
      return issue.keys.map((key) => `unknown field ${fieldName([...path, key])}`).join(', ');
    default:
      return `${field}: ${issue.message}`;
  }
}

/** `collaborators[0].shots` */
export function fieldName(path: Path): string {
  const name = path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('');
  return name.replace(/^\./, '') || 'the file';
}

/** Of alternatives the one that was meant: where only deeper parts are wrong, else any of them. */
function unionSentence(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  input: unknown,
  options: SentenceOptions,
): string {
  const field = fieldName(issue.path);
  const value = valueAt(input, issue.path);
  if ('options' in issue)
    return `${field} must be ${oneOf((issue.options as unknown[]).flatMap((one) => JSON.stringify(one) ?? []))}, not ${shown(value, options)}`;
  if (value === undefined) return `${field} is missing`;
  const isWhole = (one: Issue) => one.path.length === 0;
  const meant =
    issue.errors.find((alternative) => !alternative.some(isWhole)) ??
    issue.errors.find(
      (alternative) => !alternative.some((one) => isWhole(one) && one.code === 'invalid_type'),
    );
  if (meant) {
    const [first] = meant;
    return sentenceOf({ ...first!, path: [...issue.path, ...first!.path] }, input, options);
  }
  const expected = issue.errors.flat().flatMap((one) => ('expected' in one ? [one.expected] : []));
  const wanted = oneOf(expected.map((one) => KINDS[one] ?? one));
  return `${field} must be ${wanted}, not ${shown(value, options)}${remedy(expected, value, issue.path, options)}`;
}

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'fields with values',
  record: 'names with values',
};

/** What a value is, as a message shows it. */
function shown(value: unknown, { showTexts }: SentenceOptions): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return showTexts ? `the text ${quoted(value)}` : 'that text';
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  return typeof value === 'object' ? 'fields with values' : String(value);
}

function remedy(
  expected: readonly string[],
  value: unknown,
  path: Path,
  { showTexts, written }: SentenceOptions,
): string {
  if (expected.includes('string') && ['boolean', 'number'].includes(typeof value))
    return `. Put quotes around it: "${written?.(path) ?? value}"`;
  const isNumber = expected.includes('number') || expected.includes('int');
  if (isNumber && showTexts && typeof value === 'string' && Number.isFinite(Number(value)))
    return '. Write it without quotes';
  return '';
}

function bound(origin: string, relation: string, limit: unknown): string {
  return origin === 'array' ? `have ${relation} ${limit} entries` : `be ${relation} ${limit}`;
}

function oneOf(names: string[]): string {
  const all = [...new Set(names)];
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}
