import type { ModelCollaborator } from '../../core/spec.ts';

/** A model as a spec has it that says nothing but this. */
export const collaborator = (
  fields: Partial<ModelCollaborator> & { name: string },
): ModelCollaborator => ({
  type: 'model',
  model: 'warm-up',
  shots: 3,
  skip: 0,
  order: 'nearest-last',
  temperature: 0,
  samples: 1,
  ...fields,
});
