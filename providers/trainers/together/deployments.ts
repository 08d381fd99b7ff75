import type { OpenAI } from 'openai';
import { z } from 'zod';
import { finalFailure, passingFailure } from '../../../core/failures.ts';
import {
  type Deployment,
  type DeploymentOrder,
  type Deployments,
  explaining,
} from '../../deployments.ts';
import { redacted } from '../../redacted.ts';
import { ifKnown, isRefused } from '../../said.ts';
import type { TrainerEndpoint } from '../../trainer.ts';
import { untilGone } from '../../untilGone.ts';
import { answerOf } from '../../wire.ts';
import type { TogetherSpec } from './spec.ts';
import { allJobs, itemsOf, jobById, v2 } from './wire.ts';

/** Minutes without a request after which Together may stop a deployment by itself. */
const INACTIVE_MINUTES = { least: 30, most: 1440 };

/**
 * Deployments on one dedicated endpoint of Together, which costs nothing itself: one a model, by
 * the name of the order. A stopped one is started again.
 */
export class TogetherDeployments implements Deployments {
  readonly #endpoint: TrainerEndpoint;
  readonly #client: OpenAI;
  /** A name is taken once: a create that is sent twice is refused the second time. */
  readonly #once: OpenAI;
  readonly #spec: TogetherSpec;

  constructor(endpoint: TrainerEndpoint, spec: TogetherSpec) {
    this.#endpoint = endpoint;
    this.#client = endpoint.client;
    this.#once = endpoint.client.withOptions({ maxRetries: 0 });
    this.#spec = spec;
  }

  async deploy(order: DeploymentOrder): Promise<Deployment> {
    return explaining(this.#endpoint, order, async () => {
      const group = (await this.#group()) ?? (await this.#makeGroup());
      const there = await this.#named(group, order);
      if (!there) return described(group, await this.#create(group, order));
      switch (stateOf(there)) {
        case 'FAILED':
          await this.#remove(group, there);
          return described(group, await this.#create(group, order));
        case 'STOPPED':
        case 'STOPPING':
          return described(group, await this.#scale(group, there, 1));
        default:
          return described(group, there);
      }
    });
  }

  async poll(id: string, order: DeploymentOrder, signal?: AbortSignal): Promise<Deployment> {
    return explaining(this.#endpoint, order, async () => {
      const [group = '', own = ''] = id.split('/');
      const found = await this.#find(group, own, signal);
      if (!found) return { id, state: 'gone', detail: 'not known to the provider', servedAs: '' };
      return described(group, found);
    });
  }

  async undeploy(order: DeploymentOrder, id?: string): Promise<boolean> {
    return explaining(this.#endpoint, order, async () => {
      const group = await this.#group();
      if (!group) return false;
      const [, own] = id?.split('/') ?? [];
      const there =
        (await this.#named(group, order)) ?? (own ? await this.#find(group, own) : undefined);
      if (!there) return false;
      await this.#remove(group, there);
      return true;
    });
  }

  /** Stops it first, since no other is deleted. */
  async #remove(group: string, there: Found): Promise<void> {
    if (!DOWN.has(stateOf(there))) await this.#scale(group, there, 0);
    await untilGone(this.#endpoint, async () => {
      const now = await this.#find(group, there.id);
      return now && !(await this.#delete(group, now)) ? now.status.state : undefined;
    });
  }

  /** @returns whether it is gone: one that still stops is refused */
  async #delete(group: string, { id }: Found): Promise<boolean> {
    try {
      await answerOf(this.#client.delete(this.#at(group, id)), () => undefined);
      return true;
    } catch (error) {
      if (isRefused(error, 404)) return true;
      if (isRefused(error, 400, 409, 412, 422)) return false;
      throw error;
    }
  }

  async #create(group: string, { name, model }: DeploymentOrder): Promise<Found> {
    const { least, most } = INACTIVE_MINUTES;
    const weights = await this.#weights(model);
    const body = {
      name,
      model: weights,
      config: this.#spec.config ?? (await this.#smallest(weights)),
      autoscaling: { minReplicas: 1, maxReplicas: 1 },
      // Should nobody be there to take it down.
      inactiveTimeout: Math.min(most, Math.max(least, 2 * this.#endpoint.config.idleMinutes)),
    };
    return answerOf(this.#once.post(this.#at(group), { body }), (made) => deployment.parse(made));
  }

  #scale(group: string, { id }: Found, replicas: number): Promise<Found> {
    const autoscaling = { minReplicas: replicas, maxReplicas: replicas };
    const asked = this.#client.patch(this.#at(group, id), {
      body: { autoscaling },
      query: { updateMask: 'autoscaling' },
    });
    return answerOf(asked, (scaled) => deployment.parse(scaled));
  }

