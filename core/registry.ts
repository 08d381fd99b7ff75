import { z } from 'zod';
import { COLLABORATOR_KINDS } from './collaborators/index.ts';
import type { Collaborator, CollaboratorKind } from './collaborators/kind.ts';
import { mostRounds } from './living/rounds.ts';
import { oncePer } from './oncePer.ts';
import { LEAST_ROWS } from './resolution.ts';
import { type Problem, runSpecOf } from './runSpec.ts';
import { mayBalance } from './selection/balance.ts';
import { selectionFields } from './selection/fields.ts';
import type { SelectionRule } from './selection/rule.ts';
import { SELECTION_RULES } from './selection/rules/index.ts';
import type { Score } from './selection/score.ts';
import { DEFAULT_SCORE, SCORES } from './selection/scores/index.ts';
import { AUTO, Selector } from './selection/selector.ts';
import { neighboursNeeded } from './shots.ts';
import {
  collaboratorName,
  type FreeCollaborator,
  modelCollaborator,
  neighboursField,
  type RunSpec,
  type RunSpecInput,
  type SelectionInput,
  type TaskSpec,
} from './spec.ts';
import { TASK_KINDS } from './tasks/index.ts';
import type { TaskKind } from './tasks/kind.ts';
import { someOf } from './tasks/labels.ts';
import type { Task } from './tasks/task.ts';
import { quoted } from './text.ts';

/** Kinds of one's own, beside the built-in ones: `extensions` of a configuration has them. */
export interface MethodExtensions {
  tasks?: readonly TaskKind[];
  collaborators?: readonly CollaboratorKind[];
  rules?: readonly SelectionRule[];
  scores?: readonly Score[];
}

const nameOf = {
  task: ({ spec }: TaskKind) => spec.shape.type.value,
  collaborator: ({ spec }: CollaboratorKind) => spec.shape.type.value,
  rule: ({ spec }: SelectionRule) => spec.shape.rule.value,
  score: ({ name }: Score) => name,
};

/**
 * The kinds of tasks and of collaborators, the selection rules and the scores that specs may name:
 * ours, and those of extensions, whose names must differ (`defineConfig` makes sure of it).
 *
 * @example
 * // A spec with kinds of the configuration's, for a workflow of your own that starts `evolve`.
 * const spec = new Registry(config.extensions).runSpec.parse(written);
 */
export class Registry {
  /** Checks a run spec and fills in its defaults. */
  readonly runSpec: z.ZodType<RunSpec, RunSpecInput>;
  /**
   * The same for a spec that was read before, perhaps with other extensions; of one spec once.
   * @internal
   */
  readonly readAgain: (spec: RunSpec) => z.ZodSafeParseResult<RunSpec>;
  /**
   * The task that a spec describes.
   * @throws ZodError for a kind or fields that are not known
   * @internal
   */
  readonly task: (spec: TaskSpec) => Task;
  /**
   * The collaborator that a part of a spec describes, which this registry has read; it asks no model.
   * @internal
   */
  readonly collaborator: (spec: FreeCollaborator, task: Task) => Collaborator;
  /**
   * The selection that a spec describes.
   * @throws ZodError for a rule, a score or fields that are not known
   * @internal
   */
  readonly selector: (spec: SelectionInput) => Selector;

  constructor({ tasks = [], collaborators = [], rules = [], scores = [] }: MethodExtensions = {}) {
    const kindOf = byName<TaskKind>([...TASK_KINDS, ...tasks], nameOf.task);
    const freeOf = byName<CollaboratorKind>(
      [...COLLABORATOR_KINDS, ...collaborators],
      nameOf.collaborator,
    );
    const ruleOf = byName<SelectionRule>([...SELECTION_RULES, ...rules], nameOf.rule);
    const scoreOf = byName<Score>([...SCORES, ...scores], nameOf.score);

    const taskSpecs = [...kindOf.values()].map(({ spec }) => spec);
    const taskSpec = oneOf('type', taskSpecs);
    const freeSpecs = [...freeOf.values()].map(freeSpec);
    const collaboratorSpec = oneOf('type', [modelCollaborator, ...freeSpecs]);
    const score = scoreField([...scoreOf.values()]);
    const ruleSpecs = [...ruleOf.values()].map(({ spec }) =>
      spec.safeExtend({ score, ...selectionFields }),
    );
    const selectionSpec = oneOf('rule', ruleSpecs);
    const rule = selectionSpec.prefault({ rule: 'paper' });
    this.runSpec = runSpecOf(taskSpec, collaboratorSpec, rule).superRefine((spec, context) => {
      if (context.issues.length > 0) return; // a task that is wrong has no judge
      const task = this.task(spec.task);
      for (const { path, message } of [
        ...judgeProblems(task, spec),
        ...balanceProblems(task, spec),
        ...perClassProblems(task, spec),
        ...sharesProblems(task, spec),
        ...coTrainingProblems(task, spec),
        ...auditProblems(task, spec),
        ...calibrationProblems(task, spec, this.selector(spec.selection)),
      ])
        context.addIssue({ code: 'custom', path, message });
    });

    this.readAgain = oncePer((spec) => this.runSpec.safeParse(spec));
    // Labels by the thousand take time to prepare.
    this.task = oncePer((spec) => {
      const known = taskSpec.parse(spec);
      return kindOf.get(known.type)!.create(known);
    });
    const collaboratorFor = oncePer((spec: FreeCollaborator) =>
      oncePer((task: Task) => freeOf.get(spec.type)!.create(spec, task)),
    );
    this.collaborator = (spec, task) => collaboratorFor(spec)(task);
    this.selector = oncePer((spec) => {
      const known = selectionSpec.parse(spec);
      const wanted = {
        ...{ score: known.score, scores: scoreOf },
        isPerClass: known.perClass ?? false,
      };
      return new Selector(ruleOf.get(known.rule)!.create(known), wanted);
    });
  }
}

