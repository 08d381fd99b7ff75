import { isModel } from '../collaborators/ofSpec.ts';
import { isWarmUp } from '../modelNames.ts';
import { selectionFields } from '../selection/fields.ts';
import type { CollaboratorSpec, ModelCollaborator, RunSpec } from '../spec.ts';
import type { Written } from './merge.ts';
import type { ABLATIONS, BASELINES, GridSpec } from './spec.ts';

/** A cell as it is asked for: what of the base is other in it. */
export interface WrittenCell {
  name: string;
  spec: Written;
}

/** The cells that a grid's short forms stand for, each other than the base in one thing. */
export function cellsOfAxes(grid: GridSpec, base: RunSpec): WrittenCell[] {
  const common = commonIn(base);
  return [
    ...grid.ablations.map((part) => ({ name: `without-${part}`, spec: ABLATED[part](base) })),
    ...grid.baselines.map((name) => ({ name, spec: BASELINE[name](base) })),
    ...grid.ratios.map((ratio) => ({
      name: nameOf('ratio', Math.round(100 * ratio)),
      spec: { data: { limits: { unlabelled: unlabelledFor(ratio, grid, base) } } },
    })),
    ...grid.collaborators.map((count) => ({
      name: nameOf('collaborators', count),
      spec: { collaborators: collaboratorsUpTo(count, base) },
    })),
    ...grid.percentiles.map((percentile) => ({
      name: nameOf('percentile', percentile),
      spec: { selection: { ...common, rule: 'paper', percentile } },
    })),
    ...grid.shots.map((shots) => ({
      name: nameOf('shots', shots),
      spec: { collaborators: distinct(base.collaborators.map((one) => shown(one, shots))) },
    })),
    ...grid.rounds.map((rounds) => ({ name: nameOf('rounds', rounds), spec: { rounds } })),
    ...grid.rules.map((given) => {
      const rule = typeof given === 'string' ? { rule: given } : given;
      const spec = { selection: { ...common, ...rule } };
      return { name: nameOf('rule', ...scalarsIn(rule)), spec };
    }),
    ...grid.scores.map((score) => ({
      name: nameOf('score', score),
      spec: { selection: { score } },
    })),
    ...grid.balances.map((balance) => ({
      name: nameOf('balance', ...scalarsIn(balance)),
      spec: { selection: { balance } },
    })),
    ...grid.resolutions.map((resolution) => ({
      name: nameOf('resolution', resolution),
      spec: { resolution },
    })),
    ...grid.bounds.map((bound) => ({ name: bound, spec: { bound, ...everything(base) } })),
  ];
}

/** Selection of all labels, in which nothing evens out or bounds. */
function everything({ selection }: RunSpec): Written {
  const none = Object.fromEntries(Object.keys(selectionFields).map((field) => [field, null]));
  const { score } = selection;
  return { selection: { ...none, rule: 'paper', score, percentile: 100 } };
}

/** What a spec says of any selection, whatever its rule. */
function commonIn({ selection }: RunSpec): Written {
  const fields = ['score', ...Object.keys(selectionFields)];
  return Object.fromEntries(fields.map((field) => [field, selection[field] ?? null]));
}

/** A name of what may stand in one. */
const nameOf = (...parts: (string | number)[]): string =>
  parts
    .map((one) => String(one).replace(/[^A-Za-z0-9_]+/g, '-'))
    .join('-')
    .slice(0, 40);

function scalarsIn(value: unknown): (string | number)[] {
  if (typeof value === 'string' || typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(scalarsIn) : [];
}

/** §4.3 of the paper: what the method is without one of its parts. */
const ABLATED: Record<(typeof ABLATIONS)[number], (base: RunSpec) => Written> = {
  iwp: ({ collaborators, justification }) => ({
    collaborators: distinct(
      collaborators.map((one) =>
        isModel(one) && isWarmUp(one.model) ? { ...one, model: 'base' } : one,
      ),
    ),
    justification: isWarmUp(justification.model) ? { model: 'base' } : {},
  }),
  icp: ({ collaborators }) => ({
    collaborators: distinct(collaborators.map((one) => shown(one, 0))),
  }),
  cl: ({ collaborators }) => ({
    collaborators: [collaborators.find(isShown) ?? collaborators[0]],
    coTraining: false,
  }),
  as: everything,
};

const BASELINE: Record<(typeof BASELINES)[number], (base: RunSpec) => Written> = {
  'self-training': ({ collaborators }) => {
    const itself = collaborators.find(
      (one) => isModel(one) && one.model === 'warm-up' && one.shots === 0,
    );
    return { collaborators: [itself ?? { name: 'itself', shots: 0 }], coTraining: false };
  },
  'rag-bm25': (base) => ragBy('bm25', base),
  'rag-vector': (base) => ragBy('vector', base),
};

/** With as many worked examples as a collaborator sees. */
const ragBy = (mode: 'bm25' | 'vector', { collaborators }: RunSpec): Written => ({
  evaluation: { rag: { mode, shots: collaborators.find(isShown)?.shots ?? 3 } },
});

const isShown = (one: CollaboratorSpec): one is ModelCollaborator => isModel(one) && one.shots > 0;

/** A collaborator with another number of worked examples; those that it leaves out first grow with them. */
function shown(one: CollaboratorSpec, shots: number): CollaboratorSpec {
  if (!isShown(one)) return one;
  return { ...one, shots, skip: Math.round((one.skip / one.shots) * shots) };
}

/** Those that ask something of their own: of two that send the same request the second adds nothing. */
function distinct(collaborators: readonly CollaboratorSpec[]): CollaboratorSpec[] {
  const requests = new Map<string, CollaboratorSpec>();
  for (const one of collaborators) {
    const { name: _, ...request } = one;
    const isOrdered = isModel(one) && one.shots > 1;
    const key = JSON.stringify(isOrdered ? request : { ...request, order: undefined });
    if (!requests.has(key)) requests.set(key, one);
  }
  return [...requests.values()];
}

/** The first of the base's, then further ones that are shown the neighbours which come next. */
function collaboratorsUpTo(count: number, { collaborators }: RunSpec): CollaboratorSpec[] {
  const models = collaborators.filter(isModel);
  const pattern = models.find(isShown) ?? models[0];
  const shots = Math.max(1, pattern?.shots ?? 1);
  const seen = Math.max(0, ...models.map((one) => (one.shots > 0 ? one.skip + one.shots : 0)));
  const further = Array.from({ length: Math.max(0, count - collaborators.length) }, (_, index) => {
    const skip = seen + index * shots;
    return { ...pattern!, name: `neighbours-${skip + 1}-to-${skip + shots}`, shots, skip };
  });
  return [...collaborators.slice(0, count), ...further];
}

function unlabelledFor(ratio: number, { demo }: GridSpec, { data }: RunSpec): number | undefined {
  const labelled = demo?.labelled ?? data.limits.labelled;
  return labelled === undefined ? undefined : Math.max(1, Math.round(ratio * labelled));
}
