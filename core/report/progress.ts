import type { BudgetUse } from '../budget.ts';
import { NO_FIGURES } from '../figures.ts';
import { type Estimated, estimateNote, gradedOn } from '../gate/gradedOn.ts';
import { roundText } from '../living/rounds.ts';
import { rateBetween, secondsLeft } from '../pace.ts';
import { PHASES } from '../phases.ts';
import type { Score } from '../score.ts';
import { addSpent, type Spent } from '../spent.ts';
import type { Hold, PhaseStatus, RoundFigures, RoundStatus } from '../status.ts';
import { allTroubles, linesOf } from '../trouble.ts';
import { budgetTables, nearLines } from './budget.ts';
import { amount, count, duration, moment, money, percent, perTime, roughly } from './format.ts';
import { type Section, type Table, tableOf } from './section.ts';

/*
 * What is under way, as it is shown on a workflow's page in Temporal's UI. That gives tables half of
 * the page and no space between columns: there are few of them, and what one should know first
 * stands above.
 */

const MARKS = { waiting: '○', running: '▶', done: '✔', skipped: '–' } as const;

/** What something is, and what of it is known. */
type Fact = [what: string, value: string | undefined];

/** Facts as a table; what is not known is left out. */
export function factTable(title: string, facts: readonly Fact[]): Table {
  const known = facts.filter(([, value]) => value !== undefined && value !== '');
  return tableOf(known, [
    { title, kind: 'text', of: ([what]) => `${what}:` },
    { title: '', kind: 'text', of: ([, value]) => value! },
  ]);
}

/** What is known of a run under way. */
export interface RunProgress
  extends Pick<RoundStatus, 'round' | 'pausedAt' | 'hold' | 'trouble' | 'waitsFor'> {
  run: string;
  rounds?: number | undefined;
  /** In the rounds before. */
  spent: Spent;
  /** What the round under way has told last. */
  news?: RoundStatus;
  /** What is gone of each limit. */
  budget?: BudgetUse[];
}

/** A run under way. @param now epoch milliseconds */
export function runProgress(progress: RunProgress, now: number): Section {
  const { run, round, rounds, pausedAt, trouble, spent, news, budget, waitsFor } = progress;
  const hold = progress.hold ?? news?.hold;
  const told = news ?? { round, phases: [], figures: NO_FIGURES };
  const status = {
    ...{ ...told, pausedAt, trouble: trouble ?? told.trouble, budget, waitsFor, hold },
    figures: { ...told.figures, spent: addSpent(spent, told.figures.spent) },
  };
  return sectionOf(`${run}, ${roundText(round, rounds)}`, status, run, now);
}

/** A round under way. @param now epoch milliseconds */
export function roundProgress(status: RoundStatus, run: string, now: number): Section {
  return sectionOf(`Round ${status.round}`, status, run, now);
}

function sectionOf(subject: string, status: RoundStatus, run: string, now: number): Section {
  const { phases, figures, pausedAt, hold, trouble, budget = [], waitsFor } = status;
  const running = phases.filter(({ state }) => state === 'running');
  const isHeld = pausedAt !== undefined || hold !== undefined || trouble !== undefined;
  return {
    title: `${subject}: ${headline(status)}`,
    blocks: [
      ...pausedLines(run, { pausedAt, hold }),
      ...nearLines(run, hold ? [] : budget).map((line) => `⚠ ${line}.`),
      ...troubleLines(allTroubles([trouble, ...running.map((phase) => phase.trouble)])),
      ...(waitsFor ? [`○ It ${waitingText(waitsFor)}.`] : []),
      ...running.flatMap((phase) =>
        phase.waitsFor ? [`○ ${phase.name} ${waitingText(phase.waitsFor)}.`] : [],
      ),
      ...running.map((phase) => `${phase.name} ${purposeOf(phase)}.`),
      ...(phases.length > 0
        ? [factTable('so far', figureFacts(figures)), phaseTable(phases, now, isHeld)]
        : []),
      ...budgetTables(budget),
      `As of ${moment(now)}.`,
    ],
  };
}

/** What a round does, in few words. */
function headline({ phases, pausedAt, hold, waitsFor }: RoundStatus): string {
  if (pausedAt !== undefined || hold) return 'paused';
  if (waitsFor) return 'waiting';
  if (phases.length === 0) return 'looks at models and data';
  const running = phases.filter(({ state }) => state === 'running');
  const parts = running.map(({ name, done, total, unit }) =>
    [name, amount(done, total, unit)].filter(Boolean).join(', '),
  );
  return parts.join(' and ') || 'between two phases';
}

/** A phase that is done in batches, and what it has come to. */
export interface BatchesStatus extends Pick<RoundStatus, 'round' | 'pausedAt'> {
  run: string;
  phase: PhaseStatus & { figures: Partial<RoundFigures> };
  /** How many examples have been answered at each endpoint. */
  answersAt?: readonly { endpoint: string; done: number }[];
}

/** A phase under way. @param now epoch milliseconds */
export function batchProgress(status: BatchesStatus, now: number): Section {
  const { run, round, phase, answersAt = [], pausedAt } = status;
  const { name, done, total, unit, trouble, figures, hold } = phase;
  const isHeld = pausedAt !== undefined || hold !== undefined;
  return {
    title: `Round ${round}, ${name}: ${isHeld ? 'paused' : amount(done, total, unit)}`,
    blocks: [
      ...pausedLines(run, { pausedAt, hold }),
      ...troubleLines(trouble),
      `${name} ${purposeOf(phase)}.`,
      factTable('so far', [
        ['done', amount(done, total, unit)],
        ['rate', paceText(phase, now, isHeld)],
        ...answersAt.map(
          (at): Fact => [`answered at ${at.endpoint}`, amount(at.done, total, unit)],
        ),
        ...figureFacts(figures),
      ]),
      `As of ${moment(now)}.`,
    ],
  };
}

