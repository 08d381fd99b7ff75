import { answerKey } from '../core/shots.ts';
import type { Answer, AnswerStage, OrdinalRange, Split, Usage } from '../core/types.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';
import { all, equals, within } from './sql.ts';
import { addUsage, noUsage } from './usage.ts';

type AnswerRow = Answer & {
  /** Which attempt of its activity wrote the row, counted from 1. */
  attempt: number;
};

/** The answers of a run, one a key (`answerKey`). */
export class Answers {
  readonly #log: Log<AnswerRow>;

  constructor(database: Database) {
    this.#log = new Log<AnswerRow>(database, {
      name: 'answers',
      schema: schemaOf({
        round: types.int,
        stage: types.string,
        split: types.string,
        ordinal: types.int,
        exampleId: types.string,
        collaborator: types.string,
        sample: types.int,
        attempt: types.int,
        model: types.string,
        text: types.string,
        'parsed?': types.string,
        'entropy?': types.double,
        promptTokens: types.int,
        cachedTokens: types.int,
        completionTokens: types.int,
        finishReason: types.string,
      }),
      key: answerKey,
    });
  }

  add(answers: readonly Answer[], attempt: number): Promise<void> {
    return this.#log.append(answers.map((answer) => ({ ...answer, attempt })));
  }

  async read(of: {
    round: number;
    stage: AnswerStage;
    split?: Split;
    range: OrdinalRange;
  }): Promise<Answer[]> {
    const { round, stage, split, range } = of;
    const rows = await this.#log.read(all(equals({ round, stage, split }), within(range)));
    return rows.map(withoutAttempt);
  }

  async *scan({ round, stage }: { round: number; stage: AnswerStage }): AsyncGenerator<Answer[]> {
    for await (const rows of this.#log.scan(equals({ round, stage }))) {
      yield rows.map(withoutAttempt);
    }
  }

  /**
   * What all answers of a round cost, by stage. Repeated ones were paid for too and count. The
   * first of several samples of one request carries its prompt tokens, so rows with prompt tokens
   * are requests.
   */
  async usage(round: number): Promise<Record<string, Usage>> {
    const usage: Record<string, Usage> = {};
    const rows = this.#log.every(equals({ round }), [
      'stage',
      'promptTokens',
      'cachedTokens',
      'completionTokens',
    ]);
    for await (const batch of rows) {
      for (const { stage, ...tokens } of batch) {
        const requests = tokens.promptTokens > 0 ? 1 : 0;
        usage[stage] = addUsage(usage[stage] ?? noUsage, { ...tokens, requests });
      }
    }
    return usage;
  }

  optimize(): Promise<void> {
    return this.#log.optimize();
  }
}

function withoutAttempt({ attempt: _, ...answer }: AnswerRow): Answer {
  return answer;
}
