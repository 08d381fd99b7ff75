import { z } from 'zod';

/** What a request says itself, and must: a spec cannot say it otherwise. */
const RESERVED = ['model', 'messages', 'n', 'seed', 'logprobs', 'stream'];
/** What the wire calls fields of ours: said twice, one would win in silence. */
const SAID_BY: Record<string, string> = {
  temperature: 'temperature',
  top_p: 'topP',
  reasoning_effort: 'reasoningEffort',
  max_tokens: 'maxTokens',
  max_completion_tokens: 'maxTokens',
};

/**
 * How answers are drawn, from the run spec to the wire, whose names for the parameters are in
 * `providers/form.ts`. What is not given is not sent.
 */
export const sampling = z.object({
  temperature: z
    .number()
    .min(0)
    .max(2)
    .default(0)
    .describe('0 is greedy; a model that does not take it is asked without.'),
  topP: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe('Draws from the likeliest tokens that have this share of the probability.'),
  reasoningEffort: z
    .enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh'])
    .optional()
    .describe('How much a reasoning model may think; its own choice when left out.'),
  maxTokens: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("Most tokens of an answer; the run's `maxTokens` when left out."),
  extraBody: z
    .record(z.string(), z.unknown())
    .superRefine((fields, context) => {
      for (const name of Object.keys(fields)) {
        const message = RESERVED.includes(name)
          ? `every request has its own "${name}": leave it out`
          : Object.hasOwn(SAID_BY, name) && `write it as ${SAID_BY[name]}, beside extraBody`;
        if (message) context.addIssue({ code: 'custom', path: [name], message });
      }
    })
    .optional()
    .describe(
      'Fields that requests carry beside ours, such as {chat_template_kwargs: {enable_thinking: false}}.',
    ),
});
export type Sampling = z.output<typeof sampling>;

/**
 * The sampling that a part of a run spec asks for.
 * @param given such as a collaborator; what is not about sampling is left out
 * @param maxTokens of an answer, where the part does not say
 */
export function samplingOf(given: Sampling, maxTokens: number | undefined): Sampling {
  const own = sampling.parse(given);
  return { ...own, maxTokens: own.maxTokens ?? maxTokens };
}

/**
 * The sampling seed of a request, 0 to 2³¹ − 1: follows from the run's seed, the example and the
 * sample, so that a retry asks the same question.
 * @param exampleId hexadecimal, as example ids are; its first 64 bits count
 */
export function seedFor(seed: number, exampleId: string, sample: number): number {
  const words = [0, 8].map((at) => Number.parseInt(exampleId.slice(at, at + 8), 16));
  return [...words, sample].reduce((state, word) => mix(state ^ word), mix(seed)) >>> 1;
}

/** The finaliser of MurmurHash3 (public domain): every bit of a 32-bit word reaches every other. */
function mix(word: number): number {
  let h = word + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
