import type { Program } from '../service.ts';

/** What the stands of a place are made for. */
export interface Surroundings {
  /** For all that they keep. */
  folder: string;
  /** Of answers and faults. */
  seed: number;
  /** Of every chat and embedding request. */
  latencyMs: number;
  /** Share of the requests that go wrong; above 0 a place also ails in the ways that are its own. */
  faultRate: number;
  /** What the provider that trains does otherwise than its wire. */
  quirks: readonly string[];
}

/** What answers at an endpoint of a run, as a process of its own. */
export interface Stand extends Pick<Program, 'name' | 'isReady'> {
  /** Name of the endpoint. */
  endpoint: string;
  /** The program, seen from the root of the project. */
  file: string;
  args(port: number): string[];
  /** Path of its API. Default: `/v1`. */
  path?: string;
  /** Fields of the endpoint, beside its address. */
  config(address: string): object;
  /** Where it keeps its journal, jobs and batches, should it have any. */
  state?: string;
}

/** Where the requests and jobs of a run go. */
export interface Place {
  /** What is said of it in the help. */
  about: string;
  /** What differs in the run's spec. */
  changes: object;
  /** What answers there; the one that trains comes first. */
  stands(surroundings: Surroundings): Stand[];
  /** Variables of the workers. */
  env?: Record<string, string>;
  /** What still stands there, or runs, of what the run has made. @param addresses of the stands */
  left?(folder: string, addresses: readonly string[]): Promise<string[]>;
}
