/** Stands before the name of each of our activities, so that none is ever in the place of a user's. */
export const ACTIVITY_PREFIX = 'semievol.';

/** Our activities, by their names without the prefix. */
export const ACTIVITY_NAMES = [
  'announce',
  'audit',
  'arrive',
  'awaitBatch',
  'awaitJob',
  'bookHours',
  'cancelBatch',
  'cancelJobs',
  'checkModels',
  'coTrain',
  'collect',
  'collectBatches',
  'collaborate',
  'collaborateFree',
  'compareWays',
  'crown',
  'deploy',
  'embed',
  'evaluate',
  'finishedRuns',
  'foldModels',
  'ingest',
  'justify',
  'keepState',
  'knownSearchAttributes',
  'lastState',
  'maintain',
  'openRun',
  'planBatches',
  'prepareSearch',
  'rankForReview',
  'recordModel',
  'recordRun',
  'report',
  'retrieve',
  'select',
  'startBatch',
  'startJob',
  'undeploy',
  'uploadTrainingFile',
  'watchDeployment',
  'writeBatches',
] as const;

export type ActivityName = (typeof ACTIVITY_NAMES)[number];

/** Activities under the names by which Temporal knows them. */
export type Named<T> = {
  [Name in keyof T & string as `${typeof ACTIVITY_PREFIX}${Name}`]: T[Name];
};
