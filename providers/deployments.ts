/** A model as it is asked to be put up. */
export interface DeploymentOrder {
  /** The tuned model, by the name that stays: `TunedModel.model`. */
  model: string;
  /** The model it was tuned from. */
  base: string;
  /** Of this model at this endpoint and of no other, for a deployment's name. At most 40 characters, `a` to `z`, digits and `-`. */
  name: string;
}

/** How it stands with what serves a model. */
export interface Deployment {
  /** The provider's, as {@link Deployments.poll} takes it. */
  id: string;
  /**
   * `pending` while it comes up, and for whatever is not known; `ready` once the provider says that the
   * model is there as `servedAs` (whether it answers, too, its `host` finds out); `failed` where it will not come up; `gone` where there is none: it expired, was
   * taken down, or never was.
   */
  state: 'pending' | 'ready' | 'failed' | 'gone';
  /** The provider's own word for the state. */
  detail: string;
  /** The provider's reason for a failure. */
  message?: string;
  /** The model's name in requests, for as long as this deployment is there. */
  servedAs: string;
}

/**
 * What a tuned model needs before it answers, where that costs or takes room for as long as it is
 * there. Every method may be repeated, at any time and by any process, without a second deployment:
 * what has to be remembered is at the provider. Errors as those of `RemoteJobs`.
 */
export interface Deployments {
  /** Whether it costs nothing while it stands, so that no hours are booked. */
  readonly isFree?: boolean;
  /**
   * Puts a model up: adopts what is there of the order or comes up, else makes one, also in the place
   * of one that failed.
   */
  deploy(order: DeploymentOrder): Promise<Deployment>;
  /** The deployment as it is now. */
  poll(id: string, order: DeploymentOrder, signal?: AbortSignal): Promise<Deployment>;
  /**
   * Takes down whatever is there of the order, also what still comes up or has failed: afterwards
   * nothing of it costs.
   * @param id of one that may not be recognised
   * @returns whether there was anything
   */
  undeploy(order: DeploymentOrder, id?: string): Promise<boolean>;
}

/** What a call about a deployment comes to; its errors are as Temporal is to see them. */
export async function explaining<T>(
  endpoint: { failure(error: unknown, model?: string): Error },
  { model }: DeploymentOrder,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw endpoint.failure(error, model);
  }
}
