/**
 * SemiEvol for a Temporal worker of your own: the plugin, its configuration, and the types of what
 * it works on.
 *
 * @example
 * import { Worker } from '@temporalio/worker';
 * import { defineConfig, SemiEvolPlugin } from 'semievol';
 *
 * const config = defineConfig({
 *   endpoints: { gpu: { baseURL: 'https://llm.example.com/v1', apiKeyEnv: 'GPU_API_KEY' } },
 * });
 * const worker = await Worker.create({
 *   taskQueue: 'semievol',
 *   plugins: [new SemiEvolPlugin(config)],
 * });
 * await worker.run();
 *
 * @module semievol
 */
export { type Config, defineConfig } from '../config/config.ts';
export { ConfigError } from '../config/errors.ts';
export { loadConfig } from '../config/load.ts';
export type { AnswerStage } from '../core/answer.ts';
export type { Suspect, Suspicion } from '../core/audit/suspects.ts';
export {
  type Collaborator,
  type CollaboratorKind,
  type CollaboratorSchema,
  defineCollaborator,
  type LabelledNeighbour,
  type Opinion,
} from '../core/collaborators/kind.ts';
export type { PseudoLabel, Verdict } from '../core/consensus.ts';
export type { ClassDistance } from '../core/drift/classDistance.ts';
export type { DriftFigures } from '../core/drift/driftFigures.ts';
export { SemiEvolError } from '../core/errors.ts';
export { FAILURES, type FailureKind, type FailureType, type Outlook } from '../core/failures.ts';
export type { FoldModels } from '../core/gate/foldModels.ts';
export type {
  Candidate,
  ChallengerRole,
  GateReport,
  GateTest,
  GroupKind,
  Veto,
} from '../core/gate/gateReport.ts';
export type { Estimated } from '../core/gate/gradedOn.ts';
export type { Announcement } from '../core/living/announcement.ts';
export type { Promotion } from '../core/living/promotion.ts';
export type { PhaseName } from '../core/phases.ts';
export { type MethodExtensions, Registry, runSpec } from '../core/registry.ts';
export type { Resolution, Way, WaysCompared } from '../core/resolution.ts';
export type {
  AuditFigures,
  CategoryReport,
  GroupReport,
  GroupsReport,
  JudgeReport,
  MetricReport,
  RoundReport,
  SelectionSteps,
} from '../core/roundReport.ts';
export type { BandPoint } from '../core/selection/calibration/band.ts';
export type {
  Calibration,
  Promised,
  Ranking,
  ScoreQuality,
} from '../core/selection/calibration/calibration.ts';
export type { ReliabilityBin } from '../core/selection/calibration/reliability.ts';
export type { CalibrationRow } from '../core/selection/calibration/rows.ts';
export type { ScoreChoice } from '../core/selection/choice.ts';
export type { ClassCount } from '../core/selection/classCounts.ts';
export type { SelectionFields } from '../core/selection/fields.ts';
export {
  type Criterion,
  defineSelectionRule,
  type RuleSchema,
  type Scorable,
  type Scored,
  type SelectionRule,
} from '../core/selection/rule.ts';
export { defineScore, type Judged, type Score } from '../core/selection/score.ts';
export type {
  CollaboratorInput,
  CollaboratorSpec,
  DataSpec,
  FreeCollaborator,
  ModelCollaborator,
  RunSpec,
  RunSpecInput,
  SelectionInput,
  SelectionSpec,
  TaskSpec,
  TrainingSpec,
} from '../core/spec.ts';
export type { Comparison, Estimate } from '../core/statistics.ts';
export type { RoundSummary, RunStatus, RunTotals } from '../core/status.ts';
export type { AnswerTally } from '../core/tally.ts';
export { ACCURACY, rightOrWrong } from '../core/tasks/answers.ts';
export { conversation, passageAndQuestion, type Wording } from '../core/tasks/conversation.ts';
export { defineTaskKind, type TaskKind, type TaskSchema } from '../core/tasks/kind.ts';
export type {
  Agreement,
  Canonical,
  Judge,
  Manner,
  Metric,
  Part,
  Task,
} from '../core/tasks/task.ts';
export type {
  ChatMessage,
  Classes,
  Example,
  Json,
  JsonSchema,
  ModelRole,
  PerModel,
  Shot,
  Split,
} from '../core/types.ts';
export type { Bill, BilledUsage, ModelUsage, Transport, UnitKind, Usage } from '../core/usage.ts';
export type { EndpointConfig } from '../providers/config.ts';
export type { Deployment, DeploymentOrder, Deployments } from '../providers/deployments.ts';
export { type JobState, jobState } from '../providers/jobState.ts';
export type { Price, Prices } from '../providers/prices.ts';
export type { Job, JobOrder, Keyed, RemoteJobs } from '../providers/remoteJobs.ts';
export {
  defineTrainer,
  type Lineage,
  type PlannedTraining,
  type Trainer,
  type TrainerEndpoint,
  type TrainerKind,
  type TrainerSchema,
  type TrainingFile,
  type TrainingOrder,
  type TrainingRequest,
  type TunedModel,
  type WantedWeights,
  type WeightForm,
  type Weights,
  type WrittenWeights,
} from '../providers/trainer.ts';
export { PluginRefused } from './errors.ts';
export { SemiEvolPlugin } from './plugin.ts';
export { createWorker } from './worker.ts';
