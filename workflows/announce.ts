import { proxyActivities } from '@temporalio/workflow';
import type { Announcement, Announcing } from '../core/living/announcement.ts';
import type { Setting } from '../core/plan.ts';
import { activitiesWith } from './activities.ts';

export interface AnnounceInput {
  announcement: Announcement;
  announcing: Announcing;
  setting: Setting;
}

/**
 * Tells of a new champion whoever is to know it, for days where they are away: the run itself goes on
 * meanwhile. Fails where one of them could not be told.
 *
 * @internal
 */
export async function announce(input: AnnounceInput): Promise<void> {
  const { announcement, announcing, setting } = input;
  const { webhook, activity } = announcing;
  const telling: Promise<unknown>[] = [];
  if (webhook)
    telling.push(
      activitiesWith(setting.activityOptions).announce(announcement, 'tell the webhook'),
    );
  if (activity) {
    const { name, taskQueue } = activity;
    const own = proxyActivities<Record<string, (told: Announcement) => Promise<unknown>>>({
      startToCloseTimeout: '1 hour',
      scheduleToCloseTimeout: '3 days',
      summary: `your own activity ${name}`,
      ...(taskQueue !== undefined && { taskQueue }),
    });
    telling.push(own[name]!(announcement));
  }
  // One that cannot be told keeps nothing from the other.
  const failed = (await Promise.allSettled(telling)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
