import type { z } from 'zod';
import { badRequest } from './errors.ts';

/** The body as the schema's type. @throws ApiError 400 whose param names the first field at fault */
export const parse = <T extends z.ZodType>(schema: T, body: unknown): z.output<T> => {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const param = path.join('.');
  throw badRequest(param ? `'${param}': ${message}` : message, param);
};
