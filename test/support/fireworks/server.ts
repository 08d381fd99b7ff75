import type { OpenAI } from 'openai';
import { answerChat } from '../../../testing/chat.ts';
import { Models, type TrainingRow } from '../../../testing/models.ts';
import { errorBody, Refusal, tokens } from '../../../testing/wire.ts';
import { StandIn, Walk } from '../standIn.ts';

/*
 * Fireworks, by what its client (fireworks-ai 1.2.30) and its documentation say: models are asked
 * under /inference/v1, all else is managed under /v1/accounts, in the manner of gRPC. What takes
 * time walks on each time it is looked at.
 */

export const KEY = 'fw_stand_in';
export const ACCOUNT = 'stand-in';
export const BASE = 'accounts/fireworks/models/llama-v3p1-8b-instruct';
/** A deployment with addons that somebody keeps. */
export const KEPT = 'kept';

/** The codes of gRPC, by the status that a gateway makes of them. */
const CODES: Record<number, number> = { 400: 9, 401: 16, 403: 7, 404: 5, 409: 6, 429: 8 };
const ID = /^[a-z][a-z0-9-]{0,62}$/;
const LAST = ['COMPLETED', 'EARLY_STOPPED', 'FAILED', 'CANCELLED', 'EXPIRED'];

interface Status {
  code: string;
  message: string;
}
const OK: Status = { code: 'OK', message: '' };

interface Dataset {
  id: string;
  status: string;
  size?: number;
  content?: Buffer;
  said: Status;
}

/** A job; `status` is its state without what all of them begin with. */
export interface FireworksJob {
  id: string;
  status: string;
  createTime: string;
  completedTime?: string;
  displayName?: string;
  dataset: string;
  baseModel?: string;
  warmStartFrom?: string;
  epochs: number;
  learningRate?: number;
  outputModel?: string;
  said: Status;
  percent: number;
}

interface Model {
  name: string;
  kind: string;
  base: string;
}

interface Deployment {
  id: string;
  status: string;
  baseModel: string;
  enableAddons: boolean;
  replicaCount: number;
  shape?: string;
  minReplicaCount: number;
  scaleToZeroWindow?: string;
  said: Status;
}

interface Addon {
  id: string;
  status: string;
  model: string;
  deployment: string;
  said: Status;
}

type Target = { Params: { target: string }; Querystring: Query };
type Query = Record<string, string | undefined>;

/** A stand-in for Fireworks. */
export class Fireworks extends StandIn {
  readonly jobs: Walk<FireworksJob>;
  readonly datasets: Walk<Dataset>;
  readonly deployments: Walk<Deployment>;
  readonly addons: Walk<Addon>;
  readonly models = new Map<string, Model>();
  readonly #answering = new Models([BASE]);
  /** What a new job goes through. */
  script = [
    'CREATING',
    'VALIDATING',
    'PENDING',
    'RUNNING',
    'RUNNING',
    'WRITING_RESULTS',
    'COMPLETED',
  ];
  /** What a new deployment goes through. */
  deploymentScript = ['CREATING', 'CREATING', 'READY'];
  /** What a model goes through that is loaded on one. */
  addonScript = ['DEPLOYING', 'DEPLOYED'];
  suspendState = 'UNSUSPENDED';
  /** Items of a page, whatever is asked for. */
  page = 2;
  /** Called with the name that a model is asked by, before it answers. */
  onChat: (name: string) => void = () => {};

  static async open(): Promise<Fireworks> {
    const fireworks = new Fireworks();
    await fireworks.listen();
    return fireworks;
  }

