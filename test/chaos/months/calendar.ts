import type { NextSpec } from '../../../core/living/spec.ts';
import { goldAnswer } from '../../../testing/model.ts';
import { LABELS } from '../../../testing/task.ts';
import { chance } from '../../../testing/wire.ts';
import { type Kind, Ledger, type Row } from './ledger.ts';

/** How something comes into a run: by which of the ways that docs/data.md names. */
export const WAYS = ['command', 'client', 'folder', 'schedule'] as const;
export type Way = (typeof WAYS)[number];

/** What comes at once, and becomes a segment: rows, or the withdrawal of a segment that was wrong. */
export type Delivery = { number: number; way: Way } & (
  | { kind: Kind; rows: Row[] }
  /** The number of the delivery that was wrong. */
  | { kind: 'wrong'; of: number }
);

/** What lets a round begin. */
export type Beginning = 'start' | 'number' | 'time' | 'hand';

/** A person's word on the champion. */
export type Word = 'promote' | 'rollback';

/** What happens to the machinery, and not to the run. */
export interface Harm {
  kind: 'worker' | 'server' | 'away' | 'deploy';
  /** While data come, while the run waits, or while the round goes on. */
  moment: 'arriving' | 'waiting' | 'round';
  /** 0 to 1: at which of the round's requests, and who of several. */
  luck: number;
}

/** A round, and what happens from the end of the one before to its own. */
export interface Turn {
  round: number;
  /** The day of the two months on which it begins. */
  day: number;
  /** Whether two people look at what the round before has ranked. */
  isReviewed: boolean;
  /** What somebody says of the champion, when the round before has ended. */
  word?: Word;
  /** The run is paused until all is there: time alone would let it begin. */
  isHeld: boolean;
  /** What comes before it begins; where it begins by number, the last lets it. */
  before: Delivery[];
  /** Then the run is ended, and begun again with it. */
  next?: NextSpec;
  begins: Beginning;
  /** What comes while it goes on, for the next one. */
  during: Delivery[];
  harm: Harm[];
}

export interface CalendarOptions {
  rounds: number;
  /** Deliveries. */
  segments: number;
  seed: number;
  deploys: number;
  kills: number;
  serverRestarts: number;
}

const DAYS = 60;
/** Rows that the run begins with. */
export const FIRST = { labelled: 24, unlabelled: 24, test: 30 };
/** Unlabelled, or labelled, rows that let a round begin. */
const ENOUGH = { unlabelled: 7, labelled: 14 };
/** A delivery that lets no round begin has at the most so many new ones. */
const FEW = 2;

/** What deliveries bring in turn, where nothing speaks against it. */
const DECK = [
  ...(['unlabelled', 'labelled', 'contradiction', 'wrong', 'withdrawn', 'test'] as const),
  ...(['unlabelled', 'labels', 'labelled', 'unlabelled'] as const),
];
type Card = (typeof DECK)[number];

const questionOf = (number: number) => `the thing that has number ${number}`;

/** A row as the task's own, by a number that no other has. */
export function rowOf(number: number): Required<Row> {
  const question = questionOf(number);
  return { question, answer: goldAnswer(question, LABELS) };
}

/** A ledger of what the run begins with, as `writeTask` writes it. */
export function beginLedger(): Ledger {
  const ledger = new Ledger();
  let number = 0;
  for (const split of ['labelled', 'unlabelled', 'test'] as const)
    for (let row = 0; row < FIRST[split]; row++) ledger.add(split, rowOf(number++), 0);
  return ledger;
}

