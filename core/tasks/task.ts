import type { ChatMessage, Example, JsonSchema, Shot } from '../types.ts';

/** An answer in canonical form, or what is wrong with the one given. */
export type Canonical = { answer: string } | { problem: string };

/** A figure by which models are compared: the sum of what was got over the sum of what was to get. */
export interface Metric {
  /** As reports name it, such as "accuracy". */
  name: string;
  /**
   * How two models are compared by it on the same examples: McNemar's exact test where each example
   * is right (1 of 1) or wrong (0 of 1), else a paired bootstrap.
   */
  test: 'mcnemar' | 'bootstrap';
}

/** What one answer adds to a metric: `got` of `of`, both 0 or more. */
export interface Part {
  got: number;
  of: number;
}

/** How a model is asked, where it is not the task's own way. */
export interface Manner {
  /** Stands instead of the task's instruction. */
  system?: string | undefined;
  /** Whether it is to reason, and to end with the line "Answer: …", instead of answering at once. */
  isReasoned?: boolean;
}

/** How a model grades answers, where no code can. */
export interface Judge {
  /** Messages that ask whether an answer to `x`, which has a gold one, is right. */
  prompt(x: Example, answer: string): ChatMessage[];
  /** The verdict that a judge's text gives, from 0 (wrong) to 1 (right); null where it gives none. */
  read(text: string): number | null;
}

/** How answers that differ in their words are found to mean the same. */
export type Agreement =
  | {
      by: 'embedding';
      /** Cosine similarity of vectors of the answers, 0 to 1, from which they mean the same. */
      threshold: number;
      /** Whether two answers may mean the same, however near their vectors are. */
      mayAgree(a: string, b: string): boolean;
    }
  | {
      by: 'judge';
      /** Messages that ask which of the answers to `x` mean the same. */
      prompt(x: Example, answers: readonly string[]): ChatMessage[];
      /** The number of the group of each of `count` answers; null where a text gives none. */
      read(text: string, count: number): number[] | null;
    };

/** What the method needs to know of a kind of task. All functions are pure. */
export interface Task {
  /**
   * Messages that ask for the answer to `x`: the instruction (system; the same for every example,
   * so that prompt caches hit), a user and an assistant turn for each worked example, what was said
   * before the question, the question.
   */
  prompt(x: Example, shots: readonly Shot[], manner?: Manner): ChatMessage[];
  /**
   * Messages that show the candidate answers and ask to justify and choose one (self-justification,
   * §3.2).
   * @throws RangeError without candidates
   */
  justify(x: Example, candidates: readonly string[]): ChatMessage[];
  /**
   * Which of the candidates that `justify` has shown a model's text chooses; null where it chooses
   * none. Left out: the one that is equal to what `parse` makes of the text.
   */
  chosen?(text: string, candidates: readonly string[], isCut: boolean): string | null;
  /** The assistant's turn for an answer, in training and in worked examples. */
  target(answer: string): string;
  /**
   * A row of a training file in chat format: what `prompt` asks without worked examples, and the
   * assistant's turn.
   * @param said what a model said when it gave the answer, and how it was asked: the row teaches to
   * say that, instead of the answer alone
   */
  trainingRow(
    x: Example,
    answer: string,
    said?: { response: string; manner?: Manner },
  ): { messages: ChatMessage[] };
  /**
   * The schema of an object that answers are, in words that OpenAI's strict mode takes. Models that
   * give structured output are held to it, where they do not reason first.
   */
  schema?: JsonSchema;
  /** Most tokens of an answer that is not reasoned, where the spec does not say; 16 when left out. */
  maxTokens?: number;
  /** All the answers there can be, or the parts of them; null where they differ from example to example. */
  classes: readonly string[] | null;
  /** Those of an answer, and others of that kind; when left out, the answer itself. */
  classesOf?(answer: string): readonly string[];
  /** All the answers there can be to `x`, where they are not the same for every example. */
  possible?(x: Example): readonly string[];
  /**
   * The canonical answer that a model's text gives; null where it gives none, or several. Of a text
   * that was cut off (`isCut`) only what is stated beyond doubt before the cut counts.
   */
  parse(text: string, x: Example, isCut?: boolean): string | null;
  /** Whether two answers are the same. */
  equal(a: string, b: string): boolean;
  /**
   * What a labelled example's answer is as an answer to `x`, null where it is none; when left out, the
   * same.
   */
  asAnswerTo?(x: Example, shot: Shot): string | null;
  /** How answers that are not equal are found to mean the same; none do where it is left out. */
  agreement?: Agreement;
  /** The figures that grades add up to; by the first, models are promoted. */
  metrics: readonly [Metric, ...Metric[]];
  /**
   * What an answer adds to each of the metrics, in their order; nothing is got without an answer.
   * @param verdict what `judge` says of it, 0 to 1; null where it was not asked or says nothing
   */
  grade(parsed: string | null, x: Example, verdict?: number | null): Part[];
  /** How a model grades answers; where it is left out, none is asked. */
  judge?: Judge;
  /**
   * The canonical form of an answer in a data file: the answer itself in any spelling, or the letter
   * or digit (1 is the first) of an option. Else what is wrong with it.
   */
  canonical(raw: string, options: readonly string[] | undefined): Canonical;
  /** What is wrong with an example's options for this task, or null. */
  checkOptions(options: readonly string[] | undefined): string | null;
}
