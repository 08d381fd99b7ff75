import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo, getClient } from '@temporalio/activity';
import { finalFailure } from '../core/failures.ts';
import type { Hosting, ModelUse } from '../core/hosting.ts';
import type { ModelAt } from '../core/types.ts';
import type { DeploymentOrder } from '../providers/deployments.ts';
import type { Endpoint } from '../providers/endpoint.ts';
import { NotUp } from '../providers/errors.ts';
import type { ModelHost } from '../providers/model.ts';
import { keyed } from '../providers/remoteJobs.ts';
import type { Dependencies } from './dependencies.ts';
import type { Tracker } from './progress.ts';

type Client = ReturnType<typeof getClient>;

/**
 * Does work that asks models, and sees to it that those of them that have to be deployed are up before
 * and while it goes on: each has a `host` workflow, which is told that its model is used.
 */
export async function whileHosted<T>(
  dependencies: Dependencies,
  asked: readonly ModelAt[],
  tracker: Tracker,
  work: () => Promise<T>,
): Promise<T> {
  const hosts = await hostsOf(dependencies, asked);
  if (hosts.length === 0) return work();
  await Promise.all(hosts.map((host) => untilUp(host, tracker)));
  tracker.set({ note: undefined });
  const timers = hosts.map((host) => setInterval(() => host.use().catch(() => {}), host.everyMs));
  try {
    return await work();
  } finally {
    for (const timer of timers) clearInterval(timer);
  }
}

async function untilUp(host: Host, { signal, set }: Tracker): Promise<void> {
  const { endpoint, model } = host;
  for (;;) {
    try {
      endpoint.hostedBy(model, host, await host.servedAs());
      return;
    } catch (error) {
      if (!(error instanceof NotUp)) throw error;
      set({ note: error.message });
      await sleep(1000 * endpoint.config.pollSeconds, undefined, { signal });
    }
  }
}

/** Whether a model has to be deployed before it answers: a tuned one of a trainer that deploys. */
export async function isHosted(
  { store, endpoints, trainers }: Dependencies,
  { endpoint, model }: ModelAt,
): Promise<boolean> {
  if (!trainers.of(endpoints.get(endpoint)).deployments) return false;
  return (await store.models.byName(model))?.endpoint === endpoint;
}

/** The hosts of those models that have to be deployed: tuned ones of a trainer that deploys. */
async function hostsOf(
  { store, endpoints, trainers }: Dependencies,
  asked: readonly ModelAt[],
): Promise<Host[]> {
  const models = new Map(asked.map((one) => [JSON.stringify([one.endpoint, one.model]), one]));
  const hosts: Host[] = [];
  let user: User | undefined;
  for (const { endpoint: at, model } of models.values()) {
    const endpoint = endpoints.get(at);
    if (!trainers.of(endpoint).deployments) continue;
    const tuned = await store.models.byName(model);
    if (tuned?.endpoint !== at) continue;
    user ??= await findUser();
    const request = { ...{ endpoint: at, model }, ...(await ownerIn(store)) };
    const label = `r${tuned.round}-${tuned.role}`;
    const { name } = keyed(request, { path: ['host', at], label });
    hosts.push(new Host(endpoint, { model, base: tuned.base, name }, user));
  }
  return hosts;
}

/** Two stores, or two namespaces, may share an account: neither takes down what the other needs. */
const ownerIn = async (store: Dependencies['store']) => ({
  namespace: activityInfo().namespace,
  store: await store.identity(),
});

/** For whom models are asked. */
interface User extends ModelUse {
  /** Of its workflows. */
  taskQueue: string;
}

/** The run that this activity belongs to; of one that belongs to none its workflow, or its root. */
async function findUser(): Promise<User> {
  const { workflow } = getClient();
  let by = activityInfo().workflowExecution!.workflowId;
  const own = await workflow.getHandle(by).describe();
  let round: string | undefined;
  for (let at = own; at.type !== 'evolve' && at.parentExecution; ) {
    if (at.type === 'round') round = by;
    by = at.parentExecution.workflowId!;
    at = await workflow.getHandle(by).describe();
  }
  return { by, ...(round !== undefined && { round }), taskQueue: own.taskQueue };
}

/** The `host` workflow of a model, as it is seen by those who ask the model. */
class Host implements ModelHost {
  readonly endpoint: Endpoint;
  /** How often it is to be told that its model is used, while it is. */
  readonly everyMs: number;
  readonly #order: DeploymentOrder;
  readonly #user: User;
  // It outlives the activity: others that ask the model go on with it.
  readonly #client: Client = getClient();
  /** The execution that was told last. */
  #runId?: string;
  #toldAt = 0;

  constructor(endpoint: Endpoint, order: DeploymentOrder, user: User) {
    this.endpoint = endpoint;
    this.#order = order;
    this.#user = user;
    this.everyMs = (endpoint.config.idleMinutes * 60_000) / 3;
  }

  get model(): string {
    return this.#order.model;
  }

  get #id(): string {
    return `host/${this.endpoint.name}/${this.#order.name}`;
  }

  /** Tells that the model is used; begins its hosting where it is not hosted. */
  async use(): Promise<void> {
    const { taskQueue, ...use } = this.#user;
    const { idleMinutes, finalAfterSeconds, trainer } = this.endpoint.config;
    const input = {
      ...{ endpoint: this.endpoint.name, order: this.#order, idleMinutes, finalAfterSeconds },
      taskQueue: trainer.taskQueue,
    };
    const { signaledRunId } = await this.#client.workflow.signalWithStart('host', {
      ...{ workflowId: this.#id, taskQueue, args: [input] },
      staticSummary: `${this.model} at ${this.endpoint.name}`,
      ...{ signal: 'used', signalArgs: [use] },
    });
    this.#runId = signaledRunId;
    this.#toldAt = Date.now();
  }

  async servedAs(): Promise<string> {
    const { state, detail, message, servedAs } = await this.#look();
    const what = `model "${this.model}" at endpoint "${this.endpoint.name}"`;
    if (state === 'failed') throw finalFailure('DeploymentFailed', `${what}: ${message}`);
    if (state === 'ready') return servedAs!;
    if (state === 'gone') this.#toldAt = 0;
    throw new NotUp(`${what} is being deployed (${detail})`);
  }

  async #look(): Promise<Hosting> {
    try {
      if (Date.now() - this.#toldAt >= this.everyMs) await this.use();
      return await this.#client.workflow.getHandle(this.#id, this.#runId).query<Hosting>('status');
    } catch (cause) {
      throw new NotUp(`the host of model "${this.model}" cannot be asked`, { cause });
    }
  }
}
