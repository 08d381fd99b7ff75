import { z } from 'zod';
import { isObject } from '../json.ts';
import { composed } from '../spelling.ts';
import { fold, normalise, quoted } from '../text.ts';
import type { Json, JsonSchema } from '../types.ts';
import { NameFinder } from './names.ts';
import { numbersIn, type Scale } from './numbers.ts';

const SCALE: Scale = { unit: 0, hasWords: true };

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean'] as const;

/** A schema of values that can be compared: what is understood of JSON Schema. */
export interface Field {
  type: (typeof TYPES)[number] | ((typeof TYPES)[number] | 'null')[];
  title?: string | undefined;
  description?: string | undefined;
  properties?: Record<string, Field> | undefined;
  required?: string[] | undefined;
  additionalProperties?: false | undefined;
  items?: Field | undefined;
  enum?: string[] | undefined;
  format?: 'date' | undefined;
}

/** A schema of an object. */
export type Fields = Field & { properties: Record<string, Field> };

/** What to write instead of keywords that are often used. */
const REMEDIES: Record<string, string> = {
  ...{ anyOf: 'MAYBE', oneOf: 'MAYBE', nullable: 'MAYBE' },
  $ref: 'write the schema out here',
  $defs: 'write the schemas out where they are used',
  const: 'write an enum of one',
};
const MAYBE = 'write type: [string, "null"], or leave the field out of required';

const field: z.ZodType<Field, Field> = z.lazy(
  () =>
    z
      .looseObject({
        // Optional here, since all is told together: `check` says where it is missing.
        type: z.union([z.enum(TYPES), z.tuple([z.enum(TYPES), z.literal('null')])]).optional(),
        title: z.string().optional(),
        description: z.string().optional().describe('What the model is told of it.'),
        properties: z.record(z.string().min(1), field).optional(),
        required: z.array(z.string()).optional().describe('Fields that are never missing.'),
        additionalProperties: z.literal(false).optional(),
        items: field.optional(),
        enum: z.array(z.string().min(1)).min(1).optional().describe('The texts there are.'),
        format: z.literal('date').optional().describe('A day, as YYYY-MM-DD.'),
      })
      .superRefine((schema, context) => check(schema as Field, context)) as z.ZodType<Field, Field>,
);

const KEYWORDS = new Set<string>([
  ...['type', 'title', 'description', 'properties', 'required', 'additionalProperties'],
  ...['items', 'enum', 'format'],
]);

/** Checks what the fields of a schema say together. */
function check(schema: Field, context: z.RefinementCtx): void {
  const wrong = (path: PropertyKey[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  for (const keyword of Object.keys(schema).filter((one) => !KEYWORDS.has(one))) {
    const remedy = REMEDIES[keyword] === 'MAYBE' ? MAYBE : REMEDIES[keyword];
    wrong([keyword], `values cannot be compared by it: ${remedy ?? 'leave it out'}`);
  }
  if (!schema.type) {
    wrong(['type'], `say what it is: ${TYPES.join(', ')}, or [one of them, "null"]`);
    return;
  }
  const type = typeOf(schema);
  const { properties, required = [], items } = schema;
  if (type === 'object' && Object.keys(properties ?? {}).length === 0)
    wrong(['properties'], 'an object needs fields: name them');
  if (type === 'array' && !items) wrong(['items'], 'a list needs the schema of its items');
  required.forEach((name, index) => {
    if (!Object.hasOwn(properties ?? {}, name))
      wrong(['required', index], `there is no field ${quoted(name)} in properties`);
  });
  schema.enum?.forEach((text, index) => {
    if (schema.enum!.findIndex((other) => fold(other) === fold(text)) < index)
      wrong(['enum', index], `${quoted(text)} is there twice: texts must differ in more than case`);
  });
  for (const [keyword, of] of Object.entries(OF_TYPE))
    if (schema[keyword as keyof Field] !== undefined && type !== of)
      wrong([keyword], `is for type ${of}, not ${type}`);
}

const OF_TYPE: { [keyword in keyof Field]?: (typeof TYPES)[number] } = {
  ...{ properties: 'object', required: 'object', items: 'array', enum: 'string', format: 'string' },
};

/** The part of a spec that says which fields an answer has. */
export const fields = field.superRefine((schema, context) => {
  if (schema.type !== 'object')
    context.addIssue({
      code: 'custom',
      path: ['type'],
      message: 'an answer is an object: write type: object, and the fields as properties',
    });
}) as z.ZodType<Fields, Fields>;

function typeOf({ type }: Field): (typeof TYPES)[number] {
  return (typeof type === 'string' ? type : type[0]) as (typeof TYPES)[number];
}

/**
 * The schema in the words that strict structured output takes: every field is required, what may be
 * missing may be null, and there are no others.
 */
export function strictSchema(schema: Field, isRequired = true): JsonSchema {
  const { type: _, properties, required = [], items, enum: texts, ...rest } = schema;
  const isNullable = !isRequired || typeof schema.type !== 'string';
  const type = typeOf(schema);
  return {
    ...(rest as JsonSchema),
    type: isNullable ? [type, 'null'] : type,
    ...(texts && { enum: isNullable ? [...texts, null] : texts }),
    ...(items && { items: strictSchema(items) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, of]) => [
          name,
          strictSchema(of, required.includes(name)),
        ]),
      ),
      required: Object.keys(properties),
      additionalProperties: false,
    }),
  };
}

