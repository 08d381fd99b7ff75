import { ApplicationFailure, type Workflow } from '@temporalio/common';
import {
  type ChildWorkflowHandle,
  condition,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  type SignalDefinition,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type Amounts,
  BUDGET_UNITS,
  type Budget,
  type BudgetScope,
  type BudgetUse,
  type Lack,
  Ledger,
  type Limits,
  type MostTaken,
  Pieces,
  withLimits,
} from '../core/budget.ts';
import type { PhaseName, Spender } from '../core/phases.ts';
import { amountText, lackText } from '../core/report/budget.ts';
import type { Spent } from '../core/spent.ts';
import type { Hold } from '../core/status.ts';
import type { Lane } from './fanOut.ts';
import { oneByOne } from './news.ts';

/** Limits of a scope that are to hold from now on; others stay. */
export interface BudgetChange {
  scope: BudgetScope;
  limits: Limits;
}

/** Sets limits of a run under way; what they held back goes on. */
export const changeBudget = defineUpdate<void, [BudgetChange]>('budget');
/** From a run to its round: the budget as it is now. */
const budgetChanged = defineSignal<[Budget]>('budgetChanged');
/** From a round to the workflow of a phase that works in batches: what it may come to. */
const allowed = defineSignal<[BudgetUse[]]>('allowed');
/** From a fine-tune to its round: what its job is going to cost. */
const reserve = defineSignal<[Reservation]>('reserve');
/** From a round to a fine-tune: that is reserved. */
const granted = defineSignal<[key?: string]>('granted');

interface Reservation {
  workflowId: string;
  phase: PhaseName;
  wanted: Spent;
  /** Of answers that are paid for ahead of what tells of them; a job has none. */
  key?: string;
  /** Whether it is spent already: then it waits for nothing. */
  isSpent?: boolean;
}

/** The budget of a run, on all its rounds. */
export interface RunBudget {
  readonly budget: Budget | undefined;
  /** What is gone of each limit, as the round under way has told it last. */
  uses(): BudgetUse[];
  /** Whether a round that tells this has the budget as it is now. */
  isKnownBy(told: readonly BudgetUse[] | undefined): boolean;
  /** The child, which is told whenever the budget changes. */
  follow<T extends Workflow>(
    starting: Promise<ChildWorkflowHandle<T>>,
  ): Promise<ChildWorkflowHandle<T>>;
}

/**
 * Takes changes of a run's budget. Call it before the first await.
 * @param spent in the rounds before
 * @param told what the round has told of its limits; undefined before it has
 * @param changed called after each change
 */
export function handleRunBudget(
  given: Budget | undefined,
  spent: Spent,
  told: () => BudgetUse[] | undefined,
  changed: () => void,
): RunBudget {
  let budget = given;
  const children = new Set<(budget: Budget) => void>();
  const uses = () => {
    if (!budget) return [];
    const known = told() ?? [];
    return new Ledger(budget, spent).uses().map((use) => {
      const now = known.find(({ scope, unit }) => scope === use.scope && unit === use.unit);
      return now ? { ...now, limit: use.limit } : use;
    });
  };
  setHandler(
    changeBudget,
    ({ scope, limits }) => {
      budget = withLimits(budget ?? {}, scope, limits);
      for (const tell of children) tell(budget);
      changed();
    },
    { validator: (change) => assertUsable(change, uses()) },
  );
  return {
    get budget() {
      return budget;
    },
    uses,
    isKnownBy: (told = []) =>
      uses().every(({ scope, unit, limit }) =>
        told.some((one) => one.scope === scope && one.unit === unit && one.limit === limit),
      ),
    async follow(starting) {
      const whenStarting = budget;
      const child = await starting;
      const tell = tellerOf(child, budgetChanged, children);
      if (budget && budget !== whenStarting) tell(budget);
      return child;
    },
  };
}

/** What tells a child of a value, as long as it runs; it is among the `tellers`. */
function tellerOf<T extends Workflow, V>(
  child: ChildWorkflowHandle<T>,
  signal: SignalDefinition<[V]>,
  tellers: Set<(value: V) => void>,
): (value: V) => void {
  const send = oneByOne<V>((value) => child.signal(signal, value));
  const tell = (value: V) => void send(value);
  tellers.add(tell);
  const over = () => tellers.delete(tell);
  child.result().then(over, over);
  return tell;
}

/** @throws ApplicationFailure `BudgetRefused`, which refuses the update */
function assertUsable({ scope, limits }: BudgetChange, uses: readonly BudgetUse[]): void {
  const given = BUDGET_UNITS.filter((unit) => limits[unit] !== undefined);
  if (given.length === 0) throw refused('it names no limit: give one, such as --usd 20');
  for (const unit of given) {
    const limit = limits[unit]!;
    if (!(limit > 0 && Number.isFinite(limit)))
      throw refused(`a limit has to be a number above 0, and ${unit} is ${limit}`);
    const use = uses.find((one) => one.scope === scope && one.unit === unit);
    if (use && limit < use.spent)
      throw refused(
        `${amountText(use.spent, unit)} are spent already, more than ${amountText(limit, unit)}: give more, or pause the run`,
      );
  }
}

