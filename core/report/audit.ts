import type { RoundReport } from '../roundReport.ts';
import { count } from './format.ts';
import { type Section, tableOf } from './section.ts';

/** What became of gold answers that were doubted; nothing where nobody has. */
export function auditSections({ audit, run }: RoundReport): Section[] {
  if (!audit) return [];
  const { heard, suspects, worst } = audit;
  const title = 'Gold answers in doubt';
  if (heard === 0)
    return [{ title, blocks: ['Of none of them models and neighbours had anything to say.'] }];
  const found = `Of ${count(suspects)} of ${count(heard)} labelled rows, models that have not seen them and their neighbours speak for the same other answer.`;
  if (suspects === 0) return [{ title, blocks: [found] }];
  const kept = `They are as they were: "semievol review ${run}" shows them.`;
  const table = tableOf(worst, [
    { title: 'labelled row', kind: 'count', of: ({ ordinal }) => ordinal },
    {
      title: 'collaborators for another answer',
      kind: 'text',
      of: ({ votes, collaborators }) => `${votes} of ${collaborators}`,
    },
    { title: 'neighbours for it', kind: 'share', of: ({ against }) => against },
    { title: 'neighbours for the gold answer', kind: 'share', of: (one) => one.for },
  ]);
  return [{ title, blocks: [`${found} ${kept}`, table] }];
}
