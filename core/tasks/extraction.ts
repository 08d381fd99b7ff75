import { z } from 'zod';
import { isObject } from '../json.ts';
import { quoted } from '../text.ts';
import type { Json } from '../types.ts';
import { conversation, passageAndQuestion } from './conversation.ts';
import { alike, fields, leavesOf, readerOf, strictSchema } from './fields.ts';
import { defineTaskKind } from './kind.ts';
import { BY_LETTER, lettered } from './lettered.ts';
import { objectsIn } from './objects.ts';
import { overlap } from './overlap.ts';
import { answerStart } from './reasoned.ts';
import type { Task } from './task.ts';

const spec = z.strictObject({
  type: z.literal('extraction').describe('The answer is an object of fields found in the text.'),
  instruction: z
    .string()
    .min(1)
    .default('Extract the fields from the text.')
    .describe('What to do, in a sentence; the schema stands after it.'),
  schema: fields.describe(
    'JSON Schema of the answer, an object: type, properties, required, items, enum, format (date) and description are understood. Models that give structured output are held to it.',
  ),
});

/**
 * Answers are JSON objects by the spec's schema, as texts without white space: every field in the
 * order of the schema, null where it is missing.
 */
export const extraction = defineTaskKind({ spec, create });

/** What models put around the object that they were asked for. */
const WRAPPING = /^(?:final[_ ]?)?(?:answer|result|output|response|data|json|object)$/i;

function create({ instruction, schema }: z.output<typeof spec>): Task {
  const read = readerOf(schema);
  const canonicalOf = (value: unknown) => JSON.stringify(read(value, '', () => {}));
  const isAnswer = (value: Record<string, unknown>) =>
    Object.keys(schema.properties).some((name) => Object.hasOwn(value, name));
  const unwrapped = (value: Record<string, unknown>) => {
    const inner = Object.entries(value).find(
      ([name, part]) => WRAPPING.test(name) && isObject(part),
    );
    return isAnswer(value) || !inner ? value : (inner[1] as Record<string, unknown>);
  };
  /** The answers in a text; of an object that has none of the fields only the empty one is. */
  const answersIn = (text: string) =>
    objectsIn(text)
      .map(({ value, start }) => ({ value: unwrapped(value), start }))
      .filter(({ value }) => isAnswer(value) || Object.keys(value).length === 0);
  const shown = JSON.stringify(schema);
  const talk = conversation({
    system: `${instruction}\nSchema of the answer: ${shown}`,
    answer: 'a JSON object by the schema',
    justifySystem: `${instruction}\nSchema of the answer: ${shown}\n${BY_LETTER}`,
    question: passageAndQuestion,
    candidate: (_, answer) => answer,
    target: (answer) => answer,
  });
  const parse = (text: string) => {
    const found = answersIn(text);
    const marked = answerStart(text);
    const last = found.filter(({ start }) => marked !== null && start >= marked);
    const answers = (last.length > 0 ? last : found).map(({ value }) => canonicalOf(value));
    const [first, ...others] = new Map(answers.map((one) => [keyOf(one), one])).values();
    return others.length > 0 ? null : (first ?? null);
  };

  return {
    ...talk,
    ...lettered(talk, parse, isAlike),
    schema: strictSchema(schema),
    maxTokens: 512,
    classes: null,

    parse,
    equal: isAlike,
    metrics: [
      { name: 'exact match', test: 'mcnemar' },
      { name: 'field F1', test: 'bootstrap' },
    ],
    grade(parsed, { answer: gold }) {
      const isRight = parsed !== null && gold !== undefined && isAlike(parsed, gold);
      return [{ got: isRight ? 1 : 0, of: 1 }, overlap(valuesOf(parsed), valuesOf(gold))];
    },

    canonical(raw) {
      const [found, ...others] = answersIn(raw);
      if (!found || others.length > 0)
        return {
          problem: `answer ${quoted(raw)} is not one JSON object with fields of the schema`,
        };
      const problems: string[] = [];
      const answer = read(found.value, '', (path, problem) => problems.push(`${path} ${problem}`));
      return problems.length > 0
        ? { problem: `of the answer, ${problems[0]}` }
        : { answer: JSON.stringify(answer) };
    },

    checkOptions: () => null,
  };
}

const keyOf = (answer: string) => alike(JSON.parse(answer) as Json);

const isAlike = (a: string, b: string) => a === b || keyOf(a) === keyOf(b);

/** The values of an answer that are not missing. */
const valuesOf = (answer: string | null | undefined) =>
  answer ? [...leavesOf(JSON.parse(answer) as Json)] : [];
