import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config.ts';
import type { Arrived } from '../core/living/arrival.ts';
import { ranges } from '../core/range.ts';
import { Registry } from '../core/registry.ts';
import { LAYOUTS, type LayoutName } from '../core/review/layouts/index.ts';
import { type FileReview, LayoutError } from '../core/review/layouts/layout.ts';
import type { Lease, LeaseRequest } from '../core/review/leases.ts';
import type { RankedExample } from '../core/review/ranking.ts';
import type { Judgement, Review } from '../core/review/review.ts';
import { choicesOf, type ToReview } from '../core/review/shown.ts';
import type { Task } from '../core/tasks/task.ts';
import { quoted } from '../core/text.ts';
import type { Reviews } from '../store/reviews.ts';
import { connectStore, type Store } from '../store/store.ts';
import { OTHER_STORE, ReviewRefused } from './errors.ts';

/** Problems of a file that are told at once. */
const SHOWN = 10;
/** Reviews that one commit and one Update hand over. */
const BATCH = 500;

/** What a desk asks of the run. */
export interface ReviewedRun {
  readonly name: string;
  /** Leases examples of its ranking. */
  lease(request: LeaseRequest): Promise<Lease>;
  /** Takes in what was said up to a review. */
  add(arrival: { reviews: number }): Promise<Arrived>;
}

/** What a file brought. */
export interface ImportedReviews {
  /** What is new. */
  answers: number;
  bad: number;
  skipped: number;
  /** What had been said before, in the same words. */
  known: number;
  /** New answers that are not what was said of the example before, by whomever. */
  changed: number;
  /** Examples that nothing is said of. */
  open: number;
  /** What came of it, batch by batch. */
  arrived: Arrived[];
}

/**
 * Where somebody reviews what a run has ranked: takes examples that nobody else gets meanwhile, stores
 * at once what is said of them, and hands it over to the run. `close` it in the end.
 *
 * @example
 * const desk = await client.get('tickets').review('ada');
 * for (const one of await desk.take(20))
 *   await desk.say(one, { verdict: 'answer', answer: await ask(one.example.question, one.choices) });
 * await desk.handIn();
 * desk.close();
 */
export class ReviewDesk {
  readonly #run: ReviewedRun;
  readonly #reviewer: string;
  readonly #store: Store;
  readonly #reviews: Reviews;
  readonly #task: Task;
  /** What this reviewer is through with, of the ranking taken from last. */
  #through: Lease | undefined;
  /** The number of the last review that is stored and may not be handed over yet. */
  #waiting: number | undefined;

  /** For whoever has a handle: `RunHandle.review`. @throws ReviewRefused, StoreError */
  static async open(
    { store: { uri, options }, extensions }: Config,
    run: ReviewedRun,
    reviewer: string,
  ): Promise<ReviewDesk> {
    const store = connectStore({ uri, storageOptions: options });
    try {
      const spec = await store.specs.find(run.name);
      if (!spec)
        throw new ReviewRefused(run.name, `the store ${uri} does not hold it: ${OTHER_STORE}`);
      const desk = new ReviewDesk(run, reviewer, store, new Registry(extensions).task(spec.task));
      // Somebody may have been cut off in the middle.
      const { length: stored } = await desk.#reviews.read();
      desk.#waiting = stored || undefined;
      return desk;
    } catch (error) {
      store.close();
      throw error;
    }
  }

  private constructor(run: ReviewedRun, reviewer: string, store: Store, task: Task) {
    this.#run = run;
    this.#reviewer = reviewer;
    this.#store = store;
    this.#reviews = store.reviews(run.name);
    this.#task = task;
  }

