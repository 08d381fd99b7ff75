import { APIConnectionError, AuthenticationError, NotFoundError } from 'openai';
import type { Config } from '../config/config.ts';
import { batchProblems } from '../core/askers.ts';
import { type Calibrating, calibrating } from '../core/calibrationPlan.ts';
import { messagesOf } from '../core/errors.ts';
import { crossFittingCost, crossFittingNote } from '../core/forecast/crossFitting.ts';
import { lackOfGraded } from '../core/gate/gradedOn.ts';
import { suggestion } from '../core/nearest.ts';
import { type NeededModel, neededModels } from '../core/neededModels.ts';
import type { Registry } from '../core/registry.ts';
import { lackOfUnlabelled } from '../core/selection/wanted.ts';
import { neighboursNeeded } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import { type Preflight, type PreflightOptions, preflight } from '../data/preflight.ts';
import { findListed, type ListedModel, listModels, probeModel } from '../providers/check.ts';
import type { EndpointConfig } from '../providers/config.ts';
import { whyUnreachable } from '../providers/connection.ts';
import { Endpoint } from '../providers/endpoint.ts';
import { Trainers } from '../providers/trainers/index.ts';
import { CheckFailed } from './errors.ts';

/** What a spec is checked against. */
interface Surroundings {
  config: Config;
  /** Of the configuration. */
  registry: Registry;
}

/** What the data files hold, and what does not keep a run from its start, but may harm it later. */
export interface StartCheck extends Omit<Preflight, 'problems'> {
  warnings: string[];
  /** What the run will do that one may not expect, such as what cross-fitting costs. */
  notes: string[];
}

/** The same with what keeps a run from its start: every problem, and its remedy. */
export interface Findings extends StartCheck {
  problems: string[];
  /** What lists tell of the models that are needed. */
  listed: (ListedModel & { endpoint: string })[];
}

/**
 * Makes sure, before anything is spent, that data files can be used, that there are enough labelled
 * examples for the collaborators, and that the endpoints are there, take the key and know the models.
 * @throws CheckFailed with every problem and its remedy.
 */
export async function checkBeforeStart(
  spec: RunSpec,
  folder: string,
  surroundings: Surroundings,
): Promise<StartCheck> {
  const { problems, listed: _, ...found } = await lookBeforeStart(spec, folder, surroundings);
  if (problems.length > 0) throw new CheckFailed(problems);
  return found;
}

/** Finds out whether a run could start, and what of its data and models there is to know before. */
export async function lookBeforeStart(
  spec: RunSpec,
  folder: string,
  { config, registry }: Surroundings,
  options: PreflightOptions = {},
): Promise<Findings> {
  const needed = Map.groupBy(
    neededModels(spec, registry.task(spec.task)),
    ({ endpoint }) => endpoint,
  );
  const endpoints = [...needed].map(([name, models]) => {
    const endpoint = config.endpoints[name];
    const trainers =
      name === spec.model.endpoint ? new Trainers(config.extensions.trainers) : undefined;
    if (endpoint) return checkEndpoint(name, endpoint, { models, trainers });
    return obstacle(
      `${fieldsThatName(name, spec).join(', ')}: no endpoint "${name}" in temporal.config.ts${suggestion(name, Object.keys(config.endpoints))}: add it there, or name another in the spec`,
    );
  });
  const looking = preflight({ ...spec, folder }, { ...options, registry });
  const [data, ...found] = await Promise.all([looking, ...endpoints]);
  const { counts } = data;
  const { labelled = spec.data.limits.labelled } = counts;
  const calibration = labelled === undefined ? undefined : calibrationOf(spec, registry, labelled);
  const tooFew = lackOfUnlabelled(spec.selection, counts.unlabelled);
  const ungraded = lackOfGraded(spec, counts.labelled);
  return {
    ...data,
    problems: [
      ...neighbourProblems(spec, counts.labelled),
      ...(calibration && 'problem' in calibration ? [calibration.problem] : []),
      ...(tooFew ? [tooFew] : []),
      ...(ungraded ? [ungraded] : []),
      ...batchProblems(spec, registry.task(spec.task), (name) => {
        const endpoint = config.endpoints[name];
        return endpoint === undefined || endpoint.batches !== undefined;
      }),
      ...data.problems,
      ...found.flatMap(({ problems }) => problems),
    ],
    warnings: found.flatMap(({ warnings }) => warnings),
    notes: labelled === undefined ? [] : notesOf(spec, labelled, calibration),
    listed: found.flatMap(({ listed }) => listed),
  };
}

/** The fields of a spec that say this endpoint is asked. */
function fieldsThatName(endpoint: string, spec: RunSpec): string[] {
  const { model, embedding, justification, judge, collaborators } = spec;
  const askers = Object.entries({ model, embedding, justification, judge });
  const asked = collaborators.map((one, index) => [`collaborators[${index}]`, one] as const);
  return [...askers, ...asked]
    .filter(([, asker]) => asker?.endpoint === endpoint)
    .map(([field]) => `${field}.endpoint`);
}

