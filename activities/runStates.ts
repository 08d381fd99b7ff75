import { championAfter } from '../core/lineage/champions.ts';
import type { RunState } from '../core/living/runState.ts';
import type { RunSpec } from '../core/spec.ts';
import type { Dependencies } from './dependencies.ts';
import { assertSame } from './openRun.ts';
import { tracked } from './progress.ts';

export function createRunStates({ store, registry }: Pick<Dependencies, 'store' | 'registry'>) {
  return {
    /** Keeps what a run has come to, for when it is started again after it has ended early. */
    async keepState({ run, state }: { run: string; state: RunState }): Promise<void> {
      await tracked({ total: 1, unit: 'states' }, () => store.states(run).add(state));
    },

    /**
     * What a run of this name has come to, where one was begun with the same spec; its champion by the
     * changes that are recorded, of which one may have come after the last state that was kept.
     * @throws ApplicationFailure `SpecChanged`, non-retryable
     */
    async lastState({ run, spec }: { run: string; spec: RunSpec }): Promise<RunState | null> {
      return tracked({ total: 1, unit: 'states' }, async () => {
        const begun = await store.specs.find(run);
        if (!begun) return null;
        assertSame(registry, run, begun, spec);
        const last = await store.states(run).last();
        if (!last) return null;
        const promotions = await (await store.run(run, last.data.dataset)).promotions();
        return { ...last, champion: championAfter(promotions) };
      });
    },
  };
}
