import type { z } from 'zod';
import { sentenceOf } from '../core/issues.ts';
import { SpecError } from './errors.ts';

/**
 * Checks what a user gives by its schema, and fills in defaults.
 * @param subject what it is, for messages
 * @throws SpecError
 */
export function checked<Output, Input>(
  schema: z.ZodType<Output, Input>,
  input: Input,
  subject: string,
): Output {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new SpecError(
    result.error.issues.map((issue) => sentenceOf(issue, input, { showTexts: true })),
    subject,
  );
}