  async #named(group: string, { name }: DeploymentOrder): Promise<Found | undefined> {
    for await (const one of itemsOf(this.#client, this.#path(group), deployment))
      if (lastOf(one.name) === name) return one;
    return undefined;
  }

  #find(group: string, id: string, signal?: AbortSignal): Promise<Found | undefined> {
    const asked = this.#client.get(this.#at(group, id), { signal });
    return ifKnown(answerOf(asked, (found) => deployment.parse(found)));
  }

  /** The id of the dedicated endpoint that has the deployments. */
  async #group(): Promise<string | undefined> {
    for await (const { id, name } of itemsOf(this.#client, this.#path(), named))
      if (lastOf(name) === this.#spec.endpoint) return id;
    return undefined;
  }

  async #makeGroup(): Promise<string> {
    try {
      const made = this.#once.post(this.#at(), { body: { name: this.#spec.endpoint } });
      return (await answerOf(made, (body) => named.parse(body))).id;
    } catch (error) {
      // It may have been made all the same, or by somebody else.
      const made = await this.#group();
      if (made === undefined) throw error;
      return made;
    }
  }

  /** The registry's name for what a job made. */
  async #weights(model: string): Promise<string> {
    const jobs = await allJobs(this.#client);
    const known = jobs.find(({ model_output_name }) => model_output_name === model);
    if (!known)
      throw finalFailure(
        'NotFound',
        `endpoint "${this.#endpoint.name}" knows no fine-tuning job that made "${model}"`,
      );
    const job = await jobById(this.#client, known.id);
    const object = job.model_object_id ?? job.adapter_object_id;
    if (object) return `projects/${this.#spec.project}/models/${object}`;
    throw passingFailure(
      'EndpointError',
      `endpoint "${this.#endpoint.name}": the weights of "${model}" are not in the registry yet`,
    );
  }

  /** What the base of these weights runs on with the fewest accelerators. */
  async #smallest(weights: string): Promise<string> {
    const asked = this.#client.get(v2(this.#client, `/${weights}`));
    const { baseModel } = await answerOf(asked, (body) => registered.parse(body));
    const path = `/projects/${this.#spec.project}/configs`;
    const query = { referenceModel: baseModel ?? weights };
    const configs = [];
    for await (const one of itemsOf(this.#client, path, config, query)) configs.push(one);
    const [smallest] = configs.sort(
      (a, b) => acceleratorsOf(a) - acceleratorsOf(b) || (a.id < b.id ? -1 : 1),
    );
    if (smallest) return `projects/${smallest.projectId}/configs/${smallest.id}`;
    throw finalFailure(
      'BadRequest',
      `endpoint "${this.#endpoint.name}" has nothing to put the model up on: name a config in its trainer, or another base under model`,
    );
  }

  #path(group?: string): string {
    const endpoints = `/projects/${this.#spec.project}/endpoints`;
    return group === undefined ? endpoints : `${endpoints}/${group}/deployments`;
  }

  #at(group?: string, id?: string): string {
    return v2(this.#client, [this.#path(group), ...(id === undefined ? [] : [id])].join('/'));
  }
}

const named = z.looseObject({ id: z.string().min(1), name: z.string() });

const deployment = z.looseObject({
  id: z.string().min(1),
  /** With its project and endpoint: the model of a request. */
  name: z.string(),
  status: z.looseObject({ state: z.string(), message: z.string().nullish() }),
});
type Found = z.output<typeof deployment>;

const registered = z.looseObject({ baseModel: z.string().nullish() });

const config = z.looseObject({
  id: z.string().min(1),
  projectId: z.string(),
  selectors: z.array(z.looseObject({ key: z.string(), value: z.string() })),
});

const acceleratorsOf = ({ selectors }: z.output<typeof config>): number =>
  Number(selectors.find(({ key }) => key === 'accelerator_count')?.value) || Infinity;

const lastOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

const stateOf = ({ status }: Found): string => status.state.replace('DEPLOYMENT_STATE_', '');

/** States in which it is not asked to stop. */
const DOWN = new Set(['STOPPED', 'STOPPING', 'FAILED']);

const STATES: Record<string, Deployment['state']> = {
  READY: 'ready',
  // Some replicas answer while others come or go.
  SCALING: 'ready',
  DEGRADED: 'ready',
  FAILED: 'failed',
  STOPPED: 'gone',
  STOPPING: 'gone',
};

function described(group: string, found: Found): Deployment {
  const message = redacted(found.status.message ?? '');
  return {
    id: `${group}/${found.id}`,
    state: STATES[stateOf(found)] ?? 'pending',
    detail: found.status.state,
    ...(message && { message }),
    servedAs: found.name,
  };
}
