import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { type Provider, startProvider } from '../../../testing/provider.ts';

/** A deployment as the management shows it. */
export interface AzureDeployment {
  name: string;
  model: string;
  sku: { name: string; capacity: number };
  provisioningState: string;
  createdAt: number;
  lastUsedAt: number;
}

/** When it was there; for as long as that hours are billed. */
export interface Stay {
  name: string;
  model: string;
  from: number;
  /** Undefined while it stands. */
  to?: number;
}

export interface AzureOptions {
  /** The states a new deployment walks through, one each time it is looked at. */
  states?: string[];
  /** How often a deployment that has succeeded is still unknown where models are asked. */
  unknownFor?: number;
  /** Most capacity of all deployments together. */
  quota?: number;
  /** How many requests to the management come until a deletion is done. */
  deletingFor?: number;
  /** Default: any free one. */
  port?: number;
}

const HOUR_MS = 3_600_000;
/** For how long a deployment of the developer tier is there. */
const DEVELOPER_MS = 24 * HOUR_MS;
/** One of another tier goes when nobody has asked it for so long. */
const IDLE_MS = 15 * 24 * HOUR_MS;

export const ACCOUNT =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/group/providers/Microsoft.CognitiveServices/accounts/models';
export const TOKEN = 'an-entra-token';

/**
 * Stands in for Azure after its published behaviour: OpenAI's wire under `/openai/v1`, where tuned
 * models answer by the names of their deployments alone, and the management of deployments. Its own
 * clock can be put forward.
 */
export class Azure {
  readonly provider: Provider;
  readonly deployments = new Map<string, AzureDeployment>();
  /** All that were ever there, in order. */
  readonly stays: Stay[] = [];
  /** Puts that made one. */
  created = 0;
  /** Called after each chat request that was passed on. */
  onChat: (name: string) => void = () => {};
  readonly #scripts = new Map<string, string[]>();
  readonly #unknown = new Map<string, number>();
  readonly #options: Required<Omit<AzureOptions, 'port'>>;
  readonly #app = fastify({ forceCloseConnections: true, bodyLimit: 2 ** 28 });
  /** Requests until a deletion is done. */
  readonly #deleting = new Map<string, number>();
  #address = '';
  #aheadMs = 0;

  static async start(options: AzureOptions = {}, provider?: Provider): Promise<Azure> {
    const azure = new Azure(provider ?? (await startProvider()), options);
    azure.#address = await azure.#app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
    return azure;
  }