const refused = (why: string) =>
  ApplicationFailure.nonRetryable(`the budget stays as it is: ${why}`, 'BudgetRefused');

/** What a round knows of the phases that spend. */
export interface Spenders {
  run: string;
  /** What each phase has spent so far. */
  spent(): Iterable<[Spender, Spent]>;
  /** Called when what a phase may spend is another: whether it holds it has to say again. */
  allowed(phase: PhaseName): void;
  /** Called after each change. */
  changed(): void;
}

/** The budget of a round, out of that of its run. */
export interface RoundBudget {
  /** Why something may not begin; undefined where nothing is held. */
  readonly hold: Hold | undefined;
  /** What is gone of each limit; undefined where there is no budget. */
  uses(): BudgetUse[] | undefined;
  /** Undefined at once where a phase may spend anything; else resolves when it may. */
  whileLacking(phase: PhaseName): Promise<void> | undefined;
  /** What a phase may come to. */
  allowanceOf(phase: PhaseName): CarriedBudget;
  /** A phase has ended: it has told of all that it spent. */
  ended(phase: PhaseName): void;
  /** The child at work on a phase, which is told whenever its allowance changes. */
  follow<T extends Workflow>(
    phase: PhaseName,
    starting: Promise<ChildWorkflowHandle<T>>,
  ): Promise<ChildWorkflowHandle<T>>;
  /** A fine-tune has ended: what it had reserved is told by its phase from now on. */
  release(workflowId: string, spent: Spent): void;
  /** Something was spent: what waits may begin or not, and allowances may be others. */
  review(): void;
}

/**
 * Keeps the spending of a round's phases within the budget. Call it before the first await.
 * @param before what the run has spent in the rounds before
 */
export function handleRoundBudget(
  given: Budget | undefined,
  before: Spent,
  { run, spent, allowed: onAllowed, changed }: Spenders,
): RoundBudget {
  let ledger = given && new Ledger(given, before);
  const waiting: Reservation[] = [];
  const gates = new Set<PhaseName>();
  const followed = new Map<PhaseName, Set<(allowance: BudgetUse[]) => void>>();
  const lastTold = new Map<PhaseName, string>();
  let hold: Hold | undefined;

  const current = () => {
    if (ledger) for (const [phase, amount] of spent()) ledger.set(phase, amount);
    return ledger;
  };
  const lacking = (): Lack | undefined => {
    for (const phase of gates) {
      const lack = current()?.lack(phase);
      if (lack) return lack;
    }
    const [first] = waiting;
    return first && lackOf(first);
  };
  const lackOf = ({ phase, wanted, key, isSpent }: Reservation): Lack | undefined => {
    if (isSpent) return undefined;
    const ledger = current();
    return key === undefined ? ledger?.lack(phase, wanted) : ledger?.lackAhead(phase, key, wanted);
  };
  const grant = () => {
    for (const one of [...waiting]) {
      if (lackOf(one)) continue;
      waiting.splice(waiting.indexOf(one), 1);
      const { workflowId, phase, wanted, key } = one;
      if (key === undefined) ledger?.reserve(workflowId, phase, wanted);
      else ledger?.payAhead(phase, key, wanted);
      if (one.isSpent) continue;
      // One that has ended needs no grant.
      getExternalWorkflowHandle(one.workflowId)
        .signal(granted, key)
        .catch(() => undefined);
    }
  };
  const tellAllowances = () => {
    for (const [phase, tellers] of followed) {
      const allowance = current()?.allowance(phase);
      const text = JSON.stringify(allowance);
      if (!allowance || text === lastTold.get(phase)) continue;
      lastTold.set(phase, text);
      for (const tell of tellers) tell(allowance);
      onAllowed(phase);
    }
  };
  const review = () => {
    grant();
    tellAllowances();
    const lack = lacking();
    const before = hold;
    hold = lack && holdOf(run, lack, before);
    if (hold?.why !== before?.why) changed();
  };
  setHandler(budgetChanged, (budget) => {
    ledger ??= new Ledger(budget, before);
    ledger.budget = budget;
    review();
    changed();
  });
  setHandler(reserve, (reservation) => {
    waiting.push(reservation);
    review();
  });
  return {
    get hold() {
      return hold;
    },
    uses: () => current()?.uses(),
    whileLacking(phase) {
      if (!current()?.lack(phase)) return undefined;
      gates.add(phase);
      review();
      return condition(() => !current()?.lack(phase)).then(() => {
        gates.delete(phase);
        review();
      });
    },
    allowanceOf: (phase) => ({
      allowance: current()?.allowance(phase),
      ahead: current()?.ahead(phase),
    }),
    ended(phase) {
      ledger?.ended(phase);
      review();
    },
    async follow(phase, starting) {
      const tellers = followed.get(phase) ?? new Set();
      followed.set(phase, tellers);
      lastTold.set(phase, JSON.stringify(current()?.allowance(phase)));
      const child = await starting;
      tellerOf(child, allowed, tellers);
      tellAllowances();
      return child;
    },
    release(workflowId, spent) {
      ledger?.release(workflowId, spent);
      review();
    },
    review,
  };
}

