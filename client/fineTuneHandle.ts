import type { Progress } from '../core/status.ts';
import type { FineTuneResult } from '../workflows/fineTune.ts';
import { activitiesOf, progressOf } from './activities.ts';
import { type Connected, Handle, type Look, type WorkState } from './handle.ts';
import { canAnswer, query, type View } from './view.ts';

/** What is known of a fine-tune at one moment. */
export interface FineTuneView extends View {
  /** Missing while no worker can answer, and once it has ended. */
  progress?: Progress;
  /** The tuned model, once it has completed. */
  result?: FineTuneResult;
}

const lookAtFineTune: Look<FineTuneResult, FineTuneView> = {
  async running(temporal, view, description) {
    if (!canAnswer(view)) return view;
    const [said, underWay] = await Promise.all([
      query<Progress>(temporal, view.name),
      activitiesOf(temporal, description),
    ]);
    return { ...view, progress: said && progressOf(said, underWay) };
  },
  ended: (view, result) => ({ ...view, result }),
};

/**
 * A supervised fine-tuning job, by the name it was started under.
 *
 * @example
 * const { model } = await client.getFineTune('support-bot').result();
 */
export class FineTuneHandle extends Handle<FineTuneResult, FineTuneView> {
  constructor(connected: Connected, name: string, before?: WorkState) {
    super(connected, 'fineTune', lookAtFineTune, name, before);
  }
}