  private constructor() {
    super({
      apiKey: KEY,
      // Models answer in the words of OpenAI.
      errorBody: (status, refusal) =>
        refusal.param === 'model'
          ? errorBody(status, refusal)
          : { code: CODES[status] ?? 13, message: refusal.message, details: [] },
      isOpen: (path) => path.startsWith('/storage/'),
    });
    this.models.set(BASE, { name: BASE, kind: 'HF_BASE_MODEL', base: '' });
    this.datasets = new Walk(['READY']);
    this.jobs = new Walk(LAST, (one) => this.#onJob(one));
    this.deployments = new Walk(['READY'], ({ status }) => ({
      said: status === 'FAILED' ? { code: 'RESOURCE_EXHAUSTED', message: 'No capacity.' } : OK,
    }));
    this.addons = new Walk(['DEPLOYED']);
    const kept = { baseModel: BASE, enableAddons: true, replicaCount: 1, minReplicaCount: 1 };
    this.deployments.add({ id: KEPT, status: '', ...kept, said: OK }, ['READY']);
    this.app.get('/v1/accounts/:account', async ({ params }) => {
      const { account } = params as { account: string };
      this.#check(account);
      return { name: `accounts/${account}`, state: 'READY', suspendState: this.suspendState };
    });
    this.app.addHook('preHandler', async ({ params }) => {
      const { account } = (params ?? {}) as { account?: string };
      if (account) this.#check(account);
    });
    this.#datasetRoutes();
    this.#jobRoutes();
    this.#deploymentRoutes();
    this.app.post<{ Body: OpenAI.ChatCompletionCreateParamsNonStreaming }>(
      '/inference/v1/chat/completions',
      async ({ body }) => {
        const model = this.#served(body.model);
        this.onChat(body.model);
        const options = { supportsN: true, logprobs: true, seed: 0 };
        return answerChat({ ...body, model }, this.#answering, options);
      },
    );
  }

  get baseURL(): string {
    return `${this.address}/inference/v1`;
  }

  /** What costs, or keeps others from it: deployments but the kept one, and what is loaded on that. */
  standing(): string[] {
    return [
      ...this.deployments
        .all()
        .filter(({ id, status }) => id !== KEPT && status !== 'DELETED')
        .map(({ id }) => id),
      ...this.addons.all().map(({ id }) => id),
    ];
  }

  #check(account: string): void {
    if (account !== ACCOUNT && account !== 'fireworks')
      throw new Refusal(403, 'permission_denied', `The key is not of account ${account}.`);
  }

  /** `POST /v1/accounts/A/KIND/ID:VERB`. */
  #verbs(kind: string, verbs: Record<string, (id: string, body: unknown) => unknown>): void {
    this.app.post<Target>(`/v1/accounts/:account/${kind}/:target`, async ({ params, body }) => {
      const [id = '', verb = ''] = params.target.split(':');
      const act = verbs[verb];
      if (!act) throw new Refusal(404, 'not_found', `Not Found: ${verb}`);
      return act(id, body);
    });
  }