/** Tells what is wrong with the value at a path ("items[2].price"). */
type Complain = (path: string, problem: string) => void;

/** Makes one canonical value of all that mean the same; null where it is missing or cannot be read. */
type Reader = (value: unknown, path: string, complain: Complain) => Json;

/**
 * The reader of values by a schema: fields in the schema's order, others left out; texts in one form;
 * numbers, truth values and days also of their texts; what is missing is null, of lists the empty one.
 */
export function readerOf(schema: Field): Reader {
  const read = READERS[typeOf(schema)](schema);
  return (value, path, complain) => {
    const isMissing = value === undefined || value === null || value === '';
    return read(isMissing ? null : value, path, complain);
  };
}

const READERS: Record<(typeof TYPES)[number], (schema: Field) => Reader> = {
  object: objectReader,
  array: listReader,
  string: textReader,
  number: () => scalarReader('a number', numberOf),
  integer: () =>
    scalarReader('a whole number', (value) => {
      const number = numberOf(value);
      return Number.isSafeInteger(number) ? number : null;
    }),
  boolean: () => scalarReader('true or false', truthOf),
};

function objectReader({ properties = {}, required = [] }: Field): Reader {
  const readers = Object.entries(properties).map(([name, of]) => ({
    name,
    read: readerOf(of),
    isRequired: required.includes(name),
  }));
  return (value, path, complain) => {
    if (value === null) return null;
    if (!isObject(value)) {
      complain(path, 'must be an object');
      return null;
    }
    const entries = readers.map(({ name, read, isRequired }): [string, Json] => {
      const at = path ? `${path}.${name}` : name;
      const isThere = Object.hasOwn(value, name);
      if (isRequired && !isThere) complain(at, 'is missing: write null where the text has none');
      return [name, read(isThere ? value[name] : null, at, complain)];
    });
    return isEmpty(entries.map(([, part]) => part)) && path !== ''
      ? null
      : Object.fromEntries(entries);
  };
}

const isEmpty = (values: Json[]) =>
  values.every((one) => one === null || (Array.isArray(one) && one.length === 0));

function listReader({ items }: Field): Reader {
  const read = readerOf(items!);
  return (value, path, complain) => {
    if (value === null) return [];
    const list = Array.isArray(value) ? value : [value];
    return list
      .map((one, index) => read(one, `${path}[${index}]`, complain))
      .filter((one) => one !== null);
  };
}

