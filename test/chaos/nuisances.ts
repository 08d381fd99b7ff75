import { rm, stat, truncate } from 'node:fs/promises';
import type { RunSpec } from '../../core/spec.ts';
import type { Fault } from '../../testing/faults.ts';
import type { Disk } from '../store/disk.ts';
import type { Arena } from './arena.ts';

/** What a nuisance can lay hands on. */
export interface Surroundings {
  arena: Arena;
  spec: RunSpec;
  /** Holds the store, where there is one. */
  disk?: Disk;
}

/** Something polite that is in a run's way for a while: nothing is killed, nothing is lost. */
export interface Nuisance {
  name: string;
  /** It begins with one of the run's steps on this route (`METHOD path`) … */
  route: RegExp;
  /** … that comes after the first and before the second of these shares of them. */
  between: readonly [number, number];
  seconds: number;
  /** For so many seconds at least, in a test too. */
  least?: number;
  /** Whether requests may be under way to no purpose when it begins. */
  wastes?: boolean;
  /** Begins it. @returns what ends it */
  begin(surroundings: Surroundings): Promise<() => Promise<void>>;
}

const CHAT = /^POST \/chat\/completions$/;
const JOBS = /^POST \/fine_tuning\/jobs$/;
const LOOKS = /^GET \/fine_tuning\/jobs\/[^/]+$/;

const page = (status: number, text: string): Fault => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<!doctype html><html><head><title>${text}</title></head><body>${text}</body></html>`,
});

/** Every request to the provider gets this instead of an answer. */
const spoilt =
  (fault: Fault): Nuisance['begin'] =>
  async ({ arena }) => {
    await arena.spoil(fault);
    return () => arena.spoil();
  };

const nothing = async () => {};

/** In two rounds of an evolution. */
export const NUISANCES: Nuisance[] = [
  {
    name: 'maintenance page (200)',
    ...{ route: CHAT, between: [0.05, 0.2], seconds: 45 },
    begin: spoilt(page(200, 'We are back soon')),
  },
  {
    name: 'HTML 404',
    ...{ route: LOOKS, between: [0.2, 0.45], seconds: 10 },
    begin: spoilt(page(404, '404 Not Found')),
  },
  {
    // All of the first round's data has been read, none of the second's.
    name: 'data files cut and deleted',
    ...{ route: JOBS, between: [0.25, 0.45], seconds: 0 },
    async begin({ spec: { data } }) {
      await rm(data.unlabelled[0]!);
      for (const file of [...data.labelled, ...data.test])
        await truncate(file, Math.floor((await stat(file)).size / 2));
      return nothing;
    },
  },
  {
    name: 'Retry-After of a day (429)',
    ...{ route: CHAT, between: [0.6, 0.8], seconds: 6 },
    begin: spoilt({ status: 429, headers: { 'retry-after': '86400' } }),
  },
  {
    name: 'HTML 403',
    ...{ route: LOOKS, between: [0.6, 0.9], seconds: 10 },
    begin: spoilt(page(403, '403 Forbidden')),
  },
];

/** For a run whose store is on a disk of its own. */
export const FULL_STORE: Nuisance = {
  name: 'full store',
  ...{ route: CHAT, between: [0.2, 0.3], seconds: 60, wastes: true },
  async begin({ disk }) {
    await disk?.fill();
    return async () => disk?.clear();
  },
};

/** Longer than a worker may be silent before its work is taken over. */
export const STOPPED_WORKER: Nuisance = {
  name: 'worker stopped',
  ...{ route: CHAT, between: [0.1, 0.3], seconds: 20, least: 20, wastes: true },
  async begin({ arena: { workers } }) {
    const worker = workers.find(({ isReady }) => isReady)!;
    worker.freeze();
    return async () => worker.thaw();
  },
};
