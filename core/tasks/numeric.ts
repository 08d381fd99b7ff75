import { z } from 'zod';
import { composed } from '../spelling.ts';
import { fold, quoted } from '../text.ts';
import { rightOrWrong } from './answers.ts';
import { labelChoices } from './classification.ts';
import { conversation, passageAndQuestion } from './conversation.ts';
import { defineTaskKind } from './kind.ts';
import { isDenied } from './names.ts';
import { type NumberFound, numbersIn, type Scale, unitPower } from './numbers.ts';
import { type Choices, readAnswer } from './reading.ts';
import type { Task } from './task.ts';

const spec = z.strictObject({
  type: z.literal('numeric').describe('The answer is a number.'),
  instruction: z
    .string()
    .min(1)
    .default('Answer the question with a number.')
    .describe('What to do, in a sentence.'),
  tolerance: z
    .strictObject({
      relative: z
        .number()
        .min(0)
        .lt(1)
        .default(0.01)
        .describe("Share of the larger of the two numbers; 0.01 is the paper's."),
      absolute: z.number().min(0).default(0).describe('In the unit of the answers.'),
    })
    .prefault({})
    .describe('How far an answer may be from the gold one and be right; the wider of both counts.'),
  unit: z
    .string()
    .min(1)
    .optional()
    .describe(
      'What answers are given in, such as "%" or "million dollars": 14.1 % is 14.1 then (0.141 where it is left out), and 2 billion are 2000.',
    ),
  scaleWords: z
    .enum(['count', 'ignore'])
    .default('count')
    .describe(
      'Whether "5.3 million" is 5300000, or 5.3 as it is in the paper\'s evaluation. Percent signs always count.',
    ),
  words: z
    .array(z.string().trim().min(1))
    .default([])
    .describe('Answers that are words instead, such as yes and no.'),
});

type Tolerance = z.output<typeof spec>['tolerance'];

/** Answers are plain decimals ("-1234.5"), or one of the words. */
export const numeric = defineTaskKind({ spec, create });

function create({ instruction, tolerance, unit, scaleWords, words }: z.output<typeof spec>): Task {
  const scale = { unit: unitPower(unit ?? ''), hasWords: scaleWords === 'count' };
  const choices = answerChoices(scale, words);
  const isWord = (answer: string) => words.some((word) => fold(word) === fold(answer));
  const both = (compare: (a: string, b: string) => boolean) => (a: string, b: string) =>
    isWord(a) || isWord(b) ? fold(a) === fold(b) : compare(a, b);
  const asked = [
    instruction,
    unit && `Give the number in ${unit}.`,
    words.length > 0 && `Words that may be the answer: ${words.join(', ')}.`,
  ];
  const system = asked.filter(Boolean).join('\n');

  return {
    ...conversation({
      system,
      answer: words.length > 0 ? 'one number or word' : 'one number',
      justifySystem: `${system}\nSeveral answers were proposed: weigh them and choose one.`,
      question: passageAndQuestion,
      candidate: (_, answer) => answer,
      target: (answer) => answer,
    }),
    classes: null,
    parse: (text, _, isCut = false) => readAnswer(text, choices, isCut),
    equal: both((a, b) => cellOf(a, tolerance) === cellOf(b, tolerance)),
    ...rightOrWrong(both((answer, gold) => isClose(Number(answer), Number(gold), tolerance))),

    canonical(raw) {
      const answer = choices.whole(composed(raw), false);
      return answer === null ? { problem: `answer ${quoted(raw)} is not a number` } : { answer };
    },

    checkOptions: () => null,
  };
}

function isClose(a: number, b: number, { relative, absolute }: Tolerance): boolean {
  const distance = relative * Math.max(Math.abs(a), Math.abs(b));
  return Math.abs(a - b) <= Math.max(distance, absolute);
}

/**
 * The cell of a grid in which a number lies. To be within a tolerance of each other is no
 * equivalence; to lie in one cell is, and the cells are so narrow that all in one are.
 */
function cellOf(answer: string, { relative, absolute }: Tolerance): string | number {
  const step = Math.max(exponentOf(answer) + exponentOf(relative), exponentOf(absolute));
  if (step === Number.NEGATIVE_INFINITY) return answer;
  return Number(`${Math.round(Number(`${answer}e${-step}`))}e${step}`);
}

