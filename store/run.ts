import type {
  Answer,
  AnswerStage,
  ModelRole,
  Neighbours,
  OrdinalRange,
  PseudoLabel,
  Split,
  Usage,
} from '../core/types.ts';
import { Answers } from './answers.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';
import { all, equals, within } from './sql.ts';
import { addUsage, noUsage } from './usage.ts';

/** The result of one model on the test split. */
export interface EvaluationRecord {
  round: number;
  role: ModelRole;
  model: string;
  correct: number;
  total: number;
}

/** What was paid for outside of the answers: embeddings, training, batches. */
export interface SpendRecord {
  round: number;
  phase: string;
  model: string;
  usage: Usage;
  /** Unique for what was paid, so that a retry does not count it again. */
  key: string;
}

type SpendRow = Omit<SpendRecord, 'usage'> & Usage;

/**
 * The tables of one run. All are append-only and safe with many writers; of rows with one key the
 * first committed counts.
 */
export class RunTables {
  readonly #neighbours: Log<Neighbours>;
  readonly #answers: Answers;
  readonly #pseudoLabels: Log<PseudoLabel>;
  readonly #evaluations: Log<EvaluationRecord>;
  readonly #spend: Log<SpendRow>;

  constructor(database: Database) {
    this.#answers = new Answers(database);
    this.#neighbours = new Log<Neighbours>(database, {
      name: 'neighbours',
      schema: schemaOf({
        round: types.int,
        ordinal: types.int,
        exampleId: types.string,
        labelled: types.ints,
        distances: types.doubles,
      }),
      key: (row) => `${row.round}/${row.ordinal}`,
    });
    this.#pseudoLabels = new Log<PseudoLabel>(database, {
      name: 'pseudo_labels',
      schema: schemaOf({
        round: types.int,
        ordinal: types.int,
        exampleId: types.string,
        'label?': types.string,
        agreed: types.boolean,
        'entropy?': types.double,
        votes: types.int,
        collaborators: types.int,
      }),
      key: (row) => `${row.round}/${row.ordinal}`,
    });
    this.#evaluations = new Log<EvaluationRecord>(database, {
      name: 'evaluations',
      schema: schemaOf({
        round: types.int,
        role: types.string,
        model: types.string,
        correct: types.int,
        total: types.int,
      }),
      key: (row) => `${row.round}/${row.role}`,
    });
    this.#spend = new Log<SpendRow>(database, {
      name: 'spend',
      schema: schemaOf({
        round: types.int,
        phase: types.string,
        model: types.string,
        key: types.string,
        requests: types.double,
        promptTokens: types.double,
        cachedTokens: types.double,
        completionTokens: types.double,
        trainedTokens: types.double,
      }),
      key: (row) => row.key,
    });
  }

  addNeighbours(rows: readonly Neighbours[]): Promise<void> {
    return this.#neighbours.append(rows);
  }

  /** The neighbours of the unlabelled examples of the range, by ordinal. */
  async neighbours(round: number, range: OrdinalRange): Promise<Map<number, Neighbours>> {
    const rows = await this.#neighbours.read(all(equals({ round }), within(range)));
    return new Map(rows.map((row) => [row.ordinal, row]));
  }

  addAnswers(answers: readonly Answer[], attempt: number): Promise<void> {
    return this.#answers.add(answers, attempt);
  }

  answers(of: {
    round: number;
    stage: AnswerStage;
    split?: Split;
    range: OrdinalRange;
  }): Promise<Answer[]> {
    return this.#answers.read(of);
  }

  /** All answers of a stage by ascending batches of ordinals; an example's stay together. */
  scanAnswers(of: { round: number; stage: AnswerStage }): AsyncIterable<Answer[]> {
    return this.#answers.scan(of);
  }

  addPseudoLabels(rows: readonly PseudoLabel[]): Promise<void> {
    return this.#pseudoLabels.append(rows);
  }

  pseudoLabels(round: number, range: OrdinalRange): Promise<PseudoLabel[]> {
    return this.#pseudoLabels.read(all(equals({ round }), within(range)));
  }

  /** All pseudo-labels of a round by ascending batches of ordinals. */
  scanPseudoLabels(round: number): AsyncIterable<PseudoLabel[]> {
    return this.#pseudoLabels.scan(equals({ round }));
  }

  addEvaluation(evaluation: EvaluationRecord): Promise<void> {
    return this.#evaluations.append([evaluation]);
  }

  evaluations(round: number): Promise<EvaluationRecord[]> {
    return this.#evaluations.read(equals({ round }));
  }

  addSpend({ usage, ...record }: SpendRecord): Promise<void> {
    return this.#spend.append([{ ...record, ...usage }]);
  }

  /** What a round cost, by phase: the recorded spend, and the answers under their stage's name. */
  async spend(round: number): Promise<Record<string, Usage>> {
    const spend = await this.#answers.usage(round);
    for (const row of await this.#spend.read(equals({ round }))) {
      spend[row.phase] = addUsage(spend[row.phase] ?? noUsage, row);
    }
    return spend;
  }

  /** Compacts all tables and forgets versions older than an hour. For one caller at a time. */
  async optimize(): Promise<void> {
    for (const table of [
      this.#answers,
      this.#neighbours,
      this.#pseudoLabels,
      this.#evaluations,
      this.#spend,
    ]) {
      await table.optimize();
    }
  }
}
