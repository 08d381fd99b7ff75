/**
 * Ends the processes of a stack whose own process was killed before it could. Its standard input is
 * a pipe from the stack: "+pid" and "-pid" lines say what runs; when the pipe closes, what is left
 * is stopped, the group of each process with it.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { signalGroup } from '../providers/processGroup.ts';

const GRACE_MS = 10_000;
const running = new Set<number>();

for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) running.add(pid);
  else running.delete(pid);
}

for (const pid of running) signalGroup(pid, 'SIGTERM');
const deadline = Date.now() + GRACE_MS;
while ([...running].some((pid) => signalGroup(pid, 0)) && Date.now() < deadline) await sleep(100);
for (const pid of running) signalGroup(pid, 'SIGKILL');
