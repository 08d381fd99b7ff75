import type { PhaseName, Spender } from './phases.ts';
import type { Spent } from './spent.ts';

/** In what a budget is set: US dollars, tokens of any kind, requests, hours of deployments. */
export const BUDGET_UNITS = ['usd', 'tokens', 'requests', 'gpuHours'] as const;

/** One of them. */
export type BudgetUnit = (typeof BUDGET_UNITS)[number];

/** How much may be spent; what is left out has no limit. */
export type Limits = Partial<Record<BudgetUnit, number>>;

/** What may become of jobs and batches under way at a limit: they go on, or are begun again later. */
export const JOBS_AT_LIMIT = ['finish', 'cancel'] as const;
export type JobsAtLimit = (typeof JOBS_AT_LIMIT)[number];

/** How much of each unit. */
export type Amounts = Record<BudgetUnit, number>;

/** What a run may spend: in all, in each of its rounds, and in a phase of each round. */
export interface Budget extends Limits {
  perRound?: Limits | undefined;
  perPhase?: Partial<Record<PhaseName, Limits>> | undefined;
  /** Default: finish. */
  jobs?: JobsAtLimit | undefined;
}

/** Where a limit holds: in the whole run, in each round, or in a phase of each round. */
export type BudgetScope = 'run' | 'round' | PhaseName;

/** A limit, and what is gone of it. */
export interface BudgetUse {
  scope: BudgetScope;
  unit: BudgetUnit;
  limit: number;
  spent: number;
  /** Of what is under way: it counts from before it begins. */
  reserved: number;
}

/** A limit that keeps something from beginning. */
export interface Lack extends BudgetUse {
  /** What that would take, as far as is known. */
  wanted: number;
}

/** From this share of a limit on it is warned of. */
export const WARN_FROM = 0.8;

const NOTHING: Amounts = { usd: 0, tokens: 0, requests: 0, gpuHours: 0 };
const HOUR_SECONDS = 3_600;

/** What was spent, in the units of budgets. Where there is no price it costs nothing that is known. */
export const amountsOf = (spent: Spent): Amounts => ({
  usd: spent.cost ?? 0,
  tokens: spent.promptTokens + spent.completionTokens + spent.trainedTokens,
  requests: spent.requests,
  gpuHours: spent.deployedSeconds / HOUR_SECONDS,
});

/** The limits of a scope; those of the run stand with the budget itself. */
export function limitsIn(budget: Budget, scope: BudgetScope): Limits {
  if (scope === 'run') return budget;
  return (scope === 'round' ? budget.perRound : budget.perPhase?.[scope]) ?? {};
}

/** Whether anything is limited in a unit. */
export const hasLimit = (budget: Budget, unit: BudgetUnit): boolean =>
  [budget, budget.perRound, ...Object.values(budget.perPhase ?? {})].some(
    (limits) => limits?.[unit] !== undefined,
  );

/** The budget with some limits of a scope set otherwise. */
export function withLimits(budget: Budget, scope: BudgetScope, limits: Limits): Budget {
  if (scope === 'run') return { ...budget, ...limits };
  const own = { ...limitsIn(budget, scope), ...limits };
  if (scope === 'round') return { ...budget, perRound: own };
  return { ...budget, perPhase: { ...budget.perPhase, [scope]: own } };
}

/** The limits of a scope that hold in a unit. */
function usesIn(
  scope: BudgetScope,
  limits: Limits,
  spent: Amounts,
  reserved: Amounts,
): BudgetUse[] {
  return BUDGET_UNITS.flatMap((unit) => {
    const limit = limits[unit];
    return limit === undefined
      ? []
      : [{ scope, unit, limit, spent: spent[unit], reserved: reserved[unit] }];
  });
}

/** Whether so much being gone of a limit leaves nothing, or less than what is wanted. */
const leavesTooLittle = (gone: number, { limit, wanted }: Pick<Lack, 'limit' | 'wanted'>) =>
  gone >= limit || gone + wanted > limit;

/** Whether a limit will have to be raised, whatever becomes of what is under way. */
export const isReached = (lack: Lack): boolean => leavesTooLittle(lack.spent, lack);

/** A limit that leaves nothing, or less than what is wanted: first of all one that is reached. */
function lackAmong(uses: readonly BudgetUse[], wanted: Amounts): Lack | undefined {
  const lacking = uses
    .map((use): Lack => ({ ...use, wanted: wanted[use.unit] }))
    .filter((use) => leavesTooLittle(use.spent + use.reserved, use));
  return lacking.find(isReached) ?? lacking[0];
}

/** Whether a limit is nearly used up. */
export const isNear = ({ limit, spent, reserved }: BudgetUse): boolean =>
  spent + reserved >= WARN_FROM * limit;

