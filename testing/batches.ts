import type { FastifyInstance } from 'fastify';
import type { OpenAI } from 'openai';
import { Book, type State } from './book.ts';
import type { FileStore } from './files.ts';
import {
  chance,
  checkMetadata,
  digest,
  errorBody,
  nowInSeconds,
  type Page,
  page,
  Refusal,
} from './wire.ts';

/** A batch as the wire shows it; its status may be one that the client does not know. */
export type Batch = Omit<OpenAI.Batch, 'status'> & { status: string };
/**
 * A state of a batch. One that ends early has half of its requests answered, or as many as the
 * state says: `{ status: 'expired', request_counts: { total: 10, completed: 3, failed: 0 } }`.
 */
export type BatchState = State<Batch>;

/**
 * The states a batch walks through, the first at its creation, then one each time it is looked at:
 * of every one, or by the batch and how manieth it is (from 1); by default it is answered whole.
 */
export type BatchScript = BatchState[] | ((batch: Batch, nth: number) => BatchState[] | undefined);

const ANSWERED: BatchState[] = ['validating', 'in_progress', 'finalizing', 'completed'];
const FINAL = ['completed', 'failed', 'expired', 'cancelled'];
const MOST_REQUESTS = 50_000;
const DAY = 86_400;

const nothingOf = (code: string): BatchState => ({
  status: 'failed',
  errors: { object: 'list', data: [{ code, message: '' }] },
});
const partly = (status: string): BatchState[] => ['validating', 'in_progress', status];

/** Ends of a batch that leave requests unanswered. */
const AILMENTS: BatchState[][] = [
  partly('expired'),
  ['validating', nothingOf('token_limit_exceeded')],
  partly('cancelled'),
  partly('failed'),
];

/** What may become of batches, by its name. `ails`: every second one ends early, each in another way. */
export const BATCH_SCRIPTS = {
  succeeds: ANSWERED,
  ails: (_: Batch, nth: number) =>
    nth % 2 === 0 ? ANSWERED : AILMENTS[((nth - 1) / 2) % AILMENTS.length],
} satisfies Record<string, BatchScript>;

/** What answers a request of a batch, by its URL; it may throw a Refusal. */
export type Handlers = Record<string, (body: never) => object>;

interface Line {
  custom_id: string;
  method: string;
  url: string;
  body: { model?: string };
}

type CreateParams = OpenAI.BatchCreateParams;

/** Batches of requests in a file, answered in files. */
export class BatchBook extends Book<Batch> {
  readonly #files: FileStore;
  readonly #handlers: Handlers;
  readonly #script: BatchScript;
  #made = 0;

  constructor(
    files: FileStore,
    handlers: Handlers,
    { script, held, folder }: { script: BatchScript; held: boolean; folder?: string },
  ) {
    super(folder, 'batches', FINAL, held);
    this.#files = files;
    this.#handlers = handlers;
    this.#script = script;
  }

