import { z } from 'zod';
import { oncePer } from '../oncePer.ts';
import { fold, normalise, quoted } from '../text.ts';
import { letterOf, letterPosition, outside, position, sameWord } from './answers.ts';
import { conversation, passageAndQuestion } from './conversation.ts';
import { defineTaskKind } from './kind.ts';
import { besides, isDenied, NameFinder } from './names.ts';
import { type Choices, readAnswer } from './reading.ts';
import type { Task } from './task.ts';

const MOST_OPTIONS = 26;

const spec = z.strictObject({
  type: z.literal('multiple-choice').describe('The answer is the letter of one of the options.'),
  instruction: z
    .string()
    .min(1)
    .default('Answer the question with the letter of the right option.')
    .describe('What to do, in a sentence.'),
});

/** Answers are the capital letters of the options. */
export const multipleChoice = defineTaskKind({ spec, create });

function create({ instruction }: z.output<typeof spec>): Task {
  return {
    ...sameWord,
    ...conversation({
      system: instruction,
      answer: 'one letter',
      justifySystem: `${instruction}\nSeveral answers were proposed: weigh them and choose one.`,
      question: (x) => [passageAndQuestion(x), ...lines(x.options)].join('\n'),
      candidate: (x, answer) => lines(x.options)[position(answer) ?? -1] ?? answer,
      target: (answer) => answer,
    }),

    classes: null,
    possible: ({ options = [] }) => options.map((_, index) => letterOf(index)),
    parse: (text, { options = [] }, isCut = false) =>
      readAnswer(text, optionChoices(options), isCut),

    /** A letter stands for its option's text. */
    asAnswerTo(x, { answer, options = [] }) {
      const text = options[position(answer) ?? -1];
      const letters = text === undefined ? [] : lettersOfText(text, x.options ?? []);
      return letters.length === 1 ? letters[0]! : null;
    },

    canonical(raw, options = []) {
      const index = position(raw);
      if (index !== null && index in options) return { answer: letterOf(index) };
      const [letter, ...others] = lettersOfText(raw, options);
      const shown = `answer ${quoted(raw)}`;
      if (letter === undefined)
        return {
          problem: index === null ? `${shown} is not one of the options` : outside(raw, options),
        };
      return others.length > 0
        ? { problem: `${shown} is the text of options ${[letter, ...others].join(' and ')}` }
        : { answer: letter };
    },

    checkOptions(options = []) {
      if (options.length < 2 || options.length > MOST_OPTIONS)
        return `2 to ${MOST_OPTIONS} options are needed, not ${options.length}`;
      const blank = options.findIndex((option) => normalise(option) === '');
      return blank < 0 ? null : `option ${letterOf(blank)} is empty`;
    },
  };
}

function lines(options: readonly string[] = []): string[] {
  return options.map((option, index) => `${letterOf(index)}. ${option}`);
}

/** The letters of the options of this text: none, one, or several where options repeat. */
function lettersOfText(text: string, options: readonly string[]): string[] {
  return new NameFinder(options).whole(text).map(letterOf);
}

const CLOSING = String.raw`["'”’*_\x60)\]}$]*`;
// What stands after a letter that is meant as an option, not as a word ("A mammal", "vitamin C x").
const AFTER = String.raw`(?=${CLOSING}(?:[.):,;!?/<]|\s*$)|\s*(?:&|/)|\s+[-–—]\s|\s+(?:or|and|because|since|is (?:the )?(?:correct|right|best))(?!\p{L}))`;
const BEFORE = String.raw`(?:\(|(?:[Oo]ption|[Cc]hoice|[Ll]etter)\s+)`;
const OPENING_LETTER = new RegExp(
  `^[^\\p{L}\\p{N}]*${BEFORE}?([A-Za-z])${AFTER}${CLOSING}[.):]?`,
  'u',
);
const NAMED_LETTER = new RegExp(
  `(?<![\\p{L}\\p{N}'’-])(?:${BEFORE}([A-Z])(?![\\p{L}\\p{N}])|([A-Z])${AFTER})`,
  'gmu',
);

/**
 * Options are named by letter or by text. A letter is a letter even where it is an option's text.
 * The answers of several collaborators to an example are read with the same.
 */
const optionChoices = oncePer((options: readonly string[]): Choices => {
  const isOption = (letter: string) => (letterPosition(letter) ?? MOST_OPTIONS) < options.length;
  const folded = options.map(fold);
  const foldedLines = lines(options).map(fold);
  const byText = options.flatMap((text, index) => {
    const isUnique = folded.indexOf(folded[index]!) === folded.lastIndexOf(folded[index]!);
    return isUnique && !isOption(text) ? [{ text, letter: letterOf(index) }] : [];
  });
  const finder = new NameFinder(byText.map(({ text }) => text));
  const lettersOf = (names: number[]) => names.map((name) => byText[name]!.letter);
  const letterFor = (names: number[]) => (names.length === 1 ? lettersOf(names)[0]! : null);
  /** Whether a letter, where a text was cut off, may be the first word of an option. */
  const isFirstWord = (letter: string) =>
    letter === 'a' || options.some((option) => normalise(option).startsWith(`${letter} `));
  return {
    whole(text, isCut) {
      if (isOption(text)) return letterOf(letterPosition(text)!);
      const line = foldedLines.indexOf(fold(text));
      if (line >= 0) return letterOf(line);
      if (isCut && finder.isBeginning(text)) return null;
      return letterFor(finder.whole(text));
    },
    opening(text, isCut) {
      const match = OPENING_LETTER.exec(text);
      if (match && isOption(match[1]!)) {
        const end = match[0].length;
        const isLast = isCut && text.slice(end).trim() === '';
        return isLast && isFirstWord(match[1]!) ? null : { answer: match[1]!.toUpperCase(), end };
      }
      const found = finder.opening(text);
      if (!found || (isCut && finder.isBeginning(text.slice(found.start)))) return null;
      const letter = letterFor(found.names);
      return letter === null ? null : { answer: letter, end: found.end };
    },
    named(text) {
      const texts = [...finder.all(text)];
      const rest = besides(texts, text).join('…');
      const letters = [...rest.matchAll(NAMED_LETTER)]
        .filter(({ index }) => !isDenied(rest, index))
        .map((match) => (match[1] ?? match[2])!)
        .filter(isOption);
      const named = texts.filter(({ start }) => !isDenied(text, start));
      return [...new Set([...letters, ...named.flatMap(({ names }) => lettersOf(names))])];
    },
  };
});
