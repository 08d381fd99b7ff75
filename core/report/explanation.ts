import type {
  ExplainedRow,
  Explanation,
  GivenAnswer,
  LabelledRow,
  NeighbourRow,
  SelectedRow,
} from '../lineage/explanation.ts';
import type { StoredExample } from '../types.ts';
import { count, oneLine } from './format.ts';
import { type Section, tableOf } from './section.ts';

/** Characters of a text that are shown; the JSON has all of it. */
const SHOWN = 160;

/** What a model was made of, a page of it. */
export function explanationSections(explanation: Explanation): Section[] {
  const { rows } = explanation;
  if ('lacking' in rows)
    return [
      {
        title: titleOf(explanation),
        blocks: [...factsOf(explanation), `Its rows are not known: ${rows.lacking}.`],
      },
    ];
  return [
    { title: titleOf(explanation), blocks: factsOf(explanation) },
    ...rows.page.map((row) => rowSection(row, rows.labelledTimes)),
  ];
}

const titleOf = ({ model: { name } }: Explanation): string => `Model ${name}`;

function factsOf({ model, descent }: Explanation): string[] {
  const { role, round, run, endpoint, trainingRows, dataset, jobId, createdAt } = model;
  const from = descent.map(({ name, role: as, round: of, run: by }) =>
    as === undefined ? name : `${name} (${as} of round ${of} of "${by}")`,
  );
  return [
    `It is ${role} of round ${round} of run "${run}", made at ${endpoint} by job ${jobId}, ${createdAt}, of ${count(trainingRows)} rows of data set ${dataset}.`,
    `It was tuned from ${from.join(', and that from ')}.`,
  ];
}

function rowSection(row: ExplainedRow, labelledTimes: number): Section {
  return row.from === 'labelled' ? labelledSection(row, labelledTimes) : selectedSection(row);
}

function labelledSection({ place, example }: LabelledRow, times: number): Section {
  const often = times === 1 ? '' : ` It stands in the file ${count(times)} times.`;
  return {
    title: place,
    blocks: [
      shown(example.question),
      `People have answered: ${shown(example.answer ?? '')}.${often}`,
    ],
  };
}

function selectedSection({ place, example, round, label, ...row }: SelectedRow): Section {
  const { votes, collaborators, entropy, probability, neighbours } = label;
  const figures = [
    `${votes} of ${collaborators} for it`,
    ...figure('score', row.score),
    ...figure('entropy', entropy),
    ...figure('probability', probability),
    ...figure('share of the neighbours', neighbours),
    ...(row.weight === 1 ? [] : [`${count(row.weight)} times in the file`]),
  ];
  const gold =
    example.answer === undefined
      ? []
      : [`Its own answer, which nobody has seen: ${shown(example.answer)}.`];
  return {
    title: place,
    blocks: [
      shown(example.question),
      `Round ${round} has labelled it: ${shown(label.label ?? '')} (${figures.join('; ')}).`,
      ...gold,
      row.answers.length > 0 ? answersTable(row.answers) : 'What was answered is no longer kept.',
      ...(row.neighbours.length > 0 ? [neighboursTable(row.neighbours)] : []),
    ],
  };
}

const figure = (name: string, value: number | null): string[] =>
  value === null ? [] : [`${name} ${value.toFixed(3)}`];

const answersTable = (answers: readonly GivenAnswer[]) =>
  tableOf(answers, [
    {
      title: 'who',
      kind: 'text',
      of: ({ collaborator, sample, isJustification }) =>
        isJustification
          ? `${collaborator}, to justify`
          : sample > 0
            ? `${collaborator} #${sample + 1}`
            : collaborator,
    },
    { title: 'model', kind: 'text', of: ({ model }) => model },
    { title: 'answer', kind: 'text', of: ({ parsed }) => parsed },
    { title: 'probability', kind: 'decimal', of: ({ probability }) => probability },
    { title: 'said', kind: 'text', of: ({ text }) => shown(text) },
  ]);

const neighboursTable = (neighbours: readonly NeighbourRow[]) =>
  tableOf<{ example: StoredExample; similarity: number }>(neighbours, [
    { title: 'neighbour', kind: 'text', of: ({ example }) => `labelled/${example.ordinal}` },
    { title: 'similarity', kind: 'decimal', of: ({ similarity }) => similarity },
    { title: 'answer', kind: 'text', of: ({ example }) => shown(example.answer ?? '') },
    { title: 'question', kind: 'text', of: ({ example }) => shown(example.question) },
  ]);

function shown(text: string): string {
  const line = oneLine(text);
  return line.length <= SHOWN ? line : `${line.slice(0, SHOWN)}…`;
}
