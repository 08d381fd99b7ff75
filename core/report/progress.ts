import { NO_FIGURES } from '../figures.ts';
import { PHASES } from '../phases.ts';
import { addSpent, type Spent } from '../spent.ts';
import type { PhaseStatus, RoundFigures, RoundStatus } from '../status.ts';
import { amount, count, duration, moment, money, percent, perTime } from './format.ts';
import { type Section, type Table, tableOf } from './section.ts';

/** What is under way, as it is shown on a workflow's page: kept up to date while it runs. */

const MARKS = { waiting: '○', running: '▶', done: '✔', skipped: '–' } as const;

/** What something is, and what of it is known. */
type Fact = [what: string, value: string | undefined];

/** Facts as a table; what is not known is left out. */
export function factTable(title: string, facts: readonly Fact[]): Table {
  const known = facts.filter(([, value]) => value !== undefined && value !== '');
  return tableOf(known, [
    { title, kind: 'text', of: ([what]) => what },
    { title: '', kind: 'text', of: ([, value]) => value! },
  ]);
}

/** A round under way. @param now epoch milliseconds */
export function roundProgress(status: RoundStatus, run: string, now: number): Section[] {
  return [
    {
      title: `Round ${status.round}: ${headline(status)}`,
      blocks: [
        ...attention(status, run),
        phaseTable(status.phases, now),
        factTable('so far', figureFacts(status.figures)),
        `As of ${moment(now)}.`,
      ],
    },
  ];
}

/** What is known of a run under way. */
export interface RunProgress extends Pick<RoundStatus, 'round' | 'pausedAt' | 'trouble'> {
  run: string;
  rounds: number;
  /** In the rounds before. */
  spent: Spent;
  /** What the round under way has told last. */
  news?: RoundStatus;
}

/** A run under way. @param now epoch milliseconds */
export function runProgress(status: RunProgress, now: number): Section[] {
  const { run, round, rounds, pausedAt, trouble, news } = status;
  const ofRound = news ?? { round, phases: [], figures: NO_FIGURES };
  const shown = { ...ofRound, pausedAt, trouble: trouble ?? ofRound.trouble };
  const figures = { ...ofRound.figures, spent: addSpent(status.spent, ofRound.figures.spent) };
  const at = news
    ? headline(shown)
    : pausedAt === undefined
      ? 'prepares models and data'
      : 'paused';
  return [
    {
      title: `${run}, round ${round} of ${rounds}: ${at}`,
      blocks: [
        ...attention(shown, run),
        ...(news ? [phaseTable(news.phases, now), factTable('so far', figureFacts(figures))] : []),
        `As of ${moment(now)}.`,
      ],
    },
  ];
}

/** What all rounds of a run have cost. */
export const spentSection = (spent: Spent): Section => ({
  title: 'Spent in all rounds',
  blocks: [`${spentText(spent)}.`],
});

/** A phase that is done in batches, and what it has come to. */
export interface BatchesStatus extends Pick<RoundStatus, 'round' | 'pausedAt'> {
  run: string;
  phase: PhaseStatus & { figures: Partial<RoundFigures> };
}

/** A phase under way. @param now epoch milliseconds */
export function batchProgress(
  { run, round, phase, pausedAt }: BatchesStatus,
  now: number,
): Section[] {
  const { name, done, total, unit, trouble, figures } = phase;
  return [
    {
      title: `Round ${round}, ${name}: ${pausedAt === undefined ? amount(done, total, unit) : 'paused'}`,
      blocks: [
        `It ${purposeOf(phase)}.`,
        ...(pausedAt === undefined ? [] : [pausedLine(run, pausedAt)]),
        ...(trouble ? [troubleLine(trouble)] : []),
        factTable('so far', [
          ['done', amount(done, total, unit)],
          ['rate', rateOf(phase, now) ?? undefined],
          ['time left', leftOf(phase, now) ?? undefined],
          ...figureFacts(figures),
        ]),
        `As of ${moment(now)}.`,
      ],
    },
  ];
}

/** What a round does, in few words. */
export function headline({ phases, pausedAt }: RoundStatus): string {
  if (pausedAt !== undefined) return 'paused';
  const running = phases.filter(({ state }) => state === 'running');
  if (running.length === 0) return phases.every(isOver) ? 'done' : 'between two phases';
  return running
    .map(({ name, done, total, unit }) => [name, amount(done, total, unit)])
    .map(([name, amounts]) => (amounts ? `${name}, ${amounts}` : name))
    .join(' and ');
}

const isOver = ({ state }: PhaseStatus) => state === 'done' || state === 'skipped';

