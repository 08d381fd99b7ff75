import type { DeploymentOrder, Deployments } from '../../providers/deployments.ts';
import type { Trainer, TrainingOrder } from '../../providers/trainer.ts';
import { type Folder, temporaryFolder } from './folder.ts';
import { use } from './suite.ts';
import { trainerAt, trainingFile, trainingOrder } from './training.ts';

/** A server in the place of a provider that trains. */
interface Server {
  readonly baseURL: string;
  readonly jobs: { finish(id: string, status: string): unknown };
  close(): Promise<void>;
}

/** How a provider is spoken to. */
interface Account {
  key: string;
  /** A model that can be tuned. */
  base: string;
  /** An endpoint's `trainer`. */
  spec: { type: string; [field: string]: unknown };
  /** The provider's word for a job that has its model. */
  completed: string;
}

/** What is to differ of an order. */
type Changes = Pick<Partial<TrainingOrder['request']>, 'model' | 'suffix' | 'training'> & {
  round?: number;
  content?: string;
};

/** The trainer for a provider, at a stand-in of its own. */
export class TrainerBench<Of extends Server> {
  readonly server: Of;
  readonly trainer: Trainer;
  readonly #folder: Folder;
  readonly #account: Account;

  constructor(server: Of, folder: Folder, account: Account) {
    this.server = server;
    this.#folder = folder;
    this.#account = account;
    this.trainer = this.another();
  }

  /** Of another process, or configured otherwise. */
  another(spec: object = {}, endpoint: object = {}): Trainer {
    const { key, spec: own } = this.#account;
    return trainerAt({ baseURL: this.server.baseURL, key }, { ...own, ...spec }, endpoint);
  }

  get deployments(): Deployments {
    return this.trainer.deployments!;
  }

  /** On a file that is there. */
  async order({ content, ...request }: Changes = {}): Promise<TrainingOrder> {
    const { base: model, spec: trainer } = this.#account;
    const file = await trainingFile(this.#folder.path, content);
    const fileId = await this.trainer.upload(file, `semievol-${file.sha256.slice(0, 8)}.jsonl`);
    return trainingOrder(file, fileId, { model, trainer, ...request });
  }

  /** A job that has come to its end. @returns the name of its model */
  async trained(order?: TrainingOrder): Promise<string> {
    const asked = order ?? (await this.order());
    const { id } = await this.trainer.adoptOrCreate(asked);
    this.server.jobs.finish(id, this.#account.completed);
    return (await this.trainer.poll(id, asked)).result!.model;
  }

  deploymentOrder(model: string): DeploymentOrder {
    return { model, base: this.#account.base, name: 'run-1-warm-up-0123456789ab' };
  }

  close = () => this.server.close();
}

/** A bench for each test of the suite. */
export const useTrainerBench = <Of extends Server>(
  open: () => Promise<Of>,
  account: Account,
): TrainerBench<Of> =>
  use(
    'test',
    async () => new TrainerBench(await open(), await temporaryFolder(), account),
    (bench) => bench.close(),
  );
