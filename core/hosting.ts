/** How it stands with a model that has to be deployed, as the `status` query of its `host` workflow gives it. */
export interface Hosting {
  /**
   * `ready` while it answers under `servedAs`; `pending` while it comes up, or is put up again;
   * `gone` once it was taken down; `failed` where the provider does not put it up.
   */
  state: 'pending' | 'ready' | 'gone' | 'failed';
  /** The provider's own word for the state. */
  detail: string;
  /** Why it failed. */
  message?: string;
  /** The model's name in requests, while it is ready. */
  servedAs?: string;
  /** Since when it is so; epoch milliseconds. */
  since: number;
}

/** What is told to a `host` workflow whenever its model is asked. */
export interface ModelUse {
  /** Id of the workflow that it is asked for: once none of them goes on, the model is taken down. */
  by: string;
  /** Id of the round that it is asked for, which is told of the hours that are booked. */
  round?: string;
}