/** What an operator should know first: that it is paused, held up, or waits. */
export function attention(status: RoundStatus, run: string): string[] {
  const { pausedAt, trouble, phases } = status;
  const running = phases.filter(({ state }) => state === 'running');
  const troubles = [trouble, ...running.map((phase) => phase.trouble)];
  const waits = running.flatMap(({ name, waitsFor }) =>
    waitsFor ? `${name} waits for ${waitsFor}` : [],
  );
  return [
    ...(pausedAt === undefined ? [] : [pausedLine(run, pausedAt)]),
    ...new Set(troubles.flatMap((one) => (one ? troubleLine(one) : []))),
    ...waits.map((one) => `⏳ ${one}.`),
  ];
}

export const pausedLine = (run: string, at: number): string =>
  `⏸ Paused since ${moment(at)}: nothing new is begun, what is under way ends, jobs at providers go on. "semievol resume ${run}" lets it go on.`;

export const troubleLine = (trouble: string): string =>
  `⚠ ${trouble}. It goes on by itself when this is mended.`;

function phaseTable(phases: readonly PhaseStatus[], now: number): Table {
  return tableOf(phases, [
    { title: 'phase', kind: 'text', of: ({ name }) => name },
    { title: 'state', kind: 'text', of: ({ state }) => `${MARKS[state]} ${state}` },
    { title: 'done', kind: 'text', of: (phase) => doneOf(phase) },
    { title: 'rate', kind: 'text', of: (phase) => rateOf(phase, now) },
    { title: 'time left', kind: 'text', of: (phase) => leftOf(phase, now) },
    {
      title: 'took',
      kind: 'seconds',
      of: ({ startedAt, endedAt }) =>
        startedAt === undefined || endedAt === undefined ? null : (endedAt - startedAt) / 1000,
    },
    {
      title: 'what it does',
      kind: 'text',
      of: (phase) => (phase.reason ? `left out: ${phase.reason}` : purposeOf(phase)),
    },
  ]);
}

const purposeOf = ({ name }: PhaseStatus) =>
  PHASES.find((phase) => phase.name === name)?.purpose ?? null;

function doneOf({ state, done, total, unit, note }: PhaseStatus): string | null {
  if (state === 'waiting' || state === 'skipped') return null;
  return (
    [amount(done, total, unit), state === 'running' ? note : ''].filter(Boolean).join('; ') || null
  );
}

/** Of what runs, how many a second; undefined while nothing is done. */
function pace({ state, done, paced }: PhaseStatus, now: number): number | undefined {
  if (state !== 'running' || !paced || done <= paced.done || now <= paced.at) return undefined;
  return (1000 * (done - paced.done)) / (now - paced.at);
}

function rateOf(phase: PhaseStatus, now: number): string | null {
  const rate = pace(phase, now);
  return rate === undefined ? null : perTime(rate);
}

function leftOf(phase: PhaseStatus, now: number): string | null {
  const rate = pace(phase, now);
  const left = phase.total - phase.done;
  return rate === undefined || left <= 0 ? null : `about ${duration(left / rate)}`;
}

/** Figures as people want to see them while a round goes on. */
export function figureFacts({
  agreed,
  disagreed,
  selected,
  scores = {},
  spent,
}: Partial<RoundFigures>): Fact[] {
  const answered = (agreed ?? 0) + (disagreed ?? 0);
  const graded = Object.entries(scores).filter(([, { total }]) => total > 0);
  return [
    [
      'agreement',
      answered > 0
        ? `${percent((agreed ?? 0) / answered)} of ${count(answered)} examples`
        : undefined,
    ],
    ['selected', selected === undefined ? undefined : `${count(selected)} pseudo-labels`],
    ...graded.map(
      ([role, { correct, total }]): Fact => [
        `accuracy of ${role}`,
        `${percent(correct / total)} of ${count(total)} test examples`,
      ],
    ),
    ['spent', spent && spentText(spent)],
  ];
}

/** What was spent, in money as far as prices are known, and in tokens. */
export function spentText(spent: Spent): string {
  const { cost, isPartial, promptTokens, cachedTokens, completionTokens, trainedTokens } = spent;
  const tokens = promptTokens + completionTokens + trainedTokens;
  const price =
    cost === null
      ? tokens > 0
        ? 'price unknown'
        : ''
      : `${money(cost)}${isPartial ? ' and what has no price' : ''}`;
  const cached = cachedTokens > 0 ? ` (${count(cachedTokens)} cached)` : '';
  return (
    [
      price,
      ...(
        [
          [promptTokens, `prompt${cached}`],
          [completionTokens, 'answer'],
          [trainedTokens, 'trained'],
        ] as const
      ).flatMap(([amount, kind]) => (amount > 0 ? [`${count(amount)} ${kind}`] : [])),
    ]
      .filter(Boolean)
      .join(', ') + (tokens > 0 ? ' tokens' : 'nothing yet')
  );
}
