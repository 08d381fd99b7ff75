import { randomInt } from 'node:crypto';
import getPort from 'get-port';

/** Systems give whoever asks for any port one above these. */
const [LOWEST, HIGHEST] = [10_000, 32_767];

/**
 * A port for somebody who listens at it later, or again: none that the tests of other processes, which
 * ask for any, get meanwhile.
 */
export const portForLater = (): Promise<number> =>
  getPort({ port: Array.from({ length: 20 }, () => randomInt(LOWEST, HIGHEST + 1)) });
