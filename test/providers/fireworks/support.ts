import type { DeploymentOrder, Deployments } from '../../../providers/deployments.ts';
import type { Trainer, TrainingOrder } from '../../../providers/trainer.ts';
import { ACCOUNT, BASE, Fireworks, KEY } from '../../support/fireworks/server.ts';
import { type Folder, temporaryFolder } from '../../support/folder.ts';
import { use } from '../../support/suite.ts';
import { trainerAt, trainingFile, trainingOrder } from '../../support/training.ts';

export const SPEC = { type: 'fireworks', account: ACCOUNT };

/** The trainer for Fireworks, at a stand-in of its own. */
export class FireworksBench {
  readonly fireworks: Fireworks;
  readonly trainer: Trainer;
  readonly folder: Folder;

  static async open(): Promise<FireworksBench> {
    return new FireworksBench(await Fireworks.open(), await temporaryFolder());
  }

  private constructor(fireworks: Fireworks, folder: Folder) {
    this.fireworks = fireworks;
    this.folder = folder;
    this.trainer = this.another();
  }

  /** Of another process, or configured otherwise. */
  another(spec: object = {}, endpoint: object = {}): Trainer {
    const { baseURL } = this.fireworks;
    return trainerAt({ baseURL, key: KEY }, { ...SPEC, ...spec }, endpoint);
  }

  get deployments(): Deployments {
    return this.trainer.deployments!;
  }

  /** On a file that is there. */
  async order(
    changes: {
      round?: number;
      model?: string;
      content?: string;
      suffix?: string;
      training?: TrainingOrder['request']['training'];
    } = {},
  ): Promise<TrainingOrder> {
    const { content, ...request } = changes;
    const file = await trainingFile(this.folder.path, content);
    const fileId = await this.trainer.upload(file, `semievol-${file.sha256.slice(0, 8)}.jsonl`);
    return trainingOrder(file, fileId, { model: BASE, trainer: SPEC, ...request });
  }

  /** A job that has come to its end. @returns the name of its model */
  async trained(order?: TrainingOrder): Promise<string> {
    const asked = order ?? (await this.order());
    const { id } = await this.trainer.adoptOrCreate(asked);
    this.fireworks.jobs.finish(id, 'COMPLETED');
    return (await this.trainer.poll(id, asked)).result!.model;
  }

  deploymentOrder(model: string): DeploymentOrder {
    return { model, base: BASE, name: 'run-1-warm-up-0123456789ab' };
  }

  close = () => this.fireworks.close();
}

/** A bench for each test of the suite. */
export const useFireworks = (): FireworksBench =>
  use(
    'test',
    () => FireworksBench.open(),
    (bench) => bench.close(),
  );