  /** A page of those that fit the filter. */
  #list<T extends object>(kind: string, all: T[], { filter, pageToken = '0' }: Query) {
    const wanted = (filter ?? '')
      .split(' AND ')
      .filter(Boolean)
      .map((one) => {
        const [, field, value] = /^(\w+)\s*=\s*"(.*)"$/.exec(one) ?? [];
        if (!field) throw new Refusal(400, 'invalid_argument', `The filter cannot be read: ${one}`);
        return [field, value] as const;
      });
    const fits = (item: T) =>
      wanted.every(([field, value]) => (item as Record<string, unknown>)[field] === value);
    const found = all.filter(fits);
    const next = Number(pageToken) + this.page;
    return {
      [kind]: found.slice(Number(pageToken), next),
      nextPageToken: next < found.length ? String(next) : '',
    };
  }

  #datasetRoutes(): void {
    const { app, datasets } = this;
    app.post<{ Body: { datasetId: string; dataset?: object } }>(
      '/v1/accounts/:account/datasets',
      async ({ body: { datasetId: id, dataset } }) => {
        if (!ID.test(id) || !dataset)
          throw new Refusal(400, 'invalid_argument', `invalid dataset id ${id}`);
        if (datasets.has(id))
          throw new Refusal(409, 'already_exists', `dataset ${id} already exists`);
        return shownDataset(datasets.add({ id, status: '', said: OK }, ['UPLOADING']));
      },
    );
    app.get<Target>('/v1/accounts/:account/datasets/:target', async ({ params }) =>
      shownDataset(datasets.retrieve(params.target)),
    );
    this.#verbs('datasets', {
      getUploadEndpoint: (id, body) => {
        const { filenameToSize } = body as { filenameToSize: Record<string, string> };
        const [[name, size]] = Object.entries(filenameToSize) as [[string, string]];
        datasets.get(id).size = Number(size);
        return { filenameToSignedUrls: { [name]: `${this.address}/storage/${id}?signature=1` } };
      },
      validateUpload: (id) => {
        const { content } = datasets.get(id);
        if (!content) throw new Refusal(400, 'failed_precondition', 'no files uploaded');
        const said = { code: 'INVALID_ARGUMENT', message: 'line 1: "messages" is missing' };
        const end = rowsOf(content) ? 'READY' : { status: 'UPLOADING', said };
        datasets.lead(id, ['UPLOADING', 'UPLOADING', end]);
        return {};
      },
    });
    app.put<Target & { Body: Buffer }>('/storage/:target', async ({ params, headers, body }) => {
      const dataset = datasets.get(params.target);
      const range = `${dataset.size},${dataset.size}`;
      if (headers['x-goog-content-length-range'] !== range || body.length !== dataset.size)
        throw new Refusal(
          403,
          'SignatureDoesNotMatch',
          'The headers are not those that were signed.',
        );
      dataset.content = body;
      return '';
    });
  }

  #jobRoutes(): void {
    const { app, jobs } = this;
    const kind = 'supervisedFineTuningJobs';
    const at = `/v1/accounts/:account/${kind}`;
    app.post<{ Body: Partial<FireworksJob>; Querystring: Query }>(at, async ({ body, query }) =>
      shownJob(this.create(query.supervisedFineTuningJobId ?? `random-${Date.now()}`, body)),
    );
    app.get<{ Querystring: Query }>(at, async ({ query }) =>
      this.#list(kind, jobs.all().map(shownJob), query),
    );
    app.get<Target>(`${at}/:target`, async ({ params }) => shownJob(jobs.retrieve(params.target)));
    this.#verbs(kind, {
      cancel: (id) => {
        if (jobs.isOver(id) || jobs.get(id).status === 'CANCELLING')
          throw new Refusal(400, 'failed_precondition', `job is ${jobs.get(id).status}`);
        jobs.finish(id, 'CANCELLING');
        jobs.lead(id, ['CANCELLED']);
        return {};
      },
    });
    app.get<Target>('/v1/accounts/:account/models/:target', async ({ params, url }) => {
      const { account, target } = params as { account: string; target: string };
      const [id, verb] = target.split(':');
      const model = this.models.get(`accounts/${account}/models/${id}`);
      if (!model) throw new Refusal(404, 'not_found', `model not found: ${url}`);
      if (verb === undefined) return { name: model.name, kind: model.kind, state: 'READY' };
      const address = (file: string) => `${this.address}/storage/${id}/${file}?signature=1`;
      const files = ['adapter_config.json', 'adapter_model.safetensors'];
      return { filenameToSignedUrls: Object.fromEntries(files.map((one) => [one, address(one)])) };
    });
    app.get<Target & { Params: { file: string } }>(
      '/storage/:target/:file',
      async ({ params: { file }, headers }, reply) => {
        if (headers.authorization) throw new Refusal(400, 'InvalidArgument', 'One or the other.');
        return reply.send(Buffer.from([0xff, 0xfe, ...Buffer.from(file)]));
      },
    );
  }

  /** Makes a job, as somebody else with the same account might. @throws Refusal */
  create(id: string, body: Partial<FireworksJob>): FireworksJob {
    const { dataset, baseModel, warmStartFrom, epochs = 1, outputModel } = body;
    if (!ID.test(id)) throw new Refusal(400, 'invalid_argument', `invalid job id ${id}`);
    if (this.jobs.has(id)) throw new Refusal(409, 'already_exists', `job ${id} already exists`);
    if (Boolean(baseModel) === Boolean(warmStartFrom))
      throw new Refusal(400, 'invalid_argument', 'exactly one of base_model and warm_start_from');
    const from = this.models.get(baseModel ?? warmStartFrom!);
    if (!from) throw new Refusal(400, 'invalid_argument', `model ${baseModel} is not tunable`);
    if (warmStartFrom && from.kind !== 'HF_PEFT_ADDON')
      throw new Refusal(400, 'invalid_argument', 'warm_start_from must be a PEFT addon');
    const [, own = ''] = /^accounts\/stand-in\/datasets\/(.*)$/.exec(dataset ?? '') ?? [];
    if (!this.datasets.has(own) || this.datasets.get(own).status !== 'READY')
      throw new Refusal(400, 'failed_precondition', `dataset ${dataset} is not ready`);
    const createTime = new Date().toISOString();
    const fresh = { id, status: '', createTime, said: OK, percent: 0 };
    const job = {
      ...body,
      ...fresh,
      dataset: dataset!,
      epochs,
      ...(outputModel && { outputModel }),
    };
    return this.jobs.add(job, this.script);
  }

  #onJob(job: FireworksJob): Partial<FireworksJob> {
    const { id, status } = job;
    if (status === 'RUNNING') return { percent: Math.min(99, job.percent + 40) };
    if (status === 'FAILED' || status === 'EXPIRED')
      return { said: { code: 'INTERNAL', message: 'the trainer was lost' } };
    if (status === 'PAUSED')
      return { said: { code: 'FAILED_PRECONDITION', message: 'the account is suspended' } };
    if (status !== 'COMPLETED' && status !== 'EARLY_STOPPED') return {};
    const name = `accounts/${ACCOUNT}/models/${id}`;
    const base = job.baseModel ?? this.models.get(job.warmStartFrom!)!.base;
    const rows = rowsOf(this.datasets.get(job.dataset.split('/').at(-1)!).content!)!;
    this.models.set(name, { name, kind: 'HF_PEFT_ADDON', base });
    this.#answering.addTuned(name, job.warmStartFrom ?? base, rows);
    return { percent: 100, outputModel: name, completedTime: new Date().toISOString() };
  }

  #deploymentRoutes(): void {
    const { app, deployments, addons } = this;
    const at = '/v1/accounts/:account/deployments';
    type Body = Partial<Deployment> & {
      deploymentShape?: string;
      autoscalingPolicy?: { scaleToZeroWindow?: string };
    };
    app.post<{ Body: Body; Querystring: Query }>(at, async ({ body, query }) => {
      const { deploymentId: id = `random-${Date.now()}` } = query;
      const { baseModel, enableAddons = false, minReplicaCount = 0 } = body;
      const { autoscalingPolicy, deploymentShape: shape } = body;
      if (!ID.test(id)) throw new Refusal(400, 'invalid_argument', `invalid deployment id ${id}`);
      if (!baseModel || !this.models.has(baseModel))
        throw new Refusal(404, 'not_found', `model ${baseModel} not found`);
      if (deployments.has(id))
        throw new Refusal(409, 'already_exists', `deployment ${id} already exists`);
      const { scaleToZeroWindow = '3600s' } = autoscalingPolicy ?? {};
      if (Number.parseInt(scaleToZeroWindow, 10) < 300)
        throw new Refusal(
          400,
          'invalid_argument',
          'scale_to_zero_window must be at least 5 minutes',
        );
      const made = { id, status: '', baseModel, enableAddons, minReplicaCount, replicaCount: 1 };
      const more = { said: OK, scaleToZeroWindow, ...(shape && { shape }) };
      return shownDeployment(deployments.add({ ...made, ...more }, this.deploymentScript));
    });
    app.get<Target>(`${at}/:target`, async ({ params }) =>
      shownDeployment(deployments.retrieve(params.target)),
    );
    app.delete<Target>(`${at}/:target`, async ({ params: { target }, query }) => {
      const name = deploymentName(deployments.get(target).id);
      const isInUse = addons.all().some(({ deployment }) => deployment === name);
      if (isInUse && query.ignoreChecks !== 'true')
        throw new Refusal(400, 'failed_precondition', 'the deployment is in use');
      deployments.finish(target, 'DELETING');
      // A soft deletion keeps the id.
      deployments.lead(target, [query.hard === 'true' ? 'vanished' : 'DELETED']);
      return {};
    });
    this.#verbs('deployments', {
      undelete: (id) => {
        if (deployments.get(id).status !== 'DELETED')
          throw new Refusal(400, 'failed_precondition', 'the deployment is not deleted');
        const [first, ...rest] = this.deploymentScript;
        deployments.finish(id, first!);
        deployments.lead(id, rest);
        return shownDeployment(deployments.get(id));
      },
    });
    const kind = 'deployedModels';
    const loaded = `/v1/accounts/:account/${kind}`;
    app.post<{ Body: { model: string; deployment: string } }>(loaded, async ({ body }) => {
      const { model, deployment } = body;
      const base = deployments.all().find(({ id }) => deploymentName(id) === deployment);
      if (!base || !this.models.has(model)) throw new Refusal(404, 'not_found', 'not found');
      if (base.status !== 'READY' || !base.enableAddons)
        throw new Refusal(400, 'failed_precondition', 'the deployment takes no addons');
      if (addons.all().some((one) => one.model === model && one.deployment === deployment))
        throw new Refusal(409, 'already_exists', 'the model is deployed');
      const id = addons.nextId('loaded');
      return shownAddon(
        addons.add({ id, status: '', model, deployment, said: OK }, this.addonScript),
      );
    });
    app.get<{ Querystring: Query }>(loaded, async ({ query }) => {
      // One that goes away is gone the next time.
      const listed = this.#list(kind, addons.all().map(shownAddon), query);
      for (const { id, status } of addons.all()) if (status === 'UNDEPLOYING') addons.remove(id);
      return listed;
    });
    app.get<Target>(`${loaded}/:target`, async ({ params }) =>
      shownAddon(addons.retrieve(params.target)),
    );
    app.delete<Target>(`${loaded}/:target`, async ({ params }) => {
      addons.finish(params.target, 'UNDEPLOYING');
      return {};
    });
  }

  /** The model that answers to `model#deployment`, or the base. @throws Refusal where none does */
  #served(name: string): string {
    if (name === BASE) return name;
    const [model = '', at] = name.split('#');
    const deployment = this.deployments.all().find(({ id }) => deploymentName(id) === at);
    const isUp = deployment?.status === 'READY';
    const isMerged = deployment?.baseModel === model;
    const isLoaded = this.addons
      .all()
      .some((one) => one.model === model && one.deployment === at && one.status === 'DEPLOYED');
    if (isUp && deployment.replicaCount === 0) {
      deployment.replicaCount = 1; // from the next request on
      throw new Refusal(503, 'DEPLOYMENT_SCALING_UP', 'Deployment is scaling up.', {
        param: 'model',
      });
    }
    if (isUp && (isMerged || isLoaded)) return model;
    const why = 'Model not found, inaccessible, and/or not deployed';
    throw new Refusal(404, 'NOT_FOUND', why, { param: 'model' });
  }
}

