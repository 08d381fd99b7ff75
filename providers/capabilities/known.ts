import {
  type CapabilityBook,
  type KnownCapabilities,
  type Way,
  waysOf,
} from '../../core/capabilities.ts';
import type { NeededChatModel } from '../../core/neededModels.ts';
import { findListed, type ListedModel, listModels } from '../check.ts';
import type { Endpoint } from '../endpoint.ts';
import { probeCapabilities } from './probe.ts';

/** What was found out so long ago is found out anew, in milliseconds: providers change models. */
const STALE_AFTER_MS = 7 * 24 * 3_600_000;

interface FindingOut {
  /** Whether it is to be found out anew, whatever is known. */
  isFresh?: boolean;
  signal?: AbortSignal;
}

/**
 * What a chat model is capable of in each way of asking it, as it is known, or as it is found out now
 * and kept; without those in which it does not answer, and of which nothing is known.
 * @throws the signal's reason
 */
export async function capabilitiesOf(
  endpoint: Endpoint,
  { name, samplings }: Pick<NeededChatModel, 'name' | 'samplings'>,
  book: CapabilityBook,
  options: FindingOut = {},
): Promise<KnownCapabilities[]> {
  const found: KnownCapabilities[] = [];
  for (const way of waysOf(samplings)) {
    const known = await capabilitiesIn(endpoint, { model: name, way }, book, options);
    if (known) found.push(known);
  }
  return found;
}

async function capabilitiesIn(
  endpoint: Endpoint,
  { model, way }: { model: string; way: Way },
  book: CapabilityBook,
  { isFresh = false, signal }: FindingOut,
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
