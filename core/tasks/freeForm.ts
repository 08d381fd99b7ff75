import { z } from 'zod';
import { quoted } from '../text.ts';
import type { Example } from '../types.ts';
import { conversation, passageAndQuestion } from './conversation.ts';
import { listed, longAnswer, shortAnswer } from './freeText.ts';
import { judgeBy, sameByJudge } from './judging.ts';
import { defineTaskKind } from './kind.ts';
import { BY_LETTER, lettered } from './lettered.ts';
import { gist, tokenF1, wordsOf } from './overlap.ts';
import type { Canonical, Part, Task } from './task.ts';

/** Cosine similarity from which two answers are taken for the same. */
const SIMILARITY = 0.9;

const RUBRIC =
  'An answer is right where it says what the reference says, in whatever words, and nothing that contradicts it.';

const fields = z.strictObject({
  type: z.literal('free-form').describe('The answer is a text, of a few words or of any length.'),
  instruction: z
    .string()
    .min(1)
    .default('Answer the question.')
    .describe('What to do, in a sentence.'),
  answers: z
    .enum(['short', 'long'])
    .default('short')
    .describe(
      'short: a line, graded by its words (token F1, and exact match); where the data have several right answers, a JSON list of them, the best counts. long: a text of any length, graded right or wrong by the `judge` of the run.',
    ),
  rubric: z
    .string()
    .min(1)
    .optional()
    .describe(
      `By what the judge tells right from wrong, of long answers; it sees question, reference and answer. Left out: ${RUBRIC}`,
    ),
  agreement: z
    .enum(['text', 'embedding', 'judge'])
    .optional()
    .describe(
      "When two answers count as the same. text: the same words, whatever their case, punctuation and articles. embedding: vectors of the run's embedding model that are near, and no other numbers. judge: the run's judge says so. Left out: text for short answers, judge for long ones.",
    ),
  similarity: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe(
      `Cosine similarity from which answers count as the same by \`agreement: embedding\`; ${SIMILARITY} when left out.`,
    ),
});

/** What would be said in vain is a mistake. */
const spec = fields.superRefine(({ answers, rubric, agreement, similarity }, context) => {
  const refuse = (field: string, message: string) =>
    context.addIssue({ code: 'custom', path: [field], message });
  if (rubric !== undefined && answers === 'short')
    refuse('rubric', 'no judge grades short answers: leave it out, or set answers: long');
  if (similarity !== undefined && agreement !== 'embedding')
    refuse('similarity', 'it counts by agreement: embedding only: set that, or leave it out');
});

/** Answers are texts; a gold answer may be a JSON list of several that are right. */
export const freeForm = defineTaskKind({ spec, create });

function create({
  instruction,
  answers,
  rubric = RUBRIC,
  agreement,
  similarity = SIMILARITY,
}: z.output<typeof spec>): Task {
  const isShort = answers === 'short';
  const read = isShort ? shortAnswer : longAnswer;
  const readGold = (text: string) => read(isShort ? text.replace(/\s+/gu, ' ') : text, false);
  const talk = conversation({
    system: instruction,
    ...(isShort && { answer: 'a few words' }),
    justifySystem: `${instruction}\n${BY_LETTER}`,
    question: passageAndQuestion,
    candidate: (_, answer) => answer,
    target: firstOf,
  });
  const by = agreement ?? (isShort ? 'text' : 'judge');
  return {
    ...talk,
    ...lettered(talk, read, isSame),
    ...(isShort ? byWords : judgedBy(rubric)),
    ...(by === 'embedding' && {
      agreement: { by, threshold: similarity, mayAgree: isOfSameNumbers },
    }),
    ...(by === 'judge' && { agreement: sameByJudge }),
    maxTokens: isShort ? 48 : 512,
    classes: null,
    parse: (text, _, isCut = false) => read(text, isCut),
    equal: isSame,
    asAnswerTo: (_, { answer }) => firstOf(answer),
    canonical: (raw) => canonical(raw, readGold),
    checkOptions: () => null,
  };
}

/** The texts of a gold answer: of a JSON list all, each of them right. */
const textsOf = (answer: string): string[] => listed(answer) ?? [answer];

const firstOf = (answer: string): string => textsOf(answer)[0]!;

const isSame = (a: string, b: string) => gist(firstOf(a)) === gist(firstOf(b));

function canonical(raw: string, read: (text: string) => string | null): Canonical {
  const golds: string[] = [];
  for (const text of textsOf(raw)) {
    const gold = read(text);
    if (gold === null) return { problem: `answer ${quoted(text)} would not be read as an answer` };
    golds.push(gold);
  }
  return { answer: golds.length === 1 ? golds[0]! : JSON.stringify(golds) };
}

/** The most that an answer gets by comparison with one of the gold ones. */
function best(
  compare: (answer: string, gold: string) => number,
  parsed: string | null,
  { answer: gold }: Example,
): Part {
  const golds = gold === undefined || parsed === null ? [] : textsOf(gold);
  return { got: Math.max(0, ...golds.map((one) => compare(firstOf(parsed!), one))), of: 1 };
}

const isExact = (a: string, b: string) => Number(gist(a) === gist(b));

/** Grades by the words that an answer has in common with the gold one. */
const byWords: Pick<Task, 'metrics' | 'grade'> = {
  metrics: [
    { name: 'token F1', test: 'bootstrap' },
    { name: 'exact match', test: 'mcnemar' },
  ],
  grade: (parsed, x) => [best(tokenF1, parsed, x), best(isExact, parsed, x)],
};

/** Grades by a judge's verdict; what says the gold answer in its words is right without one. */
function judgedBy(rubric: string): Pick<Task, 'metrics' | 'grade' | 'judge'> {
  return {
    metrics: [{ name: 'judged right', test: 'mcnemar' }],
    grade: (parsed, x, verdict) => {
      const { got } = best(isExact, parsed, x);
      return [{ got: parsed === null ? 0 : Math.max(got, verdict ?? 0), of: 1 }];
    },
    judge: judgeBy(rubric, textsOf),
  };
}

const numbersOf = (answer: string) =>
  wordsOf(answer)
    .filter((word) => /\p{N}/u.test(word))
    .sort()
    .join(' ');

/** Vectors of texts that differ in a number alone are near: 1987 and 1988 are not the same. */
function isOfSameNumbers(a: string, b: string): boolean {
  const [ofA, ofB] = [numbersOf(firstOf(a)), numbersOf(firstOf(b))];
  return ofA === '' || ofB === '' || ofA === ofB;
}
