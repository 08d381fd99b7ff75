import { defineCollaborator } from 'semievol';
import { z } from 'zod';

/** Rules that somebody wrote down before there was a model: the answer of a word, and how sure that is. */
export const keywords = defineCollaborator({
  spec: z.strictObject({
    type: z.literal('keywords').describe('The answer of the first word that stands in the text.'),
    words: z
      .record(z.string().min(1), z.string().min(1))
      .describe('Words (or parts of words), and the answer of each.'),
    sureness: z.number().gt(0).max(1).default(0.8).describe('How often such an answer is right.'),
  }),

  create({ words, sureness }) {
    const rules = Object.entries(words).map(([word, answer]) => ({
      word: word.toLowerCase(),
      answer,
    }));
    return {
      answer({ question }) {
        const text = question.toLowerCase();
        const rule = rules.find(({ word }) => text.includes(word));
        return rule ? { answer: rule.answer, probability: sureness } : { answer: null };
      },
    };
  },
});
