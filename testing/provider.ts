import multipart from '@fastify/multipart';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { OpenAI } from 'openai';
import { AnswerBook, type Answers } from './answers.ts';
import { type Batch, BatchBook, type BatchScript, batchRoutes, type Handlers } from './batches.ts';
import type { Control } from './book.ts';
import { answerChat, chatRoutes } from './chat.ts';
import { answerEmbeddings, embeddingRoutes } from './embeddings.ts';
import type { Fault, FaultPlan } from './faults.ts';
import { FileStore, fileRoutes } from './files.ts';
import { JobBook, type JobControl, jobRoutes } from './jobs.ts';
import { Journal } from './journal.ts';
import { type Limits, Meter } from './limits.ts';
import { Models, modelRoutes } from './models.ts';
import { observe } from './observe.ts';
import { type QuirkName, Quirks } from './quirks/index.ts';
import type { ProviderRequest, RequestFilter, RequestOf } from './requests.ts';
import { errorBody, Refusal } from './wire.ts';

/** How the stand-in is to behave. Without any, it is a provider without flaws. */
export interface ProviderOptions {
  /** Default 0: any free port. */
  port?: number;
  /** Base models; by default those that the run spec's defaults name. */
  models?: string[];
  /** What it answers; what is left out it makes up, from the request and `seed` alone. */
  answers?: Answers;
  /** With another one its own answers are wrong elsewhere. Default 0. */
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
  /** Jobs stay in the state before their last until `jobs.release()`. Default false. */
  holdJobs?: boolean;
  /** What becomes of batches. Default: all their requests are answered. */
  batchScript?: BatchScript;
  /** As `holdJobs`, for batches. */
  holdBatches?: boolean;
  /** What goes wrong with a request, or holds it back. Default: nothing. */
  faults?: FaultPlan;
  /** What it does otherwise than the wire has it. Default: nothing. */
  quirks?: QuirkName[];
  /**
   * A folder that keeps jobs, files, batches, tuned models, and the requests without their bodies.
   * A provider that is started on it again goes on where the one before was closed, or killed.
   * Default: in memory.
   */
  state?: string;
}

/** A stand-in that runs, until `close()` or the end of an `await using`. */
export interface Provider extends AsyncDisposable {
  /** With `/v1`, as an endpoint's `baseURL` wants it. */
  baseURL: string;
  /** The fine-tuning jobs there are, and what becomes of them. */
  jobs: JobControl;
  /** The batches there are, and what becomes of them. */
  batches: Control<Batch>;
  /**
   * The requests so far, in order of arrival, that have the filter's fields.
   *
   * @example
   * provider.requests({ kind: 'chat', model: 'base' }).map(({ body }) => body.temperature);
   */
  requests<Kind extends ProviderRequest['kind']>(filter?: RequestFilter<Kind>): RequestOf<Kind>[];
  /**
   * Waits for the first request that has the filter's fields, or the nth; one that has come counts.
   * With a `status` it has been answered.
   * @throws Error when the provider is closed before
   */
  untilRequest<Kind extends ProviderRequest['kind']>(
    filter?: RequestFilter<Kind>,
    nth?: number,
  ): Promise<RequestOf<Kind>>;
  /**
   * Waits for a condition, which is looked at after every request and every answer.
   * @throws Error when the provider is closed before
   */
  until(isDone: () => boolean): Promise<void>;
  /** How many good answers were given again to a request that had had one: what was paid twice. */
  repeats(kind: ProviderRequest['kind']): number;
  /** From now on it answers so. */
  setAnswers(answers: Answers): void;
  /** From now on this goes wrong; undefined: nothing. */
  setFaults(plan: FaultPlan | undefined): void;
  /** From now on it has these quirks, and no others. */
  setQuirks(names: QuirkName[]): void;
  /** From now on these are the limits. */
  setLimits(limits: Limits): void;
  /** Stops it; requests under way are cut. */
  close(): Promise<void>;
}

