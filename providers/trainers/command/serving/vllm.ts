import { basename, join } from 'node:path';
import type { OpenAI } from 'openai';
import { z } from 'zod';
import {
  type Deployment,
  type DeploymentOrder,
  type Deployments,
  explaining,
} from '../../../deployments.ts';
import { isRefused } from '../../../said.ts';
import type { TrainerEndpoint } from '../../../trainer.ts';
import { itemsOf } from '../../../wire.ts';

export const vllmSpec = z.strictObject({
  type: z.literal('vllm').describe('vLLM, with --enable-lora.'),
  load: z
    .enum(['resolver', 'call'])
    .default('resolver')
    .describe(
      'resolver: vLLM looks for adapters in the folder itself (VLLM_LORA_RESOLVER_CACHE_DIR). call: it is told of each (VLLM_ALLOW_RUNTIME_LORA_UPDATING).',
    ),
  folder: z
    .string()
    .optional()
    .describe("Where vLLM sees the trainer's folder `models`; in the same place when left out."),
});

/** A model as vLLM lists it. */
type Card = { id: string; root?: string | null; parent?: string | null };

/**
 * Adapters in a vLLM, under the models' own names, which are never given to another: an adapter is
 * loaded once, and unloaded when nobody needs it. A server that starts anew has none of them.
 */
export class VllmDeployments implements Deployments {
  readonly isFree = true;
  readonly #endpoint: TrainerEndpoint;
  readonly #spec: z.output<typeof vllmSpec>;
  readonly #folder: string;
  /** What was loaded though its answer was lost is in the list: nothing is sent again unseen. */
  readonly #once: OpenAI;

  /** @param models the folder of adapters, as the trainer sees it */
  constructor(endpoint: TrainerEndpoint, spec: z.output<typeof vllmSpec>, models: string) {
    this.#endpoint = endpoint;
    this.#spec = spec;
    this.#folder = spec.folder ?? models;
    this.#once = endpoint.client.withOptions({ maxRetries: 0 });
  }

  deploy(order: DeploymentOrder): Promise<Deployment> {
    return explaining(this.#endpoint, order, async () => {
      const known = this.#standing(order, await this.#cards());
      if (known.state === 'ready') return known;
      if (known.state === 'failed') await this.#unload(order);
      const obstacle = await this.#load(order.model);
      if (obstacle) return { ...known, state: 'failed', detail: 'not loaded', message: obstacle };
      return this.#standing(order, await this.#cards());
    });
  }

  poll(_: string, order: DeploymentOrder, signal?: AbortSignal): Promise<Deployment> {
    return explaining(this.#endpoint, order, async () =>
      this.#standing(order, await this.#cards(signal)),
    );
  }

  undeploy(order: DeploymentOrder): Promise<boolean> {
    return explaining(this.#endpoint, order, async () => {
      if (this.#standing(order, await this.#cards()).state === 'gone') return false;
      return this.#unload(order);
    });
  }

  /** @returns false where somebody else has just done so */
  async #unload({ model: lora_name }: DeploymentOrder): Promise<boolean> {
    try {
      await this.#send('/unload_lora_adapter', { lora_name });
      return true;
    } catch (error) {
      if (isRefused(error, 404) && error.message.includes(lora_name)) return false;
      throw error;
    }
  }

  /** @returns why it cannot be loaded; undefined once it is */
  async #load(model: string): Promise<string | undefined> {
    if (this.#spec.load === 'resolver') {
      // What is asked for is looked for.
      if (await this.#endpoint.serves(model)) return undefined;
      return `vLLM finds no adapter ${model}: its VLLM_LORA_RESOLVER_CACHE_DIR is to be ${this.#folder}, with VLLM_PLUGINS=lora_filesystem_resolver and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, and trainer.models in temporal.config.ts is to call the base model as "vllm serve" does`;
    }
    try {
      const body = { lora_name: model, lora_path: join(this.#folder, model) };
      await this.#send('/load_lora_adapter', body);
    } catch (error) {
      if (!isRefused(error, 400, 404, 422)) throw error;
      // Somebody else may have loaded it just now.
      if (!/already/.test(error.message)) return this.#endpoint.failure(error, model).message;
    }
    return undefined;
  }

  /** The answer of a success is a sentence. */
  async #send(path: string, body: object): Promise<void> {
    await (await this.#once.post(path, { body }).asResponse()).text();
  }

  /**
   * Loaded is one that stems from the model's own folder, over the model it was tuned from, or that
   * goes back to.
   */
  #standing({ model, base }: DeploymentOrder, cards: readonly Card[]): Deployment {
    const deployment = { id: model, servedAs: model };
    const card = cards.find(({ id }) => id === model);
    if (!card) return { ...deployment, state: 'gone', detail: 'not loaded' };
    const cardOf = (name: string) => cards.find(({ id }) => id === name);
    /** What a base was loaded from; an adapter has one below it. */
    const rootOf = (name: string): string => {
      const { parent, root } = cardOf(name) ?? {};
      return parent ? rootOf(parent) : (root ?? name);
    };
    const isElsewhere = card.root && basename(card.root) !== model;
    if (isElsewhere)
      return {
        ...{ ...deployment, state: 'failed', detail: 'another' },
        message: `vLLM has another adapter under the name ${model}, from ${card.root}`,
      };
    if (card.parent && cardOf(base) && rootOf(card.parent) !== rootOf(base))
      return {
        ...{ ...deployment, state: 'failed', detail: 'over another model' },
        message: `vLLM has ${model} over ${card.parent}, and not over ${base}, which it was tuned from`,
      };
    return { ...deployment, state: 'ready', detail: 'loaded' };
  }

  async #cards(signal?: AbortSignal): Promise<Card[]> {
    const cards: Card[] = [];
    const listed = itemsOf<Card>(() => this.#endpoint.client.models.list({ signal }));
    for await (const card of listed) cards.push(card);
    return cards;
  }
}
