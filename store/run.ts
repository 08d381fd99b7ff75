import type { DataType } from 'apache-arrow';
import type { Meanings } from '../core/agreement.ts';
import type { Answer, AnswerStage } from '../core/answer.ts';
import type { PseudoLabel, Verdict } from '../core/consensus.ts';
import type { Promotion } from '../core/living/promotion.ts';
import type { RoundReport } from '../core/roundReport.ts';
import type { AnswerTally } from '../core/tally.ts';
import type { ModelRole, Neighbours, OrdinalRange, Split } from '../core/types.ts';
import type { ModelUsage, Transport, Usage } from '../core/usage.ts';
import { Answers, roundsWithAnswers } from './answers.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { DroppedRounds } from './droppedRounds.ts';
import { Log } from './log.ts';
import { PartitionedLog } from './partitionedLog.ts';
import { Promotions } from './promotions.ts';
import { Spending } from './spending.ts';
import { equals } from './sql.ts';

/** The result of one model on the test split, by one metric. */
export interface EvaluationRecord {
  round: number;
  role: ModelRole;
  model: string;
  metric: string;
  got: number;
  of: number;
}

/** Which of the collaborators' answers to one example mean the same. */
export interface MeaningsRecord extends Meanings {
  round: number;
  split: Split;
  ordinal: number;
  exampleId: string;
}

/** What a classifier over embeddings says of an example: the share of each class of the task, in order. */
export interface ViewRecord {
  round: number;
  split: Split;
  ordinal: number;
  exampleId: string;
  shares: number[];
}

/** Examples of a split, in a round. */
export interface SplitRange {
  round: number;
  split: Split;
  range: OrdinalRange;
}

/** What was paid for outside of the answers: embeddings, training, deployments. */
export interface SpendRecord {
  round: number;
  phase: string;
  endpoint: string;
  model: string;
  transport: Transport;
  usage: Usage;
  /** Unique for what was paid, so that a retry does not count it again. */
  key: string;
}

/** The key under which is recorded what the training of a model was paid for. */
export const trainingSpendKey = (jobKey: string): string => `fine-tune/${jobKey}`;

/** What a round believes about an unlabelled example. */
export type VerdictRow = Verdict & Pick<PseudoLabel, 'ordinal' | 'exampleId'>;

/** An unlabelled example whose pseudo-label goes into training. */
export interface SelectedRow {
  round: number;
  ordinal: number;
  exampleId: string;
  /** What it was ranked by, the lower the surer; null where a rule keeps what has none. */
  score: number | null;
  /** How often it counts in training: a whole number, 1 or more. */
  weight: number;
}

const VERDICT = [
  ...(['ordinal', 'exampleId', 'label', 'agreed', 'entropy', 'probability'] as const),
  ...(['neighbours', 'votes', 'collaborators'] as const),
] satisfies (keyof VerdictRow)[];

type SpendRow = Omit<SpendRecord, 'usage'> & Usage;

/** An unlabelled example, and the round that has selected it first. */
export type TaughtRow = Pick<SelectedRow, 'round' | 'ordinal'>;

interface ReportRow {
  round: number;
  /** As JSON. */
  report: string;
}

/**
 * The tables of one run. All are append-only and safe with many writers; of rows with one key the
 * first committed counts. What grows with the pool is kept by round and partition.
 */
export class RunTables {
  readonly #database: Database;
  readonly #evaluations: Log<EvaluationRecord>;
  readonly #spend: Log<SpendRow>;
  readonly #reports: Log<ReportRow>;
  readonly #promotions: Promotions;
  readonly #dropped: DroppedRounds;
  readonly #taught: PartitionedLog<TaughtRow>;

