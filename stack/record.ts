import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isFree, type StackPlace } from './place.ts';

/** A stack that has not got its Temporal up within this time never will. */
const STARTING_MS = 60_000;

/** What the file `stack.json` in a state folder says of the stack there. */
export interface StackRecord extends StackPlace {
  pid: number;
}

export const recordFile = (state: string): string => join(state, 'stack.json');

/** What is on file, be it true or left behind by a stack that was killed. */
export function readRecord(state: string): StackRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(state), 'utf8')) as StackRecord;
  } catch {
    return undefined;
  }
}

export function writeRecord(place: StackPlace): void {
  const { state, temporalPort, uiPort, enginePort } = place;
  const record: StackRecord = { pid: process.pid, state, temporalPort, uiPort, enginePort };
  writeFileSync(recordFile(state), JSON.stringify(record));
}

export function removeRecord(state: string): void {
  rmSync(recordFile(state), { force: true });
}

/**
 * The stack another process runs or is starting on this state folder, if there is one. That a process has the
 * number on file is not enough: numbers are given again.
 */
export async function runningStack(state: string): Promise<StackRecord | undefined> {
  const record = readRecord(state);
  if (!record || !isAlive(record.pid)) return undefined;
  const written = statSync(recordFile(state), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - written < STARTING_MS || !(await isFree(record.temporalPort))
    ? record
    : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