/** The two months of a run: all that happens, and in which order. Follows from its input. */
export function drawCalendar(options: CalendarOptions): Turn[] {
  const { rounds, segments, seed, deploys, kills, serverRestarts } = options;
  const desk = new Desk(seed);
  const turns: Turn[] = [];
  let delivered = 0;
  for (let round = 1; round <= rounds; round++) {
    const begins = beginningOf(round, rounds, seed);
    // The last deliveries come before the last round begins.
    const due = Math.round((segments * (round - 1)) / (rounds - 1)) - delivered;
    delivered += due;
    const deliveries = round === 1 ? [] : desk.deliver(due, lastBefore(round, rounds, begins));
    const isHeld = round > 1 && byTime(round - 1, rounds);
    const isEarly = !isHeld && deliveries.length > 1 && chance('early', seed, round) < 0.5;
    if (isEarly) turns.at(-1)!.during.push(deliveries.shift()!);
    const next = nextOf(round, rounds);
    turns.push({
      round,
      day: 1 + Math.floor(((round - 1) / rounds) * DAYS),
      isReviewed: round > 1 && round % 3 === 2,
      ...(wordAfter(round - 1, rounds) && { word: wordAfter(round - 1, rounds) }),
      ...(round > 1 && next !== nextOf(round - 1, rounds) && { next }),
      ...{ isHeld, before: deliveries, begins, during: [], harm: [] },
    });
  }
  const moments = ['round', 'arriving', 'round', 'waiting'] as const;
  const harm = [
    ...Array.from({ length: deploys }, (_, at) => ({
      kind: 'deploy' as const,
      moment: at % 2 === 0 ? ('waiting' as const) : ('round' as const),
    })),
    { kind: 'away' as const, moment: 'round' as const },
    ...Array.from({ length: kills }, (_, at) => ({
      kind: 'worker' as const,
      moment: moments[at % moments.length]!,
    })),
    ...Array.from({ length: serverRestarts }, (_, at) => ({
      kind: 'server' as const,
      moment: moments[at % moments.length]!,
    })),
  ]
    .map((one, at) => ({ one, place: chance('harm', seed, at) }))
    .sort((a, b) => a.place - b.place);
  // Spread over the rounds from the second on.
  for (const [place, { one }] of harm.entries()) {
    const at = 1 + Math.floor(((place + 0.5) / harm.length) * (rounds - 1));
    turns[at]!.harm.push({ ...one, luck: chance('luck', seed, place) });
  }
  return turns;
}

/** The `next` that a run begins with. */
export const firstNext = (rounds: number): NextSpec => nextOf(1, rounds);

/** A third of the rounds by number, a third by time, a third by a mix; some of the others by hand. */
function thirdOf(round: number, rounds: number): 0 | 1 | 2 {
  const third = Math.ceil(rounds / 3);
  return Math.min(2, Math.floor((round - 1) / third)) as 0 | 1 | 2;
}

/** Two days, of which one is as short as an outage of one. */
const AFTER_HOURS = 8 / 3_600;
const NEXT: readonly NextSpec[] = [
  { unlabelled: ENOUGH.unlabelled },
  { afterHours: AFTER_HOURS },
  ENOUGH,
];
const nextOf = (round: number, rounds: number): NextSpec => NEXT[thirdOf(round, rounds)]!;

const byTime = (round: number, rounds: number) => thirdOf(round, rounds) === 1;

/** How many new rows the last delivery before a round brings, where it is to let it begin. */
function lastBefore(round: number, rounds: number, begins: Beginning): Bringing | undefined {
  if (begins === 'time') return { kind: 'unlabelled', count: FEW };
  if (begins !== 'number') return undefined;
  const kind = thirdOf(round, rounds) === 2 && round % 2 === 0 ? 'labelled' : 'unlabelled';
  return { kind, count: ENOUGH[kind] };
}

interface Bringing {
  kind: 'labelled' | 'unlabelled';
  count: number;
}

function beginningOf(round: number, rounds: number, seed: number): Beginning {
  if (round === 1) return 'start';
  if (byTime(round, rounds)) return 'time';
  return round % 5 === 3 || chance('hand', seed, round) < 0.15 ? 'hand' : 'number';
}

/** Two who are promoted, and complaints a round later; in a short run one. */
function wordAfter(round: number, rounds: number): Word | undefined {
  const promotions = rounds < 12 ? [1] : [0.2, 0.6].map((share) => Math.round(share * rounds));
  if (promotions.includes(round)) return 'promote';
  return promotions.includes(round - 1) ? 'rollback' : undefined;
}

