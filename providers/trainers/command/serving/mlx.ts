import { join } from 'node:path';
import { z } from 'zod';
import { passingFailure } from '../../../../core/failures.ts';
import type { Deployment, DeploymentOrder, Deployments } from '../../../deployments.ts';
import { redacted } from '../../../redacted.ts';
import { appear, isThere, vanish } from '../files.ts';
import type { StateFolder } from '../jobs.ts';
import { lastLines } from '../log.ts';
import type { Models } from '../models.ts';

export const mlxSpec = z.strictObject({
  type: z.literal('mlx-lm').describe('mlx_lm.server, which loads a model as it is asked for it.'),
  fuse: z
    .tuple([z.string().min(1)], z.string().min(1))
    .default(['mlx_lm.fuse'])
    .describe('The program that merges an adapter into its base model, with its first arguments.'),
  folder: z
    .string()
    .optional()
    .describe(
      "Where the server sees the trainer's folder `fused`; in the same place when left out.",
    ),
});

/** What has to do with the adapters that are put up. */
interface Parts {
  spec: { models: Record<string, string>; env: Record<string, string> };
  state: StateFolder;
  models: Models;
}

/**
 * Models at mlx_lm.server, which takes no adapters by their names, but any folder of a model: the
 * adapter is merged into a copy of its base, and the model is asked for by that folder.
 */
export class MlxDeployments implements Deployments {
  readonly isFree = true;
  readonly #serving: z.output<typeof mlxSpec>;
  readonly #parts: Parts;

  constructor(serving: z.output<typeof mlxSpec>, parts: Parts) {
    this.#serving = serving;
    this.#parts = parts;
  }

  async deploy(order: DeploymentOrder): Promise<Deployment> {
    const { state } = this.#parts;
    const { model } = order;
    const fused = join(state.fused, model);
    if (!(await isThere(fused))) await appear(fused, (made) => this.merge(order, made));
    return this.poll(model, order);
  }

  /**
   * Writes a model into a folder, its adapter merged into its base.
   * @throws ApplicationFailure `JobFailed`
   */
  async merge({ model, base: given }: Pick<DeploymentOrder, 'model' | 'base'>, folder: string) {
    const { spec, state, models } = this.#parts;
    const base = (await models.baseOf(model)) ?? given;
    const place = ['--model', spec.models[base] ?? base, '--adapter-path', state.model(model)];
    await this.#fuse(place, folder);
  }

  async poll(_: string, { model }: DeploymentOrder): Promise<Deployment> {
    const { state } = this.#parts;
    const servedAs = join(this.#serving.folder ?? state.fused, model);
    return (await isThere(join(state.fused, model)))
      ? { id: model, state: 'ready', detail: 'merged', servedAs }
      : { id: model, state: 'gone', detail: 'not merged', servedAs };
  }

  /** Also what a worker that was killed while merging has left: it is as large as the base. */
  undeploy({ model }: DeploymentOrder): Promise<boolean> {
    return vanish(join(this.#parts.state.fused, model));
  }

  async #fuse(args: string[], folder: string): Promise<void> {
    const [program, ...first] = this.#serving.fuse;
    const { env } = this.#parts.spec;
    // Loaded where it is needed: clients know trainers, too, and start no programs.
    const { execa } = await import('execa');
    const { failed, all, shortMessage } = await execa(
      program,
      [...first, ...args, '--save-path', folder],
      { env, all: true, reject: false },
    );
    if (!failed) return;
    const said = redacted(lastLines(all ?? '').slice(-200)) || shortMessage;
    throw passingFailure('JobFailed', `an adapter cannot be merged into its base model: ${said}`);
  }
}
