import type { ApplicationFailure } from '@temporalio/common';
import type { ActivityOptions } from './activityOptions.ts';
import { answersAnExample, freeCollaborators, modelCollaborators } from './collaborators/ofSpec.ts';
import { finalFailure } from './failures.ts';
import { gradingFolds } from './gate/gradedOn.ts';
import { mostRounds } from './living/rounds.ts';
import { endpointOf, isWarmUp, WARM_UPS, type WarmUp } from './modelNames.ts';
import type { SearchAttributeName } from './searchAttributes.ts';
import { type RetrievalNeeds, retrievalNeeds } from './shots.ts';
import type { RunSpec } from './spec.ts';
import { mayGoByBatch } from './transport.ts';

/**
 * What the workflows of a run go by: its choices and numbers. The texts of the spec, and where its
 * data lie, are left out: what workflows hand on is in many histories.
 */
export interface Plan
  extends Pick<
    RunSpec,
    | 'model'
    | 'training'
    | 'evolve'
    | 'gate'
    | 'drift'
    | 'resolution'
    | 'batch'
    | 'budget'
    | 'review'
    | 'maxFailed'
    | 'seed'
    | 'until'
    | 'share'
    | 'next'
    | 'pool'
    | 'earlier'
  > {
  /** How many there are; undefined where the run has no end. */
  rounds?: number;
  /** Where any request may go by batch. */
  transport?: RunSpec['transport'];
  /** Whether gold answers are doubted in the first round. */
  audit?: boolean;
  /** Whether a classifier over embeddings has its say in labels. */
  coTraining: boolean;
  /** Kind of the task. */
  task: string;
  /** The SFT models to compare with. */
  sft: RunSpec['evaluation']['sft'];
  /** Into how many folds labelled examples are parted to grade models; undefined with a test split. */
  folds?: number;
  needs: RetrievalNeeds;
  /** How many there are. */
  collaborators: number;
  /** How many answers they give to an example, all together. */
  answers: number;
  /** Whether any of them asks no model. */
  hasFree: boolean;
  /** Whether a warm-up is among those who answer or justify. */
  asksWarmUp: boolean;
  /** Those that a round makes: the first, and what others the spec names. */
  warmUps: WarmUp[];
  /** How many of the unlabelled examples are asked about, at the most; all when left out. */
  candidates?: number;
  endpoints: AskedEndpoints;
}

/** The endpoints at which the unlabelled examples are asked about. */
export interface AskedEndpoints {
  embedding: string;
  /** Those of the collaborators, each once; that of the run where none of them is a model. */
  collaborators: string[];
  justification: string;
  /** That of the judge, where the task wants one. */
  judge?: string;
}

/** What all workflows of a run have in common. */
export interface Setting {
  activityOptions?: ActivityOptions;
  /** Those that the namespace has. */
  searchAttributes?: readonly SearchAttributeName[];
}

function collaboratorEndpoints(spec: RunSpec): string[] {
  const own = new Set(modelCollaborators(spec).map((one) => endpointOf(spec, one)));
  return own.size > 0 ? [...own] : [spec.model.endpoint];
}

/**
 * The plan of a spec that a registry has read.
 * @throws ApplicationFailure `SpecNotUnderstood`, non-retryable, for a spec as it is written
 */
export function planOf(spec: RunSpec): Plan {
  const { embedding, justification, judge, retrieval, selection } = spec;
  if (
    !spec.model ||
    !spec.collaborators ||
    !retrieval ||
    !selection ||
    !spec.evaluation ||
    !embedding ||
    !justification
  )
    throw notRead(spec);
  const { candidates } = selection;
  const { type: task } = spec.task;
  const { transport, budget, drift, gate, maxFailed, review, audit } = spec;
  const { coTraining, model, training, evolve, resolution, batch, seed, until, share } = spec;
  const { next, pool, earlier } = spec;
  const rounds = mostRounds(spec);
  const folds = gradingFolds(spec);
  const { length: collaborators } = spec.collaborators;
  const needs = retrievalNeeds(spec);
  const hasFree = freeCollaborators(spec).length > 0;
  const named = [...modelCollaborators(spec), justification]
    .map((one) => one.model)
    .filter(isWarmUp);
  const asksWarmUp = named.length > 0;
  const last = Math.max(0, ...named.map((name) => WARM_UPS.indexOf(name)));
  const warmUps = WARM_UPS.slice(0, last + 1);
  const endpoints = {
    embedding: embedding.endpoint,
    collaborators: collaboratorEndpoints(spec),
    justification: endpointOf(spec, justification),
    ...(judge && { judge: endpointOf(spec, judge) }),
  };
  return {
    ...{ task, coTraining, model, training, evolve, resolution, batch, seed, until, share },
    ...{ pool, earlier, ...(next && { next }), ...(rounds !== undefined && { rounds }) },
    ...{ sft: spec.evaluation.sft, answers: answersAnExample(spec) },
    ...{ needs, maxFailed, collaborators, hasFree, asksWarmUp, warmUps, endpoints },
    ...(candidates !== undefined && { candidates }),
    ...(mayGoByBatch(transport) && { transport }),
    ...(budget && { budget }),
    ...(gate && { gate }),
    ...(folds !== undefined && { folds }),
    ...(review && { review }),
    ...(audit && { audit }),
    ...(drift && { drift }),
  };
}

/** That a spec lacks defaults which workflows, where no kinds are known, cannot fill in. */
export const notRead = ({ name }: RunSpec): ApplicationFailure =>
  finalFailure(
    'SpecNotUnderstood',
    `evolve was started with the spec of run "${name}" as it is written: give it what runSpec.parse makes of the spec, or, with extensions, new Registry(config.extensions).runSpec.parse`,
  );
