import { activityInfo, getClient } from '@temporalio/activity';
import type { Progress, Sighting } from '../core/status.ts';
import { lasting, linesOf } from '../core/trouble.ts';

const FIRST_MS = 3_000;
const LONGEST_MS = 3_600_000;

/**
 * Tells an activity's workflow, by a signal, that trouble has begun or is over, and what else the
 * activity finds worth telling: a workflow knows nothing of heartbeats. News are told once they
 * have lasted for a time that doubles with each telling, up to an hour, so that however often an
 * endpoint comes and goes, a history does not grow much; that trouble is over is told at once.
 */
export class Telling {
  /** What was told last; heartbeated, so that another attempt knows. */
  told: string;
  #offered = '';
  #since = 0;
  #patienceMs = FIRST_MS;
  #sending?: Promise<void>;

  constructor(told = '') {
    this.told = told;
    this.#offered = told;
  }

  /** @param news changes with what is worth telling beside trouble */
  offer(progress: Progress, news = ''): void {
    const offered = `${progress.trouble ? TROUBLE : ''}${news}`;
    if (offered !== this.#offered) {
      this.#offered = offered;
      this.#since = Date.now();
    }
    if (offered === this.told || this.#sending) return;
    const isOver = this.told.startsWith(TROUBLE) && !progress.trouble;
    if (!isOver && Date.now() - this.#since < this.#patienceMs) return;
    if (!isOver) this.#patienceMs = Math.min(2 * this.#patienceMs, LONGEST_MS);
    this.#sending = send(progress)
      // Whatever keeps it from being told must not be in the way of the work: it is offered again.
      .then(
        () => {
          this.told = offered;
        },
        () => undefined,
      )
      .finally(() => {
        this.#sending = undefined;
      });
  }

  /** The work is done: what it told of trouble does not hold any more. */
  async end(progress: Progress): Promise<void> {
    await this.#sending;
    if (!this.told.startsWith(TROUBLE)) return;
    this.offer({ ...progress, trouble: undefined });
    await this.#sending;
  }
}

const TROUBLE = 'trouble:';

async function send({ done, total, detail, trouble }: Progress): Promise<void> {
  const { activityId, workflowExecution } = activityInfo();
  const { workflowId, runId } = workflowExecution!;
  // How often an endpoint was tried meanwhile, and when it is next, is no news.
  const told = trouble && linesOf(trouble).map(lasting).join('\n');
  const sighting: Sighting = { activityId, done, total, detail, trouble: told };
  await getClient().workflow.getHandle(workflowId, runId).signal('sighted', sighting);
}
