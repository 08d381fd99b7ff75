import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { table } from '../cli/table.ts';
import { percent } from '../core/report/format.ts';
import type { ChatMessage } from '../core/types.ts';
import { endpointConfig } from '../providers/config.ts';
import { Endpoint } from '../providers/endpoint.ts';
import type { BenchOptions, BenchResult } from './support/bench.ts';
import {
  type BenchEndpoint,
  type Capacity,
  type EndpointStats,
  startEndpoint,
  WINDOW_MS,
} from './support/endpoint.ts';

export const description =
  'share of a capacity that drops to a quarter and comes back; at least 0.9 after 10 s, 2 % refused';

const TARGET = { share: 0.9, refused: 0.02 };
const LATENCY = { latencyMs: 500, jitterMs: 200 };
const PHASE_SECONDS = 20;
/** From a change of the capacity until its use is measured. */
const SETTLING_SECONDS = 10;
/** Most requests at the same time that ours may have, and who ask: more than there is room for. */
const MOST_IN_FLIGHT = 128;
const CALLERS = 2 * MOST_IN_FLIGHT;

/** Two kinds of capacity, each 100 requests a second, then about 25, then 100 again. */
const CAPACITIES: Record<string, Capacity[]> = {
  rate: [
    { perSecond: 100, burst: 25 },
    { perSecond: 25, burst: 6 },
    { perSecond: 100, burst: 25 },
  ],
  'in flight': [{ slots: 50 }, { slots: 12 }, { slots: 50 }],
};

/** Asks one question. */
type Ask = (index: number, signal: AbortSignal) => Promise<unknown>;

/** Those who ask, by way: for each worker of it, so many callers of a client of their own. */
const WAYS: Record<string, { clients: number; callers: number; client(baseURL: string): Ask }> = {
  ours: { clients: 1, callers: CALLERS, client: ours },
  'ours, 2 workers': { clients: 2, callers: CALLERS, client: ours },
  'openai, 50 at a time': { clients: 1, callers: 50, client: bare },
  'openai, 12 at a time': { clients: 1, callers: 12, client: bare },
};

/** The time between two changes of the capacity. */
interface Phase {
  perSecond: number;
  /** Share of the capacity used, once it has settled. */
  share: number;
  /** The same for each second. */
  shares: number[];
  /** Seconds until the first second with a share of 0.9; null if there is none. */
  secondsToTarget: number | null;
}

interface Outcome {
  phases: Phase[];
  accepted: number;
  /** Number of 429s. */
  refused: number;
  refusedShare: number;
  /** Calls that failed in the end. */
  failed: number;
  /** Most requests that the endpoint had at the same time. */
  mostInFlight: number;
  /** Calls answered, by client. */
  answered: number[];
}

export async function run({ say, print }: BenchOptions): Promise<BenchResult> {
  const outcomes: Record<string, Record<string, Outcome>> = {};
  const delay = monitorEventLoopDelay();
  delay.enable();
  for (const way of Object.keys(WAYS)) {
    say(`${way}: ${Object.keys(CAPACITIES).join(', ')}`);
    const measured = Object.entries(CAPACITIES).map(async ([kind, capacities]) => [
      kind,
      await measure(way, capacities),
    ]);
    outcomes[way] = Object.fromEntries(await Promise.all(measured));
  }
  print(outcomeTable(outcomes));
  const own = Object.values(outcomes.ours!);
  const measured = {
    share: Math.min(...own.flatMap(({ phases }) => phases.map(({ share }) => share))),
    refused: Math.max(...own.map(({ refusedShare }) => refusedShare)),
  };
  return {
    bench: 'adaptive',
    measured,
    target: TARGET,
    ok: measured.share >= TARGET.share && measured.refused < TARGET.refused,
    details: {
      ...LATENCY,
      phaseSeconds: PHASE_SECONDS,
      settlingSeconds: SETTLING_SECONDS,
      maxInFlight: MOST_IN_FLIGHT,
      capacities: CAPACITIES,
      // A machine that is busy otherwise keeps the callers from using what there is.
      eventLoopDelayMs: { p99: delay.percentile(99) / 1e6, most: delay.max / 1e6 },
      outcomes,
    },
  };
}

