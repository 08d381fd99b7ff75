import { setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { Budget } from '../core/budget.ts';
import { NO_FIGURES } from '../core/figures.ts';
import type { Plan } from '../core/plan.ts';
import { latestSections } from '../core/report/latest.ts';
import { markdown } from '../core/report/markdown.ts';
import { runProgress, spentSection } from '../core/report/progress.ts';
import { roundSections } from '../core/report/round.ts';
import type { RoundReport } from '../core/roundReport.ts';
import type { Spent } from '../core/spent.ts';
import type { RoundStatus, RunStatus } from '../core/status.ts';
import { attributesOfRound, type SetAttributes } from './attributes.ts';
import { handleRunBudget, type RunBudget } from './budget/ofRun.ts';
import { handlePause, type PauseState, runStatus } from './messages.ts';
import { handleSightings, roundNews } from './news.ts';

/** What of a run its page shows from the beginning. */
export interface RunSoFar extends Pick<RunStatus, 'totals' | 'latest' | 'paused'> {
  plan: Plan;
  /** In the rounds that have ended. */
  spent: Spent;
  /** What the run may spend by now; nothing limits it where it is left out. */
  budget?: Budget | undefined;
}

/** The page of a run, and what steers it. */
export interface RunPage {
  readonly pause: PauseState;
  readonly budget: RunBudget;
  status(): RunStatus;
  /** To be called when anything has changed that it shows. */
  show(): void;
  begin(roundWorkflowId: string): void;
  end(report: RoundReport, soFar: Pick<RunSoFar, 'totals' | 'latest' | 'spent'>): void;
  /** From now on its search attributes are set, too. */
  set(attributes: SetAttributes): void;
}

/**
 * Answers the `status` query, and keeps the page and the search attributes of a run up to date.
 * Call it before the first await, and `show` as soon as there is what `lives` tells of.
 */
export function runPage(
  run: string,
  { plan, paused, budget: given, ...before }: RunSoFar,
  lives: () => Pick<RunStatus, 'champion' | 'pending' | 'data' | 'waitsFor'>,
): RunPage {
  let { totals, latest, spent } = before;
  const pause = handlePause(paused);
  const round = totals.finished + 1;
  let news: RoundStatus | undefined;
  let trouble: string | undefined;
  let roundWorkflowId: string | undefined;
  let set: SetAttributes = () => {};
  const budget = handleRunBudget(
    given,
    spent,
    () => news?.budget,
    () => show(),
  );
  /** What the round has told, without a limit that has been raised since. */
  const told = (): RoundStatus | undefined => {
    const isRaised = news?.hold?.warning === 'BudgetReached' && !budget.isKnownBy(news.budget);
    return news && isRaised ? { ...news, hold: undefined } : news;
  };
  const status = (): RunStatus => ({
    run,
    round: Math.min(totals.finished + 1, plan.rounds ?? Number.POSITIVE_INFINITY),
    ...(plan.rounds !== undefined && { rounds: plan.rounds }),
    ...lives(),
    paused: pause.paused || told()?.hold !== undefined,
    hold: pause.hold ?? told()?.hold,
    budget: budget.uses(),
    roundWorkflowId,
    totals,
    latest,
  });
  const show = () => {
    const { pausedAt } = pause;
    const { waitsFor } = lives();
    const now = {
      ...{ run, round, rounds: plan.rounds, pausedAt, trouble, spent, news: told() },
      ...{ budget: budget.uses(), waitsFor, hold: pause.hold },
    };
    setCurrentDetails(markdown([runProgress(now, Date.now()), ...latestSections(latest)]));
    const ofRound: RoundStatus = told() ?? { round, phases: [], figures: NO_FIGURES };
    const hold = pause.hold ?? ofRound.hold;
    const held = { pausedAt, hold, trouble: trouble ?? ofRound.trouble };
    set(attributesOfRound({ ...ofRound, ...held, waitsFor }, plan));
  };
  pause.onChange(show);
  handleSightings((now) => {
    trouble = now;
    show();
  });
  setHandler(roundNews, (told) => {
    // That of the round before may come late.
    if (told.round !== round || totals.finished >= round) return;
    news = told;
    show();
  });
  setHandler(runStatus, status);
  return {
    pause,
    budget,
    status,
    show,
    begin(id) {
      roundWorkflowId = id;
    },
    end(report, soFar) {
      ({ totals, latest, spent } = soFar);
      // What is shown from now on is the next one.
      roundWorkflowId = undefined;
      setCurrentDetails(
        markdown([...roundSections(report), ...latestSections(latest), spentSection(spent)]),
      );
    },
    set(attributes) {
      set = attributes;
      show();
    },
  };
}