  private constructor(provider: Provider, options: AzureOptions) {
    this.provider = provider;
    this.#options = {
      states: ['Accepted', 'Creating', 'Succeeded'],
      unknownFor: 1,
      quota: Number.POSITIVE_INFINITY,
      deletingFor: 2,
      ...options,
    };
    this.#routes();
  }

  get address(): string {
    return this.#address;
  }

  /** What an endpoint of a configuration needs to use it. */
  get endpoint() {
    const { address } = this;
    return {
      baseURL: `${address}/openai/v1`,
      trainer: { type: 'azure', account: ACCOUNT, management: address, tier: 'standard' },
    };
  }

  now(): number {
    return Date.now() + this.#aheadMs;
  }

  /** Puts its clock forward. */
  pass(ms: number): void {
    this.#aheadMs += ms;
    for (const { name } of [...this.deployments.values()]) this.#alive(name);
  }

  become(name: string, provisioningState: string): void {
    this.#scripts.delete(name);
    this.deployments.get(name)!.provisioningState = provisioningState;
    if (provisioningState !== 'Deleting') return;
    this.stays.findLast((stay) => stay.name === name)!.to = this.now();
    this.#deleting.set(name, this.#options.deletingFor);
  }

  remove(name: string): void {
    if (!this.deployments.delete(name)) return;
    this.stays.findLast((stay) => stay.name === name)!.to ??= this.now();
  }

  /** Those that cost. */
  get standing(): string[] {
    return [...this.deployments.values()]
      .filter(({ provisioningState }) => provisioningState !== 'Deleting')
      .map(({ name }) => name);
  }

  async close(): Promise<void> {
    await this.#app.close();
    await this.provider.close();
  }

  /** A deployment, unless Azure itself has removed it meanwhile. */
  #alive(name: string): AzureDeployment | undefined {
    const known = this.deployments.get(name);
    if (!known) return undefined;
    const age = this.now() - known.createdAt;
    const isOver =
      known.sku.name === 'developertier'
        ? age > DEVELOPER_MS
        : age > IDLE_MS && this.now() - known.lastUsedAt > IDLE_MS;
    if (isOver) this.remove(name);
    return this.deployments.get(name);
  }

  #advance(known: AzureDeployment): void {
    const next = this.#scripts.get(known.name)?.shift();
    if (next) known.provisioningState = next;
  }

  #routes(): void {
    const app = this.#app;
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    const path = `${ACCOUNT}/deployments`;
    type Named = { Params: { name: string } };
    const manage =
      (work: (request: FastifyRequest, reply: FastifyReply) => unknown) =>
      async (request: FastifyRequest, reply: FastifyReply) => {
        const { 'api-version': version } = request.query as Record<string, string>;
        if (request.headers.authorization !== `Bearer ${TOKEN}`)
          return refuse(reply, 401, 'InvalidAuthenticationToken', 'The access token is invalid.');
        if (!version)
          return refuse(reply, 400, 'MissingApiVersionParameter', 'The api-version is required.');
        this.#delete();
        return work(request, reply);
      };
    app.get(
      path,
      manage(async () => ({ value: [...this.deployments.values()].map(shown) })),
    );
    app.get<Named>(
      `${path}/:name`,
      manage((request, reply) => {
        const known = this.#alive((request as FastifyRequest<Named>).params.name);
        if (!known) return refuse(reply, 404, 'DeploymentNotFound', 'No such deployment.');
        this.#advance(known);
        return shown(known);
      }),
    );
    app.put<Named>(
      `${path}/:name`,
      manage((request, reply) =>
        this.#put(
          (request as FastifyRequest<Named>).params.name,
          JSON.parse(String(request.body)),
          reply,
        ),
      ),
    );
    app.delete<Named>(
      `${path}/:name`,
      manage((request, reply) => {
        const { name } = (request as FastifyRequest<Named>).params;
        if (!this.#alive(name)) return reply.code(204).send();
        if (this.#isBusy(name)) return conflict(reply);
        this.become(name, 'Deleting');
        return reply.code(202).header('location', `${this.address}/operations/1`).send();
      }),
    );
    app.all('/openai/v1/*', (request, reply) => this.#pass(request, reply));
    // For whoever runs it as a process of its own.
    app.get('/__standing', async () => this.standing);
    app.get('/__journal', async () =>
      this.provider.requests().map(({ body: _, ...entry }) => entry),
    );
  }

  #put(
    name: string,
    body: { sku: AzureDeployment['sku']; properties: { model: { name: string } } },
    reply: FastifyReply,
  ): unknown {
    const { sku, properties } = body;
    const known = this.#alive(name);
    if (this.#isBusy(name) || known?.provisioningState === 'Deleting') return conflict(reply);
    const model = properties.model.name;
    if (!this.provider.jobs.all().some((job) => job.fine_tuned_model === model))
      return refuse(reply, 400, 'DeploymentModelNotSupported', `There is no model ${model}.`);
    const used = [...this.deployments.values()].filter((one) => one.name !== name);
    const capacity = used.reduce((sum, one) => sum + one.sku.capacity, sku.capacity);
    if (capacity > this.#options.quota)
      return refuse(reply, 400, 'InsufficientQuota', 'This operation exceeds the quota.');
    const isUp = known?.provisioningState === 'Succeeded';
    if (isUp) return shown(known);
    if (known) this.remove(name);
    const [first = 'Succeeded', ...others] = this.#options.states;
    const now = this.now();
    const made = { name, model, sku, provisioningState: first, createdAt: now, lastUsedAt: now };
    this.deployments.set(name, made);
    this.stays.push({ name, model, from: now });
    this.#scripts.set(name, others);
    this.#unknown.set(name, this.#options.unknownFor);
    this.created++;
    return reply.code(201).send(shown(made));
  }

  /** Deletions go on. */
  #delete(): void {
    for (const [name, looks] of this.#deleting) {
      if (looks > 0) this.#deleting.set(name, looks - 1);
      else if (this.#deleting.delete(name)) this.remove(name);
    }
  }

  /** Azure takes one change of an account at a time. */
  #isBusy(but: string): boolean {
    return [...this.deployments.values()].some(
      ({ name, provisioningState }) => name !== but && provisioningState === 'Deleting',
    );
  }

  /** OpenAI's wire; a tuned model goes by the name of its deployment. */
  async #pass(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const target = `${this.provider.baseURL}${request.url.replace('/openai/v1', '')}`;
    let body = request.body as Buffer | undefined;
    let name: string | undefined;
    if (request.url.startsWith('/openai/v1/chat/completions')) {
      const chat = JSON.parse(String(body)) as { model: string };
      name = chat.model;
      const deployed = this.#deployedAs(name);
      if (deployed === undefined) return refuse(reply, 404, 'DeploymentNotFound', NOT_DEPLOYED);
      body = Buffer.from(JSON.stringify({ ...chat, model: deployed }));
    }
    const { 'content-type': type, authorization } = request.headers;
    const answer = await fetch(target, {
      method: request.method,
      headers: { ...(type && { 'content-type': type }), ...(authorization && { authorization }) },
      ...(body?.length && { body: new Uint8Array(body) }),
    });
    const content = Buffer.from(await answer.arrayBuffer());
    if (name !== undefined) this.onChat(name);
    return reply
      .code(answer.status)
      .header('content-type', answer.headers.get('content-type') ?? 'application/json')
      .send(content);
  }

  /** @returns the model that is asked by this name, if one is: bases are deployed under their own */
  #deployedAs(name: string): string | undefined {
    const known = this.#alive(name);
    if (!known) return OF_DEPLOYMENTS.test(name) ? undefined : name;
    const unknown = this.#unknown.get(name) ?? 0;
    if (known.provisioningState !== 'Succeeded') return undefined;
    this.#unknown.set(name, unknown - 1);
    if (unknown > 0) return undefined;
    known.lastUsedAt = this.now();
    return known.model;
  }
}

/** What no base is called: tuned models, and what deployments of ours are. */
const OF_DEPLOYMENTS = /^(ft:|semievol-|r\d+-)/;

const NOT_DEPLOYED =
  'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.';

const shown = ({ name, sku, model, provisioningState }: AzureDeployment) => ({
  id: `${ACCOUNT}/deployments/${name}`,
  type: 'Microsoft.CognitiveServices/accounts/deployments',
  ...{ name, sku },
  properties: { model: { format: 'OpenAI', name: model, version: '1' }, provisioningState },
});

const refuse = (reply: FastifyReply, status: number, code: string, message: string) =>
  reply.code(status).send({ error: { code, message } });

const conflict = (reply: FastifyReply) =>
  refuse(
    reply,
    409,
    'RequestConflict',
    `Another operation is being performed on the parent resource '${ACCOUNT}'. Please try again later.`,
  );
