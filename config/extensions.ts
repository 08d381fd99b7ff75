import { z } from 'zod';
import type { CollaboratorKind } from '../core/collaborators/kind.ts';
import { clashesIn, nameClashes } from '../core/registry.ts';
import type { SelectionRule } from '../core/selection/rule.ts';
import type { Score } from '../core/selection/score.ts';
import { neighboursField } from '../core/spec.ts';
import type { TaskKind } from '../core/tasks/kind.ts';
import type { TrainerKind } from '../providers/trainer.ts';
import { TRAINERS, typeOf } from '../providers/trainers/index.ts';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isFunction = (value: unknown) => typeof value === 'function';

/** Whether a value is a zod object (of whatever copy of zod) in which a field is one literal text. */
const hasLiteral = (spec: unknown, field: string) => {
  if (!(spec instanceof z.ZodObject)) return false;
  const literal: unknown = spec.shape[field];
  return literal instanceof z.ZodLiteral && literal.values.size === 1 && isText(literal.value);
};

const isTaskKind = (value: unknown) =>
  isObject(value) && hasLiteral(value.spec, 'type') && isFunction(value.create);
const isTrainer = isTaskKind;
const isCollaborator = (value: unknown) =>
  isTaskKind(value) &&
  neighboursField.optional().safeParse((value as CollaboratorKind).neighbours).success;
const isRule = (value: unknown) =>
  isObject(value) && hasLiteral(value.spec, 'rule') && isFunction(value.create);
const isScore = (value: unknown) =>
  isObject(value) &&
  [value.name, value.description, value.measure].every(isText) &&
  isFunction(value.of);

const list = <T>(is: (value: unknown) => boolean, remedy: string) =>
  z.array(z.custom<T>(is, remedy)).readonly().default([]);

/** What a user adds to the kinds that specs may name. */
export const extensionsConfig = z
  .strictObject({
    tasks: list<TaskKind>(
      isTaskKind,
      'this is no kind of task: make it by defineTaskKind({ spec: z.strictObject({ type: z.literal("NAME"), … }), create })',
    ).describe('Kinds of tasks, made by `defineTaskKind`.'),
    collaborators: list<CollaboratorKind>(
      isCollaborator,
      'this is no kind of collaborator: make it by defineCollaborator({ spec: z.strictObject({ type: z.literal("NAME"), … }), create }), with neighbours (1 to 100) if it sees any',
    ).describe('Collaborators that ask no model, made by `defineCollaborator`.'),
    rules: list<SelectionRule>(
      isRule,
      'this is no selection rule: make it by defineSelectionRule({ spec: z.strictObject({ rule: z.literal("NAME"), … }), create })',
    ).describe('Selection rules, made by `defineSelectionRule`.'),
    scores: list<Score>(
      isScore,
      'this is no score: make it by defineScore({ name, description, measure, of })',
    ).describe('What selection rules rank by, made by `defineScore`.'),
    trainers: list<TrainerKind>(
      isTrainer,
      'this is no trainer: make it by defineTrainer({ spec: z.strictObject({ type: z.literal("NAME"), … }), create })',
    ).describe("Trainers that an endpoint's `trainer` may name, made by `defineTrainer`."),
  })
  .superRefine((extensions, context) => {
    const { trainers } = extensions;
    const clashes = [
      ...nameClashes(extensions),
      ...clashesIn('trainers', TRAINERS.map(typeOf), trainers.map(typeOf)),
    ];
    for (const clash of clashes) context.addIssue({ code: 'custom', ...clash });
  })
  .prefault({})
  .describe(
    'Modules that add to what run specs and endpoints may name. Workers and clients need the same ones.',
  );