const holdOf = (run: string, lack: Lack, before: Hold | undefined): Hold => ({
  ...{ since: before?.since ?? Date.now(), why: lackText(run, lack), warning: 'BudgetReached' },
});

/** Has the round reserve what jobs and batches are going to cost. */
export interface JobBudget {
  /** Resolves once it is reserved. @param key of what is paid for ahead of the phase's telling */
  reserved(phase: PhaseName, wanted: Spent, key?: string): Promise<void>;
  /** What was reserved under the key has come to this. */
  settled(phase: PhaseName, spent: Spent, key: string): Promise<void>;
}

/** Call it before the first await, in a child of a round. */
export function handleJobBudget(): JobBudget {
  const grants = new Set<string | undefined>();
  setHandler(granted, (key) => {
    grants.add(key ?? undefined);
  });
  const tell = (reservation: Omit<Reservation, 'workflowId'>) => {
    const { parent, workflowId } = workflowInfo();
    const round = getExternalWorkflowHandle(parent!.workflowId);
    return round.signal(reserve, { workflowId, ...reservation });
  };
  return {
    async reserved(phase, wanted, key) {
      grants.delete(key);
      await tell({ phase, wanted, ...(key !== undefined && { key }) });
      await condition(() => grants.has(key));
    },
    settled: (phase, spent, key) => tell({ phase, wanted: spent, key, isSpent: true }),
  };
}

/** A lane whose pieces of work tell what they cost. */
export interface PaidLane extends Omit<Lane, 'work'> {
  work(batch: number): Promise<Spent>;
}

/** What a workflow that works in batches may spend. */
export interface BatchBudget {
  /** Why no further piece begins. */
  readonly hold: Hold | undefined;
  /** What pieces have taken, for the execution after this one; what they may come to. */
  readonly carried: CarriedBudget;
  /** The lane, of which no batch begins without the means for it. @param kind of its pieces */
  guard(lane: PaidLane, kind: string): Lane;
  /** To be called when all lanes have begun what they may. */
  review(): void;
}

/** Of the budget of a workflow that works in batches. */
export interface CarriedBudget {
  /** The limits, with what others have of each. */
  allowance?: readonly BudgetUse[] | undefined;
  mostTaken?: MostTaken | undefined;
  /** What was paid for ahead. */
  ahead?: Amounts | undefined;
}

/**
 * Keeps batches within what their round allows. Call it before the first await.
 * @param changed called when it holds, or lets go on
 */
export function handleBatchBudget(
  run: string,
  carried: CarriedBudget,
  spent: Spent,
  changed: () => void,
): BatchBudget {
  const { allowance = [], mostTaken, ahead } = carried;
  const pieces = new Pieces(allowance, spent, { ...mostTaken }, ahead);
  const lanes: { kind: string; wants(): boolean }[] = [];
  let hold: Hold | undefined;
  /** It holds once nothing is under way that could leave something over. */
  const review = () => {
    const wanting = pieces.areUnderWay ? [] : lanes.filter(({ wants }) => wants());
    const lacks = wanting.map(({ kind }) => pieces.lack(kind));
    const [lack] = lacks.every(Boolean) ? lacks : [];
    const before = hold;
    hold = lack && holdOf(run, lack, before);
    if (hold?.why !== before?.why) changed();
  };
  setHandler(allowed, (allowance) => {
    pieces.allowance = allowance;
    review();
    changed();
  });
  return {
    get hold() {
      return hold;
    },
    get carried() {
      return { allowance: pieces.allowance, mostTaken: pieces.mostTaken, ahead };
    },
    guard(lane, kind) {
      const { from, end, work, mayBegin = () => true } = lane;
      let next = from;
      lanes.push({ kind, wants: () => next < end && mayBegin(next) });
      return {
        ...lane,
        mayBegin: (batch) => mayBegin(batch) && pieces.mayBegin(kind),
        async work(batch) {
          next = batch + 1;
          const key = `${kind}/${batch}`;
          pieces.begin(kind, key);
          pieces.end(key, await work(batch));
          review();
        },
      };
    },
    review,
  };
}
