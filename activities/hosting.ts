import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo, getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import { finalFailure } from '../core/failures.ts';
import { NOTHING_SPENT, type Spent } from '../core/spent.ts';
import { NO_USAGE } from '../core/usage.ts';
import type { Deployment, DeploymentOrder, Deployments } from '../providers/deployments.ts';
import { isServed } from '../providers/servedModel.ts';
import type { Dependencies } from './dependencies.ts';
import { tracked } from './progress.ts';
import { Spending } from './spending.ts';

/** A watch over a deployment ends after so long, so that its hours are booked while they pass. */
const BOOKED_EVERY_MS = 10 * 60_000;
/** How many times rarer what stands is looked at: some trainers ask the model itself. */
const RARELY = 6;

/** A model to be deployed at an endpoint. */
export interface DeployInput {
  endpoint: string;
  order: DeploymentOrder;
}

export interface WatchDeploymentInput extends DeployInput {
  id: string;
  /** As it is now; it is watched for as long as that does not change. */
  state: 'pending' | 'ready';
  /** Ids of the workflows that it is there for. */
  users: string[];
}

/** What the watch over a deployment saw in the end. */
export interface WatchedDeployment extends Deployment {
  /** The workflows that it is there for, and that go on. */
  needing: string[];
}

export interface UndeployInput extends DeployInput {
  /** Of one that was seen. */
  id?: string;
}

/** A time for which a deployment stood; epoch milliseconds. */
export interface BookHoursInput extends DeployInput {
  from: number;
  to: number;
}

export function createHosting({ store, endpoints, trainers }: Dependencies) {
  const deploymentsOf = (name: string): Deployments => {
    const { deployments } = trainers.of(endpoints.get(name));
    if (deployments) return deployments;
    throw finalFailure(
      'DeploymentFailed',
      `the trainer of endpoint "${name}" in this worker's temporal.config.ts deploys no models: was it another when the model was deployed?`,
    );
  };
  const one = { total: 1, unit: 'deployments' };

  return {
    /** Adopts the deployment of a model, or makes one. */
    async deploy({ endpoint, order }: DeployInput): Promise<Deployment> {
      return tracked(one, () => deploymentsOf(endpoint).deploy(order));
    },

    /**
     * Watches a deployment until it is in another state, nobody needs it any more, or its hours are to
     * be booked. It is ready once the model answers.
     */
    async watchDeployment(input: WatchDeploymentInput): Promise<WatchedDeployment> {
      const { endpoint: name, order, id, state, users } = input;
      const endpoint = endpoints.get(name);
      const until = Date.now() + BOOKED_EVERY_MS;
      const { pollSeconds } = endpoint.config;
      const seconds = state === 'ready' ? RARELY * pollSeconds : pollSeconds;
      return tracked(one, async (tracker) => {
        const { signal } = tracker;
        for (;;) {
          const seen = await deploymentsOf(name).poll(id, order, signal);
          const now = state === 'pending' ? await ifItAnswers(seen) : seen;
          const needing = await goingOn(users);
          const isOver = now.state !== state || needing.length === 0 || Date.now() >= until;
          if (isOver) return { ...now, needing };
          tracker.set({ note: now.detail });
          await sleep(seconds * 1000, undefined, { signal });
        }

        /** What a provider calls ready may be unknown for a while where models are asked. */
        async function ifItAnswers(seen: Deployment): Promise<Deployment> {
          if (seen.state !== 'ready') return seen;
          if (await isServed(endpoint, seen.servedAs, undefined, signal)) return seen;
          return { ...seen, state: 'pending', detail: `${seen.detail}, but no answer yet` };
        }
      });
    },

    /** Takes down whatever is there of a model. */
    async undeploy({ endpoint, order, id }: UndeployInput): Promise<boolean> {
      return tracked(one, () => deploymentsOf(endpoint).undeploy(order, id));
    },

    /** Books the hours of a deployment as spend of the run that made its model, where they cost. */
    async bookHours({ endpoint, order, from, to }: BookHoursInput): Promise<{ spent: Spent }> {
      return tracked(one, async () => {
        const model = await store.models.byName(order.model);
        if (deploymentsOf(endpoint).isFree || to <= from || !model) return { spent: NOTHING_SPENT };
        const deployedSeconds = (to - from) / 1000;
        await (await store.run(model.run, model.dataset)).addSpend({
          key: `hours/${activityInfo().workflowExecution!.workflowId}/${from}`,
          ...{ round: model.round, phase: 'hosting', transport: 'direct' },
          ...{ endpoint, model: order.model },
          usage: { ...NO_USAGE, deployedSeconds },
        });
        const at = { endpoint, model: order.model };
        const root = await store.models.rootOf(at);
        const spending = new Spending();
        spending.add(at, { deployedSeconds });
        return { spent: spending.spent(endpoints, () => root) };
      });
    },
  };
}

async function goingOn(workflowIds: readonly string[]): Promise<string[]> {
  const go = await Promise.all(workflowIds.map(goesOn));
  return workflowIds.filter((_, index) => go[index]);
}

async function goesOn(workflowId: string): Promise<boolean> {
  try {
    const { status } = await getClient().workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' || status.name === 'PAUSED';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false; // ended long ago
    throw error;
  }
}
