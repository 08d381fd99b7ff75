import { z } from 'zod';
import { passingFailure } from '../../../core/failures.ts';
import {
  type Deployment,
  type DeploymentOrder,
  type Deployments,
  explaining,
} from '../../deployments.ts';
import { isRefused } from '../../said.ts';
import type { TrainerEndpoint } from '../../trainer.ts';
import { untilGone } from '../../untilGone.ts';
import { answerOf } from '../../wire.ts';
import type { FireworksSpec } from './spec.ts';
import { type Account, found, idFor, status, troubleIn } from './wire.ts';

/** Fireworks scales no deployment to zero sooner, in minutes. */
const LEAST_IDLE = 5;

/** Deployments of one model each, merged with its base, under an id of the order. */
export class FireworksDeployments implements Deployments {
  readonly #endpoint: TrainerEndpoint;
  readonly #account: Account;
  readonly #shape: string;

  constructor(endpoint: TrainerEndpoint, account: Account, { shape }: FireworksSpec) {
    this.#endpoint = endpoint;
    this.#account = account;
    this.#shape = shape;
  }

  async deploy(order: DeploymentOrder): Promise<Deployment> {
    return explaining(this.#endpoint, order, async () => {
      const there = await this.#find(order);
      switch (there?.state) {
        case undefined:
          return this.#look(await this.#create(order), order);
        case 'FAILED':
          await this.#remove(order);
          return this.#look(await this.#create(order), order);
        case 'DELETED': {
          // Its id is taken until it is purged.
          const asked = this.#account.client.post(`${this.#at(order)}:undelete`, { body: {} });
          return this.#look(await answerOf(asked, (body) => deployment.parse(body)), order);
        }
        case 'DELETING':
          throw passingFailure(
            'NotUndeployed',
            `endpoint "${this.#endpoint.name}": deployment ${idFor(order.name)} is still being deleted; it is made anew after that`,
          );
        default:
          return this.#look(there!, order);
      }
    });
  }

  async poll(_: string, order: DeploymentOrder, signal?: AbortSignal): Promise<Deployment> {
    return explaining(this.#endpoint, order, async () =>
      this.#look(await this.#find(order, signal), order, signal),
    );
  }

  async undeploy(order: DeploymentOrder): Promise<boolean> {
    return explaining(this.#endpoint, order, async () => {
      const there = await this.#find(order);
      if (!there || there.state === 'DELETED') return false;
      await this.#remove(order);
      return true;
    });
  }

  #remove(order: DeploymentOrder): Promise<void> {
    const query = { hard: 'true', ignoreChecks: 'true' };
    return untilGone(this.#endpoint, async () => {
      const there = await this.#find(order);
      if (!there || there.state === 'DELETED') return undefined;
      if (there.state !== 'DELETING')
        await found(this.#account.client.delete(this.#at(order), { query }), z.unknown());
      return there.state ?? 'there';
    });
  }

  async #create(order: DeploymentOrder): Promise<Found> {
    const body = {
      baseModel: order.model,
      deploymentShape: this.#shape,
      ...{ minReplicaCount: 0, maxReplicaCount: 1 },
      // Should nobody be there to take it down.
      autoscalingPolicy: { scaleToZeroWindow: this.#window },
    };
    const query = { deploymentId: idFor(order.name) };
    try {
      const asked = this.#account.once.post(this.#account.at('deployments'), { body, query });
      return await answerOf(asked, (made) => deployment.parse(made));
    } catch (error) {
      const made = isRefused(error, 409) ? await this.#find(order) : undefined;
      if (!made) throw error;
      return made; // somebody else was quicker
    }
  }

  get #window(): string {
    return `${60 * Math.max(LEAST_IDLE, Math.ceil(2 * this.#endpoint.config.idleMinutes))}s`;
  }

  #find(order: DeploymentOrder, signal?: AbortSignal): Promise<Found | undefined> {
    return this.#account.find(`deployments/${idFor(order.name)}`, deployment, signal);
  }

  #at({ name }: DeploymentOrder): string {
    return this.#account.at(`deployments/${idFor(name)}`);
  }

  async #look(
    seen: Found | undefined,
    order: DeploymentOrder,
    signal?: AbortSignal,
  ): Promise<Deployment> {
    const id = idFor(order.name);
    const servedAs = `${order.model}#${this.#account.nameOf('deployments', id)}`;
    if (!seen) return { id, state: 'gone', detail: 'not known to the provider', servedAs };
    const { state, status: said, replicaCount } = seen;
    const message = troubleIn(said);
    const told = {
      ...{
        id,
        servedAs,
        state: STATES[state ?? ''] ?? 'pending',
        detail: state ?? 'without a state',
      },
      ...(message && { message }),
    } satisfies Deployment;
    if (told.state !== 'ready' || replicaCount !== 0) return told;
    // Scaled to zero: to be asked wakes it.
    await this.#endpoint.serves(servedAs, undefined, signal);
    return { ...told, state: 'pending', detail: `${told.detail}, but is being woken up` };
  }
}

const deployment = z.looseObject({
  state: z.string().nullish(),
  status,
  replicaCount: z.number().nullish(),
});
type Found = z.output<typeof deployment>;

const STATES: Record<string, Deployment['state']> = {
  READY: 'ready',
  // It goes on to answer while it is changed.
  UPDATING: 'ready',
  FAILED: 'failed',
  DELETING: 'gone',
  DELETED: 'gone',
};
