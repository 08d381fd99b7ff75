import { badRequest } from './errors.ts';

/** A page of OpenAI's cursor pagination: what follows the item `after`, at most `limit` items. */
export const page = <T extends { id: string }>(
  items: T[],
  { after, limit = '20' }: { after?: string; limit?: string },
): object => {
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1) {
    throw badRequest(`'${limit}' is not a positive whole number.`, 'limit');
  }
  const start = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) throw badRequest(`No item '${after}'.`, 'after');
  const data = items.slice(start, start + count);
  return {
    object: 'list',
    data,
    has_more: start + count < items.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
};
