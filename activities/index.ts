import { ACTIVITY_NAMES, ACTIVITY_PREFIX, type Named } from '../core/activityNames.ts';
import { createAnnounce } from './announce.ts';
import { createArrive } from './arrive.ts';
import { createAudit } from './audit.ts';
import { createBatches } from './batches/index.ts';
import { createCollaborate } from './collaborate.ts';
import { createCollaborateFree } from './collaborateFree.ts';
import { createCollect } from './collect.ts';
import { createCompareWays } from './compareWays.ts';
import { createCoTrain } from './coTrain.ts';
import { createCrown } from './crown.ts';
import type { Dependencies } from './dependencies.ts';
import { createEmbed } from './embed.ts';
import { createEvaluate } from './evaluate.ts';
import { createFineTune } from './fineTune.ts';
import { createFoldModels } from './foldModels.ts';
import { createGrid } from './grid.ts';
import { createHosting } from './hosting.ts';
import { createIngest } from './ingest.ts';
import { createJustify } from './justify.ts';
import { createOpenRun } from './openRun.ts';
import { createRankForReview } from './rankForReview.ts';
import { createReport } from './report.ts';
import { createRetrieve } from './retrieve.ts';
import { createRunStates } from './runStates.ts';
import { createSearchAttributes } from './searchAttributes.ts';
import { createSelect } from './select.ts';

/** All activities, built over one store and one set of endpoints. */
export function createActivities(dependencies: Dependencies) {
  return {
    ...createOpenRun(dependencies),
    ...createIngest(dependencies),
    ...createArrive(dependencies),
    ...createEmbed(dependencies),
    ...createFineTune(dependencies),
    ...createHosting(dependencies),
    ...createRetrieve(dependencies),
    ...createCollaborate(dependencies),
    ...createCollaborateFree(dependencies),
    ...createJustify(dependencies),
    ...createCoTrain(dependencies),
    ...createCompareWays(dependencies),
    ...createAudit(dependencies),
    ...createSelect(dependencies),
    ...createRankForReview(dependencies),
    ...createFoldModels(dependencies),
    ...createEvaluate(dependencies),
    ...createBatches(dependencies),
    ...createReport(dependencies),
    ...createGrid(dependencies),
    ...createCollect(dependencies),
    ...createCrown(dependencies),
    ...createAnnounce(dependencies),
    ...createRunStates(dependencies),
    ...createSearchAttributes(),
  };
}

export type Activities = ReturnType<typeof createActivities>;

/**
 * The activities as a worker registers them: with our prefix before their names, and before there is
 * a store to build them over.
 * @param opened the ones to call; asked for at each call
 */
export function nameActivities(opened: () => Activities): Named<Activities> {
  return Object.fromEntries(
    (ACTIVITY_NAMES satisfies readonly (keyof Activities)[]).map((name: keyof Activities) => [
      `${ACTIVITY_PREFIX}${name}`,
      async (input: never): Promise<unknown> => opened()[name](input),
    ]),
  ) as unknown as Named<Activities>;
}
