import { estimateNote } from '../gate/gradedOn.ts';
import type { Learned } from '../lineage/struck.ts';
import type { Grade, Lineage, LineageModel } from '../lineage/tree.ts';
import type { Promotion } from '../living/promotion.ts';
import { type Section, type Table, tableOf } from './section.ts';

/** The models of a run as a tree, and its champions. */
export function lineageSections(lineage: Lineage): Section[] {
  const { run, models, promotions } = lineage;
  const refused = models.filter(({ verdict }) => verdict?.outcome === 'keep');
  return [
    { title: `Models of "${run}"`, blocks: [treeOf(lineage)] },
    { title: 'Champions', blocks: [championTable(promotions)] },
    ...(refused.length > 0
      ? [{ title: 'Challengers that were not promoted', blocks: [refusalTable(refused)] }]
      : []),
  ];
}

function treeOf({ models, metric, estimate }: Lineage): Table {
  const latest = ({ grades }: LineageModel): Grade | undefined =>
    grades.findLast((grade) => grade.metric === metric);
  return tableOf(models, [
    { title: 'model', kind: 'text', of: ({ name, depth }) => `${branch(depth)}${name}` },
    {
      title: 'is',
      kind: 'text',
      of: ({ role, round }) => (round > 0 ? `${role} of ${round}` : role),
    },
    { title: 'data set', kind: 'text', of: ({ training }) => training?.dataset ?? null },
    { title: 'rows', kind: 'count', of: ({ training }) => training?.trainingRows ?? null },
    { title: 'job', kind: 'text', of: ({ training }) => training?.jobId ?? null },
    { title: 'training', kind: 'money', of: ({ training }) => training?.cost ?? null },
    {
      title: `${metric ?? 'figure'}${estimateNote(estimate)}`,
      kind: 'share',
      of: (model) => shareOf(latest(model)),
    },
    { title: 'champion', kind: 'text', of: ({ champion }) => CHAMPION[champion ?? 'never'] },
  ]);
}

const shareOf = (grade: Grade | undefined): number | null =>
  grade && grade.of > 0 ? grade.got / grade.of : null;

const CHAMPION = { now: 'now', before: 'before', never: null };

/** Lines that lead to a place in the tree. */
const branch = (depth: number): string => (depth === 0 ? '' : `${'│ '.repeat(depth - 1)}└ `);

function championTable(promotions: readonly Promotion[]): Table {
  return tableOf(promotions, [
    { title: '#', kind: 'text', of: ({ number }) => `${number}` },
    { title: 'model', kind: 'text', of: ({ model }) => model },
    { title: 'after round', kind: 'count', of: ({ round }) => round },
    { title: 'by', kind: 'text', of: ({ by, name }) => name ?? `the ${by}` },
    { title: 'since', kind: 'text', of: ({ at }) => at || null },
    { title: 'why', kind: 'text', of: ({ reason }) => reason },
  ]);
}

function refusalTable(refused: readonly LineageModel[]): Table {
  return tableOf(refused, [
    { title: 'model', kind: 'text', of: ({ name }) => name },
    { title: 'round', kind: 'count', of: ({ round }) => round },
    { title: 'why', kind: 'text', of: ({ verdict }) => verdict!.reason },
  ]);
}

/** The models that have to do with rows that are struck out by now. */
export function struckSection({ run, models }: Lineage): Section {
  const learned = models.flatMap(({ name, champion, struck }) =>
    struck ? { name, champion, ...struck } : [],
  );
  if (learned.length === 0)
    return {
      title: `Models of "${run}" and rows that are struck out`,
      blocks: ['None of them has learned from a row that is struck out by now.'],
    };
  return {
    title: `Models of "${run}" that have learned from rows that are struck out by now`,
    blocks: [
      tableOf<Learned & Pick<LineageModel, 'name' | 'champion'>>(learned, [
        { title: 'model', kind: 'text', of: ({ name }) => name },
        { title: 'withdrawn rows', kind: 'count', of: ({ rows }) => rows.withdrawn },
        { title: 'of wrong segments', kind: 'count', of: ({ rows }) => rows.segment },
        { title: 'with older answers', kind: 'count', of: ({ rows }) => rows.superseded },
        { title: 'tuned from one that has', kind: 'text', of: ({ through }) => through },
        {
          title: 'labels of ones that have',
          kind: 'text',
          of: ({ labelledBy }) => labelledBy.join(', ') || null,
        },
        { title: 'champion', kind: 'text', of: ({ champion }) => CHAMPION[champion ?? 'never'] },
      ]),
    ],
  };
}
