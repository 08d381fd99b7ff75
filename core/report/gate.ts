import {
  type ChallengerRole,
  type GateReport,
  GROUPS,
  type GroupKind,
} from '../gate/gateReport.ts';
import { estimateNote, gradedOn } from '../gate/gradedOn.ts';
import type { GroupReport, GroupsReport, RoundReport } from '../roundReport.ts';
import type { ModelRole } from '../types.ts';
import { count } from './format.ts';
import { type ColumnOf, type Section, tableOf } from './section.ts';

/** Who the models of a round are, in the words of reports. */
export const NAMES: Record<ModelRole, string> = {
  vanilla: 'base',
  champion: 'champion',
  sft: 'SFT, equal epochs',
  'sft-steps': 'SFT, equal steps',
  semievol: 'SemiEvol',
};

const CHALLENGER: Record<ChallengerRole, string> = {
  semievol: 'the new model',
  sft: 'the SFT model of equal epochs',
  'sft-steps': 'the SFT model of equal steps',
};

const PLURALS: Record<GroupKind, string> = { class: 'classes', category: 'categories' };

const several = (number: number, of: GroupKind) => (number === 1 ? of : PLURALS[of]);

/** Who is the champion after a round. */
export function championLine({ gate, promoted, models, model }: RoundReport): string {
  const kept = models.champion === model ? 'still the base model' : 'still that of before';
  const who = promoted ? CHALLENGER[gate?.challenger.role ?? 'semievol'] : kept;
  return `The champion is ${who}, ${models.champion}.`;
}

/** Why a model of the round has become the champion, or none has; none where none was graded. */
export function gateSections({ gate, estimate }: RoundReport): Section[] {
  if (!gate) return [];
  const { examples } = gradedOn(estimate);
  const blocks = [verdictLine(gate), testTable(gate, examples), ...vetoBlocks(gate, examples)];
  return [{ title: `Gate${estimateNote(estimate)}`, blocks }];
}

function verdictLine({ champion, challenger, verdict, reason }: GateReport): string {
  const outcome = verdict === 'promote' ? 'It is to take the place' : 'It does not take the place';
  return `The challenger is ${CHALLENGER[challenger.role]}, ${challenger.model}. ${outcome} of the champion, ${champion}: ${reason}.`;
}

function testTable({ tests }: GateReport, graded: string) {
  return tableOf(tests, [
    {
      title: 'challenger against',
      kind: 'text',
      of: ({ against }) => (against === 'sft' ? 'the better SFT' : 'the champion'),
    },
    { title: 'gain', kind: 'share', of: ({ gain }) => gain },
    { title: 'p', kind: 'text', of: ({ comparison }) => comparison.pValue.toPrecision(2) },
    { title: graded, kind: 'count', of: ({ examples }) => examples },
  ]);
}

function vetoBlocks({ vetoes, tooFew }: GateReport, graded: string) {
  const lost = tableOf(vetoes, [
    { title: 'vetoed by', kind: 'text', of: ({ of }) => of },
    { title: 'name', kind: 'text', of: ({ label }) => label },
    { title: 'lost', kind: 'share', of: ({ loss }) => loss },
    { title: graded, kind: 'count', of: ({ examples }) => examples },
  ]);
  const untold = GROUPS.filter((of) => tooFew[of] > 0).map(
    (of) =>
      `${count(tooFew[of])} ${several(tooFew[of], of)} with too few ${graded} for a veto (gate.veto.leastRows).`,
  );
  return [...(vetoes.length > 0 ? [lost] : []), ...untold];
}

/** What the models got in each class, where the task has a fixed set of them, and in each category. */
export function groupSections(report: RoundReport): Section[] {
  const { byClass, byCategory } = report;
  return [
    ...(byClass ? [groupSection('class', byClass, report)] : []),
    ...(byCategory ? [groupSection('category', byCategory, report, byCategory.without)] : []),
  ];
}

function groupSection(
  of: GroupKind,
  { listed, others }: GroupsReport,
  { metrics, estimate }: RoundReport,
  without = 0,
): Section {
  const { examples: graded } = gradedOn(estimate);
  const roles = Object.keys(listed[0]!.values) as ModelRole[];
  const table = tableOf(listed, [
    { title: of, kind: 'text', of: ({ label }) => label },
    { title: graded, kind: 'count', of: ({ examples }) => examples },
    ...roles.map(
      (role): ColumnOf<GroupReport> => ({
        title: NAMES[role],
        kind: 'share',
        of: ({ values }) => values[role] ?? null,
      }),
    ),
  ]);
  const { name } = metrics[0]!;
  const title = `${name[0]!.toUpperCase()}${name.slice(1)} by ${of}${estimateNote(estimate)}`;
  const notes = [
    ...(others.groups > 0
      ? [
          `Not listed: ${count(others.groups)} smaller ${several(others.groups, of)}, with ${count(others.examples)} ${graded}.`,
        ]
      : []),
    ...(without > 0 ? [`Of no ${of}: ${count(without)} ${graded}.`] : []),
  ];
  return { title, blocks: [table, ...notes] };
}
