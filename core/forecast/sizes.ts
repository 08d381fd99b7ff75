import { searchText } from '../shots.ts';
import { teachesReasoning } from '../spec.ts';
import type { ChatMessage, Example, ModelAt, Split } from '../types.ts';
import { answerTokens } from './answers.ts';
import type { Asked, Requests } from './asked.ts';
import type { Prospect } from './prospect.ts';
import { meanOf, plus, type Span, times } from './span.ts';
import type { TokenCounter } from './tokens.ts';

/** What one request takes, and one answer to it, in tokens. */
export interface Size {
  prompt: Span;
  answer: Span;
  /** The longest prompt that was looked at, with the longest answer that is allowed. */
  longest: number;
}

/** A run finds its worked examples by other means: they may be shorter or longer by so much. */
const SHOTS: Span = { low: 0.7, likely: 1, high: 1.3 };
/** The rows that are selected are those that models are sure of: they may be shorter or longer. */
const SELECTED: Span = { low: 0.75, likely: 1, high: 1.25 };

/** Tokens of what a run sends and trains on, measured on a sample of its data. */
export class Sizes {
  readonly #prospect: Prospect;
  readonly #requests: Requests;
  readonly #known = new Map<string, Size>();

  constructor(prospect: Prospect, requests: Requests) {
    this.#prospect = prospect;
    this.#requests = requests;
  }

  /** Of requests of a kind; each is measured once. */
  of(asked: Asked): Size {
    const { title, split, isTuned, asks, bare } = asked;
    const key = JSON.stringify([asks, title, split, isTuned, bare !== undefined]);
    const known = this.#known.get(key) ?? this.#measure(asked);
    this.#known.set(key, known);
    return known;
  }

  /** Of the text by which an example of a split is found. */
  searchText(split: Split): Span {
    const counter = this.#counter(this.#embedding);
    return this.#meanIn(split, counter, (x) => counter.text(searchText(x)));
  }

  /** Of an answer whose vector is taken. @param longest of the answers, as a model draws them */
  answerText(longest: number): Span {
    const { error } = this.#counter(this.#embedding);
    const likely = Math.min(longest, this.#target(this.#embedding));
    return { low: 1, likely, high: Math.max(1, longest) * error.high };
  }

  /** Of a labelled row of a training file. */
  labelledRow(): Span {
    const { task } = this.#prospect;
    const counter = this.#counter(this.#requests.at('base'));
    return this.#meanIn('labelled', counter, (x) =>
      counter.row(task.trainingRow(x, x.answer!).messages),
    );
  }

  /** Of a row with a pseudo-label. @param response of what a model says, where that is taught */
  selectedRow(response: Span): Span {
    const counter = this.#counter(this.#requests.at('base'));
    const row = this.#meanIn('unlabelled', counter, (x) => {
      const messages = pseudoLabelled(this.#prospect, this.#requests, x, '');
      return messages && counter.row(messages);
    });
    const mean = times(row, SELECTED);
    return teachesReasoning(this.#prospect.spec.answer) ? plus(mean, response) : mean;
  }

  #measure({ at, asks, split, messages, bare, sampling, ...asked }: Asked): Size {
    const { words, hasAnswer, isTuned, isTaught } = asked;
    const counter = this.#counter(at);
    const most = sampling.maxTokens!;
    let longest = 0;
    const whole = this.#meanIn(split, counter, (x) => {
      const said = messages(x);
      const count = said && counter.prompt(said);
      longest = Math.max(longest, count ?? 0);
      return count;
    });
    const own = bare && this.#meanIn(split, counter, (x) => counter.prompt(bare(x)));
    const target = words + (hasAnswer ? this.#target(at) : 1);
    const measured = this.#prospect.models.measured?.(at, asks);
    return {
      prompt: own ? plus(own, times(whole.likely - own.likely, SHOTS)) : whole,
      answer: answerTokens({ target, most, isTuned, isTaught, measured }),
      longest: Math.ceil(longest) + most,
    };
  }

  /** The mean over the examples of a split, with the error of the counter. */
  #meanIn(split: Split, { error }: TokenCounter, of: (x: Example) => number | undefined): Span {
    const { examples, count } = this.#prospect.samples[split];
    const counts = examples.flatMap((x) => of(x) ?? []);
    return times(meanOf(counts, count), { ...error, likely: 1 });
  }

  /** Tokens of an answer in the task's own words, with the one that ends it. */
  #target(at: ModelAt): number {
    const { task } = this.#prospect;
    const counter = this.#counter(at);
    return (
      1 + this.#meanIn('labelled', counter, (x) => counter.text(task.target(x.answer!))).likely
    );
  }

  get #embedding(): ModelAt {
    const { endpoint, name: model } = this.#prospect.spec.embedding;
    return { endpoint, model };
  }

  #counter(at: ModelAt): TokenCounter {
    return this.#prospect.models.counterOf(at);
  }
}

/**
 * A row of a training file with some answer to an example; undefined where none is known that may be one.
 * @param response stands for what a model has said, where that is taught
 */
export function pseudoLabelled(
  { task, spec }: Pick<Prospect, 'task' | 'spec'>,
  requests: Requests,
  x: Example,
  response: string,
): ChatMessage[] | undefined {
  const [answer = x.answer] = requests.candidates(x);
  if (answer === undefined) return undefined;
  const said = teachesReasoning(spec.answer)
    ? { response, manner: { isReasoned: true } }
    : undefined;
  return task.trainingRow(x, answer, said).messages;
}
