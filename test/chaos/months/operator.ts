import { mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { RunFailed } from '../../../client/errors.ts';
import type { RunHandle } from '../../../client/runHandle.ts';
import type { NextSpec } from '../../../core/living/spec.ts';
import type { RoundReport } from '../../../core/roundReport.ts';
import type { RunSpec } from '../../../core/spec.ts';
import type { RunStatus } from '../../../core/status.ts';
import type { Arena } from '../arena.ts';
import type { Delivery, Word } from './calendar.ts';
import { insist } from './insist.ts';
import type { Kind, Row } from './ledger.ts';
import { REVIEWERS, reviewTogether, type Said } from './reviewers.ts';

const CLI = new URL('../../../cli/semievol.ts', import.meta.url).pathname;
const LOOK_MS = 250;
/** How often the watched folder is looked at: every six seconds. */
const EVERY_MINUTES = 0.1;
const KINDS: Kind[] = ['labelled', 'unlabelled', 'test', 'withdrawn'];

/** Looks after a run as its people do, by commands and by code, whatever goes away meanwhile. */
export class Operator {
  readonly #arena: Arena;
  readonly #spec: RunSpec;
  readonly #folder: string;
  readonly #signal: AbortSignal;
  /** The segments that deliveries have become. */
  readonly #segments = new Map<number, number>();
  #isWatching = false;

  /** @param folder for the files that it hands over */
  constructor(arena: Arena, spec: RunSpec, folder: string, signal: AbortSignal) {
    this.#arena = arena;
    this.#spec = spec;
    this.#folder = folder;
    this.#signal = signal;
  }

  get run(): RunHandle {
    return this.#arena.client.get(this.#spec.name);
  }

  async start(next: NextSpec | undefined = this.#spec.next): Promise<void> {
    for (const kind of KINDS) await mkdir(join(this.#watched, kind), { recursive: true });
    await this.#insist(() => this.#arena.client.start({ ...this.#spec, next }));
  }

  /** Ends the run, and begins it again with another `next`. */
  async restart(next: NextSpec): Promise<void> {
    const { client } = this.#arena;
    await this.#insist(async () => {
      if ((await client.stateOf(this.#spec.name)) === 'running') await this.run.cancel();
    });
    await this.run.result({ signal: this.#signal }).catch((error: unknown) => {
      if (!(error instanceof RunFailed)) throw error;
    });
    await this.start(next);
  }

  status(): Promise<RunStatus> {
    const { temporal } = this.#arena.client;
    const handle = temporal.workflow.getHandle(this.#spec.name);
    return this.#insist(() => handle.query<RunStatus>('status'));
  }

  /** Its status, as soon as that is so. */
  async until(isSo: (status: RunStatus) => boolean): Promise<RunStatus> {
    for (;;) {
      const status = await this.status();
      if (isSo(status)) return status;
      await sleep(LOOK_MS, undefined, { signal: this.#signal });
    }
  }

  /** When a round has ended, and the run waits for the next; what drift holds up is let go on. */
  async untilWaiting(round: number): Promise<void> {
    for (;;) {
      const { hold } = await this.until(
        ({ totals, waitsFor, hold }) =>
          totals.finished >= round && (waitsFor !== undefined || hold !== undefined),
      );
      if (!hold) return;
      await this.#insist(() => this.run.resume());
      await this.until((status) => status.hold === undefined);
    }
  }

  pause(): Promise<void> {
    return this.#insist(() => this.run.pause());
  }

  resume(): Promise<void> {
    return this.#insist(() => this.run.resume());
  }

  /** Lets a round begin by hand. */
  async callNext(round: number): Promise<void> {
    await this.#insist(async () => {
      const { roundWorkflowId, totals } = await this.status();
      if (roundWorkflowId === undefined && totals.finished < round) await this.#semievol('next');
    });
  }

  /** Hands something over by its way. Returns when it is a segment. */
  async deliver(delivery: Delivery): Promise<void> {
    const before = await this.status();
    await this.#hand(delivery);
    const { data } = await this.until(({ data }) => data!.segment > before.data!.segment);
    this.#segments.set(delivery.number, data!.segment);
  }

  /** Two people look at what the last round has ranked. @returns what they have said */
  review(seed: number): Promise<Said[]> {
    return reviewTogether((name) => this.run.review(name), REVIEWERS, {
      seed,
      insist: (work) => this.#insist(work),
    });
  }

  /** Somebody has a word on the champion. @param round the last that has ended */
  async say(word: Word, round: number): Promise<void> {
    const { champion } = await this.status();
    const by = ['--by', 'ada', '--reason', `what came of round ${round}`];
    if (word === 'rollback') {
      await this.#insist(async () => {
        if ((await this.status()).champion === champion) await this.#semievol('rollback', ...by);
      });
      return;
    }
    const model = (await this.reports()).at(-1)!.models.semievol;
    await this.#insist(async () => {
      if ((await this.status()).champion !== model) await this.#semievol('promote', model, ...by);
    });
  }

  async reports(): Promise<RoundReport[]> {
    return (await this.#insist(() => this.run.reports())).rounds;
  }

  /** Ends the watching of the folder. */
  async stopCollecting(): Promise<void> {
    await this.#insist(() => this.#semievol('collect', '--stop'));
  }

  get #watched(): string {
    return join(this.#folder, 'drop');
  }

  #hand(delivery: Delivery): Promise<unknown> {
    return delivery.kind === 'wrong' ? this.#takeBack(delivery) : this.#bring(delivery);
  }

  /** Withdraws a segment that was wrong. */
  #takeBack({ of, way }: Extract<Delivery, { kind: 'wrong' }>): Promise<unknown> {
    const segment = this.#segments.get(of)!;
    return this.#insist<unknown>(() =>
      way === 'command'
        ? this.#semievol('withdraw', '--segment', `${segment}`)
        : this.run.add({ withdrawnSegments: [segment] }),
    );
  }

  /** Writes a file, and hands it over. */
  async #bring({ kind, way, number, rows }: Extract<Delivery, { rows: Row[] }>): Promise<void> {
    const isTable = number % 2 === 0;
    const name = `${number}.${isTable ? 'csv' : 'jsonl'}`;
    const file = join(this.#folder, `${kind}-${name}`);
    await writeFile(file, isTable ? asCsv(rows) : asJsonLines(rows));
    if (way === 'command') {
      const [command, option] =
        kind === 'withdrawn' ? (['withdraw', '--rows'] as const) : (['add', `--${kind}`] as const);
      await this.#insist(() => this.#semievol(command, option, file));
    } else if (way === 'client') await this.#insist(() => this.run.add({ [kind]: [file] }));
    else await this.#drop(file, { kind, name, isAwaited: way === 'folder' });
  }

  /** Moves a file into the watched folder, which is looked at now and then, and at once where it is awaited. */
  async #drop(
    file: string,
    { kind, name, isAwaited }: { kind: Kind; name: string; isAwaited: boolean },
  ): Promise<void> {
    // As if it were there for an hour: what is being written to is left alone.
    const hourAgo = Date.now() / 1_000 - 3_600;
    await utimes(file, hourAgo, hourAgo);
    await rename(file, join(this.#watched, kind, name));
    if (this.#isWatching && !isAwaited) return;
    const every = ['--every', `${EVERY_MINUTES}`];
    await this.#insist(() => this.#semievol('collect', '--from', this.#watched, ...every));
    this.#isWatching = true;
  }

  async #semievol(command: string, ...rest: string[]): Promise<void> {
    const args = [CLI, command, this.#spec.name, ...rest, '--config', this.#arena.configFile];
    await execa(process.execPath, args, { cancelSignal: this.#signal, stdin: 'ignore' });
  }

  #insist<T>(work: () => Promise<T>): Promise<T> {
    return insist(work, this.#signal);
  }
}

const asJsonLines = (rows: readonly Row[]) =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const asCsv = (rows: readonly Row[]) =>
  ['question,answer', ...rows.map(({ question, answer = '' }) => `${question},${answer}`), ''].join(
    '\n',
  );
