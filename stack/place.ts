import { createServer } from 'node:net';
import { resolve } from 'node:path';

export const HOST = '127.0.0.1';

/** Where a stack keeps its state and listens; all on 127.0.0.1. */
export interface StackPlace {
  /** Folder of the Temporal database, the engine's state, the store and the logs. */
  state: string;
  temporalPort: number;
  uiPort: number;
  enginePort: number;
}

/**
 * The environment in which workers and clients use the stack at `place`, whatever server the user's own
 * TEMPORAL_* variables and profiles lead to.
 */
export function stackEnvironment(place: StackPlace): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: `${HOST}:${place.temporalPort}`,
    TEMPORAL_NAMESPACE: 'default',
    // Empty stands for none, even where a profile has one.
    TEMPORAL_PROFILE: '',
    TEMPORAL_API_KEY: '',
    TEMPORAL_TLS: 'false',
    TEMPORAL_WORKER_BUILD_ID: '',
    SEMIEVOL_ENGINE_URL: `http://${HOST}:${place.enginePort}/v1`,
    SEMIEVOL_STATE: resolve(place.state),
  };
}

/** The page of a run in the Temporal UI of the stack. */
export function runPage(place: StackPlace, namespace: string, run: string): string {
  return `http://${HOST}:${place.uiPort}/namespaces/${namespace}/workflows/${encodeURIComponent(run)}`;
}

/** Whether nobody listens on a port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}