const BASE = '/v1';
const DEFAULT_MODELS = ['smollm2-135m-instruct', 'all-minilm-l6-v2'];
const CHAT = `${BASE}/chat/completions`;
const EMBEDDINGS = `${BASE}/embeddings`;

/**
 * Starts a stand-in for a provider of OpenAI's wire, on 127.0.0.1: chat, embeddings, files,
 * fine-tuning jobs and batches. What it is not told to answer follows from the request alone.
 *
 * @example
 * import assert from 'node:assert/strict';
 * import OpenAI from 'openai';
 * import { startProvider } from 'semievol/testing';
 *
 * it('asks again after an overload', async () => {
 *   await using provider = await startProvider({
 *     models: ['small'],
 *     answers: { chat: ({ text }) => (text.includes('bark') ? 'dog' : 'cat') },
 *     faults: ({ attempt }) => (attempt === 1 ? { status: 503 } : undefined),
 *   });
 *   const client = new OpenAI({ baseURL: provider.baseURL, apiKey: 'none' });
 *   const { choices } = await client.chat.completions.create({
 *     model: 'small',
 *     messages: [{ role: 'user', content: 'What barks?' }],
 *   });
 *   assert.equal(choices[0].message.content, 'dog');
 *   assert.deepEqual(provider.requests({ kind: 'chat' }).map(({ status }) => status), [503, 200]);
 * });
 */
export async function startProvider(options: ProviderOptions = {}): Promise<Provider> {
  const { port = 0, apiKey, state: folder } = options;
  const app = fastify({ bodyLimit: 2 ** 26, forceCloseConnections: true });
  const journal = new Journal(folder);
  const models = new Models(options.models ?? DEFAULT_MODELS, folder);
  const files = new FileStore(folder);
  const answers = new AnswerBook(options.answers);
  const jobs = new JobBook(files, models, {
    scriptOf: (params) => answers.job(params),
    held: options.holdJobs ?? false,
    folder,
  });
  const chat = {
    supportsN: options.supportsN ?? true,
    logprobs: options.logprobs ?? true,
    seed: options.seed ?? 0,
  };
  const embed = (body: OpenAI.EmbeddingCreateParams) =>
    answerEmbeddings(body, models, (text) => answers.embedding(text));
  const handlers: Handlers = {
    [CHAT]: (body) => answerChat(body, models, chat, () => answers.chat(body, 1)),
    [EMBEDDINGS]: embed,
  };
  const batches = new BatchBook(files, handlers, {
    script: options.batchScript ?? (() => undefined),
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
      const recordOf = observe(api, BASE, journal, (seen) => plan?.(seen));
      if (apiKey) guard(api, apiKey);
      meter.attach(api, [CHAT, EMBEDDINGS]);
      quirks.attach(api, BASE);
      modelRoutes(api, models);
      fileRoutes(api, files);
      jobRoutes(api, jobs);
      batchRoutes(api, batches);
      chatRoutes(api, (params, request) => {
        const { kind, attempt } = recordOf(request);
        const script = () => answers.chat(params, attempt);
        return answerChat(params, models, chat, kind === 'probe' ? undefined : script);
      });
      embeddingRoutes(api, embed);
    },
    { prefix: BASE },
  );
  app.get('/__journal', async () => journal.entries());
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
  const close = async () => {
    journal.close();
    await app.close();
  };
  return {
    baseURL: `${address}${BASE}`,
    jobs,
    batches,
    requests: (filter = {}) => journal.requests(filter),
    async untilRequest(filter = {}, nth = 1) {
      await journal.until(() => journal.requests(filter).length >= nth);
      return journal.requests(filter)[nth - 1]!;
    },
    until: (isDone) => journal.until(isDone),
    repeats(kind) {
      const answered = journal.requests({ kind, status: 200 });
      return answered.length - new Set(answered.map(({ digest }) => digest)).size;
    },
    setAnswers: (next) => answers.set(next),
    setFaults: (next) => {
      plan = next;
    },
    setQuirks: (names) => quirks.set(names),
    setLimits: (limits) => meter.set(limits),
    close,
    [Symbol.asyncDispose]: close,
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
