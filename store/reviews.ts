import { byDoubt, type Suspect } from '../core/audit/suspects.ts';
import type { Ranking } from '../core/review/ranking.ts';
import type { Judgement, Review } from '../core/review/review.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';
import { equals } from './sql.ts';

type Row = Omit<Review, 'verdict' | 'answer'> & {
  verdict: Judgement['verdict'];
  answer: string | null;
};

/** Something of a round that is stored whole, so that of two attempts one counts. */
interface RoundRow {
  round: number;
  /** As JSON. */
  content: string;
}

/** Reviews by their numbers. */
export interface ReviewRange {
  /** The first is the one after this; all from 1 on when left out. */
  after?: number;
  /** The last; all there are when left out. */
  upTo?: number;
}

/**
 * What people are asked about the examples of a run, and what they have said. Append-only, from any
 * number of processes: a review's number is its place in the order of commits, from 1 on, and never
 * changes. An example stays what it is in all versions of the run's data.
 */
export class Reviews {
  readonly #log: Log<Row>;
  readonly #rankings: Log<RoundRow>;
  readonly #suspects: Log<RoundRow>;

  constructor(database: Database) {
    this.#rankings = ofRounds(database, 'rankings');
    this.#suspects = ofRounds(database, 'suspects');
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

  /** Stores a round's ranking, unless it has one. @returns the one it has now */
  async addRanking(ranking: Ranking): Promise<Ranking> {
    const { round } = ranking;
    await this.#rankings.append([{ round, content: JSON.stringify(ranking) }]);
    return (await this.ranking(round))!;
  }

  /** What was ranked after a round; undefined where nothing was. */
  async ranking(round: number): Promise<Ranking | undefined> {
    const [row] = await this.#rankings.read(equals({ round }));
    return row && JSON.parse(row.content);
  }

  /** Those of all rounds, in their order. */
  async rankings(): Promise<Ranking[]> {
    const rows = await this.#rankings.read();
    return rows
      .map(({ content }): Ranking => JSON.parse(content))
      .sort((a, b) => a.round - b.round);
  }

  /** Stores the suspects of a round, unless it has some. */
  addSuspects(round: number, suspects: readonly Suspect[]): Promise<void> {
    return this.#suspects.append([{ round, content: JSON.stringify(suspects) }]);
  }

  /** The suspects of a round, or of all; of each example the latest, the most doubted first. */
  async suspects(round?: number): Promise<Suspect[]> {
    const rows = (await this.#suspects.read(equals({ round }))).sort((a, b) => a.round - b.round);
    const all = rows.flatMap(({ content }): Suspect[] => JSON.parse(content));
    return [...new Map(all.map((one) => [one.exampleId, one])).values()].sort(byDoubt);
  }

  /** Compacts the reviews. For one caller at a time. */
  optimize(): Promise<void> {
    return this.#log.optimize();
  }
}

function ofRounds(database: Database, name: string): Log<RoundRow> {
  return new Log<RoundRow>(database, {
    name,
    schema: schemaOf({ round: types.int, content: types.string }),
    key: ({ round }) => `${round}`,
  });
}
