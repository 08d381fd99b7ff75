import { type Answer, type AnswerStage, isAway, isGivenUp } from './answer.ts';

/** What became of the answers of one collaborator, or of one evaluated model. */
export interface AnswerTally {
  stage: AnswerStage;
  collaborator: string;
  /** Without those that were away. */
  answers: number;
  /** Answers in which none was found, the cut and those given up included. */
  unread: number;
  /** Answers that were cut off at the most tokens of one. */
  cut: number;
  /** Answers without log-probabilities. */
  withoutEntropy: number;
  /** Requests that the endpoint would not answer, while it answered others. */
  givenUp: number;
  /** Answers without which the run went on, since their endpoint was away for too long. */
  away: number;
}

/** What is counted of an answer. */
export type Counted = Pick<
  Answer,
  'stage' | 'collaborator' | 'parsed' | 'entropy' | 'finishReason'
>;

/** Counts what became of answers, by stage and collaborator. Its size follows from theirs. */
export class Tally {
  readonly #counts = new Map<string, AnswerTally>();

  add({ stage, collaborator, parsed, entropy, finishReason }: Counted): void {
    const key = `${stage}/${collaborator}`;
    const none = { answers: 0, unread: 0, cut: 0, withoutEntropy: 0, givenUp: 0, away: 0 };
    const counts = this.#counts.get(key) ?? { stage, collaborator, ...none };
    this.#counts.set(key, counts);
    if (isAway({ finishReason })) {
      counts.away++;
      return;
    }
    const givenUp = isGivenUp(finishReason);
    counts.answers++;
    if (parsed === null) counts.unread++;
    if (finishReason === 'length') counts.cut++;
    if (givenUp) counts.givenUp++;
    if (entropy === null && !givenUp) counts.withoutEntropy++;
  }

  all(): AnswerTally[] {
    return [...this.#counts.values()];
  }
}

/** Whether any of the answers carries log-probabilities. */
export function haveEntropy(tallies: readonly AnswerTally[]): boolean {
  const { answers, withoutEntropy, givenUp } = sumOf(tallies);
  return withoutEntropy + givenUp < answers;
}

type Counts = Omit<AnswerTally, 'stage' | 'collaborator'>;

/** The counts of several collaborators in one. */
export function sumOf(tallies: readonly AnswerTally[]): Counts {
  const sum = (of: keyof Counts) => tallies.reduce((total, one) => total + one[of], 0);
  return {
    answers: sum('answers'),
    unread: sum('unread'),
    cut: sum('cut'),
    withoutEntropy: sum('withoutEntropy'),
    givenUp: sum('givenUp'),
    away: sum('away'),
  };
}
