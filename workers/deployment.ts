import type { WorkerDeploymentOptions } from '@temporalio/worker';
import type { Config } from '../config/config.ts';

/**
 * The build that a worker says it is, so that Temporal gives it the work of that build only;
 * undefined where no build id is known: such a worker takes whatever there is. The variables are
 * those that Temporal's Worker Controller for Kubernetes sets; they come before the configuration,
 * which may be the same for many builds.
 */
export function deploymentOptions({
  name,
  buildId,
}: Config['worker']['deployment']): WorkerDeploymentOptions | undefined {
  const { TEMPORAL_DEPLOYMENT_NAME, TEMPORAL_WORKER_BUILD_ID } = process.env;
  const id = TEMPORAL_WORKER_BUILD_ID ?? buildId;
  if (!id) return undefined;
  return {
    version: { deploymentName: TEMPORAL_DEPLOYMENT_NAME || name, buildId: id },
    useWorkerVersioning: true,
    // Here and not at the workflows: of those of an unversioned worker the server takes no behaviour.
    defaultVersioningBehavior: 'PINNED',
  };
}