/** Who writes the deliveries, and knows what there is. */
class Desk {
  readonly #seed: number;
  readonly #ledger: Ledger;
  #rows: number;
  #deliveries = 0;
  #cards = 0;
  /** Deliveries that the next ones follow on: a wrong one is withdrawn, and comes again. */
  #queue: ((number: number, way: Way) => Delivery)[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.#ledger = beginLedger();
    this.#rows = FIRST.labelled + FIRST.unlabelled + FIRST.test;
  }

  /** What comes before a round. @param last what the last delivery has to bring, if anything */
  deliver(count: number, last: Bringing | undefined): Delivery[] {
    const deliveries: Delivery[] = [];
    let unlabelled = 0;
    while (deliveries.length < count) {
      const isLast = deliveries.length === count - 1;
      const one =
        isLast && last
          ? this.#write(last.kind, this.#fresh(last.count))
          : this.#next(unlabelled + 2 * FEW >= ENOUGH.unlabelled);
      if (one.kind === 'unlabelled') unlabelled += FEW;
      deliveries.push(one);
    }
    return deliveries;
  }

  #next(isFull: boolean): Delivery {
    const following = this.#queue.shift();
    if (following) return this.#enter(following(this.#deliveries + 1, this.#way()));
    const card = DECK[this.#cards++ % DECK.length]!;
    return this.#draw(isFull && card === 'unlabelled' ? 'labelled' : card);
  }

  #draw(card: Card): Delivery {
    const known = (split: 'labelled' | 'unlabelled' | 'test', count: number) => {
      const all = [...this.#ledger.of(split)].map(([question, answer]) => ({ question, answer }));
      return Array.from({ length: count }, (_, at) => {
        const place = chance('known', this.#seed, this.#deliveries, split, at) * all.length;
        return all.splice(Math.floor(place), 1)[0]!;
      });
    };
    switch (card) {
      case 'unlabelled':
        // Some are there already.
        return this.#write(card, [
          ...this.#fresh(FEW),
          ...known('unlabelled', 1),
          ...known('test', 1),
        ]);
      case 'labelled':
        return this.#write(card, [...this.#fresh(FEW), ...known('labelled', 1)]);
      case 'labels':
        // What people say of the same in a review is not known here: a fresh one is new for sure.
        return this.#write('labelled', [
          ...this.#fresh(1),
          ...known('unlabelled', 1).map(({ question }) => goldOf(question)),
        ]);
      case 'contradiction':
        return this.#write('labelled', [
          ...this.#fresh(1),
          ...known('labelled', 1).map(contradicted),
        ]);
      case 'withdrawn':
        return this.#write(card, [...known('labelled', 1), ...known('unlabelled', 1)]);
      case 'test':
        return this.#write(card, this.#fresh(1));
      case 'wrong': {
        const rows = [...this.#fresh(FEW), ...known('labelled', 1)].map(contradicted);
        const wrong = this.#write('labelled', rows);
        this.#queue = [
          (number, way) => ({
            number,
            kind: 'wrong',
            of: wrong.number,
            way: way === 'command' ? way : 'client',
          }),
          (number, way) => ({
            number,
            kind: 'labelled',
            way,
            rows: rows.map(({ question }) => goldOf(question)),
          }),
        ];
        return wrong;
      }
    }
  }

  #write(kind: Kind, rows: Row[]): Delivery {
    return this.#enter({ number: this.#deliveries + 1, way: this.#way(), kind, rows });
  }

  #enter(delivery: Delivery): Delivery {
    this.#deliveries++;
    enter(this.#ledger, delivery);
    return delivery;
  }

  /** Each as often as the others. */
  #way(): Way {
    const cycle = Math.floor(this.#deliveries / WAYS.length);
    const order = [...WAYS].sort(
      (a, b) => chance('way', this.#seed, cycle, a) - chance('way', this.#seed, cycle, b),
    );
    return order[this.#deliveries % WAYS.length]!;
  }

  #fresh(count: number): Required<Row>[] {
    return Array.from({ length: count }, () => rowOf(this.#rows++));
  }
}

const goldOf = (question: string): Required<Row> => ({
  question,
  answer: goldAnswer(question, LABELS),
});

/** The same with another answer than it has. */
function contradicted({ question, answer }: Row): Required<Row> {
  const others = LABELS.filter((label) => label !== answer);
  return { question, answer: others[Math.floor(chance('wrong', question) * others.length)]! };
}

/** Enters a delivery in a ledger. */
export function enter(ledger: Ledger, delivery: Delivery): void {
  if (delivery.kind === 'wrong') ledger.takeBack(delivery.of);
  else
    for (const row of delivery.rows)
      if (delivery.kind === 'withdrawn') ledger.withdraw(row.question);
      else ledger.add(delivery.kind, row, delivery.number);
}
