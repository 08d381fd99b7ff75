import type { CapabilityBook, KnownCapabilities, Way } from '../../core/capabilities.ts';
import { findListed, type ListedModel, listModels } from '../check.ts';
import type { Endpoint } from '../endpoint.ts';
import { probeCapabilities } from './probe.ts';

/** What was found out so long ago is found out anew, in milliseconds: providers change models. */
const STALE_AFTER_MS = 7 * 24 * 3_600_000;

/**
 * What a chat model is capable of, as it is known, or as it is found out now and kept.
 * @param isFresh whether it is to be found out anew, whatever is known
 * @returns undefined where the model does not answer, and nothing is known
 * @throws the signal's reason
 */
export async function capabilitiesOf(
  endpoint: Endpoint,
  { model, way }: { model: string; way: Way },
  book: CapabilityBook,
  { isFresh = false, signal }: { isFresh?: boolean; signal?: AbortSignal } = {},
): Promise<KnownCapabilities | undefined> {
  const asked = { baseURL: endpoint.config.baseURL, model, way };
  const known = await book.latest(asked);
  if (known && !isFresh && isCurrent(known)) return known;
  const [probed, list] = await Promise.all([
    probeCapabilities(endpoint, model, way, signal),
    listModels(endpoint).catch((): ListedModel[] => []),
  ]);
  if (!probed) return known;
  const { contextLength, shutdown } = findListed(model, list) ?? {};
  const found = { ...asked, ...probed, contextLength, shutdown };
  const now = { ...found, probedAt: new Date().toISOString() };
  await book.add(now);
  return now;
}

function isCurrent({ isWhole, probedAt }: KnownCapabilities): boolean {
  return isWhole && Date.now() - Date.parse(probedAt) < STALE_AFTER_MS;
}