  create({ input_file_id, endpoint, completion_window, metadata }: CreateParams): Batch {
    const refuse = (param: string, message: string) =>
      new Refusal(400, 'invalid_value', message, { param });
    checkMetadata(metadata);
    if (!this.#handlers[endpoint]) throw refuse('endpoint', `No batches of ${endpoint}.`);
    if (completion_window !== '24h') throw refuse('completion_window', 'Only 24h is supported.');
    if (!this.#files.has(input_file_id)) throw refuse('input_file_id', 'No such file.');
    const { about, content } = this.#files.get(input_file_id);
    if (about.purpose !== 'batch') throw refuse('input_file_id', 'Its purpose is not `batch`.');
    const { lines, errors } = readLines(content, endpoint);
    const batch: Batch = {
      id: this.newId(`batch_${digest(endpoint, metadata, content)}`),
      object: 'batch',
      ...{ endpoint, input_file_id, completion_window },
      status: '',
      created_at: nowInSeconds(),
      expires_at: nowInSeconds() + DAY,
      request_counts: { total: lines.length, completed: 0, failed: 0 },
      metadata: metadata ?? null,
    };
    const broken = { status: 'failed', errors: { object: 'list', data: errors } };
    return this.open(batch, errors.length > 0 ? ['validating', broken] : this.#statesOf(batch));
  }

  #statesOf(batch: Batch): BatchState[] {
    const script = this.#script;
    this.#made++;
    return (typeof script === 'function' ? script(batch, this.#made) : script) ?? ANSWERED;
  }

  cancel(id: string): Batch {
    this.checkGoing(id);
    this.finish(id, 'cancelling');
    this.follow(id, ['cancelled']);
    return this.get(id);
  }

  protected override onEnter(batch: Batch, state: Partial<Batch>): Partial<Batch> {
    const at = { [`${batch.status}_at`]: nowInSeconds() };
    const isBroken = state.errors !== undefined;
    return this.isFinal(batch.status) && !isBroken ? { ...at, ...this.#answer(batch, state) } : at;
  }

  /** Writes the files of a batch that has ended: lines in an order of their own. */
  #answer(batch: Batch, { request_counts }: Partial<Batch>): Partial<Batch> {
    const { lines } = readLines(this.#files.get(batch.input_file_id).content, batch.endpoint);
    const order = ({ custom_id }: Line) => chance('order', batch.id, custom_id);
    const shuffled = lines.toSorted((a, b) => order(a) - order(b));
    const share = batch.status === 'completed' ? 1 : 0.5;
    const done = request_counts?.completed ?? Math.floor(lines.length * share);
    const answers = shuffled.slice(0, done).map((line) => this.#answerTo(line, batch));
    const [right = [], wrong = []] = [true, false].map((isRight) =>
      answers.filter((answer) => (answer.response?.status_code === 200) === isRight),
    );
    const expired = batch.status === 'expired' ? shuffled.slice(done).map(expiredLine) : [];
    return {
      output_file_id: this.#write(batch, 'output', right),
      error_file_id: this.#write(batch, 'error', [...wrong, ...expired]),
      request_counts: {
        total: lines.length,
        completed: right.length,
        failed: wrong.length + expired.length,
      },
      usage: usageOf(right.map(({ response }) => (response.body as { usage?: Charge }).usage)),
    };
  }

  #answerTo({ custom_id, body }: Line, batch: Batch) {
    const id = digest(batch.id, custom_id);
    const respond = (status_code: number, answer: object) => ({
      id: `batch_req_${id}`,
      custom_id,
      response: { status_code, request_id: `req_${id}`, body: answer },
      error: null,
    });
    try {
      return respond(200, this.#handlers[batch.endpoint]!(body as never));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return respond(error.status, errorBody(error.status, error));
    }
  }

  #write({ id }: Batch, kind: string, lines: object[]): string | undefined {
    if (lines.length === 0) return undefined;
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    return this.#files.add(`${id}_${kind}.jsonl`, 'batch_output', Buffer.from(text)).id;
  }
}

/** What an answer is charged with. */
type Charge = OpenAI.CompletionUsage;

/** What a batch is charged with: its answers, together. */
function usageOf(charges: (Charge | undefined)[]): OpenAI.BatchUsage {
  const sum = (of: (charge: Charge) => number | undefined) =>
    charges.reduce((total, charge) => total + ((charge && of(charge)) ?? 0), 0);
  return {
    input_tokens: sum(({ prompt_tokens }) => prompt_tokens),
    input_tokens_details: {
      cached_tokens: sum(({ prompt_tokens_details }) => prompt_tokens_details?.cached_tokens),
    },
    output_tokens: sum(({ completion_tokens }) => completion_tokens),
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: sum(({ total_tokens }) => total_tokens),
  };
}

const expiredLine = ({ custom_id }: Line) => ({
  id: `batch_req_${digest(custom_id)}`,
  custom_id,
  response: null,
  error: {
    code: 'batch_expired',
    message: 'This request could not be executed before the completion window expired.',
  },
});

/** The requests of an input file, and what is wrong with it. */
function readLines(content: Buffer, endpoint: string) {
  const lines: Line[] = [];
  const errors: OpenAI.BatchError[] = [];
  const seen = new Set<string>();
  const texts = content.toString().split('\n');
  for (const [index, text] of texts.entries()) {
    if (text.trim() === '') continue;
    const wrong = (code: string, message: string) =>
      errors.push({ code, message, line: index + 1, param: null });
    const line = parse(text);
    if (!line) wrong('invalid_json_line', 'This line is not parseable as valid JSON.');
    else if (line.url !== endpoint || line.method !== 'POST')
      wrong('url_mismatch', `Every request must be a POST to ${endpoint}.`);
    else if (typeof line.custom_id !== 'string' || seen.has(line.custom_id))
      wrong('duplicate_custom_id', 'Every request needs a custom_id of its own.');
    else if (lines.length > 0 && line.body.model !== lines[0]!.body.model)
      wrong('model_mismatch', 'All requests must be for the same model.');
    else lines.push(line);
    if (line) seen.add(line.custom_id);
  }
  if (lines.length === 0 && errors.length === 0)
    errors.push({ code: 'empty_file', message: 'The file holds no request.' });
  if (lines.length > MOST_REQUESTS)
    errors.push({ code: 'too_many_tasks', message: `At most ${MOST_REQUESTS} requests.` });
  return { lines, errors };
}

function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}

export function batchRoutes(app: FastifyInstance, batches: BatchBook): void {
  type Id = { Params: { id: string } };
  app.post<{ Body: CreateParams }>('/batches', async ({ body }) => batches.create(body));
  app.get<{ Querystring: Page }>('/batches', async ({ query }) => page(batches.all(), query));
  app.get<Id>('/batches/:id', async ({ params }) => batches.retrieve(params.id));
  app.post<Id>('/batches/:id/cancel', async ({ params }) => batches.cancel(params.id));
}
