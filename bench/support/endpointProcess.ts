import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OpenAI } from 'openai';
import { Batches } from './batches.ts';
import { Gate } from './capacity.ts';
import { type Command, type EndpointOptions, type EndpointStats, WINDOW_MS } from './endpoint.ts';
import { chatReplies, embeddingReply, type Reply } from './replies.ts';

/** The process that `startEndpoint` starts: serves until its parent is gone. */
const options: EndpointOptions = JSON.parse(process.argv[2] ?? '{}');
/** The models that the run spec's defaults name. */
const MODELS = ['smollm2-135m-instruct', 'all-minilm-l6-v2'];
const startedAt = Date.now();
const gate = new Gate(options.capacity, performance.now());
const accepted: number[] = [];
const refused: number[] = [];
const paths: EndpointStats['paths'] = {};

// biome-ignore lint/suspicious/noExplicitAny: each makes its reply of the body of its own path
const METERED: Record<string, (body: any) => Reply> = {
  '/v1/chat/completions': chatReplies(options),
  '/v1/embeddings': embeddingReply,
};

const batches = new Batches(chatReplies(options));

const server = createServer(async (request, response) => {
  if (request.method === 'POST' && request.url === '/v1/files') {
    await takeFile(request, response);
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  const make = METERED[request.url!];
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (make || bytes < 2 ** 16) chunks.push(chunk);
  });
  request.on('end', async () => {
    if (await batches.take(request, response, Buffer.concat(chunks))) return;
    if (make)
      meter(request.url!, () => make(JSON.parse(Buffer.concat(chunks).toString())), response);
    else send(response, manage(request, Buffer.concat(chunks)));
  });
});
server.keepAliveTimeout = 0;

/** Counts a file; one of requests is kept for its batch. */
async function takeFile(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts = request[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  let begin = Buffer.alloc(0);
  // As much as the fields before the file take at least.
  for (let part = await parts.next(); !part.done; part = await parts.next()) {
    begin = Buffer.concat([begin, part.value]);
    if (begin.length > 256) break;
  }
  let bytes = begin.length;
  const rest = async function* () {
    for await (const part of parts) {
      bytes += part.length;
      yield part;
    }
  };
  const kept = await batches.keep(begin, rest());
  if (kept === undefined) for await (const _ of rest());
  const id = kept ?? `file-${++files}`;
  send(response, JSON.stringify({ id, object: 'file', bytes, status: 'processed' }));
}

/** Takes or refuses a request for work. */
function meter(url: string, make: () => Reply, response: ServerResponse): void {
  const window = Math.floor((Date.now() - startedAt) / WINDOW_MS);
  if (!gate.enter(performance.now())) {
    count(refused, window);
    refuse(response);
    return;
  }
  count(accepted, window);
  const reply = make();
  const path = url.slice('/v1'.length);
  paths[path] ??= { requests: 0, promptTokens: 0, completionTokens: 0 };
  paths[path].requests++;
  paths[path].promptTokens += reply.promptTokens;
  paths[path].completionTokens += reply.completionTokens;
  const answer = () => {
    gate.leave();
    send(response, reply.body, gate.headers());
  };
  const { latencyMs = 0, jitterMs = 0 } = options;
  if (latencyMs === 0) answer();
  else setTimeout(answer, latencyMs + jitterMs * (2 * Math.random() - 1));
}

function count(windows: number[], window: number): void {
  while (windows.length <= window) windows.push(0);
  windows[window]!++;
}

function refuse(response: ServerResponse): void {
  const retryAfter = { 'retry-after': '1', 'retry-after-ms': '1000' };
  send(response, TOO_MANY, { ...gate.headers(), ...retryAfter }, 429);
}

const TOO_MANY = JSON.stringify({
  error: { message: 'Rate limit reached.', type: 'requests', param: null, code: 'rate_limit' },
});

function send(
  response: ServerResponse,
  body: string,
  headers: Record<string, string> = {},
  status = 200,
): void {
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

const jobs = new Map<string, { fine_tuned_model: string }>();
let files = 0;

/** Answers to what is not work: models, files and fine-tuning jobs. */
function manage({ method, url = '' }: IncomingMessage, content: Buffer): string {
  const [, , kind, , id] = new URL(url, 'http://localhost').pathname.split('/');
  if (kind === 'models') {
    const tuned = [...jobs.values()].map((job) => job.fine_tuned_model);
    return list([...MODELS, ...tuned].map((id) => ({ id, object: 'model' })));
  }
  if (kind === 'files') return list([]);
  if (kind !== 'fine_tuning') return JSON.stringify({ error: { message: `no path ${url}` } });
  if (method === 'POST' && !id) return JSON.stringify(succeededJob(JSON.parse(content.toString())));
  if (!id) return list([...jobs.values()].reverse());
  return url.includes('/events') ? list([]) : JSON.stringify(jobs.get(id));
}

/** A new job, which has succeeded. */
function succeededJob(params: OpenAI.FineTuning.JobCreateParams) {
  const number = jobs.size + 1;
  const job = {
    id: `ftjob-${number}`,
    object: 'fine_tuning.job',
    created_at: Math.floor(Date.now() / 1000),
    status: 'succeeded',
    model: params.model,
    fine_tuned_model: `ft:${params.model}:bench::${number}`,
    training_file: params.training_file,
    trained_tokens: 1,
    error: null,
    metadata: params.metadata ?? null,
  };
  jobs.set(job.id, job);
  return job;
}

function list(data: object[]): string {
  return JSON.stringify({ object: 'list', data, has_more: false });
}

process.on('message', (command: Command) => {
  if (command.do === 'setCapacity') gate.set(command.capacity, performance.now());
  const stats: EndpointStats = {
    startedAt,
    accepted,
    refused,
    mostInFlight: gate.mostInFlight,
    paths,
  };
  process.send!(command.do === 'stats' ? stats : null);
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
});
