/** A run spec, or a part of one, as it is written. */
export type Written = Readonly<Record<string, unknown>>;

/** Fields that say which other fields there are: of another kind nothing is taken over. */
const KINDS = ['type', 'rule'];

/**
 * A spec over another: objects field by field, lists and values as a whole; null takes a field away.
 * Where both name another kind of task or rule, the one that is over counts alone.
 */
export function merged(under: Written, over: Written): Record<string, unknown> {
  const isOther = KINDS.some((kind) => areOther(under[kind], over[kind]));
  const result: Record<string, unknown> = isOther ? {} : { ...under };
  for (const [field, value] of Object.entries(over)) {
    const below = result[field];
    if (value === null) delete result[field];
    else result[field] = isPart(value) ? merged(isPart(below) ? below : {}, value) : value;
  }
  return result;
}

const areOther = (under: unknown, over: unknown) =>
  under !== undefined && over !== undefined && under !== over;

const isPart = (value: unknown): value is Written =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
