import { isDeepStrictEqual } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import type { RunSpec } from '../core/spec.ts';
import type { Dependencies } from './dependencies.ts';

export function createOpenRun({ store, endpoints }: Dependencies) {
  return {
    /**
     * Asks the endpoints for the models a run starts from, before anything is spent, and stores
     * the spec, so that histories need only name the run.
     */
    async openRun({ run, spec }: { run: string; spec: RunSpec }): Promise<void> {
      for (const { endpoint: name, name: model } of [spec.model, spec.embedding]) {
        const endpoint = endpoints.get(name);
        const known: string[] = [];
        try {
          for await (const one of endpoint.client.models.list()) known.push(one.id);
        } catch (error) {
          throw endpoint.failure(error);
        }
        if (!known.includes(model))
          throw ApplicationFailure.nonRetryable(
            `endpoint "${name}" has no model "${model}"; it has ${known.slice(0, 20).join(', ')}`,
            'ModelNotFound',
          );
      }
      // A name stands for one spec: answers and jobs of the run are found again by it.
      if (!isDeepStrictEqual(await store.specs.add(run, spec), spec))
        throw ApplicationFailure.nonRetryable(
          `run "${run}" was begun with another spec: give the changed one another name, or restore the old one`,
          'SpecChanged',
        );
    },

    /** Compacts the run's tables. One activity a round does it, never every worker. */
    async maintain({ run }: { run: string }): Promise<void> {
      await store.run(run).optimize();
    },
  };
}
