import type { CollaboratorSpec, FreeCollaborator, ModelCollaborator, RunSpec } from '../spec.ts';

// Apart from the schema, since workflows need them, and are to load no library that checks.

/** Whether a collaborator is a model that is asked. */
export const isModel = (one: CollaboratorSpec): one is ModelCollaborator => one.type === 'model';

/** The collaborators of a spec that are models, in its order. */
export const modelCollaborators = ({
  collaborators,
}: Pick<RunSpec, 'collaborators'>): ModelCollaborator[] => collaborators.filter(isModel);

/** The others, which cost no request, in the order of the spec. */
export const freeCollaborators = ({
  collaborators,
}: Pick<RunSpec, 'collaborators'>): FreeCollaborator[] =>
  collaborators.filter((one): one is FreeCollaborator => !isModel(one));

/** How many answers models are asked for about an example, all together. */
export const answersAsked = (spec: Pick<RunSpec, 'collaborators'>): number =>
  modelCollaborators(spec).reduce((total, { samples }) => total + samples, 0);

/** How many answers the collaborators give to an example, all together. */
export const answersAnExample = (spec: Pick<RunSpec, 'collaborators'>): number =>
  answersAsked(spec) + freeCollaborators(spec).length;
