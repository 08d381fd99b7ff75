import type { DataSpec } from '../../core/spec.ts';
import type { Task } from '../../core/tasks.ts';
import type { IngestReport, Split, StoredExample } from '../../core/types.ts';
import { DataError } from './errors.ts';
import { exampleOf } from './example.ts';
import type { RawRecord } from './records.ts';

type Problem = IngestReport['problems'][number];

/** Problems a split kept for the report. */
const problemsKept = 20;

/**
 * Decides of each record whether it becomes an example, and counts why not. The splits come in the
 * order test, labelled, unlabelled, so that an example found in two of them stays where it must:
 * in the test split rather than in any training, and with its gold answer rather than without.
 *
 * Memory: some 55 bytes an example (measured), for the first 16 bytes of its id.
 */
export class Cleaning {
  readonly counts: Record<Split, number> = { labelled: 0, unlabelled: 0, test: 0 };
  readonly #columns: DataSpec['columns'];
  readonly #task: Task;
  readonly #rows: Record<Split, number> = { labelled: 0, unlabelled: 0, test: 0 };
  readonly #badRows: Record<Split, number> = { labelled: 0, unlabelled: 0, test: 0 };
  readonly #duplicates: Record<Split, number> = { labelled: 0, unlabelled: 0, test: 0 };
  readonly #contamination = { labelledInTest: 0, unlabelledInTest: 0, unlabelledInLabelled: 0 };
  readonly #problems: Record<Split, Problem[]> = { labelled: [], unlabelled: [], test: [] };
  /** Answers by id, where there are answers. */
  readonly #answers = { test: new Map<string, string>(), labelled: new Map<string, string>() };
  readonly #unlabelled = new Set<string>();

  constructor(columns: DataSpec['columns'], task: Task) {
    this.#columns = columns;
    this.#task = task;
  }

  get report(): IngestReport {
    const { test, labelled, unlabelled } = this.#problems;
    return {
      duplicates: this.#duplicates,
      contamination: this.#contamination,
      badRows: this.#badRows,
      problems: [...labelled, ...unlabelled, ...test].slice(0, problemsKept),
    };
  }

  /** The example to keep, with the next ordinal of its split, or undefined. */
  take(record: RawRecord, file: string, split: Split): StoredExample | undefined {
    this.#rows[split] += 1;
    if (record.values === undefined) return this.#bad(split, file, record.line, record.problem);
    const needsAnswer = split !== 'unlabelled';
    const found = exampleOf(record.values, this.#columns, this.#task, needsAnswer);
    if ('problem' in found) return this.#bad(split, file, record.line, found.problem);
    const { example } = found;
    const key = Buffer.from(example.id.slice(0, 32), 'hex').toString('latin1');
    if (split === 'unlabelled') {
      if (this.#isKnownUnlabelled(key)) return undefined;
    } else {
      const earlier = this.#answers[split].get(key);
      if (earlier !== undefined && !this.#task.equal(earlier, example.answer!)) {
        return this.#bad(split, file, record.line, 'an earlier row gives another answer to it');
      }
      if (this.#isKnownAnswered(key, split)) return undefined;
      this.#answers[split].set(key, example.answer!);
    }
    return { ...example, split, ordinal: this.counts[split]++ };
  }

  /** Throws DataError where too many rows of the split were bad, or no example is left. */
  check(split: Split, maxBadRows: number): void {
    const [rows, bad] = [this.#rows[split], this.#badRows[split]];
    const problems = this.#problems[split].slice(0, 5).map(describe).join('');
    if (rows === 0) throw new DataError(`The ${split} files hold no rows. Give some with examples`);
    if (bad > rows * maxBadRows) {
      throw new DataError(
        `${bad} of ${rows} ${split} rows cannot be used; at most ${maxBadRows * 100} % may be bad (data.maxBadRows). Mend them:${problems}`,
      );
    }
    if (this.counts[split] > 0) return;
    throw new DataError(
      `No ${split} example is left: of ${rows} rows ${bad} are bad and the others are in another split too. Give other examples${problems}`,
    );
  }

  #isKnownUnlabelled(key: string): boolean {
    if (this.#answers.test.has(key)) this.#contamination.unlabelledInTest += 1;
    else if (this.#answers.labelled.has(key)) this.#contamination.unlabelledInLabelled += 1;
    else if (this.#unlabelled.has(key)) this.#duplicates.unlabelled += 1;
    else {
      this.#unlabelled.add(key);
      return false;
    }
    return true;
  }

  #isKnownAnswered(key: string, split: 'test' | 'labelled'): boolean {
    if (this.#answers[split].has(key)) this.#duplicates[split] += 1;
    else if (split === 'labelled' && this.#answers.test.has(key)) {
      this.#contamination.labelledInTest += 1;
    } else return false;
    return true;
  }

  #bad(split: Split, file: string, line: number, problem: string): undefined {
    this.#badRows[split] += 1;
    const problems = this.#problems[split];
    if (problems.length < problemsKept) problems.push({ file, line, problem });
  }
}

function describe({ file, line, problem }: Problem): string {
  return `\n  ${file}, line ${line}: ${problem}`;
}
