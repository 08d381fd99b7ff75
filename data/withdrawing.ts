import type { Withdrawal } from '../core/ingestReport.ts';
import { ranges } from '../core/range.ts';
import type { Joining } from '../core/review/review.ts';
import type { DataSpec } from '../core/spec.ts';
import type { Task } from '../core/tasks/task.ts';
import type { Dataset, Known } from '../store/dataset.ts';
import { placeOf, type Struck } from '../store/struck.ts';
import { checkColumns } from './columns.ts';
import { DataError } from './errors.ts';
import { exampleOf } from './example.ts';
import { readRecords } from './read.ts';
import type { LocalSource } from './source.ts';

/** Ids that are looked up at once. */
const AT_ONCE = 1_000;

/**
 * What is struck out of a data set once rows of it are withdrawn. In contrast to an addition it may
 * also bring examples back: what a wrong segment has taken the place of.
 */
export class Withdrawing {
  readonly withdrawals: Withdrawal[] = [];
  readonly #dataset: Dataset;
  readonly #by: number;
  readonly #struck: Map<string, Struck>;

  private constructor(dataset: Dataset, by: number, struck: readonly Struck[]) {
    this.#dataset = dataset;
    this.#by = by;
    this.#struck = new Map(struck.map((one) => [placeOf(one), one]));
  }

  /** @param dataset the version before */
  static async from(dataset: Dataset): Promise<Withdrawing> {
    const { length: by } = await dataset.versions();
    return new Withdrawing(dataset, by, await dataset.allStruck());
  }

  /** All that is struck out now. */
  get struck(): Struck[] {
    return [...this.#struck.values()];
  }

  /**
   * Withdraws the rows of a file, whatever split they are in, for good: they will not come again.
   * Throws DataError at the first row that cannot be read, since whose row it is is not known then.
   */
  async file(source: LocalSource, data: DataSpec, task: Task, signal?: AbortSignal): Promise<void> {
    const withdrawal = { of: source.name, rows: 0, unknown: 0 };
    let isFirst = true;
    for await (const batch of readRecords(source, { separator: data.separator, signal })) {
      if (isFirst) checkColumns(batch, source.name, 'unlabelled', data, task);
      isFirst = false;
      const ids = batch.records.map(({ line, values, problem }) => {
        const found = values ? exampleOf(values, data, task, false) : { problem };
        if ('example' in found && found.example) return found.example.id;
        throw new DataError(
          `${source.name}, line ${line}: which example this is cannot be read. Mend the row; nothing is withdrawn`,
          ` (${found.problem})`,
        );
      });
      withdrawal.rows += ids.length;
      withdrawal.unknown += await this.#withdraw(ids);
    }
    if (withdrawal.rows === 0)
      throw new DataError(`${source.name} holds no rows. Give the rows to withdraw`);
    this.withdrawals.push(withdrawal);
  }

  /** Withdraws what a review has called a bad example, for good. */
  async reviewed(bad: readonly Joining[]): Promise<void> {
    if (bad.length === 0) return;
    const unknown = await this.#withdraw(bad.map(({ exampleId }) => exampleId));
    this.withdrawals.push({ of: 'bad examples of reviews', rows: bad.length, unknown });
  }

  /**
   * Strikes out a segment that was wrong. What it took the place of counts again, and its rows may come
   * again, mended. Throws DataError where there is no such segment.
   */
  async segment(number: number): Promise<void> {
    const versions = await this.#dataset.versions();
    if (!(number in versions))
      throw new DataError(
        `There is no segment ${number}: the data have segments 0 to ${versions.length - 1}`,
      );
    const withdrawal = { of: `segment ${number}`, rows: 0, unknown: 0 };
    for await (const ids of this.#dataset.idsOf(number)) {
      withdrawal.rows += ids.length;
      for await (const rows of this.#rowsOf(ids)) this.#withoutSegment(rows, number);
    }
    this.withdrawals.push(withdrawal);
  }

  /** @returns of how many there is nothing */
  async #withdraw(ids: readonly string[]): Promise<number> {
    let known = 0;
    for await (const rows of this.#rowsOf(ids)) {
      known++;
      for (const row of rows) this.#strike(row, 'withdrawn');
    }
    return new Set(ids).size - known;
  }

  /** All rows of each id that there is something of. */
  async *#rowsOf(ids: readonly string[]): AsyncGenerator<Known[]> {
    const distinct = [...new Set(ids)];
    for (const { from, to } of ranges(distinct.length, AT_ONCE))
      yield* (await this.#dataset.lookUp(distinct.slice(from, to))).values();
  }

  #withoutSegment(rows: readonly Known[], number: number): void {
    const reasonOf = (row: Known) => this.#struck.get(placeOf(row))?.reason;
    if (rows.some((row) => reasonOf(row) === 'withdrawn')) return;
    for (const row of rows) if (row.segment === number) this.#strike(row, 'segment');
    if (rows.some((row) => reasonOf(row) === undefined)) return;
    // The newest gold answer, or the question without one.
    const left = rows.filter((row) => reasonOf(row) !== 'segment');
    const best = left.findLast(({ split }) => split !== 'unlabelled') ?? left.at(-1);
    if (best) this.#struck.delete(placeOf(best));
  }

  #strike({ split, ordinal, id }: Known, reason: Struck['reason']): void {
    const one = { split, ordinal, id, reason, by: this.#by };
    this.#struck.set(placeOf(one), one);
  }
}
