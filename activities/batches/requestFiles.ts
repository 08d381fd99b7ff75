import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { log } from '@temporalio/activity';
import type { AnswerStage } from '../../core/answer.ts';
import type { ModelAt } from '../../core/types.ts';
import type { BatchConfig } from '../../providers/batch/batchJobs.ts';
import { requestLine } from '../../providers/batch/lines.ts';
import type { TrainingFile } from '../../providers/trainer.ts';
import type { Carried, Carrier, Course } from '../batch.ts';
import type { Dependencies } from '../dependencies.ts';
import { isHosted } from '../hosted.ts';
import { goesBy, type Route } from './askings.ts';

/** A file of requests on disk, all of them to one model: a batch takes no others. */
export interface RequestFile extends TrainingFile {
  endpoint: string;
  model: string;
  requests: number;
  /** How many there are of each stage. */
  stages: Partial<Record<AnswerStage, number>>;
}

/** What goes into files, and what becomes of these. */
interface Writing {
  folder: string;
  routes: readonly Route[];
  /** Stages of which no more requests go by batch: they are left unanswered. */
  without: readonly AnswerStage[];
  /** Most requests of a file; as many as its endpoint takes when left out. */
  most?: number | undefined;
  /** Takes a file that is full, or the last; it is removed from the disk with its folder. */
  done(file: RequestFile): Promise<void>;
}

/** A file that is being written. */
interface Open extends RequestFile {
  handle: FileHandle;
  hash: Hash;
}

/** Writes requests down for batches, and divides them into files within the limits of endpoints. */
export class RequestFiles implements Carrier {
  readonly #dependencies: Dependencies;
  readonly #writing: Writing;
  /** By endpoint and model. */
  readonly #open = new Map<string, Open>();
  /** Whether a model has to be deployed: none stands for a day to wait for a batch. */
  readonly #hosted = new Map<string, boolean>();
  #files = 0;

  constructor(dependencies: Dependencies, writing: Writing) {
    this.#dependencies = dependencies;
    this.#writing = writing;
  }

  async carry({ stage, sent, id }: Carried): Promise<Course> {
    const { routes, without } = this.#writing;
    if (!goesBy(routes, stage, sent.endpoint)) return 'send';
    const endpoint = this.#dependencies.endpoints.get(sent.endpoint);
    const { batches } = endpoint.config;
    if (!batches || without.includes(stage) || (await this.#isHosted(sent))) return 'wait';
    const named = { model: batches.models[sent.model] ?? sent.model };
    const line = requestLine(id, batches.path, { ...endpoint.bodyOf(sent), ...named });
    const file = await this.#fileFor(sent, line.length, batches);
    await file.handle.write(line);
    file.hash.update(line);
    file.bytes += line.length;
    file.requests++;
    file.stages[stage] = (file.stages[stage] ?? 0) + 1;
    return 'wait';
  }

  /** Hands on the last files. */
  async end(): Promise<void> {
    for (const [key, file] of this.#open) await this.#close(key, file);
  }

  /** Lets go of those that were never ended. */
  async close(): Promise<void> {
    for (const { handle } of this.#open.values()) await handle.close();
  }

  async #fileFor(
    { endpoint, model }: ModelAt,
    bytes: number,
    { maxRequests, maxBytes }: BatchConfig,
  ): Promise<Open> {
    const { folder, most = maxRequests } = this.#writing;
    const key = JSON.stringify([endpoint, model]);
    const known = this.#open.get(key);
    if (known && known.requests < Math.min(most, maxRequests) && known.bytes + bytes <= maxBytes)
      return known;
    if (known) await this.#close(key, known);
    const path = join(folder, `requests-${++this.#files}.jsonl`);
    const handle = await open(path, 'w', 0o600);
    const empty = { sha256: '', bytes: 0, requests: 0, stages: {} };
    const file = { ...empty, endpoint, model, path, handle, hash: createHash('sha256') };
    this.#open.set(key, file);
    return file;
  }

  async #close(key: string, { handle, hash, ...file }: Open): Promise<void> {
    this.#open.delete(key);
    await handle.close();
    await this.#writing.done({ ...file, sha256: hash.digest('hex') });
  }

  async #isHosted(model: ModelAt): Promise<boolean> {
    const key = JSON.stringify([model.endpoint, model.model]);
    const known = this.#hosted.get(key) ?? (await isHosted(this.#dependencies, model));
    if (known && !this.#hosted.has(key))
      log.info(`${model.model} has to be deployed at ${model.endpoint}: it is asked directly`);
    this.#hosted.set(key, known);
    return known;
  }
}