function byName<T>(all: readonly T[], name: (one: T) => string): Map<string, T> {
  return new Map(all.map((one) => [name(one), one]));
}

function freeSpec({ spec, neighbours }: CollaboratorKind) {
  const named = spec.safeExtend({ name: collaboratorName });
  return neighbours === undefined
    ? named
    : named.safeExtend({ neighbours: neighboursField.default(neighbours) });
}

/** A judge that nobody asks would be checked, and named in reports, all the same. */
function judgeProblems(task: Task, { judge }: Pick<RunSpec, 'judge'>): Problem[] {
  const isAsked = task.judge !== undefined || task.agreement?.by === 'judge';
  const problem = (message: string) => [{ path: ['judge'], message }];
  if (isAsked && !judge)
    return problem(
      'the task wants a judge: add one that grades well, as in judge: { model: gpt-4.1-mini }, or let the task do without',
    );
  return judge && !isAsked ? problem('the task asks no judge: leave it out') : [];
}

/** A classifier needs classes, and what it says is a probability, to which others are added. */
function coTrainingProblems(
  task: Task,
  { coTraining, resolution }: Pick<RunSpec, 'coTraining' | 'resolution'>,
): Problem[] {
  if (!coTraining) return [];
  if (!mayBalance(task)) return [withoutClasses(['coTraining'], 'false')];
  if (resolution === 'auto' || resolution === 'probability') return [];
  return [
    {
      path: ['resolution'],
      message: `"${resolution}" cannot go with coTraining, which adds up probabilities: leave it out, or set it to probability`,
    },
  ];
}

/** An audit hears neighbours, and takes what is not said in the same words for something else. */
function auditProblems(
  task: Task,
  spec: Pick<RunSpec, 'audit' | 'collaborators' | 'evaluation'>,
): Problem[] {
  const problem = (message: string) => [{ path: ['audit'], message }];
  if (!spec.audit) return [];
  if (task.judge)
    return problem('compares answers word by word, and here it takes a judge to: leave it out');
  return neighboursNeeded(spec) === 0
    ? problem(
        'hears neighbours, and no collaborator sees any: give one some shots, or leave it out',
      )
    : [];
}

/** Only answers that are one of a fixed set of classes can be evened out. */
function balanceProblems(
  task: Task,
  { selection: { balance } }: Pick<RunSpec, 'selection'>,
): Problem[] {
  if (balance === 'none') return [];
  const path = ['selection', 'balance'];
  if (!mayBalance(task)) return [withoutClasses(path, 'none')];
  if (typeof balance === 'string') return [];
  const classes = task.classes!;
  const others = Object.keys(balance).filter((label) => !classes.includes(label));
  if (others.length > 0) {
    const message = `${quoted(others[0]!)} is not one of the labels: ${someOf(classes)}`;
    return [{ path: [...path, others[0]!], message }];
  }
  return classes.every((label) => !balance[label])
    ? [{ path, message: 'no label has a share above 0: give some to one of them' }]
    : [];
}

/** Only answers that are one of a fixed set of classes have a class each. */
function perClassProblems(task: Task, { selection }: Pick<RunSpec, 'selection'>): Problem[] {
  if (!selection.perClass || mayBalance(task)) return [];
  return [withoutClasses(['selection', 'perClass'], 'false')];
}

