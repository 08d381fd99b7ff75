import type { Tracker } from './progress.ts';

/** Takes in how many answers there will be, and how many more there are. */
export interface Counter {
  expect(answers: number): void;
  add(answers: number): void;
}

/** Counts what an activity is there for. */
export function counterOf(tracker: Tracker): Counter {
  let total = 0;
  return {
    expect(answers) {
      total += answers;
      tracker.set({ total });
    },
    add: (answers) => tracker.add(answers),
  };
}

/** Counts what is asked on the way, and tells it in words: it is no further part of the whole. */
export function sideCounter(tracker: Tracker, unit: string): Counter {
  let [done, total] = [0, 0];
  const tell = () => tracker.set({ note: `${done}/${total} ${unit}` });
  return {
    expect(answers) {
      total += answers;
      tell();
    },
    add(answers) {
      done += answers;
      tell();
    },
  };
}
