import { createHash } from 'node:crypto';
import type { OpenAI } from 'openai';
import { answerChat } from '../../../testing/chat.ts';
import { Models, type TrainingRow } from '../../../testing/models.ts';
import { errorBody, Refusal, tokens } from '../../../testing/wire.ts';
import { StandIn, Walk } from '../standIn.ts';

/*
 * Together, by what its clients (together 3.1.1) and its documentation say: fine-tunes and files
 * under /v1, endpoints with their deployments under /v2/projects. A job walks on each time it is
 * looked at; so do files, and deployments.
 */

export const KEY = 'tgp_v1_stand_in';
export const BASE = 'meta-llama/Meta-Llama-3.1-8B-Instruct-Reference';
export const PROJECT = 'proj_1';
const SLUG = 'stand-in';
/** Tokens whose training the account can pay. */
const RICH = 1e9;

/** A job, with what the two ways of looking at it show and do not. */
export interface TogetherJob {
  id: string;
  status: string;
  created_at: string;
  suffix?: string;
  training_file: string;
  model: string;
  n_epochs: number;
  random_seed?: number;
  batch_size: number | 'max';
  learning_rate: number;
  from_checkpoint?: string;
  model_output_name?: string;
  model_object_id?: string;
  token_count?: number;
  /** What the events say. */
  events: { type: string; message: string; step?: number; total_steps?: number }[];
}

interface StoredFile {
  id: string;
  status: string;
  name: string;
  checksum: string;
  content?: Buffer;
  created_at: number;
}

interface Deployment {
  id: string;
  status: string;
  endpoint: string;
  name: string;
  model: string;
  config: string;
  inactiveTimeout?: number;
  message: string;
}

interface JobBody {
  training_file: string;
  model?: string;
  from_checkpoint?: string;
  suffix?: string;
  n_epochs?: number;
  batch_size?: number | 'max';
  learning_rate?: number;
  random_seed?: number;
}

type OfJob = { Params: { id: string } };
type OfProject = { Params: { project: string; id: string; endpoint: string }; Querystring: Query };
type Query = { after?: string; limit?: string; filter?: string; referenceModel?: string };

const LAST = ['completed', 'cancelled', 'error', 'user_error'];
const STATE = 'DEPLOYMENT_STATE_';

/** A stand-in for Together. */
export class Together extends StandIn {
  readonly jobs: Walk<TogetherJob>;
  readonly deployments: Walk<Deployment>;
  readonly files: Walk<StoredFile>;
  readonly #models = new Models([BASE]);
  readonly #endpoints = new Map<string, string>();
  /** What a new job goes through. */
  script = ['pending', 'queued', 'running', 'compressing', 'uploading', 'completed'];
  /** What a new deployment goes through. */
  deploymentScript = ['PROVISIONING', 'PROVISIONING', 'READY'];
  /** Tokens that the account can still pay for. */
  balance = RICH;
  /** Whether its base can be hosted. */
  isHosted = true;
  /** Items of a page, where nothing else is asked for. */
  page = 2;
  /** Called with the name that a model is asked by, before it answers. */
  onChat: (name: string) => void = () => {};

  static async open(): Promise<Together> {
    const together = new Together();
    await together.listen();
    return together;
  }

