import type { Estimated } from '../gate/gradedOn.ts';
import type { Promotion } from '../living/promotion.ts';
import type { RoundReport } from '../roundReport.ts';
import type { ModelRecord, ModelRole } from '../types.ts';
import type { Learned } from './struck.ts';

/** What a model was graded in a round. */
export interface Grade {
  round: number;
  metric: string;
  got: number;
  of: number;
}

/** A model of a run. */
export interface LineageModel {
  name: string;
  /** What it is to its round; `base` of the spec's model. */
  role: 'base' | ModelRecord['role'];
  /** 0 of the spec's model. */
  round: number;
  endpoint: string;
  /** The model that it was tuned from; null of the spec's. */
  base: string | null;
  /** How many models lie between it and the spec's, and itself. */
  depth: number;
  /** What made it; null of the spec's model. */
  training: Training | null;
  /** By round; a champion is graded in rounds after its own, too. */
  grades: Grade[];
  /** Whether the gate of its round let it take the champion's place, where it was the challenger. */
  verdict: Verdict | null;
  /** Whether it is, or was, the champion. */
  champion: 'now' | 'before' | null;
  /** What it has learned from rows that are struck out by now, where that was asked for. */
  struck?: Learned;
}

/** What a job has made a model of. */
export interface Training
  extends Pick<
    ModelRecord,
    'dataset' | 'trainingRows' | 'trainingFileSha256' | 'jobId' | 'createdAt'
  > {
  /** Tokens that were trained on; null where nobody told. */
  tokens: number | null;
  /** US dollars; null where it has no price, or was paid for by another run. */
  cost: number | null;
}

/** What a gate has said of a challenger. */
export interface Verdict {
  outcome: 'promote' | 'keep';
  reason: string;
}

/** The models of a run, and its champions. */
export interface Lineage {
  run: string;
  /** By which models are compared first. */
  metric: string | null;
  /** What figures of models were made on; the test split where it is left out. */
  estimate?: Estimated;
  champion: string;
  /** Each after the one it was tuned from, in the order they were made. */
  models: LineageModel[];
  /** The changes of the champion, by number. */
  promotions: Promotion[];
}

/** What a lineage is put together from. */
export interface LineageFacts {
  run: string;
  /** The spec's model. */
  base: { endpoint: string; name: string };
  reports: readonly Pick<RoundReport, 'gate' | 'metrics' | 'estimate'>[];
  records: readonly ModelRecord[];
  evaluations: readonly ({ model: string; role: ModelRole } & Grade)[];
  /** The changes of the champion, by number. */
  promotions: readonly Promotion[];
  /** What the training of a model has taken; undefined where it was not paid for by the run. */
  spentOn(record: ModelRecord): Pick<Training, 'tokens' | 'cost'> | undefined;
}

/** Puts the models of a run in the order of their descent. */
export function lineageOf(facts: LineageFacts): Lineage {
  const { run, base, reports, records, evaluations } = facts;
  const promotions = [...facts.promotions];
  const champion = promotions.at(-1)?.model ?? base.name;
  const known = new Set([base.name, ...records.map(({ name }) => name)]);
  // What was tuned from a model of another run stands beside the spec's.
  const children = Map.groupBy(
    records.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1)),
    (record) => (known.has(record.base) ? record.base : null),
  );
  const verdicts = new Map(
    reports.flatMap(({ gate }) =>
      gate
        ? [[gate.challenger.model, { outcome: gate.verdict, reason: gate.reason }] as const]
        : [],
    ),
  );
  const standing = (name: string): Pick<LineageModel, 'grades' | 'verdict' | 'champion'> => ({
    grades: gradesOf(name, evaluations),
    verdict: verdicts.get(name) ?? null,
    champion:
      name === champion ? 'now' : promotions.some(({ model }) => model === name) ? 'before' : null,
  });
  const models: LineageModel[] = [];
  const add = (record: ModelRecord, depth: number) => {
    const { name, role, round, endpoint, base: from } = record;
    const { dataset, trainingRows, trainingFileSha256, jobId, createdAt } = record;
    const spent = facts.spentOn(record) ?? { tokens: null, cost: null };
    models.push({
      ...{ name, role, round, endpoint, base: from, depth },
      training: { dataset, trainingRows, trainingFileSha256, jobId, createdAt, ...spent },
      ...standing(name),
    });
  };
  models.push({
    ...{ name: base.name, role: 'base', round: 0, endpoint: base.endpoint, base: null, depth: 0 },
    ...{ training: null, ...standing(base.name) },
  });
  // A chain may be as long as a run has rounds: no recursion.
  const waiting = [...(children.get(base.name) ?? []), ...(children.get(null) ?? [])]
    .map((record) => ({ record, depth: 1 }))
    .toReversed();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { record, depth } = next;
    add(record, depth);
    const own = children.get(record.name) ?? [];
    waiting.push(...own.map((child) => ({ record: child, depth: depth + 1 })).toReversed());
  }
  const { metrics, estimate } = reports.at(-1) ?? {};
  const metric = metrics?.[0]?.name ?? null;
  return { run, metric, ...(estimate && { estimate }), champion, models, promotions };
}

/** One of each round and metric: the same model may have several roles in a round. */
function gradesOf(name: string, evaluations: LineageFacts['evaluations']): Grade[] {
  const grades = new Map<string, Grade>();
  for (const { model, round, metric, got, of } of evaluations)
    if (model === name) grades.set(`${round}/${metric}`, { round, metric, got, of });
  return [...grades.values()].sort((a, b) => a.round - b.round);
}
