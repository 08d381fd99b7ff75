import type { RoundModels } from '../activities/collaborate.ts';
import type { RoundRef } from '../activities/dependencies.ts';
import { PASSES, type Pass } from '../core/passes.ts';
import type { Plan, Setting } from '../core/plan.ts';
import { rangeAt, rangeText } from '../core/range.ts';
import type { Way } from '../core/resolution.ts';
import { embedsAny } from '../core/shots.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../core/spent.ts';
import type { RoundFigures } from '../core/status.ts';
import { activitiesWith } from './activities.ts';
import type { Asking } from './failing.ts';
import { BatchSet, type FanOut } from './fanOut.ts';

/** A pass of the collaborators over a split, and how it is made. */
export interface PassInput extends Pick<Plan, 'needs' | 'answers' | 'hasFree' | 'endpoints'> {
  ref: RoundRef;
  pass: Pass;
  models: RoundModels;
  /** How disagreement is resolved. */
  way: Way;
  fanOut: FanOut;
  setting: Setting;
  /** The share of examples that may fail until the run pauses. */
  maxFailed?: number | undefined;
}

/** What has been done of a pass, and what it has come to. */
export interface SoFar extends Pick<RoundFigures, 'agreed' | 'disagreed' | 'spent'> {
  /** Examples whose disagreement is resolved. */
  done: number;
  /** Of the collaborators, in the batches that each of them has answered. */
  answers: number;
  /** Before which ordinal tables are compact. */
  compacted: number;
  /** The next batch of each lane: of those of the endpoints, and of the one that resolves. */
  next: number[];
}

/** What is done with the batches of a pass, one step after the other. */
export interface PassSteps {
  /** Which batches the collaborators have answered, by the place of their endpoint. */
  answered: readonly BatchSet[];
  /** Finds the neighbours of a batch. @returns what that cost */
  prepare(batch: number): Promise<Spent>;
  /**
   * Lets the collaborators at an endpoint answer a batch, once it has its neighbours.
   * @returns what that cost, with the preparation
   */
  collaborate(batch: number, lane: number): Promise<Spent>;
  /** Lets those answer who ask no model, and resolves where they all disagree. */
  resolve(batch: number): Promise<Spent>;
  /** Compacts what is stored of the examples before an ordinal. */
  compactTo(ordinal: number): Promise<void>;
}

/** @param soFar is kept up to date @param changed called after each step of a batch */
export function passSteps(
  input: PassInput,
  soFar: SoFar,
  asking: Asking,
  changed: () => void,
): PassSteps {
  const { ref, pass, models, way, needs, hasFree, endpoints } = input;
  const { size, total } = input.fanOut;
  const { split } = PASSES[pass];
  const perform = activitiesWith(input.setting.activityOptions);
  const answered = endpoints.collaborators.map((_, lane) => new BatchSet(soFar.next[lane]!));
  const rangeOf = (batch: number) => rangeAt(batch, size, total);
  const spend = (spent: Spent) => {
    soFar.spent = addSpent(soFar.spent, spent);
    return spent;
  };

  const prepare = async (batch: number): Promise<Spent> => {
    const range = rangeOf(batch);
    const of = rangeText(range);
    let spent = NOTHING_SPENT;
    // The labelled have vectors already: they are the neighbours.
    if (embedsAny(needs) && pass === 'propagate') {
      const summary = `embed ${split} ${of} at ${endpoints.embedding}`;
      spent = spend((await perform.embed({ ...ref, split, range }, summary)).spent);
    }
    if (needs.neighbours)
      await perform.retrieve({ ...ref, pass, range }, `retrieve neighbours of ${of}`);
    return spent;
  };
  /** The lane that comes to a batch first prepares it; of those before, another execution has. */
  const preparing = new Map<number, Promise<Spent>>();
  const toPrepare = Math.max(...answered.map(({ from }) => from));
  /** @returns what it cost, to the lane that prepared it */
  const prepared = async (batch: number): Promise<Spent> => {
    if (batch < toPrepare) return NOTHING_SPENT;
    const underWay = preparing.get(batch);
    const preparation = underWay ?? prepare(batch);
    preparing.set(batch, preparation);
    const spent = await preparation;
    return underWay ? NOTHING_SPENT : spent;
  };

  return {
    answered,

    prepare: prepared,

    async collaborate(batch, lane) {
      const before = await prepared(batch);
      const endpoint = endpoints.collaborators[lane]!;
      const range = rangeOf(batch);
      const summary = `collaborate ${rangeText(range)} at ${endpoint}`;
      const { answers, spent } = await asking.ask((tolerance) =>
        perform.collaborate({ ...ref, pass, range, models, endpoint, tolerance }, summary),
      );
      soFar.answers += answers;
      spend(spent);
      answered[lane]!.add(batch);
      changed();
      return addSpent(before, spent);
    },

    async resolve(batch) {
      const range = rangeOf(batch);
      const of = rangeText(range);
      if (hasFree) {
        const answers = await perform.collaborateFree(
          { ...ref, pass, range },
          `collaborate ${of} without asking a model`,
        );
        soFar.answers += answers;
      }
      const summary =
        way === 'justify'
          ? `justify where they disagree on ${of}, at ${endpoints.justification}`
          : `resolve by ${way} where they disagree on ${of}`;
      const { agreed, disagreed, spent } = await asking.ask((tolerance) =>
        perform.justify({ ...ref, pass, range, models, way, tolerance }, summary),
      );
      spend(spent);
      soFar.done += range.to - range.from;
      soFar.agreed += agreed;
      soFar.disagreed += disagreed;
      changed();
      return spent;
    },

    async compactTo(ordinal) {
      const range = { from: soFar.compacted, to: ordinal };
      if (ordinal > range.from)
        await perform.maintain({ ...ref, range }, `compact tables of ${rangeText(range)}`);
      soFar.compacted = ordinal;
    },
  };
}
