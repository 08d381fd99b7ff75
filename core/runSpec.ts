import { z } from 'zod';
import { isModel } from './collaborators/ofSpec.ts';
import { fieldName } from './issues.ts';
import { endpointOf, isRole } from './modelNames.ts';
import type { SelectionFields } from './selection/fields.ts';
import {
  type CollaboratorInput,
  type CollaboratorSpec,
  commonSpec,
  type RunSpec,
  type RunSpecInput,
  type SelectionSpec,
  type TaskSpec,
} from './spec.ts';

const DEFAULT_COLLABORATORS = [
  { name: 'no-shots', shots: 0 },
  { name: 'nearest', shots: 3 },
  { name: 'nearest-reversed', shots: 3, order: 'nearest-first' as const },
  { name: 'next-nearest', shots: 3, skip: 3 },
];

/** The schema of run specs, put together from the schemas of what kinds there are. */
export function runSpecOf(
  task: z.ZodType<TaskSpec, TaskSpec>,
  collaborator: z.ZodType<CollaboratorSpec, CollaboratorInput>,
  selection: z.ZodType<SelectionSpec, RunSpecInput['selection']>,
): z.ZodType<RunSpec, RunSpecInput> {
  const { name, ...others } = commonSpec.shape;
  return z
    .strictObject({
      ...{ name, task, ...others },
      collaborators: z
        .array(collaborator)
        .min(1)
        .prefault(DEFAULT_COLLABORATORS)
        .describe('Who answers the unlabelled examples: models, unless they name another type.'),
      selection,
    })
    .superRefine((spec, context) => {
      for (const { path, message } of [
        ...rolesElsewhere(spec),
        ...nobodyWaitedFor(spec),
        ...twins(spec),
        ...limitsAtOdds(spec),
        ...untested(spec),
      ])
        context.addIssue({ code: 'custom', path, message });
    })
    .transform(({ rounds, ...spec }) => ({
      ...spec,
      rounds: rounds ?? (spec.next ? 'unlimited' : 1),
    }));
}

/** What is wrong with a spec whose fields are right each by itself. */
export interface Problem {
  path: (string | number)[];
  message: string;
}

/** Models that only a round makes, at its own endpoint, and another one in each round. */
function rolesElsewhere({
  collaborators,
  justification,
  judge,
  model,
}: Pick<RunSpec, 'collaborators' | 'justification' | 'judge' | 'model'>): Problem[] {
  const asked = [
    ...collaborators.flatMap((one, index) =>
      isModel(one) ? [{ one, path: ['collaborators', index] }] : [],
    ),
    { one: justification, path: ['justification'] },
  ];
  const elsewhere = asked.flatMap(({ one, path }) => {
    const endpoint = endpointOf({ model }, one);
    if (!isRole(one.model) || endpoint === model.endpoint) return [];
    return {
      path: [...path, 'model'],
      message: `"${one.model}" is at endpoint "${model.endpoint}" only (model.endpoint): name a model that "${endpoint}" has, or leave ${fieldName([...path, 'endpoint'])} out`,
    };
  });
  if (!judge || !isRole(judge.model)) return elsewhere;
  return [
    {
      path: ['judge', 'model'],
      message: `"${judge.model}" is another model in each round, and a judge has to stay the same: give the name of a model`,
    },
    ...elsewhere,
  ];
}

function nobodyWaitedFor({ collaborators }: Pick<RunSpec, 'collaborators'>): Problem[] {
  const mayAllStayAway = collaborators.every(
    (one) => isModel(one) && one.goOnAfterMinutes !== undefined,
  );
  if (!mayAllStayAway) return [];
  return [
    {
      path: ['collaborators', 0, 'goOnAfterMinutes'],
      message:
        'every collaborator may be gone on without, and somebody has to answer: leave it out of at least one, such as one at the endpoint that fine-tunes',
    },
  ];
}

function twins({ collaborators }: Pick<RunSpec, 'collaborators'>): Problem[] {
  const names = collaborators.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : {
          path: ['collaborators', index, 'name'],
          message: `"${name}" is the name of another collaborator; names must differ`,
        },
  );
}

/** What cannot be had without a test split. */
function untested({
  data,
  gate,
  until,
  evolve,
  evaluation,
}: Pick<RunSpec, 'data' | 'gate' | 'until' | 'evolve' | 'evaluation'>): Problem[] {
  if (data.test.length > 0) return [];
  const problem = (path: string[], message: string) => ({ path, message });
  return [
    ...(until === 'report' && !gate
      ? [
          problem(
            ['data', 'test'],
            'models are graded on it: give files, or a gate, by which they are graded on the labelled examples, by a cross-fitted estimate (which costs further fine-tunes)',
          ),
        ]
      : []),
    ...(data.growTest === undefined
      ? []
      : [problem(['data', 'growTest'], 'there is no test split to grow: give data.test')]),
    ...(until === 'report' && evolve.from === 'warm-up'
      ? [
          problem(
            ['evolve', 'from'],
            'without a test split it has to be base: what goes on from the warm-up has seen all labelled examples, on which it is graded',
          ),
        ]
      : []),
    ...(evaluation.rag === undefined
      ? []
      : [problem(['evaluation', 'rag'], 'it needs a test split: give data.test')]),
  ];
}

/** Limits of the selection that exclude each other. */
function limitsAtOdds({ selection }: Pick<RunSpec, 'selection'>): Problem[] {
  const { atLeast, atMost, exactly, candidates } = selection;
  const problem = (field: keyof SelectionFields, message: string) => [
    { path: ['selection', field], message },
  ];
  if (exactly !== undefined && (atLeast ?? atMost) !== undefined)
    return problem('exactly', 'leaves no room for atLeast and atMost: leave these out, or it');
  if (atLeast !== undefined && atMost !== undefined && atLeast > atMost)
    return problem(
      'atLeast',
      `is ${atLeast}, more than atMost (${atMost}): lower it, or raise atMost`,
    );
  const least = exactly ?? atLeast;
  if (candidates === undefined || least === undefined || least <= candidates) return [];
  return problem(
    'candidates',
    `are ${candidates}, fewer than ${exactly === undefined ? 'atLeast' : 'exactly'} (${least}): ask about more, or select fewer`,
  );
}