  private constructor() {
    super({ apiKey: KEY, errorBody, isOpen: (path) => path.startsWith('/storage/') });
    this.files = new Walk(['COMPLETED', 'FAILED', 'INVALID_FORMAT']);
    this.jobs = new Walk(LAST, (job) => this.#onJob(job));
    this.deployments = new Walk<Deployment>(['READY'], ({ status }) => ({
      message: status === 'FAILED' ? 'No capacity for 1xnvidia-h100-80gb.' : '',
    }));
    this.#fileRoutes();
    this.#jobRoutes();
    this.#endpointRoutes();
    this.app.post<{ Body: OpenAI.ChatCompletionCreateParamsNonStreaming }>(
      '/v1/chat/completions',
      async ({ body }) => {
        const model = this.#served(body.model);
        this.onChat(body.model);
        const options = { supportsN: true, logprobs: true, seed: 0 };
        return answerChat({ ...body, model }, this.#models, options);
      },
    );
  }

  get baseURL(): string {
    return `${this.address}/v1`;
  }

  /** The deployments that cost. */
  billed(): Deployment[] {
    return this.deployments.all().filter(({ status }) => !['STOPPED', 'FAILED'].includes(status));
  }

  #fileRoutes(): void {
    const { app, files } = this;
    app.post('/v1/files', async (request, reply) => {
      const fields: Record<string, string> = {};
      for await (const part of request.parts())
        if (part.type === 'field') fields[part.fieldname] = String(part.value);
      const { purpose, file_name: name, file_type, checksum } = fields;
      if (purpose !== 'fine-tune' || !name || file_type !== 'jsonl' || !checksum)
        throw new Refusal(
          400,
          'invalid_request',
          'purpose, file_name, file_type and checksum are needed.',
        );
      const same = files.all().find((file) => file.checksum === checksum && file.content);
      if (same) return reply.code(409).send({ file_id: same.id, message: 'file already exists' });
      const id = files.nextId('file');
      files.add({ id, status: '', name, checksum, created_at: 0 }, ['']);
      return reply
        .code(302)
        .headers({
          location: `${this.address}/storage/${id}?signature=1`,
          'x-together-file-id': id,
        })
        .send();
    });
    app.put<OfJob & { Body: Buffer }>('/storage/:id', async ({ params, body }) => {
      const file = files.get(params.id);
      if (createHash('sha256').update(body).digest('hex') !== file.checksum)
        throw new Refusal(400, 'BadDigest', 'The checksum does not match.');
      file.content = body;
      return '';
    });
    app.post<OfJob>('/v1/files/:id/preprocess', async ({ params }) => {
      const file = files.get(params.id);
      if (!file.content) throw new Refusal(404, 'not_found', 'The file has not been uploaded.');
      const isBroken = rowsOf(file.content) === undefined;
      files.lead(file.id, [
        'PENDING',
        'QUEUED',
        'RUNNING',
        isBroken ? 'INVALID_FORMAT' : 'COMPLETED',
      ]);
      return shownFile(files.retrieve(file.id));
    });
    app.get('/v1/files', async () => ({ data: files.all().map(shownFile) }));
    app.get<OfJob>('/v1/files/:id', async ({ params }) => shownFile(files.retrieve(params.id)));
  }

  #jobRoutes(): void {
    const { app, jobs } = this;
    app.post<{ Body: JobBody }>('/v1/fine-tunes', async ({ body }) => brief(this.create(body)));
    app.get<{ Querystring: { ft_id: string; checkpoint: string } }>(
      '/v1/finetune/download',
      async ({ query: { ft_id, checkpoint } }, reply) => {
        const { status } = jobs.retrieve(ft_id);
        if (status !== 'completed') throw new Refusal(400, 'invalid', 'There is no checkpoint.');
        return reply
          .type('application/zstd')
          .send(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...Buffer.from(checkpoint)]));
      },
    );
    app.get('/v1/fine-tunes', async () => ({ data: jobs.all().map(brief) }));
    app.get<OfJob>('/v1/fine-tunes/:id', async ({ params }) => full(jobs.retrieve(params.id)));
    app.post<OfJob>('/v1/fine-tunes/:id/cancel', async ({ params: { id } }) => {
      if (jobs.isOver(id) || jobs.get(id).status === 'cancel_requested')
        throw new Refusal(400, 'invalid_request', `Job ${id} cannot be cancelled.`);
      jobs.finish(id, 'cancel_requested');
      jobs.lead(id, ['cancelled']);
      return brief(jobs.get(id));
    });
    app.get<OfJob>('/v1/fine-tunes/:id/events', async ({ params }) => ({
      data: jobs.get(params.id).events.map((event, index) => ({
        object: 'fine-tune-event',
        created_at: new Date(index).toISOString(),
        level: 'info',
        ...event,
      })),
    }));
    app.get<OfJob>('/v1/fine-tunes/:id/metrics', async ({ params }) => ({
      metrics: jobs
        .get(params.id)
        .events.filter(({ step }) => step)
        .map(({ step }) => ({ 'train/global_step': step, 'train/loss': 1 / step! })),
    }));
    app.post<{ Body: JobBody }>('/v1/fine-tunes/estimate-price', async ({ body }) => {
      const file = this.files.get(body.training_file);
      if (file.status !== 'COMPLETED')
        return { estimation_available: false, unavailable_reason: 'train_file_not_validated' };
      const count = (body.n_epochs ?? 1) * tokensOf(rowsOf(file.content!)!);
      return {
        estimation_available: true,
        allowed_to_proceed: count <= this.balance,
        estimated_train_token_count: count,
        estimated_total_price: count / 1000,
        user_limit: this.balance / 1000,
      };
    });
  }

  /** Makes a job, as somebody else with the same account might. @throws Refusal */
  create(body: JobBody): TogetherJob {
    const { suffix, model, from_checkpoint, n_epochs = 1 } = body;
    if (Boolean(model) === Boolean(from_checkpoint))
      throw new Refusal(400, 'invalid_request', 'Give either model or from_checkpoint.');
    if (suffix && suffix.length > 40)
      throw new Refusal(400, 'invalid_request', 'suffix has at most 40 characters.');
    if (this.files.get(body.training_file).status !== 'COMPLETED')
      throw new Refusal(400, 'invalid_request', 'The training file has not been validated.');
    const parent = this.jobs.all().find((job) => job.model_output_name === from_checkpoint);
    const base = model ?? parent?.model;
    if (base !== BASE)
      throw new Refusal(400, 'invalid_request', `Model ${model} cannot be fine-tuned.`);
    const { batch_size = 'max', learning_rate = 1e-5 } = body;
    const id = this.jobs.nextId('ft');
    const job: TogetherJob = {
      ...{ id, status: '', created_at: new Date().toISOString(), model: base, events: [] },
      ...{ training_file: body.training_file, n_epochs, batch_size, learning_rate },
      ...(suffix && { suffix }),
      ...(from_checkpoint && { from_checkpoint }),
      ...(body.random_seed !== undefined && { random_seed: body.random_seed }),
    };
    return this.jobs.add(job, this.script);
  }

  #onJob(job: TogetherJob): Partial<TogetherJob> {
    const { id, status, suffix, events } = job;
    const rows = rowsOf(this.files.get(job.training_file).content!)!;
    const count = job.n_epochs * tokensOf(rows);
    if (status === 'running') {
      if (count > this.balance) {
        events.push({ type: 'billing_limit', message: 'The job exceeds the balance.' });
        this.jobs.lead(id, ['cancelled']);
        return {};
      }
      for (const step of [1, 2])
        events.push({ type: 'epoch_complete', message: '', step, total_steps: 4 });
    }
    if (status === 'user_error' || status === 'error')
      events.push({ type: 'job_error', message: 'Row 2 has no messages.' });
    if (status !== 'completed') return {};
    const model_output_name = `${SLUG}/${job.model.split('/')[1]}:${suffix ?? 'none'}:${id}`;
    this.#models.addTuned(model_output_name, job.model, rows);
    return { model_output_name, model_object_id: `ml_${id}`, token_count: count };
  }

  #endpointRoutes(): void {
    const { app, deployments } = this;
    const of = '/v2/projects/:project';
    const ofEndpoint = `${of}/endpoints/:endpoint/deployments`;
    const page = <T>(all: T[], { after = '0', limit = String(this.page) }: Query) => {
      const next = Number(after) + Number(limit);
      return {
        data: all.slice(Number(after), next),
        next_cursor: next < all.length ? String(next) : null,
      };
    };
    app.addHook('preHandler', async ({ params }) => {
      const { project } = params as { project?: string };
      if (project && project !== PROJECT)
        throw new Refusal(404, 'not_found', `There is no project ${project}.`);
    });
    app.get<{ Querystring: { search?: string } }>('/v2/supported-models', async () => ({
      data: [
        {
          id: 'ml_other',
          name: `${BASE}-Turbo`,
          baseModel: 'projects/p/models/ml_turbo',
          deploymentProfiles: [],
        },
        {
          ...{ id: 'ml_base', name: BASE, baseModel: BASE_OBJECT },
          deploymentProfiles: this.isHosted
            ? CONFIGS.map(({ id }) => ({ config: `projects/public/configs/${id}` }))
            : [],
        },
      ],
      next_cursor: null,
    }));
    app.get<OfProject>(`${of}/configs`, async ({ query }) =>
      page(query.referenceModel === BASE_OBJECT && this.isHosted ? CONFIGS : [], query),
    );
    app.get<OfProject>(`${of}/models/:id`, async ({ params: { id, project } }) => {
      const job = this.jobs.all().find((one) => one.model_object_id === id);
      if (!job) throw new Refusal(404, 'not_found', `There is no model ${id}.`);
      return { id, projectId: project, name: `${SLUG}/${id}`, baseModel: BASE_OBJECT };
    });
    app.get<OfProject>(`${of}/endpoints`, async ({ query }) =>
      page([...this.#endpoints].map(shownEndpoint), query),
    );
    app.post<{ Body: { name: string } }>(`${of}/endpoints`, async ({ body: { name } }) => {
      if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
        throw new Refusal(400, 'invalid_argument', 'name is not valid.');
      if ([...this.#endpoints.values()].includes(name))
        throw new Refusal(409, 'already_exists', `Endpoint ${name} exists.`);
      const id = `ep_${this.#endpoints.size}`;
      this.#endpoints.set(id, name);
      return shownEndpoint([id, name]);
    });
    app.post<OfProject & { Body: Deployment & { autoscaling: Scaling } }>(
      ofEndpoint,
      async ({ params, body }) => {
        const { name, model, config, inactiveTimeout, autoscaling } = body;
        const endpoint = this.#endpointOf(params.endpoint);
        const full = `${SLUG}/${endpoint}/${name}`;
        if (deployments.all().some((one) => one.name === full))
          throw new Refusal(409, 'already_exists', `Deployment ${name} exists.`);
        if (
          !/^projects\/[^/]+\/models\/ml_/.test(model) ||
          !/^projects\/[^/]+\/configs\/cr_/.test(config)
        )
          throw new Refusal(400, 'invalid_argument', 'model and config must be resource names.');
        if (!autoscaling?.minReplicas)
          throw new Refusal(400, 'invalid_argument', 'autoscaling is needed.');
        if (inactiveTimeout && (inactiveTimeout < 30 || inactiveTimeout > 1440))
          throw new Refusal(
            400,
            'invalid_argument',
            'inactiveTimeout must be 0 or 30 through 1440.',
          );
        const id = deployments.nextId('dep');
        const made = {
          id,
          status: '',
          endpoint: params.endpoint,
          name: full,
          model,
          config,
          message: '',
        };
        return shown(deployments.add({ ...made, inactiveTimeout }, this.deploymentScript));
      },
    );
    app.get<OfProject>(ofEndpoint, async ({ params, query }) =>
      page(
        deployments
          .all()
          .filter(({ endpoint }) => endpoint === params.endpoint)
          .map(shown),
        query,
      ),
    );
    app.get<OfProject>(`${ofEndpoint}/:id`, async ({ params }) =>
      shown(deployments.retrieve(params.id)),
    );
    app.patch<OfProject & { Body: { autoscaling: Scaling } }>(
      `${ofEndpoint}/:id`,
      async ({ params: { id }, body }) => {
        const { minReplicas, maxReplicas } = body.autoscaling;
        const isStop = minReplicas === 0 && maxReplicas === 0;
        const { status } = deployments.get(id);
        if (isStop && status !== 'STOPPED') {
          deployments.finish(id, 'STOPPING');
          deployments.lead(id, ['STOPPED']);
        } else if (!isStop && status === 'STOPPED') {
          const [first, ...rest] = this.deploymentScript;
          deployments.finish(id, first!);
          deployments.lead(id, rest);
        }
        return shown(deployments.get(id));
      },
    );
    app.delete<OfProject>(`${ofEndpoint}/:id`, async ({ params: { id } }) => {
      const { status } = deployments.get(id);
      if (!['STOPPED', 'FAILED'].includes(status)) {
        deployments.retrieve(id);
        throw new Refusal(400, 'failed_precondition', 'The deployment must be stopped first.');
      }
      deployments.remove(id);
      return {};
    });
  }

  #endpointOf(id: string): string {
    const name = this.#endpoints.get(id);
    if (!name) throw new Refusal(404, 'not_found', `There is no endpoint ${id}.`);
    return name;
  }

  /** The model that answers to a name: the base to its own. @throws Refusal where none does */
  #served(name: string): string {
    if (name === BASE) return name;
    const one = this.deployments.all().find((deployment) => deployment.name === name);
    const job =
      one?.status === 'READY' &&
      this.jobs
        .all()
        .find(
          ({ model_object_id }) => one.model === `projects/${PROJECT}/models/${model_object_id}`,
        );
    if (job) return job.model_output_name!;
    throw new Refusal(404, 'model_not_available', `Unable to access model ${name}.`, {
      param: 'model',
    });
  }
}

