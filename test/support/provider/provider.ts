import { setTimeout as delay } from 'node:timers/promises';
import multipart from '@fastify/multipart';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { chatRoutes } from './chat.ts';
import { embeddingRoutes } from './embeddings.ts';
import { type Fault, type FaultPlan, failAfter, failBefore } from './faults.ts';
import { FileStore, fileRoutes } from './files.ts';
import { DEFAULT_SCRIPT, JobBook, type JobState, jobRoutes } from './jobs.ts';
import { Journal, type JournalEntry, type RequestBody } from './journal.ts';
import { Models, modelRoutes } from './models.ts';
import { Refusal } from './wire.ts';

export interface ProviderOptions {
  /** Default 0: any free port. */
  port?: number;
  /** Base models; by default those that the run spec's defaults name. */
  models?: string[];
  /** Where given, other keys are refused with 401. */
  apiKey?: string;
  /** How long every chat and embedding request takes, in milliseconds. Default 0. */
  latencyMs?: number;
  /** Most chat and embedding requests at the same time; more get 429. Default: no limit. */
  capacity?: number;
  /** Whether chat takes `n` above 1 (default true); if not, 400. */
  supportsN?: boolean;
  /** Whether chat gives log-probabilities (default true); if not, asking for them is a 400. */
  logprobs?: boolean;
  /** The states a job walks through, the first at creation, then one each time it is retrieved. */
  jobScript?: JobState[];
  /** Jobs stay in the state before their last until `jobs.release()`. Default false. */
  holdJobs?: boolean;
  faults?: FaultPlan;
}

export interface Provider {
  /** With `/v1`, as the client wants it. */
  baseURL: string;
  journal: Journal;
  jobs: JobBook;
  setFaults(plan: FaultPlan | undefined): void;
  close(): Promise<void>;
}

const BASE = '/v1';
const DEFAULT_MODELS = ['smollm2-135m-instruct', 'all-minilm-l6-v2'];
const METERED = ['/chat/completions', '/embeddings'];

/** Starts a deterministic stand-in for a provider of OpenAI's wire, on 127.0.0.1. */
export async function startProvider(options: ProviderOptions = {}): Promise<Provider> {
  const { port = 0, models: base = DEFAULT_MODELS, apiKey, latencyMs = 0 } = options;
  const app = fastify({ bodyLimit: 2 ** 26, forceCloseConnections: true });
  const journal = new Journal();
  const models = new Models(base);
  const files = new FileStore();
  const jobs = new JobBook(
    files,
    models,
    options.jobScript ?? DEFAULT_SCRIPT,
    options.holdJobs ?? false,
  );
  let plan = options.faults;

  app.setErrorHandler(explain);
  await app.register(multipart, { limits: { fileSize: 2 ** 29 } });
  await app.register(
    async (api) => {
      observe(api, journal, (seen) => plan?.(seen));
      if (apiKey) guard(api, apiKey);
      meter(api, options.capacity ?? Number.POSITIVE_INFINITY, latencyMs);
      modelRoutes(api, models);
      fileRoutes(api, files);
      jobRoutes(api, jobs);
      chatRoutes(api, models, {
        supportsN: options.supportsN ?? true,
        logprobs: options.logprobs ?? true,
      });
      embeddingRoutes(api, models);
    },
    { prefix: BASE },
  );
  app.get('/__journal', async () => journal.entries);
  app.post('/__jobs/release', async () => {
    jobs.release();
    return {};
  });

  const address = await app.listen({ host: '127.0.0.1', port });
  return {
    baseURL: `${address}${BASE}`,
    journal,
    jobs,
    setFaults: (next) => {
      plan = next;
    },
    async close() {
      journal.close();
      await app.close();
    },
  };
}

/** Writes every request into the journal and lets the plan spoil it. */
function observe(api: FastifyInstance, journal: Journal, plan: FaultPlan): void {
  const entries = new WeakMap<FastifyRequest, JournalEntry>();
  const faults = new WeakMap<FastifyRequest, Fault>();
  api.addHook('preHandler', async (request, reply) => {
    const body = request.body as RequestBody | undefined;
    const path = new URL(request.url, 'http://localhost').pathname.slice(BASE.length);
    const entry = journal.record(request.method, request.url, path, body);
    entries.set(request, entry);
    const fault = plan({ ...entry, body });
    if (!fault) return;
    faults.set(request, fault);
    entry.fault = typeof fault === 'string' ? fault : String(fault.status);
    if (failBefore(fault, request, reply)) return reply;
  });
  api.addHook('onSend', async (request, reply, payload) => {
    const entry = entries.get(request);
    if (entry) entry.status = reply.statusCode;
    journal.changed();
    return payload;
  });
  failAfter(api, (request) => faults.get(request));
}

function guard(api: FastifyInstance, apiKey: string): void {
  api.addHook('preHandler', async (request) => {
    if (request.headers.authorization !== `Bearer ${apiKey}`)
      throw new Refusal(401, 'invalid_api_key', 'Incorrect API key provided.');
  });
}

/** Holds the metered requests for their latency, and refuses those beyond the capacity. */
function meter(api: FastifyInstance, capacity: number, latencyMs: number): void {
  let inFlight = 0;
  const limits = () => ({
    'x-ratelimit-limit-requests': String(capacity),
    'x-ratelimit-remaining-requests': String(Math.max(0, capacity - inFlight)),
    'x-ratelimit-reset-requests': `${latencyMs}ms`,
  });
  api.addHook('preHandler', async (request, reply) => {
    if (!METERED.some((path) => request.url.startsWith(BASE + path))) return;
    if (inFlight >= capacity)
      throw new Refusal(429, 'rate_limit_exceeded', 'Too many requests at the same time.', {
        headers: { ...limits(), 'retry-after': '1', 'retry-after-ms': String(latencyMs + 1) },
      });
    inFlight += 1;
    reply.raw.once('close', () => {
      inFlight -= 1;
    });
    if (Number.isFinite(capacity)) reply.headers(limits());
    if (latencyMs > 0) await delay(latencyMs);
  });
}

/** Puts any error into the shape of the wire. */
function explain(error: FastifyError | Refusal, _: FastifyRequest, reply: FastifyReply) {
  const refusal = error instanceof Refusal ? error : undefined;
  const status = refusal?.status ?? (error as FastifyError).statusCode ?? 500;
  const type =
    status === 429 ? 'requests' : status < 500 ? 'invalid_request_error' : 'server_error';
  const { message, code } = error;
  return reply
    .code(status)
    .headers(refusal?.headers ?? {})
    .send({ error: { message, type, param: refusal?.param ?? null, code } });
}
