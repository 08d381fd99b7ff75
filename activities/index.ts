import { createCollaborate } from './collaborate.ts';
import type { Dependencies } from './dependencies.ts';
import { createEmbed } from './embed.ts';
import { createEvaluate } from './evaluate.ts';
import { createFineTune } from './fineTune.ts';
import { createIngest } from './ingest.ts';
import { createJustify } from './justify.ts';
import { createOpenRun } from './openRun.ts';
import { createReport } from './report.ts';
import { createRetrieve } from './retrieve.ts';
import { createSelect } from './select.ts';

/** All activities, built over one store and one set of endpoints. */
export function createActivities(dependencies: Dependencies) {
  return {
    ...createOpenRun(dependencies),
    ...createIngest(dependencies),
    ...createEmbed(dependencies),
    ...createFineTune(dependencies),
    ...createRetrieve(dependencies),
    ...createCollaborate(dependencies),
    ...createJustify(dependencies),
    ...createSelect(dependencies),
    ...createEvaluate(dependencies),
    ...createReport(dependencies),
  };
}

export type Activities = ReturnType<typeof createActivities>;
