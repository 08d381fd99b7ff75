import type { Answer } from './types.ts';

/** The key under which an answer is stored, and by which a retry finds it. */
export function answerKey(
  answer: Pick<Answer, 'round' | 'stage' | 'exampleId' | 'collaborator' | 'sample'>,
): string {
  const { round, stage, exampleId, collaborator, sample } = answer;
  return [round, stage, exampleId, collaborator, sample].join('/');
}
