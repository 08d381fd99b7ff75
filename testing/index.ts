/**
 * A stand-in for a provider of OpenAI's wire, for tests of what is built on SemiEvol: with scripted
 * answers, recorded requests, faults by plan and the oddities of real servers by name. It runs in
 * the test's own process, on a free port, and needs no key and no network.
 *
 * @module semievol/testing
 */
export type { AnswerError, Answers, ChatAnswer, ChatQuestion, ChatSample } from './answers.ts';
export type { Batch, BatchScript, BatchState } from './batches.ts';
export type { Control, State } from './book.ts';
export type { ChatFault, Fault, FaultPlan } from './faults.ts';
export { FAULT_KINDS, type FaultKind, type FaultRate, faultsByRate } from './faultsByRate.ts';
export {
  JOB_SCRIPTS,
  type Job,
  type JobControl,
  type JobOutcome,
  type JobScript,
  type JobState,
} from './jobs.ts';
export type { Limits } from './limits.ts';
export { goldAnswer } from './model.ts';
export { type Provider, type ProviderOptions, startProvider } from './provider.ts';
export { QUIRK_NAMES, type QuirkName } from './quirks/index.ts';
export type {
  ChatRequest,
  EmbeddingRequest,
  JobRequest,
  OtherRequest,
  ProviderRequest,
  RequestBody,
  RequestFilter,
  RequestOf,
} from './requests.ts';
export { LABELS, type Sizes, testConfig, writeTask } from './task.ts';
