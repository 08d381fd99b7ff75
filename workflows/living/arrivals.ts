import { condition, setHandler, upsertMemo } from '@temporalio/workflow';
import { finalFailure } from '../../core/failures.ts';
import type { Arrival, Arrived } from '../../core/living/arrival.ts';
import type { RunData } from '../../core/living/runState.ts';
import type { Perform } from '../activities.ts';
import { oneAfterTheOther } from './inTurn.ts';
import { addData } from './messages.ts';

/** The data of a run, which grow while it lives. */
export interface Arrivals {
  /** As they are now; undefined until the first are there. */
  readonly data: RunData | undefined;
  /** Sets what the run begins with. */
  begin(data: RunData): void;
}

/** Names of files that an update may give: a history holds them. */
const MOST_FILES = 100;
const LISTS = ['labelled', 'unlabelled', 'test', 'withdrawn'] as const;

/**
 * Takes data that come into a run, one arrival after the other. Call it before the first await.
 * @param changed called after each; what is added is there once it has returned
 */
export function handleArrivals(
  run: string,
  perform: Perform,
  given: RunData | undefined,
  changed: () => Promise<unknown>,
): Arrivals {
  let data = given;
  const inTurn = oneAfterTheOther();
  const take = async (arrival: Arrival): Promise<Arrived> => {
    await condition(() => data !== undefined);
    const { dataset, calibration } = data!;
    const { calibration: calibrates, ...arrived } = await perform.arrive(
      { run, dataset, arrival, ...(calibration && { calibration }) },
      `take in ${summaryOf(arrival)}`,
    );
    const { segment, counts, struck } = arrived;
    data = {
      ...{ dataset: arrived.dataset, segment, counts, struck },
      ...(calibrates && { calibration: calibrates }),
    };
    // Who reads the store finds the present version by it.
    upsertMemo({ dataset: arrived.dataset });
    await changed();
    return arrived;
  };
  setHandler(addData, (arrival) => inTurn(() => take(arrival)), {
    validator: (arrival) => assertUsable(run, arrival),
  });
  return {
    get data() {
      return data;
    },
    begin(first) {
      data = first;
    },
  };
}

const summaryOf = ({ withdrawnSegments = [], reviews, ...lists }: Arrival): string =>
  [
    ...LISTS.flatMap((list) => {
      const { length } = lists[list] ?? [];
      return length > 0 ? `${length} ${list} ${length === 1 ? 'file' : 'files'}` : [];
    }),
    ...(withdrawnSegments.length > 0
      ? [`the withdrawal of segments ${withdrawnSegments.join(', ')}`]
      : []),
    ...(reviews === undefined ? [] : [`reviews up to ${reviews}`]),
  ].join(', ');

/** @throws ApplicationFailure `ArrivalRefused`, which refuses the update */
function assertUsable(run: string, arrival: Arrival): void {
  const files = LISTS.flatMap((list) => arrival[list] ?? []);
  const { withdrawnSegments = [], reviews } = arrival;
  if (files.length === 0 && withdrawnSegments.length === 0 && reviews === undefined)
    throw refused('it names nothing: give files, such as --unlabelled more.jsonl');
  if (files.length > MOST_FILES)
    throw refused(`it names ${files.length} files: give no more than ${MOST_FILES} at a time`);
  if (files.some((file) => typeof file !== 'string' || file === ''))
    throw refused('each file has to be a path or a URL');
  if (withdrawnSegments.some((segment) => !Number.isInteger(segment) || segment < 0))
    throw refused(
      `segments are numbers from 0 on: "semievol status ${run}" says how many there are`,
    );
  if (reviews !== undefined && !(Number.isInteger(reviews) && reviews > 0))
    throw refused('reviews are numbers from 1 on');
}

const refused = (why: string) => finalFailure('ArrivalRefused', `nothing is added: ${why}`);
