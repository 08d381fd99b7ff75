/**
 * How it stands with a job. `cancelling` will be `cancelled`; `pending` is everything else that
 * still goes on (validating, queued, paused, and whatever we do not know).
 */
export type JobState = 'pending' | 'running' | 'cancelling' | 'succeeded' | 'failed' | 'cancelled';

/** The words of OpenAI and of those that copy its wire, with underscores between their parts. */
const WORDS: Record<Exclude<JobState, 'pending'>, string> = {
  running:
    'running in_progress started training evaluating compressing uploading saving writing_results finalizing',
  cancelling:
    'cancelling canceling cancel_requested stopping terminating aborting deleting deleting_cleaning_up',
  succeeded:
    'succeeded success successful successfully complete completed done finished early_stopped',
  failed:
    'failed failure fail error errored user_error system_error internal_error expired timeout timed_out rejected invalid crashed',
  cancelled:
    'cancelled canceled user_cancelled user_canceled stopped aborted terminated revoked deleted',
};

const STATES = new Map(
  Object.entries(WORDS).flatMap(([state, words]) =>
    words.split(' ').map((word) => [word, state as JobState] as const),
  ),
);

/** What enumerations put before their words: `JOB_STATE_COMPLETED`, `FineTuneStatus.SUCCESS`. */
const PREFIX = /^(?:(?:fine_?tun(?:e|ing)_)?(?:job_)?(?:state|status)_)/;

/** How it stands with a job, by a provider's word for it, in any case and spelling. */
export function jobState(status: string): JobState {
  const word = status
    .trim()
    .replace(/([a-z])(?=[A-Z])/g, '$1_')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(PREFIX, '');
  return STATES.get(word) ?? 'pending';
}
