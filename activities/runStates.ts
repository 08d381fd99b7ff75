import type { Promotion } from '../core/living/promotion.ts';
import type { RunState } from '../core/living/runState.ts';
import type { RunSpec } from '../core/spec.ts';
import type { Dependencies } from './dependencies.ts';
import { assertSame } from './openRun.ts';
import { tracked } from './progress.ts';

/** What a run had come to when it ended early. */
export interface LastState {
  /** As it was kept last. */
  state: RunState;
  /** The first change of its champion that was recorded after that, where any was. */
  unheard?: Promotion;
}

export function createRunStates({ store, registry }: Pick<Dependencies, 'store' | 'registry'>) {
  return {
    /** Keeps what a run has come to, for when it is started again after it has ended early. */
    async keepState({ run, state }: { run: string; state: RunState }): Promise<void> {
      await tracked({ total: 1, unit: 'states' }, () => store.states(run).add(state));
    },

    /**
     * What a run of this name has come to, where one was begun with the same spec.
     * @throws ApplicationFailure `SpecChanged`, non-retryable
     */
    async lastState({ run, spec }: { run: string; spec: RunSpec }): Promise<LastState | null> {
      return tracked({ total: 1, unit: 'states' }, async () => {
        const begun = await store.specs.find(run);
        if (!begun) return null;
        assertSame(registry, run, begun, spec);
        const state = await store.states(run).last();
        if (!state) return null;
        const promotions = await (await store.run(run, state.data.dataset)).promotions();
        const unheard = promotions.find(({ number }) => number > state.champion.changes);
        return { state, ...(unheard && { unheard }) };
      });
    },
  };
}
