import { log } from '@temporalio/activity';
import { type KnownCapabilities, waysOf } from '../core/capabilities.ts';
import { type NeededModel, neededChatModels } from '../core/neededModels.ts';
import type { RunSpec } from '../core/spec.ts';
import { capabilitiesOf } from '../providers/capabilities/known.ts';
import type { Endpoint } from '../providers/endpoint.ts';
import type { Dependencies } from './dependencies.ts';

/** A model that has to be there, and where. */
export interface Needed {
  model: NeededModel;
  endpoint: Endpoint;
}

/**
 * Finds out what the chat models of a run are capable of, unless it is known from before, and keeps
 * it for all workers. What is not answered stays unknown: it holds no run up.
 */
export async function findOut(
  { store }: Dependencies,
  needed: readonly Needed[],
  signal: AbortSignal,
): Promise<void> {
  for (const { model, endpoint } of needed) {
    if (model.kind !== 'chat') continue;
    const found: KnownCapabilities[] = [];
    for (const way of waysOf(model.samplings)) {
      const asked = { model: model.name, way };
      const known = await capabilitiesOf(endpoint, asked, store.capabilities, { signal });
      if (known) found.push(known);
    }
    endpoint.goBy(model.name, found);
    const shutdown = found.map((known) => known.shutdown).find(Boolean);
    if (shutdown)
      log.warn(`endpoint "${endpoint.name}" shuts down model "${model.name}" on ${shutdown}`);
  }
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
