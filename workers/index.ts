export type { Config } from '../config/config.ts';
export { defineConfig, loadConfig } from '../config/config.ts';
export { runSpec } from '../core/registry.ts';
export {
  type Candidate,
  type Criterion,
  defineSelectionRule,
  type Labelled,
  type RuleSchema,
  type Scored,
  type SelectionRule,
} from '../core/selection/rule.ts';
export { defineScore, type Score } from '../core/selection/score.ts';
export type { RunSpec, RunSpecInput } from '../core/spec.ts';
export { conversation, passageAndQuestion, type Wording } from '../core/tasks/conversation.ts';
export { defineTaskKind, type TaskKind, type TaskSchema } from '../core/tasks/kind.ts';
export type { Canonical, Task } from '../core/tasks/task.ts';
export type { ChatMessage, Example, Json, RoundReport, RunStatus, Shot } from '../core/types.ts';
export { SemiEvolPlugin } from './plugin.ts';
export { createWorker } from './worker.ts';