const sum = (parts: Iterable<Amounts>): Amounts => {
  const total = { ...NOTHING };
  for (const part of parts) for (const unit of BUDGET_UNITS) total[unit] += part[unit];
  return total;
};

const each = (of: (unit: BudgetUnit) => number): Amounts => ({
  ...{ usd: of('usd'), tokens: of('tokens') },
  ...{ requests: of('requests'), gpuHours: of('gpuHours') },
});
const most = (a: Amounts, b: Amounts) => each((unit) => Math.max(a[unit], b[unit]));
const difference = (a: Amounts, b: Amounts) => each((unit) => a[unit] - b[unit]);

/**
 * What a round has spent, phase by phase, and what is reserved for its jobs, against the limits of the
 * run, the round and its phases.
 */
export class Ledger {
  budget: Budget;
  readonly #before: Amounts;
  readonly #spent = new Map<Spender, Amounts>();
  readonly #reserved = new Map<string, { phase: PhaseName; wanted: Spent; amounts: Amounts }>();
  /** What phases pay for ahead of what tells of it: answers that batches give. */
  readonly #ahead = new Map<PhaseName, Map<string, { amounts: Amounts; isSpent: boolean }>>();
  /** What jobs have cost as a share of what was thought, the dearest of them. */
  #share: number | undefined;

  /** @param before what the run has spent in the rounds before */
  constructor(budget: Budget, before: Spent) {
    this.budget = budget;
    this.#before = amountsOf(before);
  }

  /** What a phase has spent so far, in the place of what it had before. */
  set(phase: Spender, spent: Spent): void {
    this.#spent.set(phase, amountsOf(spent));
  }

  /** Counts what a job is going to cost, until it is released: then its phase tells of it. */
  reserve(key: string, phase: PhaseName, wanted: Spent): void {
    this.#reserved.set(key, { phase, wanted, amounts: this.#expected(wanted) });
  }

  /** Counts what answers cost that a phase has got (`isSpent`), or is going to, before it tells of them. */
  payAhead(phase: PhaseName, key: string, cost: Spent, isSpent: boolean): void {
    const ahead = this.#ahead.get(phase) ?? new Map();
    this.#ahead.set(phase, ahead.set(key, { amounts: amountsOf(cost), isSpent }));
  }

  /** What a phase has paid for ahead, all together; it has told of it all when it ends. */
  ahead(phase: PhaseName): Amounts {
    return this.#aheadOf(phase, () => true);
  }

  ended(phase: PhaseName): void {
    this.#ahead.delete(phase);
  }

  /** What keeps a phase from paying for something ahead, in the place of what it had under the key. */
  lackAhead(phase: PhaseName, key: string, cost: Spent): Lack | undefined {
    const before = this.#ahead.get(phase)?.get(key);
    this.#ahead.get(phase)?.delete(key);
    const uses = (['run', 'round', phase] as const).flatMap((scope) => this.#uses(scope));
    if (before) this.#ahead.get(phase)!.set(key, before);
    return lackAmong(uses, amountsOf(cost));
  }

  /** @param spent what the job has cost: later ones are thought to cost the same share of what they want */
  release(key: string, spent: Spent): void {
    const wanted = this.#reserved.get(key)?.wanted.trainedTokens;
    this.#reserved.delete(key);
    // Nothing where another run has paid for it, or where the provider does not tell.
    if (wanted && spent.trainedTokens > 0)
      this.#share = Math.max(this.#share ?? 0, spent.trainedTokens / wanted);
  }

  /** What keeps a phase from spending what a job is thought to cost, or anything at all. */
  lack(phase: PhaseName, wanted?: Spent): Lack | undefined {
    const uses = (['run', 'round', phase] as const).flatMap((scope) => this.#uses(scope));
    return lackAmong(uses, wanted ? this.#expected(wanted) : NOTHING);
  }

  /** A limit above which is what was reserved for work under way, as when it was lowered. */
  overdrawn(): Lack | undefined {
    const use = this.uses().find(
      ({ limit, spent, reserved }) => reserved > 0 && spent + reserved > limit,
    );
    return use && { ...use, wanted: 0 };
  }

  /** The limits that a phase has to keep to, and what all others have of each. */
  allowance(phase: PhaseName): BudgetUse[] {
    const own = this.#spent.get(phase) ?? NOTHING;
    const ahead = this.#notTold(phase);
    return (['run', 'round', phase] as const).flatMap((scope) =>
      this.#uses(scope).map((use) => ({
        ...use,
        spent: use.spent - own[use.unit] - ahead.spent[use.unit],
        reserved: use.reserved - ahead.reserved[use.unit],
      })),
    );
  }