const deploymentName = (id: string) => `accounts/${ACCOUNT}/deployments/${id}`;

const shownDataset = ({ id, status, content, said }: Dataset) => ({
  ...{ name: `accounts/${ACCOUNT}/datasets/${id}`, state: status, status: said, format: 'CHAT' },
  ...(status === 'READY' && { estimatedTokenCount: String(tokensOf(rowsOf(content!)!)) }),
});

const shownJob = ({ id, status, said, percent, ...job }: FireworksJob) => ({
  ...job,
  ...{ name: `accounts/${ACCOUNT}/supervisedFineTuningJobs/${id}`, state: `JOB_STATE_${status}` },
  ...{ status: said, estimatedCost: { currencyCode: 'USD', units: '1', nanos: 500_000_000 } },
  ...(percent > 0 && { jobProgress: { percent, epoch: 0 } }),
});

const shownDeployment = ({ id, status, said, shape, ...deployment }: Deployment) => ({
  ...deployment,
  ...{ name: deploymentName(id), state: status, status: said, deploymentShape: shape },
});

const shownAddon = ({ id, status, said, ...addon }: Addon) => ({
  ...addon,
  ...{ name: `accounts/${ACCOUNT}/deployedModels/${id}`, state: status, status: said },
});

function rowsOf(content: Buffer): TrainingRow[] | undefined {
  try {
    const lines = content.toString().trimEnd().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as TrainingRow);
    return rows.every(({ messages }) => Array.isArray(messages)) ? rows : undefined;
  } catch {
    return undefined;
  }
}

const tokensOf = (rows: TrainingRow[]) =>
  rows.flatMap(({ messages }) => messages.flatMap(({ content }) => tokens(String(content)))).length;
