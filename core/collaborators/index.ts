import { neighbours } from './neighbours.ts';

/** The kinds of collaborators there are without extensions, beside models. */
export const COLLABORATOR_KINDS = [neighbours] as const;
