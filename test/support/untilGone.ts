import { identityOf } from '../../providers/trainers/command/identity.ts';
import { lookUntil } from './lookUntil.ts';

/** Waits until a process is gone: one that is killed closes what it has open, and only then is. */
export const untilGone = (pid: number): Promise<unknown> =>
  lookUntil(
    () => identityOf(pid),
    (there) => !there,
  );
