export { type Config, ConfigError, defineConfig, loadConfig } from '../config/config.ts';
export { SemiEvolError } from '../core/errors.ts';
export { FAILURES, type FailureKind, type FailureType, type Outlook } from '../core/failures.ts';
export type { RoundReport } from '../core/roundReport.ts';
export type { RunSpecInput } from '../core/spec.ts';
export type { RunStatus } from '../core/types.ts';
export {
  connectClient,
  type FineTuneRequest,
  type ListedRun,
  SemiEvolClient,
  type StartOptions,
} from './client.ts';
export {
  CheckFailed,
  type Failure,
  ReportsNotFound,
  RunConflict,
  RunFailed,
  RunNotFound,
  RunNotRunning,
  SpecError,
  TemporalAway,
} from './errors.ts';
export type { FineTuneHandle, FineTuneView } from './fineTuneHandle.ts';
export type { Waiting, WorkState } from './handle.ts';
export type { PhaseView, RunHandle, RunView } from './runHandle.ts';
export type { RunReports } from './runReports.ts';
export { TemporalRefused, TemporalUnreachable } from './temporal.ts';
export type { View } from './view.ts';