/** What a run waits for, or a phase of it. */
export const waitingText = (waitsFor: string): string => `waits for ${waitsFor}`;

const pausedLine = (run: string, at: number): string =>
  `‖ Paused since ${moment(at)}: nothing new is begun, what is under way ends, jobs at providers go on. "semievol resume ${run}" lets it go on.`;

/** Why nothing new is begun, and what lets it go on; nothing where it is. */
export function pausedLines(
  run: string,
  { pausedAt, hold }: { pausedAt?: number | undefined; hold?: Hold | undefined },
): string[] {
  return [
    ...(pausedAt === undefined ? [] : [pausedLine(run, pausedAt)]),
    ...(hold ? [`‖ Paused since ${moment(hold.since)}: ${hold.why}.`] : []),
  ];
}

/** What an operator should know of what holds work up; nothing where nothing does. */
export const troubleLines = (trouble: string | undefined): string[] =>
  linesOf(trouble).map((line) => `⚠ ${line}. It goes on by itself when this is mended.`);

function phaseTable(phases: readonly PhaseStatus[], now: number, isHeld: boolean): Table {
  return tableOf(phases, [
    { title: 'phase', kind: 'text', of: ({ name }) => name },
    { title: 'state', kind: 'text', of: stateText },
    { title: 'time', kind: 'text', of: (phase) => timeText(phase, now, isHeld) },
  ]);
}

function stateText({ state, done, total, unit, reason }: PhaseStatus): string {
  const more = state === 'skipped' ? reason : state === 'waiting' ? '' : amount(done, total, unit);
  return `${MARKS[state]} ${state}${more ? `, ${more}` : ''}`;
}

function timeText(phase: PhaseStatus, now: number, isHeld: boolean): string {
  const { startedAt, endedAt } = phase;
  if (startedAt === undefined) return '';
  if (endedAt !== undefined) return `· took ${duration((endedAt - startedAt) / 1000)}`;
  return `· ${[`for ${duration((now - startedAt) / 1000)}`, paceText(phase, now, isHeld)].filter(Boolean).join(', ')}`;
}

const purposeOf = ({ name }: PhaseStatus): string =>
  PHASES.find((phase) => phase.name === name)?.purpose ?? '';

/** How fast a phase goes, and how long it will take; unknown until enough is seen. */
function paceText(phase: PhaseStatus, now: number, isHeld: boolean): string | undefined {
  const { done, total, paced, trouble } = phase;
  if (isHeld || trouble || !paced) return undefined;
  const seen = { at: now, done };
  const rate = rateBetween(paced, seen);
  if (rate === undefined) return undefined;
  const left = secondsLeft(paced, seen, total);
  return `${perTime(rate)}${left === undefined ? '' : `, about ${roughly(left)} left`}`;
}

/** Figures as people want to see them while a round goes on. */
function figureFacts(figures: Partial<RoundFigures>): Fact[] {
  const { agreed = 0, disagreed = 0, selected, scores = {}, estimate, spent } = figures;
  const answered = agreed + disagreed;
  return [
    ['spent', spent && spentText(spent)],
    [
      'agreement',
      answered > 0 ? `${percent(agreed / answered)} of ${count(answered)} examples` : undefined,
    ],
    ['selected', selected === undefined ? undefined : `${count(selected)} pseudo-labels`],
    ...Object.entries(scores).flatMap(([role, score]) => scoreFact(role, score, estimate)),
  ];
}

/** How good a model is so far by the first metric. */
function scoreFact(
  role: string,
  { examples, parts: [first] }: Score,
  estimate: Estimated | undefined,
): Fact[] {
  if (!first) return [];
  const { metric, got, of } = first;
  const value = percent(of > 0 ? got / of : null);
  const graded = `${count(examples)} ${gradedOn(estimate).examples}${estimateNote(estimate)}`;
  return [[`${metric} of ${role}`, `${value} of ${graded}`]];
}

/** What was spent, in money as far as prices are known, and in tokens. */
export function spentText(spent: Spent): string {
  const { cost, isPartial, promptTokens, cachedTokens, completionTokens, trainedTokens } = spent;
  const { unmetered, deployedSeconds } = spent;
  const cached = cachedTokens > 0 ? ` (${count(cachedTokens)} cached)` : '';
  const kinds: [tokens: number, kind: string][] = [
    [promptTokens, `prompt${cached}`],
    [completionTokens, 'answer'],
    [trainedTokens, 'trained'],
  ];
  const tokens = kinds.flatMap(([tokens, kind]) => (tokens > 0 ? `${count(tokens)} ${kind}` : []));
  const parts = [
    tokens.length > 0 && `tokens: ${tokens.join(', ')}`,
    deployedSeconds > 0 && `deployed for ${duration(deployedSeconds)}`,
    unmetered > 0 && `${count(unmetered)} requests without usage`,
  ].filter(Boolean);
  if (parts.length === 0) return 'nothing yet';
  const price = cost === null ? 'price unknown' : money(cost);
  return `${price}${cost !== null && isPartial ? ', and what has no price' : ''}; ${parts.join('; ')}`;
}

/** What all rounds of a run have cost. */
export const spentSection = (spent: Spent): Section => ({
  title: 'Spent in all rounds',
  blocks: [`${spentText(spent)}.`],
});
