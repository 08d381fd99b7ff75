import type { PhaseName } from '../phases.ts';
import type { Hold } from '../status.ts';
import { count, moment } from './format.ts';
import { factTable, pausedLines, troubleLines } from './progress.ts';
import type { Section } from './section.ts';

/** A batch at a provider that is waited for. */
export interface BatchUnderWay {
  endpoint: string;
  requests: number;
  batchId?: string;
  /** Whether it waits until there is room in the provider's queue. */
  isBusy?: boolean;
  /** Since when it has made no progress, in epoch milliseconds. */
  stalledSince?: number | undefined;
}

/** What is known of the batches of a phase. */
export interface BatchesStatus {
  run: string;
  round: number;
  phase: PhaseName;
  /** Examples of the phase. */
  total: number;
  /** Requests, of the batches that have ended: answered there, or refused and sent by themselves. */
  collected: { answered: number; refused: number };
  underWay: BatchUnderWay[];
  /** Requests of these that have been answered, as far as is told. */
  seen?: number | undefined;
  pausedAt?: number | undefined;
  hold?: Hold | undefined;
  trouble?: string | undefined;
}

/** The page of a phase's batches. @param now epoch milliseconds */
export function batchesProgress(status: BatchesStatus, now: number): Section {
  const { run, round, phase, total, collected, underWay, seen, pausedAt, hold, trouble } = status;
  const stalled = underWay.filter(({ stalledSince }) => stalledSince !== undefined);
  return {
    title: `Round ${round}, ${phase} by batch: ${waitsForBatches(status) ?? 'requests are written, or answers stored'}`,
    blocks: [
      ...pausedLines(run, { pausedAt, hold }),
      ...stalled.map(
        ({ batchId, stalledSince, endpoint }) =>
          `⚠ Batch ${batchId} at ${endpoint}: no progress since ${moment(stalledSince!)}. It is left running; cancelled at the provider, what it has not answered is sent again.`,
      ),
      ...troubleLines(trouble),
      factTable('so far', [
        ['examples', count(total)],
        ['answered in batches that have ended', count(collected.answered)],
        [
          'refused there, and sent by themselves',
          collected.refused ? count(collected.refused) : '',
        ],
        ['under way', underWay.length > 0 ? count(requestsIn(underWay)) : ''],
        ['answered of these', seen === undefined ? '' : count(seen)],
      ]),
      ...underWay.map(
        ({ batchId, endpoint, requests, isBusy }) =>
          `${batchId ?? 'a batch in the making'} at ${endpoint}: ${count(requests)} requests${isBusy ? ', waits until there is room in the queue' : ''}`,
      ),
      `As of ${moment(now)}.`,
    ],
  };
}

/** What a phase waits for, as long as there are batches. */
export function waitsForBatches({ underWay }: Pick<BatchesStatus, 'underWay'>): string | undefined {
  if (underWay.length === 0) return undefined;
  const endpoints = [...new Set(underWay.map(({ endpoint }) => endpoint))].join(' and ');
  const batches = underWay.length === 1 ? 'a batch' : `${underWay.length} batches`;
  const isQueued = underWay.some(({ isBusy }) => isBusy);
  return `${batches} of ${count(requestsIn(underWay))} requests at ${endpoints}${isQueued ? ', where more is queued than is taken' : ''}`;
}

const requestsIn = (batches: readonly BatchUnderWay[]) =>
  batches.reduce((sum, { requests }) => sum + requests, 0);
