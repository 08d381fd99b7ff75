/**
 * Signals every process of a group (signal 0 only asks).
 * @returns whether there was one.
 */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}
