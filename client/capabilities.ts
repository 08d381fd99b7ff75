import type { Config } from '../config/config.ts';
import { messagesOf } from '../core/errors.ts';
import type { NeededModel } from '../core/neededModels.ts';
import type { ModelCapabilities } from '../core/report/capabilities.ts';
import { capabilitiesOf } from '../providers/capabilities/known.ts';
import { probeModel } from '../providers/check.ts';
import { Endpoint } from '../providers/endpoint.ts';
import { connectStore } from '../store/store.ts';

export interface CapabilityOptions {
  /** The models to tell of, found out where it is not known; all that are known when left out. */
  needed?: readonly NeededModel[];
  /** Whether all of them are found out anew. */
  isFresh?: boolean;
}

/** What models are capable of, and why nothing is known of others. */
export interface CapabilityView {
  models: ModelCapabilities[];
  problems: string[];
}

/**
 * What chat models at the endpoints of a configuration are capable of: as the store knows it, or as
 * it is found out now and kept there.
 * @throws StoreError
 */
export async function viewCapabilities(
  { endpoints, store: { uri, options } }: Config,
  { needed, isFresh = false }: CapabilityOptions,
): Promise<CapabilityView> {
  const store = connectStore({ uri, storageOptions: options });
  try {
    const known = await store.capabilities.list();
    const stored = Object.entries(endpoints).flatMap(([endpoint, { baseURL }]) =>
      known.filter((one) => one.baseURL === baseURL).map((one) => ({ ...one, endpoint })),
    );
    if (!needed && !isFresh) return { models: stored, problems: [] };
    const wanted = needed ?? stored.map(asNeeded);
    const view: CapabilityView = { models: [], problems: [] };
    for (const model of wanted) {
      const config = endpoints[model.endpoint];
      if (model.kind !== 'chat' || !config) continue;
      const endpoint = new Endpoint(model.endpoint, config);
      try {
        await probeModel(endpoint, model);
        const found = await capabilitiesOf(endpoint, model, store.capabilities, { isFresh });
        view.models.push(...found.map((one) => ({ ...one, endpoint: model.endpoint })));
      } catch (error) {
        view.problems.push(messagesOf(endpoint.failure(error, model.name))[0]!);
      }
    }
    return view;
  } finally {
    store.close();
  }
}

const asNeeded = ({ endpoint, model, way }: ModelCapabilities): NeededModel => ({
  ...{ endpoint, name: model, kind: 'chat' as const },
  samplings: [{ ...way, temperature: 0 }],
});