  /** All limits that there are, and what is gone of each. */
  uses(): BudgetUse[] {
    const phases = Object.keys(this.budget.perPhase ?? {}) as PhaseName[];
    return (['run', 'round', ...phases] as const).flatMap((scope) => this.#uses(scope));
  }

  #aheadOf(phase: PhaseName, counts: (one: { isSpent: boolean }) => boolean): Amounts {
    const all = [...(this.#ahead.get(phase)?.values() ?? [])];
    return sum(all.filter(counts).map(({ amounts }) => amounts));
  }

  /** What a phase has paid for ahead, or is going to, and has not told of. */
  #notTold(phase: PhaseName): { spent: Amounts; reserved: Amounts } {
    const told = this.#spent.get(phase) ?? NOTHING;
    const beyond = (ahead: Amounts) => most(difference(ahead, told), NOTHING);
    const spent = beyond(this.#aheadOf(phase, ({ isSpent }) => isSpent));
    return { spent, reserved: difference(beyond(this.ahead(phase)), spent) };
  }

  #expected(wanted: Spent): Amounts {
    const { usd, tokens, ...others } = amountsOf(wanted);
    const share = this.#share ?? 1;
    return { ...others, usd: share * usd, tokens: share * tokens };
  }

  #uses(scope: BudgetScope): BudgetUse[] {
    const isIn = (phase: Spender) => scope === 'run' || scope === 'round' || scope === phase;
    const spent = [...this.#spent].flatMap(([phase, one]) => (isIn(phase) ? [one] : []));
    const reserved = [...this.#reserved.values()].flatMap(({ phase, amounts }) =>
      isIn(phase) ? [amounts] : [],
    );
    for (const phase of this.#ahead.keys()) {
      if (!isIn(phase)) continue;
      const notTold = this.#notTold(phase);
      spent.push(notTold.spent);
      reserved.push(notTold.reserved);
    }
    const before = scope === 'run' ? [this.#before] : [];
    return usesIn(scope, limitsIn(this.budget, scope), sum([...before, ...spent]), sum(reserved));
  }
}

/** Of each kind of pieces of work, the most that one has taken. */
export type MostTaken = Record<string, Amounts>;

/**
 * Pieces of work of some kinds, within an allowance. A piece is thought to take as much as the
 * dearest of its kind has, and that is reserved before it begins; the first of a kind goes alone. So
 * no more is spent than is allowed, and what is under way when a piece begins that turns out dearer.
 */
export class Pieces {
  /** The limits, with what others have of each; without any nothing is held back. */
  allowance: readonly BudgetUse[];
  readonly mostTaken: MostTaken;
  readonly #ahead: Amounts;
  #spent: Amounts;
  readonly #underWay = new Map<string, { kind: string; reserved: Amounts }>();

  /**
   * @param mostTaken is kept up to date; what an execution before has seen
   * @param ahead what was paid for ahead of the pieces: they tell of it, and take no more until then
   */
  constructor(
    allowance: readonly BudgetUse[],
    spent: Spent,
    mostTaken: MostTaken = {},
    ahead: Amounts = NOTHING,
  ) {
    this.allowance = allowance;
    this.#ahead = ahead;
    this.#spent = amountsOf(spent);
    this.mostTaken = mostTaken;
  }

  get areUnderWay(): boolean {
    return this.#underWay.size > 0;
  }

  mayBegin(kind: string): boolean {
    if (this.allowance.length === 0) return true;
    const isFirst = this.mostTaken[kind] === undefined;
    const isAlone = ![...this.#underWay.values()].some((one) => one.kind === kind);
    return (!isFirst || isAlone) && this.lack(kind) === undefined;
  }

  /** What keeps a further piece of a kind from beginning. */
  lack(kind: string): Lack | undefined {
    const underWay = sum([...this.#underWay.values()].map((one) => one.reserved));
    const wanted = this.mostTaken[kind] ?? NOTHING;
    const notTold = difference(this.#ahead, this.#spent);
    // What is told of by then was paid for ahead.
    const isPaid = (unit: BudgetUnit) => underWay[unit] + wanted[unit] <= notTold[unit];
    const uses = this.allowance.map((use) => ({
      ...use,
      spent: use.spent + this.#spent[use.unit],
      reserved: use.reserved + Math.max(underWay[use.unit], notTold[use.unit]),
    }));
    return lackAmong(
      uses.filter(({ unit }) => !isPaid(unit)),
      wanted,
    );
  }

  /** @param key of no other piece under way */
  begin(kind: string, key: string): void {
    this.#underWay.set(key, { kind, reserved: this.mostTaken[kind] ?? NOTHING });
  }

  end(key: string, spent: Spent): void {
    const { kind } = this.#underWay.get(key)!;
    this.#underWay.delete(key);
    const taken = amountsOf(spent);
    this.#spent = sum([this.#spent, taken]);
    this.mostTaken[kind] = most(this.mostTaken[kind] ?? NOTHING, taken);
  }
}
