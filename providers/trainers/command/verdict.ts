import type { JobState } from '../../jobState.ts';
import type { Attempt } from './attempt.ts';

/** What a job's folder shows of it. */
export interface Evidence {
  attempts: readonly Attempt[];
  isCancelled: boolean;
  /** How often a command that crashed may be started again. */
  retries: number;
  /** What is wrong with the output of the last attempt; undefined where it is whole. */
  flaw: string | undefined;
}

/** How it stands with a job, and what is to be done. */
export interface Verdict {
  state: JobState;
  detail: string;
  message?: string;
  /** Whether a command is to be started. */
  isDue: boolean;
}

const still = (state: JobState, detail: string, message?: string): Verdict => ({
  ...{ state, detail, isDue: false },
  ...(message && { message }),
});

/**
 * Judges a job by exit code, log and output together: each of them alone has been wrong. What a worker
 * that died has ended is no crash; it goes on as often as that happens.
 */
export function verdictOn({ attempts, isCancelled, retries, flaw }: Evidence): Verdict {
  const last = attempts.at(-1);
  if (isCancelled)
    return last?.state === 'running'
      ? still('cancelling', 'stopping')
      : still('cancelled', 'cancelled');
  if (!last || last.state === 'prepared') return { ...still('pending', 'queued'), isDue: true };
  if (last.state === 'running')
    return last.log.step === undefined
      ? still('running', 'starting')
      : still('running', 'training');
  if (hasEndedWell(last)) {
    const problem = problemOf(last, flaw);
    return problem ? still('failed', 'failed', problem) : still('succeeded', 'completed');
  }
  const crashes = attempts.filter(isCrash);
  const isHopeless =
    last.end && !last.end.isStopped && !last.end.signal && last.log.step === undefined;
  if (isCrash(last) && (isHopeless || crashes.length > retries))
    return still('failed', 'failed', `${howItEnded(last, crashes.length)}${quote(last)}`);
  return { ...still('pending', 'interrupted'), isDue: true };
}

const hasEndedWell = ({ end }: Attempt) => end?.code === 0 && !end.isStopped;

/** Whether it was not its worker's end that ended it. */
const isCrash = (attempt: Attempt): boolean =>
  attempt.state === 'lost' ||
  (attempt.state === 'ended' && !attempt.end?.isStopped && attempt.end?.code !== 0);

/** Why a command that ended with 0 has trained nothing all the same. */
function problemOf({ log, ...attempt }: Attempt, flaw: string | undefined): string | undefined {
  const { step, total, loss } = log;
  const ended = 'the command ended with 0, but';
  if (step === undefined) return `${ended} its log shows no step${quote({ log, ...attempt })}`;
  if (total !== undefined && step < total)
    return `${ended} its log stops at step ${step} of ${total}${quote({ log, ...attempt })}`;
  if (loss !== undefined && !Number.isFinite(loss))
    return `the training diverged: its loss at step ${step} is no number; lower the learning rate`;
  return flaw && `${ended} in its output ${flaw}`;
}

function howItEnded({ end }: Attempt, crashes: number): string {
  const times = crashes > 1 ? `, one of ${crashes} crashes` : '';
  if (!end) return `what kept the command was killed${times}`;
  if (end.error) return `the command could not be started: ${end.error}`;
  return `the command ${end.signal ? `was killed by ${end.signal}` : `ended with ${end.code}`}${times}`;
}

const quote = ({ lastLines }: Attempt) => (lastLines ? `; its last lines: ${lastLines}` : '');
