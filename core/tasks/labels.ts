import { z } from 'zod';
import { spellingOf } from '../spelling.ts';

/** Labels that a message shows. */
const SHOWN = 20;

/** The label words of a spec, as its kinds of tasks have them. */
export const labelWords = z
  .array(z.string().trim().min(1))
  .min(2)
  .superRefine((labels, context) => {
    const labelOf = new Map<string, string>();
    for (const [index, label] of labels.entries()) {
      const { key } = spellingOf(label);
      const other = labelOf.get(key);
      if (other === undefined) labelOf.set(key, label);
      else
        context.addIssue({
          code: 'custom',
          path: [index],
          message: `"${label}" is another spelling of "${other}": labels must differ in more than case, spaces, "-" and "_"`,
        });
    }
  });

/** The first of the labels, for a message. */
export function someOf(labels: readonly string[]): string {
  const some = labels.slice(0, SHOWN);
  return [...some, ...(labels.length > some.length ? ['…'] : [])].join(', ');
}
