export type { Config } from '../config/config.ts';
export { defineConfig, loadConfig } from '../config/config.ts';
export type { RunSpec } from '../core/spec.ts';
export { runSpec } from '../core/spec.ts';
export type { RoundReport, RunStatus } from '../core/types.ts';
export { SemiEvolPlugin } from './plugin.ts';
export { createWorker } from './worker.ts';