/** Only of answers of a fixed set that are given at once it can be told how likely each is. */
function sharesProblems(task: Task, { answer }: Pick<RunSpec, 'answer'>): Problem[] {
  const path = ['answer', 'probability'];
  if (answer.probability === 'said') return [];
  if (answer.form === 'reasoned')
    return [
      { path, message: 'cannot be told where models reason first: leave it out, or answer.form' },
    ];
  return task.possible || mayBalance(task) ? [] : [withoutClasses(path, 'said')];
}

/** That a field goes by classes where there are none. @param off what it says where it is not wanted */
const withoutClasses = (path: string[], off: string): Problem => ({
  path,
  message: `the answers of this kind of task are not each one label of a fixed set: leave it out, or set it to ${off}`,
});

/** What would break what a rule promises, or leave nothing to calibrate it by. */
function calibrationProblems(
  task: Task,
  spec: Pick<RunSpec, 'selection' | 'rounds'>,
  { needs }: Selector,
): Problem[] {
  const { selection } = spec;
  const isNeeded = needs.rule > 0 || (needs.score > 0 && !needs.isScoreOptional);
  const problem = (field: string, message: string) => ({ path: ['selection', field], message });
  const problems: Problem[] = [];
  if (isNeeded && task.judge)
    problems.push(
      problem(
        needs.rule > 0 ? 'rule' : 'score',
        'learns from labelled examples what is right, and here a judge would have to be asked about each of them: take another',
      ),
    );
  if (needs.rule === 0) return problems;
  if (selection.perClass)
    problems.push(
      problem(
        'perClass',
        `splits the labelled examples that the rule "${selection.rule}" is calibrated by: leave it out`,
      ),
    );
  for (const field of ['atLeast', 'exactly'] as const)
    if (selection[field] !== undefined)
      problems.push(
        problem(
          field,
          `may select more than the rule "${selection.rule}" stands for: leave it out`,
        ),
      );
  if (selection.calibration === 'cross-fit' && mostRounds(spec) !== 1)
    problems.push(
      problem(
        'calibration',
        'calibrates the first round only, since models of later ones have seen all labelled examples: set it to held-out, or rounds to 1',
      ),
    );
  return problems;
}

/** The alternatives that a literal field tells apart. */
function oneOf<Field extends string, Schema extends z.ZodObject>(field: Field, schemas: Schema[]) {
  return z.discriminatedUnion(field, schemas as [Schema, ...Schema[]]);
}

function scoreField(scores: readonly Score[]) {
  const each = scores.map(({ name, description }) => `${name}: ${description}`);
  return z
    .enum([AUTO, ...scores.map(({ name }) => name)])
    .default(DEFAULT_SCORE)
    .describe(
      `What the rule ranks by. ${AUTO}: whichever of these tells right from wrong best on labelled examples that are answered by models which have not seen them, where there are at least ${LEAST_ROWS} (costs what selection.calibration says), else probability where answers are labels of a fixed set, or ${DEFAULT_SCORE}. ${each.join('. ')}.`,
    );
}

/** The registry of those who need no extension. */
export const builtIn = new Registry();

/**
 * The schema of run specs that name built-in kinds only.
 *
 * @example
 * const spec = runSpec.parse({
 *   name: 'tickets',
 *   task: { type: 'classification', labels: ['bill', 'order', 'other'] },
 *   data: { labelled: 'labelled.csv', unlabelled: 'unlabelled.csv', test: 'test.csv' },
 * });
 */
export const runSpec: z.ZodType<RunSpec, RunSpecInput> = builtIn.runSpec;

/** What is wrong with the names of extensions: which, and the remedy. */
export interface NameClash {
  path: [list: string, index: number];
  message: string;
}

export function nameClashes({
  tasks = [],
  collaborators = [],
  rules = [],
  scores = [],
}: MethodExtensions): NameClash[] {
  return [
    ...clashesIn('tasks', TASK_KINDS.map(nameOf.task), tasks.map(nameOf.task)),
    ...clashesIn(
      'collaborators',
      ['model', ...COLLABORATOR_KINDS.map(nameOf.collaborator)],
      collaborators.map(nameOf.collaborator),
    ),
    ...clashesIn('rules', SELECTION_RULES.map(nameOf.rule), rules.map(nameOf.rule)),
    ...clashesIn('scores', [AUTO, ...SCORES.map(nameOf.score)], scores.map(nameOf.score)),
  ];
}

/** The names in a list of extensions that something built in, or an earlier one, has. */
export function clashesIn(
  list: string,
  builtIns: readonly string[],
  given: readonly string[],
): NameClash[] {
  return given.flatMap((name, index) => {
    const first = given.indexOf(name);
    if (!builtIns.includes(name) && first === index) return [];
    const whose = builtIns.includes(name) ? 'what is built in' : `${list}[${first}]`;
    return { path: [list, index], message: `"${name}" is the name of ${whose}: give another` };
  });
}