interface Scaling {
  minReplicas?: number;
  maxReplicas?: number;
}

const BASE_OBJECT = 'projects/public/models/ml_base';
const CONFIGS = [2, 1, 4].map((count) => ({
  id: `cr_${count}`,
  projectId: 'public',
  referenceModel: BASE_OBJECT,
  selectors: [
    { key: 'accelerator_type', value: 'nvidia-h100-80gb' },
    { key: 'accelerator_count', value: String(count) },
  ],
}));

/** As it stands in lists, and after a POST. */
function brief({ events: _, model_object_id: __, ...job }: TogetherJob) {
  return { ...job, user_id: 'user', updated_at: job.created_at };
}

/** As it is shown by itself: without its suffix and its seed. */
function full({ suffix: _, random_seed: __, events, ...job }: TogetherJob) {
  return { ...job, user_id: 'user', events };
}

const shownFile = ({ id, status, name, content, created_at }: StoredFile) => ({
  ...{ id, object: 'file', filename: name, bytes: content?.length ?? 0, created_at },
  ...{ purpose: 'fine-tune', FileType: 'jsonl' },
  ...(status && { processing_status: status }),
  ...(status === 'INVALID_FORMAT' && {
    validation_report: {
      valid: false,
      error_type: 'INVALID_FORMAT',
      error: 'Line 1 has no "messages".',
    },
  }),
});

const shownEndpoint = ([id, name]: [string, string]) => ({
  ...{ id, name: `${SLUG}/${name}`, projectId: PROJECT, etag: '1' },
  ...{ endpointType: 'ENDPOINT_TYPE_DEDICATED', deployments: [], trafficSplit: [] },
});

const shown = ({ status, endpoint, message, ...deployment }: Deployment) => ({
  ...deployment,
  ...{ endpointId: endpoint, projectId: PROJECT, etag: '1' },
  status: { state: `${STATE}${status}`, message },
});

function rowsOf(content: Buffer): TrainingRow[] | undefined {
  try {
    const rows = content
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as TrainingRow);
    return rows.every(({ messages }) => Array.isArray(messages)) ? rows : undefined;
  } catch {
    return undefined;
  }
}

const tokensOf = (rows: TrainingRow[]) =>
  rows.flatMap(({ messages }) => messages.flatMap(({ content }) => tokens(String(content)))).length;