  /**
   * Takes the most instructive examples that nobody else has; what was taken before and nothing is
   * said of comes again.
   * @param minutes for how long nobody else gets them; half an hour when left out
   * @throws UpdateRefused where the run has ranked nothing; RunNotRunning
   */
  async take(count: number, minutes?: number): Promise<ToReview[]> {
    const request = { reviewer: this.#reviewer, count, ...(minutes && { minutes }) };
    const lease = await this.#run.lease({
      ...request,
      ...(this.#through && { through: this.#through }),
    });
    if (this.#through?.ranking !== lease.ranking)
      this.#through = { ranking: lease.ranking, positions: [] };
    const ranking = await this.#reviews.ranking(lease.ranking);
    if (!ranking)
      throw new ReviewRefused(
        this.#run.name,
        `the store ${this.#store.uri} has no ranking of round ${lease.ranking}: ${OTHER_STORE}`,
      );
    const dataset = this.#store.dataset(ranking.dataset);
    return Promise.all(
      lease.positions.map(async (position): Promise<ToReview> => {
        const ranked = ranking.examples[position]!;
        const [example] = await dataset.at(ranked.split, [ranked.ordinal]);
        return {
          ...{ ...ranked, position, example: example! },
          choices: choicesOf(this.#task, example!, ranked),
        };
      }),
    );
  }

  /**
   * What a text is as an answer to an example, in canonical form.
   * @returns the answer, or what is wrong with the text
   */
  read(text: string, { example }: ToReview): { answer: string } | { problem: string } {
    return this.#task.canonical(text, example.options);
  }

  /** Stores what the reviewer says of an example; what was said before no longer counts. @throws StoreError */
  async say(one: ToReview, said: Judgement): Promise<void> {
    const positions = this.#through!.positions.filter((position) => position !== one.position);
    if (said.verdict !== 'undo') positions.push(one.position);
    this.#waiting = await this.#reviews.add([this.#review(one, said, this.#through!.ranking)]);
    this.#through = { ...this.#through!, positions };
  }

  /**
   * Hands what is said over to the run, by whomever: its next round learns from it.
   * @returns what came of it; undefined where nothing was said since the last time
   * @throws UpdateRefused, RunNotRunning: what is said is stored, and handed over with what comes next
   */
  async handIn(): Promise<Arrived | undefined> {
    if (this.#waiting === undefined) return undefined;
    const arrived = await this.#run.add({ reviews: this.#waiting });
    this.#waiting = undefined;
    return arrived;
  }

  /** Examples as a file of a layout, as {@link take} gives them. */
  export(examples: readonly ToReview[], layout: LayoutName): string {
    return LAYOUTS[layout].write(examples);
  }

  /**
   * Takes in a file in which people have answered. It is read whole before anything is stored; the same
   * file again brings nothing new.
   * @param name of the file, for messages
   * @throws ReviewRefused with each problem, its place in the file and the remedy
   */
  async import(text: string, layout: LayoutName, name: string): Promise<ImportedReviews> {
    const rows = this.#rowsOf(text, layout, name);
    const rankings = await this.#reviews.rankings();
    const ranked = new Map(
      rankings.flatMap(({ round, dataset, examples }) =>
        examples.map((one) => [one.exampleId, { one, round, dataset }] as const),
      ),
    );
    const problems: string[] = [];
    const said: { of: RankedExample; round: number; judgement: Judgement; by: string }[] = [];
    for (const { where, exampleId, said: written, reviewer } of rows) {
      const found = ranked.get(exampleId);
      if (!found) {
        problems.push(
          `${where}: no example ${quoted(exampleId)} was ranked for review in this run`,
        );
        continue;
      }
      if (written === null) continue;
      const { one, round, dataset } = found;
      const judgement = await this.#judgementOf(written, one, dataset);
      if ('problem' in judgement) problems.push(`${where}: ${judgement.problem}`);
      else said.push({ of: one, round, judgement, by: reviewer ?? this.#reviewer });
    }
    if (problems.length > 0) throw this.#refused(name, problems);

    const before = new Map((await this.#reviews.read()).map((one) => [one.exampleId, one]));
    const isKnown = ({ of, judgement }: (typeof said)[0]) =>
      isSame(before.get(of.exampleId), judgement);
    const fresh = said.filter((one) => !isKnown(one));
    const reviews = fresh.map(({ of, round, judgement, by }) =>
      this.#review(of, judgement, round, by),
    );
    const arrived: Arrived[] = [];
    for (const { from, to } of ranges(reviews.length, BATCH)) {
      this.#waiting = await this.#reviews.add(reviews.slice(from, to));
      arrived.push((await this.handIn())!);
    }
    const count = (verdict: Judgement['verdict']) =>
      reviews.filter((one) => one.verdict === verdict).length;
    const isChange = (review: Review) =>
      review.verdict === 'answer' && before.get(review.exampleId)?.verdict === 'answer';
    return {
      ...{ answers: count('answer'), bad: count('bad'), skipped: count('skip') },
      ...{ known: said.length - fresh.length, changed: reviews.filter(isChange).length },
      open: rows.length - said.length,
      arrived,
    };
  }

  /** Closes its store. */
  close(): void {
    this.#store.close();
  }

  #rowsOf(text: string, layout: LayoutName, name: string): FileReview[] {
    try {
      return LAYOUTS[layout].read(text);
    } catch (error) {
      if (!(error instanceof LayoutError)) throw error;
      throw this.#refused(name, [`${error.message}; its layout was taken for ${layout}`], {
        cause: error,
      });
    }
  }

  #refused(name: string, problems: string[], options?: ErrorOptions): ReviewRefused {
    const more = problems.length - SHOWN;
    const shown = [...problems.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more`] : [])];
    const said = shown.map((problem) => `\n  ${problem}`).join('');
    return new ReviewRefused(
      this.#run.name,
      `nothing of ${name} is taken in; mend it and import it again:${said}`,
      options,
    );
  }

  async #judgementOf(
    written: NonNullable<FileReview['said']>,
    { split, ordinal }: RankedExample,
    dataset: string,
  ): Promise<Judgement | { problem: string }> {
    if (typeof written === 'string') return { verdict: written };
    const [example] = await this.#store.dataset(dataset).at(split, [ordinal]);
    const read = this.#task.canonical(written.answer, example!.options);
    return 'problem' in read ? read : { verdict: 'answer', answer: read.answer };
  }

  #review(
    { split, ordinal, exampleId }: RankedExample,
    said: Judgement,
    ranking: number,
    reviewer = this.#reviewer,
  ): Review {
    const at = new Date().toISOString();
    return { id: randomUUID(), reviewer, ranking, at, split, ordinal, exampleId, ...said };
  }
}

function isSame(before: Review | undefined, now: Judgement): boolean {
  if (before?.verdict !== now.verdict) return false;
  return now.verdict !== 'answer' || (before as Review & { answer: string }).answer === now.answer;
}
