import { isDeepStrictEqual } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { NotFoundError } from 'openai';
import { retrievalNeeds } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import type { OrdinalRange } from '../core/types.ts';
import type { Endpoint } from '../providers/endpoint.ts';
import { itemsOf } from '../providers/wire.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';

export function createOpenRun(dependencies: Dependencies) {
  const { store, endpoints } = dependencies;
  return {
    /**
     * Asks the endpoints for the models that a run names, before anything is spent.
     * @throws ApplicationFailure `ModelNotFound`, or of the endpoint's refusal; non-retryable
     */
    async checkModels(spec: RunSpec): Promise<void> {
      const given = [...spec.collaborators, spec.justification]
        .map(({ model }) => model)
        .filter((model) => model !== 'base' && model !== 'warm-up');
      await tracked({ total: 1, unit: 'models' }, async () => {
        await checkModelsOf(endpoints.get(spec.model.endpoint), [spec.model.name, ...given]);
        if (retrievalNeeds(spec).vectors)
          await checkModelsOf(endpoints.get(spec.embedding.endpoint), [spec.embedding.name]);
      });
    },

    /**
     * Stores the spec, so that histories need only name the run. A name stands for one spec:
     * answers and jobs of the run are found again by it.
     * @throws ApplicationFailure `SpecChanged`, non-retryable
     */
    async openRun({ run, spec }: { run: string; spec: RunSpec }): Promise<void> {
      const kept = await tracked({ total: 1, unit: 'specs' }, () => store.specs.add(run, spec));
      if (!isDeepStrictEqual(kept, spec))
        throw ApplicationFailure.nonRetryable(
          `run "${run}" was begun with another spec: give the changed one another name, or restore the old one`,
          'SpecChanged',
        );
    },

    /** Compacts what a round holds of the examples of a range; for one caller at a time. */
    async maintain(input: RoundRef & { range: OrdinalRange }): Promise<void> {
      const { round, range } = input;
      const { spec, dataset, tables } = await openRound(dependencies, input);
      await tracked({ total: 1, unit: 'tables' }, async () => {
        await tables.optimize(round, range);
        if (retrievalNeeds(spec).vectors)
          await dataset.optimizeVectors(spec.embedding.name, 'unlabelled', range);
      });
    },
  };
}

async function checkModelsOf(endpoint: Endpoint, wanted: string[]): Promise<void> {
  const known: string[] = [];
  try {
    for await (const one of itemsOf(endpoint.client.models.list())) known.push(one.id);
  } catch (error) {
    if (error instanceof NotFoundError) return; // not every server lists its models
    throw endpoint.failure(error);
  }
  const missing = wanted.find((model) => !known.includes(model));
  if (missing !== undefined)
    throw ApplicationFailure.nonRetryable(
      `endpoint "${endpoint.name}" has no model "${missing}"; it has ${known.slice(0, 20).join(', ')}`,
      'ModelNotFound',
    );
}
