import type { Judgement, Review } from '../core/review/review.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';

type Row = Omit<Review, 'verdict' | 'answer'> & {
  verdict: Judgement['verdict'];
  answer: string | null;
};

/** Reviews by their numbers. */
export interface ReviewRange {
  /** The first is the one after this; all from 1 on when left out. */
  after?: number;
  /** The last; all there are when left out. */
  upTo?: number;
}

/**
 * What people have said of the examples of a run. Append-only, from any number of processes: a review's
 * number is its place in the order of commits, from 1 on, and never changes.
 */
export class Reviews {
  readonly #log: Log<Row>;

  constructor(database: Database) {
    this.#log = new Log<Row>(database, {
      name: 'reviews',
      schema: schemaOf({
        id: types.string,
        reviewer: types.string,
        ranking: types.int,
        at: types.string,
        split: types.string,
        ordinal: types.int,
        exampleId: types.string,
        verdict: types.string,
        'answer?': types.string,
      }),
      key: ({ id }) => id,
    });
  }

  /** Stores reviews in one commit. @returns the number of the last review that there is now */
  async add(reviews: readonly Review[]): Promise<number> {
    await this.#log.append(
      reviews.map((review) => ({
        ...review,
        answer: review.verdict === 'answer' ? review.answer : null,
      })),
    );
    return (await this.#log.read('', ['id'])).length;
  }

  /** In the order of their numbers. */
  async read({ after = 0, upTo }: ReviewRange = {}): Promise<Review[]> {
    const rows = await this.#log.read();
    return rows.slice(after, upTo).map(({ verdict, answer, ...review }): Review => {
      return verdict === 'answer'
        ? { ...review, verdict, answer: answer! }
        : { ...review, verdict };
    });
  }

  /** Compacts them. For one caller at a time. */
  optimize(): Promise<void> {
    return this.#log.optimize();
  }
}
