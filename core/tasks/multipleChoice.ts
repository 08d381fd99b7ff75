import type { TaskSpec } from '../spec.ts';
import { fold, normalise, quoted } from '../text.ts';
import { letterOf, letterPosition, outside, position, sameWord } from './answers.ts';
import { conversation, passageAndQuestion } from './conversation.ts';
import { type Choices, nameFinder, readAnswer } from './reading.ts';
import type { Task } from './task.ts';

const MOST_OPTIONS = 26;

/** Answers are the capital letters of the options. */
export function multipleChoice(spec: Extract<TaskSpec, { type: 'multiple-choice' }>): Task {
  const { instruction } = spec;
  return {
    ...sameWord,
    ...conversation({
      system: `${instruction}\nAnswer with one letter only.`,
      justifySystem: `${instruction}\nSeveral answers were proposed: weigh them and choose one.`,
      question: (x) => [passageAndQuestion(x), ...lines(x.options)].join('\n'),
      candidate: (x, answer) => lines(x.options)[position(answer) ?? -1] ?? answer,
      target: (answer) => answer,
    }),

    parse(text, { options = [] }) {
      const index = letterPosition(text);
      if (index !== null && index in options) return letterOf(index);
      const [repeated] = lettersOfText(text, lines(options));
      if (repeated) return repeated;
      const [letter, ...others] = lettersOfText(text, options);
      return letter && others.length === 0 ? letter : readAnswer(text, optionChoices(options));
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
  const wanted = fold(text);
  return options.flatMap((option, index) => (fold(option) === wanted ? letterOf(index) : []));
}

// What stands after a letter that is meant as an option, not as a word ("A mammal", "vitamin C x").
const AFTER = String.raw`(?=["'”’*_\x60)\]]*(?:[.):,;!?/]|\s*$)|\s*(?:&|/)|\s+(?:or|and|because|since|is (?:the )?(?:correct|right|best))(?!\p{L}))`;
const BEFORE = String.raw`(?:\(|(?:[Oo]ption|[Cc]hoice|[Ll]etter)\s+)`;
const OPENING_LETTER = new RegExp(`^[^\\p{L}\\p{N}]*${BEFORE}?([A-Za-z])${AFTER}`, 'u');
const NAMED_LETTER = new RegExp(
  `(?<![\\p{L}\\p{N}'’-])(?:${BEFORE}([A-Z])(?![\\p{L}\\p{N}])|([A-Z])${AFTER})`,
  'gmu',
);

/** Options are named by letter or by text. A letter is a letter even where it is an option's text. */
function optionChoices(options: readonly string[]): Choices {
  const inRange = (letter: string) => (position(letter) ?? 0) < options.length;
  const byText = options.flatMap((text, index) =>
    letterPosition(text) !== null || lettersOfText(text, options).length > 1
      ? []
      : [{ text, letter: letterOf(index) }],
  );
  const finder = nameFinder(byText.map((one) => one.text));
  return {
    opening(text) {
      const match = OPENING_LETTER.exec(text);
      if (match && inRange(match[1]!))
        return { answer: match[1]!.toUpperCase(), end: match[0].length };
      const found = finder.opening(text);
      return found && { answer: byText[found.index]!.letter, end: found.end };
    },
    named(text) {
      const letters = [...finder.rest(text).matchAll(NAMED_LETTER)]
        .map((match) => (match[1] ?? match[2])!)
        .filter(inRange);
      const texts = finder.named(text).map((index) => byText[index]!.letter);
      return [...new Set([...letters, ...texts])];
    },
  };
}
