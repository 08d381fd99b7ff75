import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type JobState, jobState } from '../../providers/jobState.ts';

describe("a provider's word for the state of a job", () => {
  const words: Record<JobState, string[]> = {
    succeeded: [
      ...['succeeded', 'SUCCEEDED', 'Succeeded', 'success', 'SUCCESS', 'completed', 'Complete'],
      ...['done', 'finished', 'JOB_STATE_COMPLETED', 'JOB_STATE_EARLY_STOPPED'],
      ...['FineTuneStatus.SUCCESS', 'job-state-succeeded', ' completed '],
    ],
    failed: [
      ...['failed', 'FAILED', 'FAILURE', 'error', 'user_error', 'UserError', 'USER-ERROR'],
      ...['expired', 'JOB_STATE_FAILED', 'JOB_STATE_EXPIRED', 'timed out'],
    ],
    cancelled: [
      ...['cancelled', 'canceled', 'CANCELED', 'Cancelled', 'stopped', 'aborted'],
      ...['JOB_STATE_CANCELLED', 'JobStatus.CANCELED'],
    ],
    cancelling: [
      ...['cancelling', 'CANCELING', 'cancel_requested', 'JOB_STATE_CANCELLING', 'Stopping'],
      ...['JOB_STATE_DELETING', 'JOB_STATE_DELETING_CLEANING_UP'],
    ],
    running: [
      ...[
        'running',
        'RUNNING',
        'in_progress',
        'inProgress',
        'InProgress',
        'IN PROGRESS',
        'training',
      ],
      ...['compressing', 'uploading', 'JOB_STATE_RUNNING', 'JOB_STATE_WRITING_RESULTS'],
    ],
    pending: [
      ...['validating_files', 'queued', 'pending', 'pausing', 'paused', 'JOB_STATE_PAUSED'],
      ...['JOB_STATE_RE_QUEUEING', 'on_a_break', 'not_failed', 'constructor', ''],
    ],
  };
  for (const [state, spellings] of Object.entries(words))
    it(`is read as ${state} in every spelling`, () => {
      for (const word of spellings) assert.equal(jobState(word), state, word);
    });
});