/** @param labelled how many labelled examples there are, where the files told */
function neighbourProblems(spec: RunSpec, labelled?: number): string[] {
  const k = neighboursNeeded(spec);
  const limit = spec.data.limits.labelled ?? Number.POSITIVE_INFINITY;
  if (k > limit)
    return [
      `collaborators need ${k} neighbours, but data.limits.labelled is ${limit}: raise the limit, or lower shots, skip or neighbours`,
    ];
  return labelled !== undefined && k > labelled
    ? [
        `collaborators need ${k} neighbours, but there are ${labelled} labelled examples: label more, or lower shots, skip or neighbours`,
      ]
    : [];
}

/** What selection makes of so many labelled examples. */
function calibrationOf(
  { task, selection }: RunSpec,
  registry: Registry,
  count: number,
): Calibrating {
  const { needs } = registry.selector(selection);
  const isJudged = registry.task(task).judge !== undefined;
  return calibrating(needs, selection, { count, isJudged });
}

/** What of so many labelled examples' use is to be known before it is paid for. */
function notesOf(spec: RunSpec, labelled: number, calibration?: Calibrating): string[] {
  const calibrated = calibration && 'rows' in calibration ? calibration : undefined;
  const note = crossFittingNote(crossFittingCost(spec, labelled, calibrated), spec);
  return note === undefined ? [] : [note];
}

interface Wanted {
  models: NeededModel[];
  /** The kinds of trainer there are, where it has to fine-tune. */
  trainers?: Trainers;
}

/** What was found of an endpoint; no problems where it serves what is wanted. */
export interface EndpointCheck {
  problems: string[];
  warnings: string[];
  /** What its list tells of the models that are wanted. */
  listed: (ListedModel & { endpoint: string })[];
}

const obstacle = (problem: string): EndpointCheck => ({
  problems: [problem],
  warnings: [],
  listed: [],
});

/** Looks whether an endpoint can serve this. */
export async function checkEndpoint(
  name: string,
  config: EndpointConfig,
  { models, trainers }: Wanted,
): Promise<EndpointCheck> {
  const { apiKeyEnv, baseURL } = config;
  if (apiKeyEnv && !process.env[apiKeyEnv])
    return obstacle(
      `endpoint "${name}" takes its key from the variable ${apiKeyEnv}, which is not set: export ${apiKeyEnv}=…, here and for the worker`,
    );
  const endpoint = new Endpoint(name, config);
  try {
    const listed = await listModels(endpoint).catch(unlessHint);
    const problems = await Promise.all(
      models.map((model) => modelProblem(endpoint, model, listed)),
    );
    const found = problems.flatMap((problem) => problem ?? []);
    const warnings = models.flatMap((model) => shutdownWarning(name, model, listed) ?? []);
    const untrained = await trainers?.of(endpoint).preflight();
    return {
      problems: [...found, ...(untrained ? [untrained] : [])],
      warnings,
      listed: models.flatMap((model) => {
        const told = findListed(model.name, listed ?? []);
        return told ? { ...told, name: model.name, endpoint: name } : [];
      }),
    };
  } catch (error) {
    if (error instanceof APIConnectionError)
      return obstacle(
        `endpoint "${name}" does not answer at ${baseURL}${because(error)}: start it${isLocal(baseURL) ? ' (the embedded engine comes with "semievol dev")' : ''}, or correct its baseURL in temporal.config.ts`,
      );
    return obstacle(messagesOf(endpoint.failure(error))[0]!);
  }
}

const because = (error: Error) => {
  const why = whyUnreachable(error);
  return why ? ` (${why})` : '';
};

/** No list is no problem; that nobody answers, or no key is taken, is one. */
function unlessHint(error: unknown): undefined {
  if (error instanceof APIConnectionError || error instanceof AuthenticationError) throw error;
}

/** That a model will be gone, where the list has a day for it: what is tuned from it goes, too. */
function shutdownWarning(
  endpoint: string,
  { name }: NeededModel,
  listed: readonly ListedModel[] = [],
): string | undefined {
  const { shutdown } = findListed(name, listed) ?? {};
  return (
    shutdown &&
    `endpoint "${endpoint}" shuts down model "${name}" on ${shutdown}, and what is tuned from it: choose another for what is to last`
  );
}

/** A model that is not listed is asked for next to nothing. */
async function modelProblem(
  endpoint: Endpoint,
  model: NeededModel,
  listed: ListedModel[] = [],
): Promise<string | undefined> {
  const { name } = model;
  if (findListed(name, listed)) return undefined;
  try {
    await probeModel(endpoint, model);
    return undefined;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    return `endpoint "${endpoint.name}" has no model "${name}"${suggestion(name, namesOf(listed))}: correct the name in the spec, or serve the model at ${endpoint.config.baseURL}`;
  }
}

const namesOf = (listed: readonly ListedModel[]) => listed.map(({ name }) => name);

/** Whether a URL leads to this machine. */
export function isLocal(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}
