import type { ChatMessage, Example, Shot } from '../types.ts';

/** An answer in canonical form, or what is wrong with the one given. */
export type Canonical = { answer: string } | { problem: string };

/** What the method needs to know of a kind of task. All functions are pure. */
export interface Task {
  /**
   * Messages that ask for the answer to `x`: the instruction (system; the same for every example,
   * so that prompt caches hit), a user and an assistant turn for each worked example, the question.
   */
  prompt(x: Example, shots: readonly Shot[]): ChatMessage[];
  /**
   * Messages that show the candidate answers and ask to justify and choose one (self-justification,
   * §3.2).
   * @throws RangeError without candidates
   */
  justify(x: Example, candidates: readonly string[]): ChatMessage[];
  /** The assistant's turn for an answer, in training and in worked examples. */
  target(answer: string): string;
  /** A row of a training file in chat format: system, user, assistant. */
  trainingRow(x: Example, answer: string): { messages: ChatMessage[] };
  /** All the answers there can be; null where they differ from example to example. */
  classes: readonly string[] | null;
  /**
   * The canonical answer that a model's text gives; null where it gives none, or several. Of a text
   * that was cut off (`isCut`) only what is stated beyond doubt before the cut counts.
   */
  parse(text: string, x: Example, isCut?: boolean): string | null;
  /** Whether two answers are the same. */
  equal(a: string, b: string): boolean;
  /** Whether a parsed answer is the gold one; false without either. */
  grade(parsed: string | null, x: Example): boolean;
  /**
   * The canonical form of an answer in a data file: the answer itself in any spelling, or the letter
   * or digit (1 is the first) of an option. Else what is wrong with it.
   */
  canonical(raw: string, options: readonly string[] | undefined): Canonical;
  /** What is wrong with an example's options for this task, or null. */
  checkOptions(options: readonly string[] | undefined): string | null;
}
