import type { RunSpec } from '../../../core/spec.ts';
import type { Store } from '../../../store/store.ts';
import type { JournalEntry } from '../../../testing/requests.ts';
import { chatsSent, storedChats } from '../accounts.ts';
import type { Arena } from '../arena.ts';
import type { Service } from '../service.ts';
import type { Harm } from './calendar.ts';
import { insist } from './insist.ts';

/** How long what was killed stays down; an endpoint that is away for a day is away for eight seconds. */
const DOWN_MS = { worker: 500, server: 2_000, away: 8_000 };

/** What was done, and when. */
export interface Deed {
  harm: Harm['kind'];
  round: number;
  second: number;
  /** Requests that had been sent, and whose answers were not in the store. */
  unstored?: number;
}

export interface HarmOptions {
  arena: Arena;
  store: Store;
  spec: RunSpec;
  signal: AbortSignal;
  say(line: string): void;
}

/** Workers of a build that is no longer current, until no workflow needs them. */
interface Old {
  build: string;
  workers: readonly Service[];
}

/** Does harm to the machinery under a run, and keeps account of it. */
export class Harming {
  readonly deeds: Deed[] = [];
  readonly #options: HarmOptions;
  readonly #begun = performance.now();
  /** Of the rounds that have ended: these do not change any more. */
  readonly #stored = new Map<number, number>();
  #old: Old[] = [];
  #build = 1;

  constructor(options: HarmOptions) {
    this.#options = options;
  }

  /** The build that is current. */
  get build(): string {
    return `b${this.#build}`;
  }

  /** @param round the one under way, or the last */
  async do({ kind, moment, luck }: Harm, round: number): Promise<void> {
    const second = Math.round((performance.now() - this.#begun) / 1_000);
    const deed: Deed = { harm: kind, round, second };
    const { arena, say } = this.#options;
    if (kind === 'deploy') {
      const build = this.build;
      this.#build++;
      this.#old.push({ build, workers: await arena.deploy(this.build) });
    } else if (kind === 'away') await arena.gateways[0]!.kill(DOWN_MS.away);
    else {
      await Promise.race(arena.workers.map((worker) => worker.ready()));
      const ready = arena.workers.filter(({ isReady }) => isReady);
      const victim = kind === 'server' ? arena.server : ready[Math.floor(luck * ready.length)]!;
      for (const worker of ready) worker.freeze();
      try {
        deed.unstored = await this.#unstored(round);
      } finally {
        await victim.kill(DOWN_MS[kind]);
        for (const worker of ready) if (worker !== victim) worker.thaw();
      }
      if (kind === 'server') await victim.ready();
    }
    this.deeds.push(deed);
    say(`${second} s: ${kind} in round ${round}, ${moment}, ${deed.unstored ?? 'some'} in flight`);
  }

  /** Stops the workers of builds that nothing needs any more. @returns builds that are still needed */
  async retire(): Promise<string[]> {
    const { arena, signal } = this.#options;
    const needed: Old[] = [];
    for (const old of this.#old) {
      const query = `TemporalWorkerDeploymentVersion = "semievol:${old.build}" AND ExecutionStatus = "Running"`;
      const { count } = await insist(() => arena.client.temporal.workflow.count(query), signal);
      if (count > 0) needed.push(old);
      else await arena.retire(old.workers);
    }
    this.#old = needed;
    return needed.map(({ build }) => build);
  }

  /** Requests that were sent, and whose answers are not in the store. */
  async #unstored(round: number): Promise<number> {
    const { arena, store, spec } = this.#options;
    const journal = await arena.settledJournal();
    const [first] = await store.models.list({ run: spec.name });
    if (!first) return journal.length;
    let stored = 0;
    for (let one = 1; one <= round; one++) {
      const count = this.#stored.get(one) ?? (await storedChats(store, spec, first.dataset, one));
      if (one < round) this.#stored.set(one, count);
      stored += count;
    }
    return chatsSent(journal) - stored + lastEmbeddings(journal);
  }
}

/** Requests for embeddings since the last of another kind: their vectors may not be in the store. */
function lastEmbeddings(journal: readonly JournalEntry[]): number {
  const other = journal.findLastIndex(({ kind }) => kind !== 'embeddings');
  return journal.length - 1 - other;
}
