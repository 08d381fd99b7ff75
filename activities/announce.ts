import { finalFailure } from '../core/failures.ts';
import type { Announcement } from '../core/living/announcement.ts';
import { sendWebhook } from '../providers/webhook.ts';
import type { Dependencies } from './dependencies.ts';
import { tracked } from './progress.ts';

export function createAnnounce({ announce: { webhook } }: Pick<Dependencies, 'announce'>) {
  return {
    /**
     * Tells the webhook of the configuration of a change of a champion.
     * @throws ApplicationFailure `NotAnnounced`, which passes, but where this worker has no webhook
     */
    async announce(announcement: Announcement): Promise<void> {
      if (!webhook)
        throw finalFailure(
          'NotAnnounced',
          'this worker has no announce.webhook in its temporal.config.ts, and the one that crowned the champion has: give all workers the same configuration',
        );
      const { run, number, at: timestamp } = announcement;
      const event = { id: `${run}/promotion-${number}`, type: 'champion.changed', timestamp };
      await tracked({ total: 1, unit: 'webhooks' }, ({ deadline }) =>
        sendWebhook(webhook, { ...event, data: announcement }, deadline),
      );
    },
  };
}
