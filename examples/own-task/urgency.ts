import { ACCURACY, conversation, defineTaskKind, passageAndQuestion } from 'semievol';
import { z } from 'zod';

/** One of a few levels that have an order: beside the right one is better than far off. */
export const urgency = defineTaskKind({
  spec: z.strictObject({
    type: z.literal('urgency').describe('The answer is one of a few levels, which have an order.'),
    instruction: z.string().min(1).default('How urgent is this ticket?').describe('What to do.'),
    levels: z
      .array(z.string().regex(/^\p{L}+$/u))
      .min(2)
      .describe('Words, the least first.'),
  }),

  create({ instruction, levels }) {
    const system = `${instruction}\nLabels: ${levels.join(', ')}`;
    /** The only level that a text names. */
    const levelIn = (text: string): string | null => {
      const words: string[] = text.toLowerCase().match(/\p{L}+/gu) ?? [];
      const named = levels.filter((level) => words.includes(level.toLowerCase()));
      return named.length === 1 ? named[0]! : null;
    };
    return {
      ...conversation({
        system,
        answer: 'one of the labels',
        justifySystem: `${system}\nSeveral levels were proposed: weigh them and choose one.`,
        question: passageAndQuestion,
        candidate: (_, answer) => answer,
        target: (answer) => answer,
      }),
      classes: levels,
      parse: levelIn,
      equal: (a, b) => a === b,
      metrics: [ACCURACY, { name: 'within one level', test: 'mcnemar' }],
      grade(parsed, { answer: gold }) {
        const isKnown = parsed !== null && gold !== undefined;
        const off = isKnown
          ? Math.abs(levels.indexOf(parsed) - levels.indexOf(gold))
          : levels.length;
        return [0, 1].map((allowed) => ({ got: off <= allowed ? 1 : 0, of: 1 }));
      },
      canonical(raw) {
        const answer = levelIn(raw);
        return answer === null
          ? { problem: `the answer is not one of the levels: ${levels.join(', ')}` }
          : { answer };
      },
      checkOptions: () => null,
    };
  },
});
