import { joinsTest } from '../core/folds.ts';
import type { BadReason, FileCounts, IngestReport, Superseding } from '../core/ingestReport.ts';
import { fileLine, unusable } from '../core/report/data.ts';
import type { DataSpec } from '../core/spec.ts';
import type { Task } from '../core/tasks/task.ts';
import { printable, quoted } from '../core/text.ts';
import type { Split, StoredExample } from '../core/types.ts';
import type { Known } from '../store/dataset.ts';
import { DigitCount } from './answers.ts';
import { Draw } from './draw.ts';
import { DataError } from './errors.ts';
import { type ExampleOrProblem, exampleOf } from './example.ts';
import { fateOf, type LeftOut, type Strike } from './fate.ts';
import type { RawRecord } from './records.ts';

type Problem = IngestReport['problems'][number];

/** A record, and the example that it holds where it can be read. */
export interface Parsed {
  record: RawRecord;
  found?: ExampleOrProblem;
}

/** Problems a split kept for the report. */
const PROBLEMS_KEPT = 20;

/**
 * Decides of each record whether it becomes an example, and counts why not. The splits come in the
 * order test, labelled, unlabelled, so that an example found in two of them stays where it must:
 * in the test split rather than in any training, and with its gold answer rather than without.
 *
 * Memory: some 55 bytes an example (measured), for the first 16 bytes of its id.
 */
export class Cleaning {
  readonly counts: Record<Split, number> = { labelled: 0, unlabelled: 0, test: 0 };
  readonly #data: DataSpec;
  readonly #task: Task;
  readonly #growTest: number;
  readonly #files: FileCounts[] = [];
  #digits = new DigitCount();
  readonly #problems: Record<Split, Problem[]> = { labelled: [], unlabelled: [], test: [] };
  /** Answers by id, where there are answers. */
  readonly #answers = { test: new Map<string, string>(), labelled: new Map<string, string>() };
  readonly #unlabelled = new Set<string>();
  readonly #superseding: Superseding[] = [];
  /** What is struck out of earlier versions, for what was taken. */
  readonly strikes: Strike[] = [];

  /** @param growTest the share of new labelled examples that join the test split */
  constructor(data: DataSpec, task: Task, growTest = 0) {
    this.#data = data;
    this.#task = task;
    this.#growTest = growTest;
  }

