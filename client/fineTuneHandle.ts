import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { Progress } from '../core/types.ts';
import type { FineTuneResult } from '../workflows/fineTune.ts';
import { activitiesOf, progressOf } from './activities.ts';
import { type Connected, Handle, type WorkState } from './handle.ts';
import { canAnswer, query, type View } from './view.ts';

/** What is known of a fine-tune at one moment. */
export interface FineTuneView extends View {
  /** Missing while no worker can answer, and once it has ended. */
  progress?: Progress;
  /** The tuned model, once it has completed. */
  result?: FineTuneResult;
}

/**
 * A supervised fine-tuning job, by the name it was started under.
 *
 * @example
 * const { model } = await client.getFineTune('support-bot').result();
 */
export class FineTuneHandle extends Handle<FineTuneResult, FineTuneView> {
  constructor(connected: Connected, name: string, before?: WorkState) {
    super(connected, 'fineTune', name, before);
  }

  protected override async running(
    view: View,
    description: WorkflowExecutionDescription,
  ): Promise<FineTuneView> {
    if (!canAnswer(view)) return view;
    const [said, underWay] = await Promise.all([
      query<Progress>(this.temporal, this.name),
      activitiesOf(this.temporal, description),
    ]);
    return { ...view, progress: said && progressOf(said, underWay) };
  }

  protected override completed(view: View, result: FineTuneResult): FineTuneView {
    return { ...view, result };
  }

  protected override ended(view: View): FineTuneView {
    return view;
  }
}
