import { log } from '@temporalio/activity';
import { waysOf } from '../core/capabilities.ts';
import { type NeededChatModel, neededChatModels } from '../core/neededModels.ts';
import type { RunSpec } from '../core/spec.ts';
import { capabilitiesOf } from '../providers/capabilities/known.ts';
import type { Endpoint } from '../providers/endpoint.ts';
import type { Store } from '../store/store.ts';
import type { Dependencies } from './dependencies.ts';

/**
 * Finds out what the chat models of a run are capable of, unless it is known from before, and keeps
 * it for all workers. What is not answered stays unknown: it holds no run up.
 */
export async function findOut(
  { store, endpoints }: Dependencies,
  spec: RunSpec,
  signal: AbortSignal,
): Promise<void> {
  const byEndpoint = Map.groupBy(neededChatModels(spec), ({ endpoint }) => endpoint);
  await Promise.all(
    [...byEndpoint].map(async ([name, models]) => {
      const endpoint = endpoints.get(name);
      for (const model of models) await findOutOne(store, endpoint, model, signal);
    }),
  );
}

async function findOutOne(
  store: Store,
  endpoint: Endpoint,
  model: NeededChatModel,
  signal: AbortSignal,
): Promise<void> {
  const { name } = model;
  const found = await capabilitiesOf(endpoint, model, store.capabilities, { signal });
  endpoint.goBy(name, found);
  const shutdown = found.map((known) => known.shutdown).find(Boolean);
  if (shutdown) log.warn(`endpoint "${endpoint.name}" shuts down model "${name}" on ${shutdown}`);
}

/**
 * Lets endpoints go by what was found out of the models that are to be asked, by whichever worker.
 * Tuned models are asked as their base is.
 */
export async function goByFindings(
  { store, endpoints }: Dependencies,
  spec: RunSpec,
  asked: readonly { endpoint: string; model: string }[],
): Promise<void> {
  const chat = neededChatModels(spec);
  const needed = ({ endpoint, name }: { endpoint: string; name: string }) =>
    chat.find((one) => one.endpoint === endpoint && one.name === name);
  const models = new Map(asked.map((one) => [JSON.stringify([one.endpoint, one.model]), one]));
  for (const { endpoint: at, model } of models.values()) {
    const like = needed({ endpoint: at, name: model }) ?? needed(spec.model);
    if (!like) continue;
    const endpoint = endpoints.get(at);
    const { baseURL } = endpoint.config;
    const ways = waysOf(like.samplings).map((way) =>
      store.capabilities.latest({ baseURL, model: like.name, way }),
    );
    endpoint.goBy(
      model,
      (await Promise.all(ways)).filter((one) => one !== undefined),
    );
  }
}
