/**
 * SemiEvol's workflows and their signals, for the bundle of your own worker: re-export all of them,
 * and start them as children.
 *
 * @example
 * import { executeChild } from '@temporalio/workflow';
 * import type { RunSpec } from 'semievol';
 * import { evolve } from 'semievol/workflows';
 *
 * export * from 'semievol/workflows';
 *
 * export async function nightly(spec: RunSpec) {
 *   const args: Parameters<typeof evolve> = [{ run: spec.name, spec }];
 *   const { latest } = await executeChild(evolve, { workflowId: spec.name, args });
 *   return latest.at(-1)?.champion;
 * }
 *
 * @module semievol/workflows
 */

export type { Setting } from '../core/plan.ts';
export type { Spent } from '../core/spent.ts';
export type { RowsRef, StoredRows, TrainingRows } from '../core/trainingRows.ts';
export { announce } from './announce.ts';
export { byBatch } from './byBatch.ts';
export { collect } from './collect.ts';
export { evaluate } from './evaluate.ts';
export { type Beginning, type EvolveInput, evolve } from './evolve.ts';
export { type FineTuneInput, type FineTuneResult, fineTune } from './fineTune.ts';
export { host } from './host.ts';
export { pause, resume } from './messages.ts';
export { propagate } from './propagate.ts';
export { type ReproduceInput, reproduce } from './reproduce.ts';
export { round } from './round.ts';
