import type { Answer, AnswerStage } from '../core/answer.ts';
import { answerKey, usageOfAnswer } from '../core/answer.ts';
import type { AnswerTally } from '../core/tally.ts';
import { Tally } from '../core/tally.ts';
import type { OrdinalRange } from '../core/types.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { PartitionedLog } from './partitionedLog.ts';
import { Spending } from './spending.ts';
import { equals } from './sql.ts';

type AnswerRow = Omit<Answer, 'shares'> & {
  /** As JSON. */
  shares: string | null;
  /** Which attempt of its activity wrote the row, counted from 1. */
  attempt: number;
};

/** The columns of an answer's key, and those that are counted. */
const TALLIED = [
  ...(['round', 'stage', 'ordinal', 'exampleId', 'collaborator', 'sample'] as const),
  ...(['parsed', 'entropy', 'finishReason'] as const),
];

const answersTable = (round: number) => `answers-r${round}`;

/** The rounds that have answers among the tables of a run, in order. */
export async function roundsWithAnswers(database: Database): Promise<number[]> {
  const numbers = (await database.names()).map((name) => /^answers-r(\d+)\./.exec(name)?.[1]);
  const rounds = new Set(numbers.filter((number) => number !== undefined).map(Number));
  return [...rounds].sort((a, b) => a - b);
}

/** The answers of one round of a run, one a key (`answerKey`). */
export class Answers {
  readonly #log: PartitionedLog<AnswerRow>;

  constructor(database: Database, round: number) {
    this.#log = new PartitionedLog<AnswerRow>(database, {
      name: answersTable(round),
      schema: schemaOf({
        round: types.int,
        stage: types.string,
        split: types.string,
        ordinal: types.int,
        exampleId: types.string,
        collaborator: types.string,
        sample: types.int,
        attempt: types.int,
        endpoint: types.string,
        model: types.string,
        transport: types.string,
        text: types.string,
        'parsed?': types.string,
        'entropy?': types.double,
        'probability?': types.double,
        'shares?': types.string,
        'promptTokens?': types.int,
        'cachedTokens?': types.int,
        'completionTokens?': types.int,
        finishReason: types.string,
      }),
      key: answerKey,
    });
  }

  add(answers: readonly Answer[], attempt: number): Promise<void> {
    return this.#log.append(
      answers.map(({ shares, ...answer }) => ({
        ...{ ...answer, attempt },
        shares: shares && JSON.stringify(shares),
      })),
    );
  }

  async read(stage: AnswerStage, range: OrdinalRange): Promise<Answer[]> {
    return (await this.#log.read(range, equals({ stage }))).map(asAnswer);
  }

  async *scan(stage: AnswerStage): AsyncGenerator<Answer[]> {
    for await (const rows of this.#log.scan(equals({ stage }))) yield rows.map(asAnswer);
  }

  /** What became of the answers of a stage. */
  async tally(stage: AnswerStage): Promise<AnswerTally[]> {
    const tally = new Tally();
    for await (const rows of this.#log.scan(equals({ stage }), TALLIED))
      for (const row of rows) tally.add(row);
    return tally.all();
  }

  /**
   * What all answers of the round cost, by stage, endpoint, model and transport. Repeated ones were
   * paid for too and count.
   */
  async usage(): Promise<Spending> {
    const spending = new Spending();
    const of = ['stage', 'endpoint', 'model', 'transport'] as const;
    const columns = [...of, 'promptTokens', 'cachedTokens', 'completionTokens'] as const;
    for await (const batch of this.#log.every('', columns)) {
      for (const row of batch) {
        const { stage: phase, endpoint, model, transport } = row;
        if (endpoint !== '')
          spending.add({ phase, endpoint, model, transport }, usageOfAnswer(row));
      }
    }
    return spending;
  }

  optimize(range: OrdinalRange): Promise<void> {
    return this.#log.optimize(range);
  }

  drop(): Promise<void> {
    return this.#log.drop();
  }
}

function asAnswer({ attempt: _, shares, ...answer }: AnswerRow): Answer {
  return { ...answer, shares: shares === null ? null : JSON.parse(shares) };
}