/** Lets one way ask an endpoint whose capacity changes. */
async function measure(way: string, capacities: Capacity[]): Promise<Outcome> {
  const { clients, callers, client } = WAYS[way]!;
  const endpoint = await startEndpoint({ ...LATENCY, capacity: capacities[0] });
  try {
    const stop = new AbortController();
    let failed = 0;
    const answered = Array.from({ length: clients }, () => 0);
    const loops = answered.flatMap((_, of) => {
      const ask = client(endpoint.baseURL);
      return Array.from({ length: callers }, async (_, caller) => {
        for (let index = caller; !stop.signal.aborted; index += callers)
          await ask(index, stop.signal).then(
            () => answered[of]!++,
            () => stop.signal.aborted || failed++,
          );
      });
    });
    const changes = await changeCapacity(endpoint, capacities);
    const stats = await endpoint.stats();
    stop.abort();
    await Promise.all(loops);
    const [accepted, refused] = [sum(stats.accepted), sum(stats.refused)];
    return {
      phases: capacities.map((capacity, index) =>
        phaseOf(stats, capacity, changes[index]!, changes[index + 1]!),
      ),
      accepted,
      refused,
      refusedShare: refused / (accepted + refused),
      failed,
      mostInFlight: stats.mostInFlight,
      answered,
    };
  } finally {
    await endpoint.close();
  }
}

/** Goes through the capacities. @returns when each began and the last ended, as `Date.now()` */
async function changeCapacity(endpoint: BenchEndpoint, capacities: Capacity[]): Promise<number[]> {
  const changes: number[] = [];
  for (const capacity of capacities) {
    await endpoint.setCapacity(capacity);
    changes.push(Date.now());
    await sleep(PHASE_SECONDS * 1000);
  }
  return [...changes, Date.now()];
}

function phaseOf(stats: EndpointStats, capacity: Capacity, from: number, to: number): Phase {
  const windowAt = (time: number) => Math.round((time - stats.startedAt) / WINDOW_MS);
  const windows = stats.accepted.slice(windowAt(from), windowAt(to));
  const perSecond =
    'slots' in capacity ? (capacity.slots * 1000) / LATENCY.latencyMs : capacity.perSecond;
  const windowsOf = (seconds: number) => (seconds * 1000) / WINDOW_MS;
  const shareOf = (some: number[]) => sum(some) / ((some.length / windowsOf(1)) * perSecond);
  const shareOfSecond = (_: unknown, first: number) =>
    shareOf(windows.slice(first, first + windowsOf(1)));
  const shares = windows.slice(windowsOf(1)).map(shareOfSecond);
  const reached = shares.findIndex((share) => share >= TARGET.share);
  return {
    perSecond,
    share: shareOf(windows.slice(windowsOf(SETTLING_SECONDS))),
    shares: shares.filter((_, index) => index % windowsOf(1) === 0),
    secondsToTarget: reached < 0 ? null : reached / windowsOf(1),
  };
}

/** Our endpoint, as a worker has it. */
function ours(baseURL: string): Ask {
  const config = endpointConfig.parse({ baseURL, maxInFlight: MOST_IN_FLIGHT });
  const endpoint = new Endpoint('bench', config);
  const sampling = { temperature: 0, maxTokens: 16 };
  return (seed, signal) =>
    endpoint.chat(
      { model: 'bench', messages: question(seed), sampling, seeds: [seed] },
      { signal, deadline: signal },
    );
}

/** The bare client, with as many repetitions as ours. */
function bare(baseURL: string): Ask {
  const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 5 });
  return (seed, signal) =>
    client.chat.completions.create(
      { model: 'bench', messages: question(seed), temperature: 0, max_tokens: 16, seed },
      { signal },
    );
}

function question(index: number): ChatMessage[] {
  return [
    { role: 'system', content: 'Classify the text.\nLabels: animal, food, plant' },
    { role: 'user', content: `Text ${index}` },
  ];
}

function outcomeTable(outcomes: Record<string, Record<string, Outcome>>): string {
  const rows = Object.entries(outcomes).flatMap(([way, kinds]) =>
    Object.entries(kinds).map(([kind, { phases, refused, refusedShare, failed, answered }]) => [
      way,
      kind,
      ...phases.map(
        ({ share, secondsToTarget }) => `${percent(share)} in ${secondsToTarget ?? '-'} s`,
      ),
      `${refused} (${percent(refusedShare)})`,
      String(failed),
      answered.join(' + '),
    ]),
  );
  const head = ['', 'capacity', 'full', 'a quarter', 'full again', '429s', 'failed', 'answered'];
  return table(head, rows);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
