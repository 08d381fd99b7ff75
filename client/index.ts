/**
 * A client for runs and fine-tunes: start, watch, steer, and read their figures. Nothing here loads
 * a worker.
 *
 * @example
 * import { connectClient, loadConfig } from 'semievol/client';
 *
 * const client = await connectClient(await loadConfig());
 * const run = await client.start(spec, { folder: '/data/tickets' });
 * for await (const { state, phases } of run.follow())
 *   console.log(state, phases.find((phase) => phase.state === 'running')?.name);
 * console.log((await run.reports()).rounds);
 * await client.close();
 *
 * @module semievol/client
 */
export { type Config, defineConfig } from '../config/config.ts';
export { ConfigError } from '../config/errors.ts';
export { loadConfig } from '../config/load.ts';
export type { ActivityOptions } from '../core/activityOptions.ts';
export type { Answer } from '../core/answer.ts';
export type { Suspicion } from '../core/audit/suspects.ts';
export type { Budget, BudgetScope, BudgetUnit, BudgetUse, Limits } from '../core/budget.ts';
export type { Candidate } from '../core/consensus.ts';
export { SemiEvolError } from '../core/errors.ts';
export { FAILURES, type FailureKind, type FailureType, type Outlook } from '../core/failures.ts';
export type { Asks, PlannedUse, Preview } from '../core/forecast/prospect.ts';
export type { Span } from '../core/forecast/span.ts';
export type { Rates } from '../core/forecast/time.ts';
export type { TokenCounter } from '../core/forecast/tokens.ts';
export type { LabelQuality } from '../core/grid/labels.ts';
export type { Written } from '../core/grid/merge.ts';
export type { GridCell, GridGroup, GridPlan } from '../core/grid/plan.ts';
export type { GridInput } from '../core/grid/spec.ts';
export type { Interval, Spread } from '../core/grid/spread.ts';
export type { CellPace, FailedRun, GridStatus } from '../core/grid/status.ts';
export type { GridRow, GridRun, GridTable, LabelRow } from '../core/grid/table.ts';
export type {
  BadReason,
  FileCounts,
  IngestReport,
  Superseding,
  Withdrawal,
} from '../core/ingestReport.ts';
export type {
  Ancestor,
  ExplainedRow,
  ExplainedRows,
  Explanation,
  GivenAnswer,
  LabelledRow,
  NeighbourRow,
  SelectedRow,
} from '../core/lineage/explanation.ts';
export type { GoneReason, Learned, StruckRows } from '../core/lineage/struck.ts';
export type { Grade, Lineage, LineageModel, Training, Verdict } from '../core/lineage/tree.ts';
export type { Arrival, Arrived, Segment } from '../core/living/arrival.ts';
export type { Called } from '../core/living/next.ts';
export type { Reading } from '../core/pace.ts';
export type { PhaseState } from '../core/phases.ts';
export type { ExportedRows, ExportedWeights } from '../core/report/modelCard.ts';
export type { LayoutName } from '../core/review/layouts/index.ts';
export type { Lease, LeaseRequest } from '../core/review/leases.ts';
export type { RankedExample, Teaching } from '../core/review/ranking.ts';
export type { Judgement, Reviewed, ReviewedSplit } from '../core/review/review.ts';
export type { Choice, ToReview } from '../core/review/shown.ts';
export type { RoundReport } from '../core/roundReport.ts';
export type { Warning } from '../core/searchAttributes.ts';
export type { RunSpecInput } from '../core/spec.ts';
export type { Hold, Progress, RunStatus } from '../core/status.ts';
export type { ModelAt, StoredExample } from '../core/types.ts';
export type { Preflight } from '../data/preflight.ts';
export type { ChampionChange, Decision } from '../workflows/living/messages.ts';
export type { StartCheck } from './check.ts';
export { connectClient, type GridCheck, type ListedRun, SemiEvolClient } from './client.ts';
export type { Watching } from './collecting.ts';
export {
  CheckFailed,
  ExportFailed,
  type Failure,
  GridConflict,
  ReportsNotFound,
  ReviewRefused,
  RunConflict,
  RunFailed,
  RunNotFound,
  RunNotRunning,
  SpecError,
  TemporalAway,
  UpdateRefused,
} from './errors.ts';
export { type ExplainOptions, explainModel } from './explain.ts';
export type { Exported, ExportOptions } from './export.ts';
export type { FineTuneHandle, FineTuneView } from './fineTuneHandle.ts';
export {
  type ForecastOptions,
  type ForecastUse,
  forecastRun,
  type RunForecast,
} from './forecast.ts';
export type { GridHandle, GridView } from './gridHandle.ts';
export type { GridOptions } from './gridPlan.ts';
export type { Waiting, WorkState } from './handle.ts';
export type { LineageOptions } from './lineage.ts';
export type { Probed } from './probe.ts';
export type { ImportedReviews, ReviewDesk, ReviewedRun } from './review.ts';
export type { RunHandle } from './runHandle.ts';
export type { RunReports } from './runReports.ts';
export type { PhaseView, RunView } from './runView.ts';
export { NamespaceNotSetUp, type NamespaceSetUp } from './searchAttributes.ts';
export type { Stuck } from './stuck.ts';
export { TemporalRefused, TemporalUnreachable } from './temporal.ts';
export type { View } from './view.ts';
export type { FineTuneRequest, StartOptions } from './work.ts';
