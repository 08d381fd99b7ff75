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
import { type Account, found, idOf, status, troubleIn } from './wire.ts';

const KIND = 'deployedModels';

/** Models as addons of a deployment that somebody keeps: up to a hundred side by side. */
export class FireworksAddons implements Deployments {
  /** Its hours are those of the deployment, whether a model is on it or not. */
  readonly isFree = true;
  readonly #endpoint: TrainerEndpoint;
  readonly #account: Account;
  readonly #deployment: string;

  /** @param deployment its id */
  constructor(endpoint: TrainerEndpoint, account: Account, deployment: string) {
    this.#endpoint = endpoint;
    this.#account = account;
    this.#deployment = account.nameOf('deployments', deployment);
  }

  async deploy(order: DeploymentOrder): Promise<Deployment> {
    return explaining(this.#endpoint, order, async () => {
      let there = (await this.#of(order)) ?? (await this.#load(order));
      if (troubleIn(there.status)) {
        await this.#remove(order);
        there = await this.#load(order);
      }
      if (there.state === 'UNDEPLOYING')
        throw passingFailure(
          'NotUndeployed',
          `endpoint "${this.#endpoint.name}": ${order.model} is still being unloaded; it is loaded again after that`,
        );
      return this.#described(idOf(there.name), there, order);
    });
  }

  async poll(id: string, order: DeploymentOrder, signal?: AbortSignal): Promise<Deployment> {
    return explaining(this.#endpoint, order, async () => {
      const there = await this.#account.find(`${KIND}/${id}`, addon, signal);
      return this.#described(id, there, order);
    });
  }

  async undeploy(order: DeploymentOrder): Promise<boolean> {
    return explaining(this.#endpoint, order, async () => {
      if (!(await this.#of(order))) return false;
      await this.#remove(order);
      return true;
    });
  }

  #remove(order: DeploymentOrder): Promise<void> {
    return untilGone(this.#endpoint, async () => {
      const there = await this.#of(order);
      if (!there) return undefined;
      if (there.state !== 'UNDEPLOYING')
        await found(this.#account.client.delete(this.#account.at(there.name)), z.unknown());
      return there.state ?? 'there';
    });
  }

  async #load(order: DeploymentOrder): Promise<Addon> {
    const body = { model: order.model, deployment: this.#deployment };
    try {
      const asked = this.#account.once.post(this.#account.at(KIND), { body });
      return await answerOf(asked, (loaded) => addon.parse(loaded));
    } catch (error) {
      const loaded = isRefused(error, 409) ? await this.#of(order) : undefined;
      if (!loaded) throw error;
      return loaded; // somebody else was quicker
    }
  }

  /** The model as it is on this deployment. */
  async #of({ model }: DeploymentOrder): Promise<Addon | undefined> {
    const filter = `model="${model}" AND deployment="${this.#deployment}"`;
    for await (const one of this.#account.list(KIND, filter, addon))
      if (one.model === model && one.deployment === this.#deployment) return one;
    return undefined;
  }

  #described(id: string, seen: Addon | undefined, { model }: DeploymentOrder): Deployment {
    const servedAs = `${model}#${this.#deployment}`;
    const detail = seen?.state ?? 'not known to the provider';
    const told = { id, servedAs, detail };
    if (!seen || seen.state === 'UNDEPLOYING') return { ...told, state: 'gone' };
    const message = troubleIn(seen.status);
    if (message) return { ...told, state: 'failed', message };
    const isUp = seen.state === 'DEPLOYED' || seen.state === 'UPDATING';
    return { ...told, state: isUp ? 'ready' : 'pending' };
  }
}

const addon = z.looseObject({
  name: z.string().min(1),
  model: z.string(),
  deployment: z.string().nullish(),
  state: z.string().nullish(),
  status,
});
type Addon = z.output<typeof addon>;
