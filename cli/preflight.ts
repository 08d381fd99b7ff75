import { APIConnectionError, APIError } from 'openai';
import { DataError } from '../activities/ingest/errors.ts';
import { type Preflight, preflight } from '../activities/ingest/preflight.ts';
import { neighboursNeeded } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import type { EndpointConfig } from '../providers/config.ts';
import { whyUnreachable } from '../providers/connection.ts';
import { Endpoint } from '../providers/endpoint.ts';
import type { Config } from '../workers/config.ts';
import { CliError, messagesOf } from './errors.ts';
import { suggestion } from './nearest.ts';
import type { RunRequest } from './start-run.ts';

const TIMEOUT_MS = 10_000;
/** Names of models that only exist once a round runs. */
const ROLES = new Set(['warm-up', 'base']);

/** The models a run asks for, by endpoint; those made by the run itself left out. */
function modelsByEndpoint(spec: RunSpec): Map<string, Set<string>> {
  const named = [...spec.collaborators.map((one) => one.model), spec.justification.model];
  const wanted = [
    [spec.model.endpoint, spec.model.name],
    [spec.embedding.endpoint, spec.embedding.name],
    ...named.filter((name) => !ROLES.has(name)).map((name) => [spec.model.endpoint, name]),
  ] as [string, string][];
  const models = new Map<string, Set<string>>();
  for (const [endpoint, model] of wanted)
    models.set(endpoint, (models.get(endpoint) ?? new Set()).add(model));
  return models;
}

/**
 * Makes sure, before anything is spent, that data files can be used, that there are enough labelled
 * examples for the collaborators, and that the endpoints are there, take the key and know the models.
 * @returns what the data files hold
 * @throws CliError with every problem and its remedy.
 */
export async function checkBeforeStart(
  { spec, folder }: RunRequest,
  config: Config,
): Promise<Preflight> {
  const endpoints = [...modelsByEndpoint(spec)].map(([name, models]) => {
    const endpoint = config.endpoints[name];
    if (endpoint) return endpointProblems(name, endpoint, [...models]);
    return [
      `no endpoint "${name}" in temporal.config.ts${suggestion(name, Object.keys(config.endpoints))}: add it there, or name another in the spec`,
    ];
  });
  const [data, ...found] = await Promise.all([dataOf(spec, folder), ...endpoints]);
  const problems = [...shotProblems(spec, data.counts.labelled), ...data.problems, ...found.flat()];
  if (problems.length > 0) throw new CliError(problems.join('\n'));
  return data;
}

/** @param labelled how many labelled examples there are, where the files told */
function shotProblems({ collaborators, data }: RunSpec, labelled?: number): string[] {
  const k = neighboursNeeded(collaborators);
  const limit = data.limits.labelled ?? Number.POSITIVE_INFINITY;
  if (k > limit)
    return [
      `collaborators need ${k} neighbours, but data.limits.labelled is ${limit}: raise the limit, or lower shots and skip`,
    ];
  return labelled !== undefined && k > labelled
    ? [
        `collaborators need ${k} neighbours, but there are ${labelled} labelled examples: label more, or lower shots and skip`,
      ]
    : [];
}

async function dataOf(
  { data, task }: RunSpec,
  folder: string,
): Promise<Preflight & { problems: string[] }> {
  try {
    return { ...(await preflight({ data, task, folder })), problems: [] };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { counts: {}, files: [], unread: [], problems: [error.message] };
  }
}

/** What keeps an endpoint from serving these models; empty when nothing does. */
export async function endpointProblems(
  name: string,
  config: EndpointConfig,
  models: string[],
): Promise<string[]> {
  const { apiKeyEnv, baseURL } = config;
  if (apiKeyEnv && !process.env[apiKeyEnv])
    return [
      `endpoint "${name}" takes its key from the variable ${apiKeyEnv}, which is not set: export ${apiKeyEnv}=…, here and for the worker`,
    ];
  const endpoint = new Endpoint(name, config);
  try {
    const page = endpoint.client.models.list({ maxRetries: 0, timeout: TIMEOUT_MS });
    const known: string[] = [];
    for await (const model of page) known.push(model.id);
    return models
      .filter((model) => !known.includes(model))
      .map(
        (model) =>
          `endpoint "${name}" has no model "${model}"${suggestion(model, known)}: correct the name in the spec, or serve the model at ${baseURL}`,
      );
  } catch (error) {
    // Not every server lists its models: the worker finds out with the first request.
    if (error instanceof APIError && error.status === 404) return [];
    if (error instanceof APIConnectionError)
      return [
        `endpoint "${name}" does not answer at ${baseURL}${because(error)}: start it${isLocal(baseURL) ? ' (the embedded engine comes with "semievol dev")' : ''}, or correct its baseURL in temporal.config.ts`,
      ];
    return [messagesOf(endpoint.failure(error))[0]!];
  }
}

const because = (error: Error) => {
  const why = whyUnreachable(error);
  return why ? ` (${why})` : '';
};

/** Whether a URL leads to this machine. */
export function isLocal(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}
