import type { CollaboratorSpec } from '../../core/spec.ts';

/** A collaborator as a spec has it that says nothing but this. */
export const collaborator = (
  fields: Partial<CollaboratorSpec> & { name: string },
): CollaboratorSpec => ({
  model: 'warm-up',
  shots: 3,
  skip: 0,
  order: 'nearest-last',
  temperature: 0,
  samples: 1,
  ...fields,
});
