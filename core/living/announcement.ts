import type { Promotion } from './promotion.ts';

/** A change of a champion, as those learn of it who use the model: a webhook, or an activity of a user's own. */
export interface Announcement extends Promotion {
  run: string;
  /** Where the model is served: its name in the configuration. */
  endpoint: string;
  /** The name under which the endpoint serves whatever the champion is; null where it keeps none. */
  alias: string | null;
}

/** Who is told of changes, as the configuration of a worker says. */
export interface Announcing {
  webhook: boolean;
  /** A user's own. */
  activity?: { name: string; taskQueue?: string | undefined };
}
