import { activityInfo } from '@temporalio/activity';
import type { Endpoint } from '../providers/endpoint.ts';

/** Where to ask instead of here. */
export interface Elsewhere {
  taskQueue: string;
}

/** The task queue on which an endpoint's trainer works, unless it is this worker's own. */
export function elsewhere({ config }: Endpoint): Elsewhere | undefined {
  const { taskQueue } = config.trainer;
  return taskQueue === undefined || taskQueue === activityInfo().taskQueue
    ? undefined
    : { taskQueue };
}
