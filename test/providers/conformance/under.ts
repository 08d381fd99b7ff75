import type { Deployment } from '../../../providers/deployments.ts';
import type { JobState } from '../../../providers/jobState.ts';
import type { JobOrder, RemoteJobs } from '../../../providers/remoteJobs.ts';
import type { Trainer } from '../../../providers/trainer.ts';

/** What gets lost on the way from now on: requests that change something, or the answers to them. */
export type Loss = 'requests' | 'answers' | 'none';

/** A job as its provider has it. */
export interface ProvidersJob {
  id: string;
  /** Whether it has neither ended nor is about to. */
  isGoing: boolean;
}

/** Remote work of some kind with its provider, as the tests of all kinds need it. */
export interface JobsUnderTest<Request, Result> {
  /** As every call and every process makes it. */
  keeper(): RemoteJobs<Request, Result>;
  /** One of a key of its own for each seed, on a file that is there. */
  order(seed?: number): Promise<JobOrder<Request>>;
  /** The provider's words for states of a job, all that are known, and what each means. */
  statuses: Record<string, JobState>;
  /** All jobs that were ever made, but those that were removed. */
  jobs(): ProvidersJob[];
  /** Puts a job into a state. */
  become(jobId: string, status: string): Promise<void> | void;
  /** Lets a job succeed without a result; left out where that cannot be. */
  succeedWithoutResult?(jobId: string): Promise<void> | void;
  /** Removes a job, as an operator of the provider might; left out where that cannot be. */
  remove?(jobId: string): Promise<void> | void;
  /** Left out where nothing is sent. */
  lose?(what: Loss): void;
}

/** A trainer with its provider, or what stands in for that, opened anew for each test. */
export interface TrainerUnderTest {
  /** The trainer, as every call and every process makes it. */
  trainer(): Trainer;
  /** The endpoint's `trainer` in the configuration. */
  spec: { type: string };
  /** A model that can be tuned. */
  base: string;
  /** The provider's words for states of a job, all that are known, and what each means. */
  statuses: Record<string, JobState>;
  /** All jobs that were ever made, but those that were removed. */
  jobs(): ProvidersJob[];
  /** How many training files there are. */
  files(): number;
  /** Puts a job into a state; one that has succeeded has its model. */
  become(jobId: string, status: string): Promise<void> | void;
  /** Lets a job succeed without a model; left out where that cannot be. */
  succeedWithoutModel?(jobId: string): Promise<void> | void;
  /** Removes a job, as an operator of the provider might; left out where that cannot be. */
  remove?(jobId: string): Promise<void> | void;
  /** Left out where nothing is sent. */
  lose?(what: Loss): void;
  /** Left out where models answer by themselves. */
  deployments?: DeploymentsUnderTest;
  close(): Promise<void>;
}

/** The deployments of a trainer's models at its provider. */
export interface DeploymentsUnderTest {
  /**
   * The provider's words for states of a deployment, all that are known, and what each means; without
   * one that is pending models are there as soon as they are put up.
   */
  statuses: Record<string, Deployment['state']>;
  /** Those that cost: of any model, in whatever state, until they are gone. */
  standing(): string[];
  /** Puts a deployment into a state. */
  become(id: string, status: string): Promise<void> | void;
  /** Ends one as the provider itself does, after a time or when it is idle. */
  expire(id: string): Promise<void> | void;
  /** Asks a model by a name. @returns whether it answers */
  answers(servedAs: string): Promise<boolean>;
  /** Left out where nothing is sent. */
  lose?(what: Loss): void;
}
