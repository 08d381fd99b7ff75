import multipart from '@fastify/multipart';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import {
  BatchBook,
  type BatchState,
  batchRoutes,
  DEFAULT_BATCH_SCRIPT,
  type Handlers,
} from './batches.ts';
import { answerChat, chatRoutes } from './chat.ts';
import { answerEmbeddings, embeddingRoutes } from './embeddings.ts';
import type { Fault, FaultPlan } from './faults.ts';
import { FileStore, fileRoutes } from './files.ts';
import { JOB_SCRIPTS, JobBook, type JobState, jobRoutes } from './jobs.ts';
import { Journal } from './journal.ts';
import { type Limits, Meter } from './limits.ts';
import { Models, modelRoutes } from './models.ts';
import { observe } from './observe.ts';
import { type QuirkName, Quirks } from './quirks/index.ts';
import { errorBody, Refusal } from './wire.ts';

export interface ProviderOptions {
  /** Default 0: any free port. */
  port?: number;
  /** Base models; by default those that the run spec's defaults name. */
  models?: string[];
  /** Answers follow from the request and this number. Default 0. */
  seed?: number;
  /** Where given, other keys are refused with 401. */
  apiKey?: string;
  /** How long every chat and embedding request takes, in milliseconds. Default 0. */
  latencyMs?: number;
  /** What is taken of chat and embedding requests; more get 429. Default: everything. */
  limits?: Limits;
  /** Whether chat takes `n` above 1 (default true); if not, 400. */
  supportsN?: boolean;
  /** Whether chat gives log-probabilities (default true); if not, asking for them is a 400. */
  logprobs?: boolean;
  /** The states a job walks through, the first at creation, then one each time it is retrieved. */
  jobScript?: JobState[];
  /** Jobs stay in the state before their last until `jobs.release()`. Default false. */
  holdJobs?: boolean;
  /** The same for batches. */
  batchScript?: BatchState[];
  holdBatches?: boolean;
  faults?: FaultPlan;
  /** What it does otherwise than the wire has it. Default: nothing. */
  quirks?: QuirkName[];
  /**
   * A folder that keeps journal, files, jobs, batches and tuned models. A provider that is started
   * on it again goes on where the one before was closed, or killed. Default: in memory.
   */
  state?: string;
}

export interface Provider {
  /** With `/v1`, as the client wants it. */
  baseURL: string;
  journal: Journal;
  jobs: JobBook;
  batches: BatchBook;
  setFaults(plan: FaultPlan | undefined): void;
  setQuirks(names: QuirkName[]): void;
  setLimits(limits: Limits): void;
  close(): Promise<void>;
}

const BASE = '/v1';
const DEFAULT_MODELS = ['smollm2-135m-instruct', 'all-minilm-l6-v2'];
const CHAT = `${BASE}/chat/completions`;
const EMBEDDINGS = `${BASE}/embeddings`;

/** Starts a deterministic stand-in for a provider of OpenAI's wire, on 127.0.0.1. */
export async function startProvider(options: ProviderOptions = {}): Promise<Provider> {
  const { port = 0, apiKey, state: folder } = options;
  const app = fastify({ bodyLimit: 2 ** 26, forceCloseConnections: true });
  const journal = new Journal(folder);
  const models = new Models(options.models ?? DEFAULT_MODELS, folder);
  const files = new FileStore(folder);
  const jobs = new JobBook(files, models, {
    script: options.jobScript ?? JOB_SCRIPTS.succeeds,
    held: options.holdJobs ?? false,
    folder,
  });
  const chat = {
    supportsN: options.supportsN ?? true,
    logprobs: options.logprobs ?? true,
    seed: options.seed ?? 0,
  };
  const handlers: Handlers = {
    [CHAT]: (body) => answerChat(body, models, chat),
    [EMBEDDINGS]: (body) => answerEmbeddings(body, models),
  };
  const batches = new BatchBook(files, handlers, {
    script: options.batchScript ?? DEFAULT_BATCH_SCRIPT,
    held: options.holdBatches ?? false,
    folder,
  });
  const meter = new Meter(options.limits ?? {}, options.latencyMs ?? 0);
  const quirks = new Quirks(options.quirks ?? []);
  let plan = options.faults;

  app.setErrorHandler(explain);
  await app.register(multipart, { limits: { fileSize: 2 ** 29 } });
  await app.register(
    async (api) => {
      observe(api, BASE, journal, (seen) => plan?.(seen));
      if (apiKey) guard(api, apiKey);
      meter.attach(api, [CHAT, EMBEDDINGS]);
      quirks.attach(api, BASE);
      modelRoutes(api, models);
      fileRoutes(api, files);
      jobRoutes(api, jobs);
      batchRoutes(api, batches);
      chatRoutes(api, models, chat);
      embeddingRoutes(api, models);
    },
    { prefix: BASE },
  );
  app.get('/__journal', async () => journal.entries);
  app.post('/__jobs/release', async () => {
    jobs.release();
    return {};
  });
  app.post<{ Body: { fault?: Fault } }>('/__fault', async ({ body: { fault } }) => {
    plan = fault && (() => fault);
    return {};
  });
  app.post<{ Body: Limits }>('/__limits', async ({ body }) => {
    meter.set(body);
    return {};
  });

  const address = await app.listen({ host: '127.0.0.1', port });
  return {
    baseURL: `${address}${BASE}`,
    journal,
    jobs,
    batches,
    setFaults: (next) => {
      plan = next;
    },
    setQuirks: (names) => quirks.set(names),
    setLimits: (limits) => meter.set(limits),
    async close() {
      journal.close();
      await app.close();
    },
  };
}

function guard(api: FastifyInstance, apiKey: string): void {
  api.addHook('preHandler', async (request) => {
    if (request.headers.authorization !== `Bearer ${apiKey}`)
      throw new Refusal(401, 'invalid_api_key', 'Incorrect API key provided.');
  });
}

/** Puts any error into the shape of the wire. */
function explain(error: FastifyError | Refusal, _: FastifyRequest, reply: FastifyReply) {
  const refusal = error instanceof Refusal ? error : undefined;
  const status = refusal?.status ?? (error as FastifyError).statusCode ?? 500;
  const { message, code } = error;
  return reply
    .code(status)
    .headers(refusal?.headers ?? {})
    .send(errorBody(status, { message, code, param: refusal?.param }));
}