function textReader({ enum: texts, format }: Field): Reader {
  const text = (value: unknown) =>
    typeof value === 'object' ? null : normalise(String(value)) || null;
  if (format === 'date') return scalarReader('a day, as YYYY-MM-DD', (value) => dayOf(text(value)));
  if (!texts) return scalarReader('a text', text);
  const finder = new NameFinder(texts);
  return scalarReader(`one of ${texts.slice(0, 20).join(', ')}`, (value) => {
    const [first, ...others] = finder.whole(text(value) ?? '');
    return first !== undefined && others.length === 0 ? texts[first]! : null;
  });
}

function scalarReader(
  what: string,
  read: (value: unknown) => string | number | boolean | null,
): Reader {
  return (value, path, complain) => {
    if (value === null) return null;
    const answer = read(value);
    if (answer === null)
      complain(
        path,
        `must be ${what}, not ${quoted(typeof value === 'object' ? JSON.stringify(value) : String(value))}`,
      );
    return answer;
  };
}

/** A number, or the only one in a text; of a percentage, how many percent. */
function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null;
  if (typeof value !== 'string') return null;
  const [number, ...others] = numbersIn(composed(value.replace(/\s*%\s*$/, '')), SCALE);
  return number && others.length === 0 ? Number(number.value) : null;
}

function truthOf(value: unknown): boolean | null {
  if (typeof value === 'object') return null;
  const word = fold(String(value));
  if (['true', 'yes'].includes(word)) return true;
  return ['false', 'no'].includes(word) ? false : null;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH = `(?<month>${MONTHS.join('|')})[a-z]*\\.?`;
const DAY = String.raw`(?<day>\d{1,2})(?:st|nd|rd|th)?`;
const YEAR = String.raw`(?<year>\d{4})`;
const DAYS = [
  String.raw`${YEAR}(?<sign>[-/.])(?<month>\d{1,2})\k<sign>(?<day>\d{1,2})(?:[T ]\d{1,2}:.*)?`,
  String.raw`(?<day>\d{1,2})\.\s?(?<month>\d{1,2})\.\s?${YEAR}`,
  String.raw`${MONTH}\s${DAY},?\s${YEAR}`,
  String.raw`${DAY}[\s-](?:of\s)?${MONTH},?[\s-]${YEAR}`,
].map((form) => new RegExp(`^${form}$`, 'i'));
/** Of two numbers with a slash one must be no month, else nobody knows which of them is. */
const SLASHED = /^(?<one>\d{1,2})[/-](?<other>\d{1,2})[/-](?<year>\d{4})$/;

/** A day as YYYY-MM-DD; null where it is none, or may be another. */
function dayOf(text: string | null): string | null {
  if (text === null) return null;
  const slashed = SLASHED.exec(text)?.groups;
  if (slashed) {
    const [one, other] = [Number(slashed.one), Number(slashed.other)];
    if (one <= 12 && other <= 12 && one !== other) return null;
    return one > 12 ? iso(slashed.year!, other, one) : iso(slashed.year!, one, other);
  }
  const groups = DAYS.map((form) => form.exec(text)?.groups).find((found) => found);
  if (!groups) return null;
  const { year, month, day } = groups;
  const named = MONTHS.indexOf(month!.slice(0, 3).toLowerCase()) + 1;
  return iso(year!, named || Number(month), Number(day));
}

function iso(year: string, month: number, day: number): string | null {
  const two = (number: number) => String(number).padStart(2, '0');
  const text = `${year}-${two(month)}-${two(day)}`;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) ? text : null;
}

/**
 * What is alike of values that count as the same: texts in any case, and the items of lists in any
 * order.
 */
export function alike(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(fold(value));
  if (Array.isArray(value)) return `[${value.map(alike).sort().join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.values(value).map(alike).join()}}`;
}

/** The values in a canonical value that are not missing, each with its path, lists without numbers. */
export function* leavesOf(value: Json, path = ''): Generator<string> {
  if (value === null) return;
  if (Array.isArray(value)) for (const one of value) yield* leavesOf(one, `${path}[]`);
  else if (typeof value === 'object')
    for (const [name, part] of Object.entries(value))
      yield* leavesOf(part, `${path}.${JSON.stringify(name)}`);
  else yield `${path}=${alike(value)}`;
}