  constructor(database: Database) {
    this.#database = database;
    this.#evaluations = new Log<EvaluationRecord>(database, {
      name: 'evaluations',
      schema: schemaOf({
        round: types.int,
        role: types.string,
        model: types.string,
        metric: types.string,
        got: types.double,
        of: types.double,
      }),
      key: (row) => `${row.round}/${row.role}/${row.metric}`,
    });
    this.#spend = new Log<SpendRow>(database, {
      name: 'spend',
      schema: schemaOf({
        round: types.int,
        phase: types.string,
        endpoint: types.string,
        model: types.string,
        transport: types.string,
        key: types.string,
        requests: types.double,
        unmetered: types.double,
        promptTokens: types.double,
        cachedTokens: types.double,
        completionTokens: types.double,
        trainedTokens: types.double,
        deployedSeconds: types.double,
      }),
      key: (row) => row.key,
    });
    this.#reports = new Log<ReportRow>(database, {
      name: 'reports',
      schema: schemaOf({ round: types.int, report: types.string }),
      key: (row) => `${row.round}`,
    });
    this.#promotions = new Promotions(database);
    this.#dropped = new DroppedRounds(database);
    this.#taught = new PartitionedLog<TaughtRow>(database, {
      name: 'taught',
      schema: schemaOf({ round: types.int, ordinal: types.int }),
      key: (row) => `${row.ordinal}`,
    });
  }

  addNeighbours(rows: readonly Neighbours[]): Promise<void> {
    return byRound(rows, (round, part) => this.#neighbours(round).append(part));
  }

  /** The neighbours of the examples of a split in the range, by ordinal. */
  neighbours(of: SplitRange): Promise<Map<number, Neighbours>> {
    return bySplit(this.#neighbours(of.round), of);
  }

  /** The neighbours of some examples of a split, by ordinal. */
  async neighboursAt({
    round,
    split,
    ordinals,
  }: {
    round: number;
    split: Split;
    ordinals: readonly number[];
  }): Promise<Map<number, Neighbours>> {
    const rows = await this.#neighbours(round).at(ordinals);
    return new Map(rows.filter((row) => row.split === split).map((row) => [row.ordinal, row]));
  }

  addAnswers(answers: readonly Answer[], attempt: number): Promise<void> {
    return byRound(answers, (round, part) => this.#answers(round).add(part, attempt));
  }

  answers(of: { round: number; stage: AnswerStage; range: OrdinalRange }): Promise<Answer[]> {
    return this.#answers(of.round).read(of.stage, of.range);
  }

  /** All answers of a stage by ascending batches of ordinals; an example's stay together. */
  scanAnswers(of: { round: number; stage: AnswerStage }): AsyncIterable<Answer[]> {
    return this.#answers(of.round).scan(of.stage);
  }

  /** What became of the answers of a stage, by collaborator. */
  tally(of: { round: number; stage: AnswerStage }): Promise<AnswerTally[]> {
    return this.#answers(of.round).tally(of.stage);
  }

  addMeanings(rows: readonly MeaningsRecord[]): Promise<void> {
    return byRound(rows, (round, part) => this.#meanings(round).append(part));
  }

  /** Which answers to the examples of a split in the range mean the same, by ordinal. */
  meanings(of: SplitRange): Promise<Map<number, MeaningsRecord>> {
    return bySplit(this.#meanings(of.round), of);
  }

  addViews(rows: readonly ViewRecord[]): Promise<void> {
    return byRound(rows, (round, part) => this.#views(round).append(part));
  }

  /** What the classifier over embeddings says of the examples of a split in the range, by ordinal. */
  views(of: SplitRange): Promise<Map<number, ViewRecord>> {
    return bySplit(this.#views(of.round), of);
  }

  addPseudoLabels(rows: readonly PseudoLabel[]): Promise<void> {
    return byRound(rows, (round, part) => this.#pseudoLabels(round).append(part));
  }

  pseudoLabels(round: number, range: OrdinalRange): Promise<PseudoLabel[]> {
    return this.#pseudoLabels(round).read(range);
  }

  /**
   * All pseudo-labels of a round by ascending batches of ordinals, without the responses, which may
   * be long.
   */
  scanVerdicts(round: number): AsyncIterable<VerdictRow[]> {
    return this.#pseudoLabels(round).scan('', VERDICT);
  }

  addSelected(rows: readonly SelectedRow[]): Promise<void> {
    return byRound(rows, (round, part) => this.#selected(round).append(part));
  }

  /** Notes what a round has selected for later rounds, which may not ask about it again. */
  addTaught(rows: readonly TaughtRow[]): Promise<void> {
    return this.#taught.append(rows.map(({ round, ordinal }) => ({ round, ordinal })));
  }

  /** The round that has selected each example of the range first, by ordinal. */
  async taught(range: OrdinalRange): Promise<Map<number, number>> {
    const rows = await this.#taught.read(range);
    return new Map(rows.map(({ ordinal, round }) => [ordinal, round]));
  }

  /** All of these, by ascending batches of ordinals. */
  scanTaught(): AsyncIterable<TaughtRow[]> {
    return this.#taught.scan();
  }

  /** What is selected in a round, of the range, by ascending ordinals. */
  async selected(round: number, range: OrdinalRange): Promise<SelectedRow[]> {
    const rows = await this.#selected(round).read(range);
    return rows.sort((a, b) => a.ordinal - b.ordinal);
  }

  /** What is selected in a round, by ascending batches of ordinals. */
  scanSelected(round: number): AsyncIterable<SelectedRow[]> {
    return this.#selected(round).scan();
  }

  addEvaluations(evaluations: readonly EvaluationRecord[]): Promise<void> {
    return this.#evaluations.append(evaluations);
  }

  /** What models were graded in a round, or in all of them. */
  evaluations(round?: number): Promise<EvaluationRecord[]> {
    return this.#evaluations.read(equals({ round }));
  }

  /** In which rounds a model was graded, and as what. */
  evaluationsOf(model: string): Promise<EvaluationRecord[]> {
    return this.#evaluations.read(equals({ model }));
  }

  addSpend({ usage, ...record }: SpendRecord): Promise<void> {
    return this.#spend.append([{ ...record, ...usage }]);
  }

  /** What was paid for in a round under these keys. */
  async spendOf(round: number, keys: readonly string[]): Promise<SpendRecord[]> {
    return (await this.spendUnder(keys)).filter((row) => row.round === round);
  }

  /** What was paid for under these keys, in any round. */
  async spendUnder(keys: readonly string[]): Promise<SpendRecord[]> {
    const rows = await this.#spend.readAmong('key', keys);
    return rows.map(({ round, phase, endpoint, model, transport, key, ...usage }) => ({
      ...{ round, phase, endpoint, model, transport, key },
      usage,
    }));
  }

  /**
   * What a round cost, by phase, endpoint, model and transport: the recorded spend, and the answers under their
   * stage's name.
   */
  async spend(round: number): Promise<ModelUsage[]> {
    const spending = new Spending();
    const dropped = (await this.#dropped.all()).get(round);
    for (const used of dropped ?? (await this.#answers(round).usage()).all())
      spending.add(used, used);
    for (const row of await this.#spend.read(equals({ round }))) spending.add(row, row);
    return spending.all();
  }

  /**
   * Records a round's report, unless it has one: of two attempts the seconds may differ.
   * @returns the one it has now
   */
  async addReport(report: RoundReport): Promise<RoundReport> {
    await this.#reports.append([{ round: report.round, report: JSON.stringify(report) }]);
    const reports = await this.reports();
    return reports.find(({ round }) => round === report.round)!;
  }

  /** The reports of the rounds that have ended, in their order. */
  async reports(): Promise<RoundReport[]> {
    const rows = await this.#reports.read();
    return rows.map((row): RoundReport => JSON.parse(row.report)).sort((a, b) => a.round - b.round);
  }

  /** Records a change of the champion, unless its number is taken. @returns the one of that number now */
  addPromotion(promotion: Promotion): Promise<Promotion> {
    return this.#promotions.add(promotion);
  }

  /** The changes of the champion, by number: the last is the present one. None before it has begun. */
  promotions(): Promise<Promotion[]> {
    return this.#promotions.all();
  }

  /** The rounds that still have answers, in order. */
  roundsWithAnswers(): Promise<number[]> {
    return roundsWithAnswers(this.#database);
  }

  /** The rounds whose answers were dropped, in order. */
  async dropped(): Promise<number[]> {
    return [...(await this.#dropped.all()).keys()].sort((a, b) => a - b);
  }

  /**
   * Drops the answers of a round that has ended, and their neighbours, meanings and views; what they have
   * cost is noted before. Pseudo-labels, selected, evaluations and report stay.
   */
  async drop(round: number): Promise<void> {
    await this.#dropped.add(round, (await this.#answers(round).usage()).all());
    await this.#neighbours(round).drop();
    await this.#meanings(round).drop();
    await this.#views(round).drop();
    await this.#answers(round).drop(); // last: by them it is known what is left to drop
  }

  /** Compacts what a round holds of the examples of the range. For one caller at a time. */
  async optimize(round: number, range: OrdinalRange): Promise<void> {
    await this.#answers(round).optimize(range);
    await this.#neighbours(round).optimize(range);
    await this.#meanings(round).optimize(range);
    await this.#views(round).optimize(range);
    await this.#pseudoLabels(round).optimize(range);
    await this.#spend.optimize();
  }

  #answers(round: number): Answers {
    return new Answers(this.#database, round);
  }

  #neighbours(round: number): PartitionedLog<Neighbours> {
    const columns = { labelled: types.ints, similarities: types.doubles };
    return this.#ofSplits(`neighbours-r${round}`, columns);
  }

  #meanings(round: number): PartitionedLog<MeaningsRecord> {
    return this.#ofSplits(`meanings-r${round}`, { answers: types.strings, groups: types.ints });
  }

  #views(round: number): PartitionedLog<ViewRecord> {
    return this.#ofSplits(`views-r${round}`, { shares: types.doubles });
  }

  /** A row for each example of any split. */
  #ofSplits<Row extends SplitRow>(name: string, columns: Record<string, DataType>) {
    return new PartitionedLog<Row>(this.#database, {
      name,
      schema: schemaOf({
        round: types.int,
        split: types.string,
        ordinal: types.int,
        exampleId: types.string,
        ...columns,
      }),
      key: (row) => `${row.split}/${row.ordinal}`,
    });
  }

  #pseudoLabels(round: number): PartitionedLog<PseudoLabel> {
    return new PartitionedLog(this.#database, {
      name: `pseudo_labels-r${round}`,
      schema: schemaOf({
        round: types.int,
        ordinal: types.int,
        exampleId: types.string,
        'label?': types.string,
        agreed: types.boolean,
        'entropy?': types.double,
        'probability?': types.double,
        'neighbours?': types.double,
        votes: types.int,
        collaborators: types.int,
        'response?': types.string,
      }),
      key: (row) => `${row.ordinal}`,
    });
  }

  #selected(round: number): PartitionedLog<SelectedRow> {
    return new PartitionedLog(this.#database, {
      name: `selected-r${round}`,
      schema: schemaOf({
        round: types.int,
        ordinal: types.int,
        exampleId: types.string,
        'score?': types.double,
        weight: types.int,
      }),
      key: (row) => `${row.ordinal}`,
    });
  }
}

type SplitRow = Pick<MeaningsRecord, 'round' | 'split' | 'ordinal' | 'exampleId'>;

async function bySplit<Row extends SplitRow>(
  log: PartitionedLog<Row>,
  { split, range }: SplitRange,
): Promise<Map<number, Row>> {
  const rows = await log.read(range, equals({ split }));
  return new Map(rows.map((row) => [row.ordinal, row]));
}

async function byRound<Row extends { round: number }>(
  rows: readonly Row[],
  append: (round: number, rows: Row[]) => Promise<void>,
): Promise<void> {
  const rounds = Map.groupBy(rows, ({ round }) => round);
  await Promise.all(Array.from(rounds, ([round, part]) => append(round, part)));
}
