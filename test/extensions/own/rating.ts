import { z } from 'zod';
import {
  conversation,
  defineTaskKind,
  passageAndQuestion,
  rightOrWrong,
} from '../../../workers/index.ts';

/** A number of stars; one that is near enough counts as right. */
export const rating = defineTaskKind({
  spec: z.strictObject({
    type: z.literal('rating').describe('The answer is a number of stars.'),
    instruction: z.string().min(1).default('Rate the text.').describe('What to do.'),
    tolerance: z.number().int().min(0).default(0).describe('How far off still counts as right.'),
  }),
  create({ instruction, tolerance }) {
    const system = `${instruction}\nLabels: 1, 2, 3, 4, 5`;
    const read = (text: string) => text.match(/[1-5]/g)?.at(-1) ?? null;
    return {
      ...conversation({
        system,
        answer: 'one number',
        justifySystem: `${system}\nSeveral numbers were proposed: weigh them and choose one.`,
        question: passageAndQuestion,
        candidate: (_, answer) => answer,
        target: (answer) => answer,
      }),
      classes: ['1', '2', '3', '4', '5'],
      parse: read,
      equal: (a, b) => a === b,
      ...rightOrWrong((a, gold) => Math.abs(Number(a) - Number(gold)) <= tolerance),
      canonical(raw) {
        const answer = read(raw);
        return answer === null ? { problem: 'there is no number from 1 to 5' } : { answer };
      },
      checkOptions: () => null,
    };
  },
});