/** The power of ten of a number's first digit; -Infinity for 0. */
function exponentOf(value: string | number): number {
  const number = Number(value);
  return number === 0
    ? Number.NEGATIVE_INFINITY
    : Number(/e(.*)$/.exec(number.toExponential())![1]);
}

const ABOUT =
  '(?:about|approximately|approx\\.?|around|roughly|nearly|almost|circa|ca\\.|exactly|equal to)';
/** What may stand before a number that a text opens with. */
const LEAD = new RegExp(`^[\\s"'“‘*_\`([{~≈>=$]*(?:${ABOUT}[\\s*_$]+)?[~≈]?$`, 'iu');
/** How much of what follows a number may belong to it. */
const REACH = 100;
/** What makes the number before it a part of something: of a term, a range, a ratio. */
const GOES_ON =
  /^[\s*_)]*(?:[-–−+×x÷/^=≈:*]|to\b|through\b)[\s*_($]*(?:[-−]|\p{Sc}|[A-Z]{3}\s)?\s*\.?\d/u;
/** Before a result. */
const RESULT = /[=≈][\s*_"'`${[(~]*$/u;
/** At the end of a text: a number there was said whole, with its unit. */
const END =
  /^[\s"'”’)\]}*_`$.,;!]*(?:[\p{L}°µ]+(?![\p{L}°µ])[²³]?\.?[\s/]*){0,3}["'”’)\]}*_`$.,;!\s]*$/u;
const JOINS = /(?<!\p{L})(?:or|and|to|not|but|plus|minus|times|x)(?!\p{L})/iu;
/** The last word of a text that was cut off; with it a number may go on ("12", "12.", "5 mil"). */
const MAY_GO_ON = /^[\s.,]*\p{L}*$/u;
const IS_CLOSED = /[%％‰)]/u;
const REFUSAL =
  /(?<!\p{L})(?:can(?:not|['’]t|\snot)|unable|un(?:known|clear|available)|insufficient|n\/a|do(?:es)?(?:n['’]t|\snot)\s(?:know|provide|contain|specify|say|state|mention|include)|not\s(?:\p{L}+\s)?(?:enough|found|applicable|provided|available|given|disclosed|stated|specified|mentioned|possible))(?!\p{L})/iu;

/** Answers are numbers, or some words. */
function answerChoices(scale: Scale, words: readonly string[]): Choices {
  const word = labelChoices(words);
  const found = (text: string) => numbersIn(text, scale);
  const isDoubtful = (text: string, { end }: NumberFound, isCut: boolean) =>
    isCut && !IS_CLOSED.test(text[end - 1]!) && MAY_GO_ON.test(text.slice(end));
  return {
    whole(text, isCut) {
      const [number, another] = found(text);
      if (number === undefined) return word.whole(text, isCut);
      const rest = text.slice(number.end).trimEnd();
      const isAll = another === undefined && LEAD.test(text.slice(0, number.start));
      if (!isAll || rest.length > REACH || !END.test(rest) || JOINS.test(rest)) return null;
      return isDoubtful(text, number, isCut) ? null : number.value;
    },
    opening(text, isCut) {
      const [number] = found(text);
      if (number === undefined || !LEAD.test(text.slice(0, number.start)))
        return word.opening(text, isCut);
      const isPart = GOES_ON.test(text.slice(number.end, number.end + REACH));
      if (isPart || isDoubtful(text, number, isCut)) return null;
      return { answer: number.value, end: number.end };
    },
    named(text) {
      const named = word.named(text);
      if (named.length > 0 && word.opening(text, false) !== null) return named;
      if (REFUSAL.test(text)) return [];
      const numbers = [...found(text)].filter(({ start }) => !isDenied(text, start));
      const result = numbers.findLastIndex(({ start }) =>
        RESULT.test(text.slice(Math.max(0, start - 8), start)),
      );
      const sure = numbers.slice(Math.max(result, 0)).filter(({ isYear }) => !isYear);
      const values = (sure.length > 0 ? sure : numbers).map(({ value }) => value);
      return values.length > 0 ? [...new Set(values)] : named;
    },
  };
}
