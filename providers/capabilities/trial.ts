import { z } from 'zod';
import type { ThoughtsPlace } from '../../core/capabilities.ts';
import { type ChatSample, message, samplesOf, textOf, thoughtsIn } from '../completion.ts';

/** A token as it came: its value may be anything, and is null where it is no number. */
export interface TriedToken {
  token: string;
  logprob: number | null;
  /** Of the likeliest tokens in its place. */
  top: (number | null)[];
}

/** One choice of an answer, as it came and as a run would read it. */
export interface TriedChoice {
  /** Its text, thoughts in it included. */
  text: string;
  /** The same; where that is empty the whole message, as JSON. */
  said: string;
  tokens: TriedToken[];
  read: ChatSample;
  /** Null where nothing in it is a thought. */
  thoughts: ThoughtsPlace | null;
}

/** An answer to a request that finds something out. */
export interface Trial {
  /** At least one. */
  choices: TriedChoice[];
  /** Null where the endpoint does not tell. */
  promptTokens: number | null;
  completionTokens: number | null;
}

const value = z.number().nullable().catch(null);
const token = z.looseObject({
  token: z.string().catch(''),
  logprob: value.optional(),
  top_logprobs: z.array(z.looseObject({ logprob: value.optional() })).catch([]),
});
const completion = z.object({
  choices: z
    .array(
      z.looseObject({
        message,
        logprobs: z
          .looseObject({ content: z.array(token).catch([]) })
          .nullish()
          .catch(null),
      }),
    )
    .min(1),
  usage: z
    .looseObject({ prompt_tokens: value.optional(), completion_tokens: value.optional() })
    .nullish()
    .catch(null),
});

/** @throws ZodError where the body is no chat completion */
export function trialOf(body: unknown): Trial {
  const { choices, usage } = completion.parse(body);
  const read = samplesOf(body, choices.length);
  return {
    choices: choices.map(({ message, logprobs }, index) =>
      tried(message, logprobs?.content ?? [], read[index]!),
    ),
    promptTokens: usage?.prompt_tokens ?? null,
    completionTokens: usage?.completion_tokens ?? null,
  };
}

function tried(
  said: z.output<typeof message>,
  tokens: z.output<typeof token>[],
  read: ChatSample,
): TriedChoice {
  const text = textOf(said);
  return {
    text,
    said: text || JSON.stringify(said),
    tokens: tokens.map(({ token, logprob = null, top_logprobs }) => ({
      ...{ token, logprob },
      top: top_logprobs.map((one) => one.logprob ?? null),
    })),
    read,
    thoughts: thoughtsIn(said, text),
  };
}
