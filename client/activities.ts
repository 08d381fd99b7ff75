import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import { tsToMs } from '@temporalio/common/lib/time.js';
import type { Progress } from '../core/status.ts';
import { printable } from '../core/text.ts';
import { allTroubles, linesOf } from '../core/trouble.ts';

/** What a workflow's activities under way say. */
export interface Activities {
  progress: Progress[];
  /** What holds them up, or why one is tried again. */
  trouble?: string;
}

/** Reads what they say with the converter and the codecs of the client. */
export async function activitiesOf(
  { options: { loadedDataConverter } }: Client,
  { raw }: WorkflowExecutionDescription,
): Promise<Activities> {
  const progress: Progress[] = [];
  const held: string[] = [];
  const again: { failed?: string; interrupted?: string } = {};
  for (const pending of raw.pendingActivities ?? []) {
    const { attempt, heartbeatDetails, lastFailure } = pending;
    const [beat] = (await decodeArrayFromPayloads(
      loadedDataConverter,
      heartbeatDetails?.payloads,
    )) as Progress[];
    if (beat) progress.push(beat);
    held.push(...linesOf(beat?.trouble).map(printable));
    const failure = await decodeOptionalFailureToOptionalError(loadedDataConverter, lastFailure);
    if (!failure) continue;
    if (isInterruption(failure)) again.interrupted ??= interrupted(pending);
    else again.failed ??= `attempt ${attempt}: ${printable(failure.message || 'failed')}`;
  }
  return { progress, trouble: allTroubles(held) ?? again.failed ?? again.interrupted };
}

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/**
 * Said until it goes on. One that ends its worker each time is taken up again and again: then it
 * stays said, and the number tells.
 */
function interrupted({ attempt, lastHeartbeatTime, lastStartedTime }: Pending): string | undefined {
  const times = attempt ?? 2;
  const started = lastStartedTime && tsToMs(lastStartedTime);
  const goesOn = started && lastHeartbeatTime && tsToMs(lastHeartbeatTime) > started;
  if (goesOn && times === 2) return undefined;
  return `taken up again after an interruption${times > 2 ? ` (attempt ${times})` : ''}`;
}

/** Whether a worker was stopped or killed: another takes the activity up, and nothing is wrong. */
const isInterruption = (failure: Error) =>
  failure instanceof TimeoutFailure
    ? failure.timeoutType === 'HEARTBEAT'
    : failure instanceof ApplicationFailure && failure.type === 'WorkerShutdown';

/**
 * One progress out of what a workflow says has ended, and what its activities say is under way.
 * What counts in the same unit goes to the sum. The note begins with what holds them up; then comes
 * what they say in words, then the amounts, and where something holds them up what has ended. Where
 * there is one only it knows best since when it goes on: it may have waited before.
 */
export function progressOf(ended: Progress, { progress, trouble }: Activities): Progress {
  const { unit } = ended;
  const counted = progress.filter((part) => part.unit === unit);
  const others = progress.filter((part) => part.unit !== unit && part.done > 0);
  const sum = (parts: Progress[], of: 'done' | 'total') =>
    parts.reduce((total, part) => total + part[of], 0);
  const total = ended.total || sum(counted, 'total');
  const done = ended.done + sum(counted, 'done');
  const said = [
    ...linesOf(trouble),
    ...new Set(progress.flatMap(({ note }) => (note ? printable(note) : []))),
  ];
  const amounts = others.map(
    (part) => `${part.done}${part.total ? `/${part.total}` : ''} ${part.unit}`,
  );
  // How far each endpoint has come tells most where one of them is away.
  const held = trouble && ended.note ? [ended.note] : [];
  const [only, ...more] = counted;
  const paced = ended.done === 0 && more.length === 0 ? only?.paced : undefined;
  return {
    ...(paced && { paced }),
    done: total > 0 ? Math.min(done, total) : done,
    total,
    unit,
    note: [...said, ...amounts, ...held].join(', ') || ended.note,
    trouble,
  };
}
