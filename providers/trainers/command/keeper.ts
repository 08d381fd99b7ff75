/**
 * Runs one attempt of a job's command, in its own process group, and leaves nothing of it behind: not
 * when the command ends, not when it is told to stop (SIGTERM), and not when its worker dies, which
 * closes its standard input. How the command ended is in `end.json`.
 *
 * Arguments: the attempt's folder, the folder of slots and how many there are. It ends at once where no
 * slot is free, or another keeper has the attempt.
 */
import { spawn } from 'node:child_process';
import { openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { signalGroup } from '../../processGroup.ts';
import { END, type End, KEEPER, LOG, START, type Start } from './attempt.ts';
import { readJson, writeFirst } from './files.ts';
import { identityOf } from './identity.ts';
import { isCancelled } from './jobs.ts';
import { Slots } from './slots.ts';

/** Time between SIGTERM and SIGKILL, in which a tool may write a checkpoint. */
const GRACE_MS = 10_000;

const [folder, slots, most] = process.argv.slice(2) as [string, string, string];
let isStopped = false;
/** Whether the attempt is this keeper's, whose end it tells. */
let isIts = false;

function stop(): void {
  if (isStopped) return;
  isStopped = true;
  if (!isIts) process.exit();
  signalGroup(process.pid, 'SIGTERM');
  setTimeout(() => end({ signal: 'SIGKILL' }), GRACE_MS);
}

/** Ends this process, too, since it leads the group. */
function end(how: Omit<End, 'isStopped'>): void {
  try {
    writeFileSync(join(folder, END), JSON.stringify({ ...how, isStopped } satisfies End));
  } finally {
    signalGroup(process.pid, 'SIGKILL');
  }
}

process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', stop);
process.stdin.on('close', stop).resume();

const self = (await identityOf(process.pid))!;
const { command, env, cwd } = (await readJson<Start>(join(folder, START)))!;
if (!(await new Slots(slots, Number(most)).take(self))) process.exit();
if (!(await writeFirst(join(folder, KEEPER), JSON.stringify(self)))) process.exit();
isIts = true;
if ((await isCancelled(dirname(folder))) || isStopped) end({});

const log = openSync(join(folder, LOG), 'a', 0o600);
const [program, ...args] = command;
const options = { cwd, env: { ...process.env, ...env } };
spawn(program!, args, { ...options, stdio: ['ignore', log, log] })
  .once('error', ({ message }) => end({ error: message }))
  .once('exit', (code, signal) =>
    end({ ...(code !== null && { code }), ...(signal && { signal }) }),
  );