  get report(): IngestReport {
    const { test, labelled, unlabelled } = this.#problems;
    return {
      files: this.#files,
      problems: [...labelled, ...unlabelled, ...test].slice(0, PROBLEMS_KEPT),
      ...(this.#superseding.length > 0 && { superseding: this.#superseding }),
    };
  }

  /** Begins with a file; what is taken from now on counts as its. */
  open(split: Split, file: string): void {
    this.#digits = new DigitCount();
    const none = { rows: 0, kept: 0, repeated: 0, inTest: 0, inLabelled: 0 };
    this.#files.push({ split, file: printable(file), ...none, bad: {}, limited: false });
  }

  /** What a record holds, before anything is counted. */
  parse(record: RawRecord): Parsed {
    if (record.values === undefined) return { record };
    const needsAnswer = this.#file.split !== 'unlabelled';
    return { record, found: exampleOf(record.values, this.#data, this.#task, needsAnswer) };
  }

  /**
   * The example to keep, with the next ordinal of its split, or undefined.
   * @param known what earlier versions of the data set have of its question
   */
  take({ record, found }: Parsed, known: readonly Known[] = []): StoredExample | undefined {
    const file = this.#file;
    const { split } = file;
    const rows = record.values ? 1 : (record.rows ?? 1);
    file.rows += rows;
    if (record.values === undefined)
      return this.#bad(record.line, 'unreadable', record.problem, rows);
    if (found!.counted || found!.example?.answer !== undefined)
      this.#digits.note(found!.counted, record.line);
    if (found!.problem !== undefined) return this.#bad(record.line, found!.reason, found!.problem);
    const { example } = found!;
    const key = keyOf(example);
    if (split === 'unlabelled') {
      if (this.#isKnownUnlabelled(key)) return undefined;
    } else {
      const earlier = this.#answers[split].get(key);
      if (earlier !== undefined && !this.#task.equal(earlier, example.answer!))
        return this.#bad(record.line, 'conflict', 'an earlier row gives another answer to it');
      if (this.#isKnownAnswered(key, split)) return undefined;
    }
    const fate = fateOf(split, example, known, this.#task);
    if (fate.leftOut) return this.#leaveOut(fate.leftOut);
    this.#strike(fate.strikes, record.line);
    // Of what is known a model may have learned, or been asked about.
    const isGrown =
      split === 'labelled' && known.length === 0 && joinsTest(example, this.#growTest);
    if (isGrown) file.grown = (file.grown ?? 0) + 1;
    const joined = isGrown ? 'test' : split;
    if (joined === 'unlabelled') this.#unlabelled.add(key);
    else this.#answers[joined].set(key, example.answer!);
    file.kept += 1;
    return { ...example, split: joined, ordinal: this.counts[joined]++ };
  }

  /** Draws the examples of a split, where the spec wants so; what is kept of it is to be offered. */
  drawOf(split: Split): Draw | undefined {
    const { draw, limits } = this.#data;
    const count = limits[split];
    return draw === undefined || count === undefined ? undefined : new Draw(draw, count);
  }

  /**
   * Of a split of which all files were taken only what was drawn is kept; the others are as if they
   * had not been there. @returns the examples, with their ordinals
   */
  settle(split: Split, draw: Draw): StoredExample[] {
    const { drawn } = draw;
    let first = 0;
    for (const file of this.#of(split)) {
      const end = first + file.kept;
      const kept = drawn.filter(({ ordinal }) => first <= ordinal && ordinal < end).length;
      first = end;
      Object.assign(file, { kept, notDrawn: file.kept - kept });
    }
    this.counts[split] = drawn.length;
    if (split !== 'unlabelled')
      this.#answers[split] = new Map(drawn.map((example) => [keyOf(example), example.answer!]));
    return drawn.map((example, ordinal) => ({ ...example, ordinal }));
  }

  /** Whether the split has as many examples as the spec wants; the rest of the file is not read. */
  isFull(split: Split): boolean {
    if (this.#data.draw !== undefined) return false;
    const full = this.counts[split] >= (this.#data.limits[split] ?? Number.POSITIVE_INFINITY);
    if (full) this.#file.limited = true;
    return full;
  }

  /** Ends with a file. Throws DataError where it does not say which options its digits mean. */
  close(): void {
    this.#digits.check(this.#file.file);
  }

  /** Throws DataError where there are no rows of the split, or too many were bad. */
  checkRows(split: Split, maxBadRows: number): void {
    const files = this.#of(split);
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const bad = files.reduce((sum, file) => sum + unusable(file), 0);
    const listed = this.#problems[split].slice(0, 5);
    const details = listed.length > 0 ? `:${listed.map(describe).join('')}` : '';
    const begin = listed.slice(0, 1).map(({ file, line }) => `, from ${file}, line ${line} on`);
    if (rows === 0) {
      const names = files.map(({ file }) => file).join(', ');
      throw new DataError(`The ${split} files hold no rows: ${names}. Give some with examples`);
    }
    if (bad > rows * maxBadRows) {
      throw new DataError(
        `${bad} of ${rows} ${split} rows cannot be used; at most ${maxBadRows * 100} % may be bad (data.maxBadRows). Mend them${begin}`,
        details,
      );
    }
  }

  /** Throws DataError where no example of the split is left. */
  checkLeft(split: Split): void {
    if (this.counts[split] > 0) return;
    const files = this.#of(split);
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const bad = files.reduce((sum, file) => sum + unusable(file), 0);
    const listed = this.#problems[split].slice(0, 5);
    throw new DataError(
      `No ${split} example is left: of ${rows} rows ${bad} are bad and the others are in another split too. Give other examples`,
      [`: ${files.map(fileLine).join('; ')}`, ...listed.map(describe)].join(''),
    );
  }

  /** Throws DataError where all labelled examples have one label, which would always be given. */
  checkLabels(): void {
    if (this.#task.checkOptions(undefined) !== null) return; // letters of options may be alike
    const [first, ...others] = this.#answers.labelled.values();
    if (others.length === 0 || others.some((answer) => !this.#task.equal(answer, first!))) return;
    throw new DataError(
      'All labelled examples have the same answer, so that there is nothing to learn. Label examples of the other labels, too',
      ` (it is ${quoted(first!)})`,
    );
  }

  #isKnownUnlabelled(key: string): boolean {
    if (this.#answers.test.has(key)) this.#file.inTest += 1;
    else if (this.#answers.labelled.has(key)) this.#file.inLabelled += 1;
    else if (this.#unlabelled.has(key)) this.#file.repeated += 1;
    else return false;
    return true;
  }

  #isKnownAnswered(key: string, split: 'test' | 'labelled'): boolean {
    if (this.#answers[split].has(key)) this.#file.repeated += 1;
    else if (split === 'labelled' && this.#answers.test.has(key)) this.#file.inTest += 1;
    else return false;
    return true;
  }

  #leaveOut(why: LeftOut): undefined {
    this.#file[why] = (this.#file[why] ?? 0) + 1;
  }

  #strike(strikes: readonly Strike[], line: number): void {
    this.strikes.push(...strikes);
    const superseded = strikes.find(({ reason }) => reason === 'superseded');
    if (!superseded) return;
    const { file } = this.#file;
    const { split, ordinal } = superseded;
    this.#file.superseding = (this.#file.superseding ?? 0) + 1;
    if (this.#superseding.length < PROBLEMS_KEPT)
      this.#superseding.push({ file, line, split, ordinal });
  }

  #bad(line: number, reason: BadReason, problem: string, rows = 1): undefined {
    const { split, file, bad } = this.#file;
    bad[reason] = (bad[reason] ?? 0) + rows;
    const problems = this.#problems[split];
    if (problems.length < PROBLEMS_KEPT) problems.push({ file, line, problem: printable(problem) });
  }

  get #file(): FileCounts {
    return this.#files.at(-1)!;
  }

  #of(split: Split): FileCounts[] {
    return this.#files.filter((file) => file.split === split);
  }
}

/** 16 bytes of the id, which take the least memory so. */
const keyOf = ({ id }: Pick<StoredExample, 'id'>): string =>
  Buffer.from(id.slice(0, 32), 'hex').toString('latin1');

function describe({ file, line, problem }: Problem): string {
  return `\n  ${file}, line ${line}: ${problem}`;
}
