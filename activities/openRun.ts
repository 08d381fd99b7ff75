import { isDeepStrictEqual } from 'node:util';
import { NotFoundError } from 'openai';
import { batchProblems } from '../core/askers.ts';
import { hasLimit } from '../core/budget.ts';
import type { CalibrationPlan } from '../core/calibrationPlan.ts';
import { finalFailure } from '../core/failures.ts';
import { type NeededModel, neededModels } from '../core/neededModels.ts';
import { notRead, planOf } from '../core/plan.ts';
import type { Registry } from '../core/registry.ts';
import { sharingOf } from '../core/sharing.ts';
import { embedsAny, retrievalNeeds } from '../core/shots.ts';
import { identityOf, type RunSpec } from '../core/spec.ts';
import type { OrdinalRange } from '../core/types.ts';
import { listModels, probeModel } from '../providers/check.ts';
import type { Endpoint } from '../providers/endpoint.ts';
import { priceOf } from '../providers/pricing.ts';
import { saidBy } from '../providers/said.ts';
import { calibrationPlan } from './calibrationPlan.ts';
import { findOut } from './capabilities.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { elsewhere } from './elsewhere.ts';
import { whileHosted } from './hosted.ts';
import { tracked } from './progress.ts';
import { readSpec } from './readSpec.ts';
import { retain } from './retain.ts';

export interface OpenRunInput {
  run: string;
  spec: RunSpec;
  dataset: string;
}

export interface Opened {
  calibration?: CalibrationPlan;
}

export function createOpenRun(dependencies: Dependencies) {
  const { store, endpoints, trainers, registry } = dependencies;
  return {
    /**
     * Asks each model that a run needs for next to nothing, and its endpoint's trainer whether it can
     * train, before anything is spent. So a model that is not there is found out, and the form of
     * requests it takes. What the models are capable of is found out last. Makes sure, too, that the
     * workflow goes by the spec as it is read here.
     * @throws ApplicationFailure `SpecNotUnderstood`, `NoPrice`, `ModelNotFound`, `NoBatches`,
     * `NoFineTuning`, or of the endpoint's refusal, non-retryable; `NoEndpoint`
     */
    async checkModels(given: RunSpec): Promise<void> {
      const spec = readSpec(registry, given);
      if (!isDeepStrictEqual([planOf(spec), spec.data], [planOf(given), given.data]))
        throw notRead(given);
      await tracked({ total: 1, unit: 'models' }, async (tracker) => {
        const needed = neededModels(spec, registry.task(spec.task)).map((model) => ({
          model,
          endpoint: endpoints.get(model.endpoint),
        }));
        assertPriced(spec, needed);
        const asked = needed.map(({ model }) => ({ endpoint: model.endpoint, model: model.name }));
        await whileHosted(dependencies, asked, tracker, async () => {
          for (const { endpoint, model } of needed) await checkModel(endpoint, model);
          const takes = (name: string) => endpoints.get(name).config.batches !== undefined;
          const [unbatched] = batchProblems(spec, registry.task(spec.task), takes);
          if (unbatched) throw finalFailure('NoBatches', unbatched);
        });
        const tuning = endpoints.get(spec.model.endpoint);
        // Of a trainer that works elsewhere this machine can tell nothing.
        const obstacle = elsewhere(tuning) ? undefined : await trainers.of(tuning).preflight();
        if (obstacle) throw finalFailure('NoFineTuning', obstacle);
        await findOut(dependencies, spec, tracker.signal);
      });
    },

    /**
     * Stores the spec, so that histories need only name the run. A name stands for one spec:
     * answers and jobs of the run are found again by it.
     * @returns which labelled examples calibrate the selection, if any do
     * @throws ApplicationFailure `SpecChanged`, or `DataError` where these are too few, non-retryable
     */
    async openRun({ run, spec: given, dataset }: OpenRunInput): Promise<Opened> {
      const spec = readSpec(registry, given);
      const work = async () => ({
        calibration: await calibrationPlan(spec, store.dataset(dataset), registry),
        kept: await store.specs.add(run, given),
      });
      const { calibration, kept } = await tracked({ total: 1, unit: 'specs' }, work);
      assertSame(registry, run, kept, spec);
      return { ...(calibration && { calibration }) };
    },

    /**
     * Compacts what a round holds of the examples of a range, and drops what the spec does not want to
     * keep of older rounds; for one caller at a time.
     */
    async maintain(input: RoundRef & { range: OrdinalRange }): Promise<void> {
      const { round, range } = input;
      const { spec, dataset, tables } = await openRound(dependencies, input);
      await tracked({ total: 1, unit: 'tables' }, async () => {
        await retain({ spec, tables }, round);
        await tables.optimize(round, range);
        const sharing = sharingOf(spec);
        if (sharing) await store.shared(sharing.scope).optimize();
        if (embedsAny(retrievalNeeds(spec)))
          await dataset.optimizeVectors(spec.embedding.name, 'unlabelled', range);
      });
    },
  };
}

/**
 * A name stands for one spec.
 * @param begun what the run was begun with
 * @throws ApplicationFailure `SpecChanged`, non-retryable
 */
export function assertSame(registry: Registry, run: string, begun: RunSpec, spec: RunSpec): void {
  const [old, now] = [begun, spec].map((one) => identityOf(readSpec(registry, one)));
  if (!isDeepStrictEqual(old, now))
    throw finalFailure(
      'SpecChanged',
      `run "${run}" was begun with another spec: give the changed one another name, or restore the old one`,
    );
}

interface NeededAt {
  endpoint: Endpoint;
  model: NeededModel;
}

/** A budget in money cannot be kept where nobody knows what a model costs. */
function assertPriced({ budget, model: tuned }: RunSpec, needed: readonly NeededAt[]): void {
  if (!budget || !hasLimit(budget, 'usd')) return;
  const missing = needed.flatMap(({ endpoint, model: { name, kind } }) => {
    const price = priceOf(endpoint.config.prices, name, name) ?? {};
    const isTuned = endpoint.name === tuned.endpoint && name === tuned.name;
    const wanted = [
      'input' as const,
      ...(kind === 'chat' ? (['output'] as const) : []),
      ...(isTuned ? (['training'] as const) : []),
    ].filter((unit) => price[unit] === undefined);
    return wanted.length > 0 ? `${name} at ${endpoint.name} (${wanted.join(', ')})` : [];
  });
  if (missing.length > 0)
    throw finalFailure(
      'NoPrice',
      `budget.usd cannot be kept, since there are no prices of ${missing.join('; ')}: give them as prices of the endpoint in temporal.config.ts (0 for what is free), or set the budget in tokens or requests`,
    );
}

async function checkModel(endpoint: Endpoint, model: NeededModel): Promise<void> {
  const { name } = model;
  try {
    await probeModel(endpoint, model);
  } catch (error) {
    const failure = endpoint.failure(error, name);
    if (!(error instanceof NotFoundError && saidBy(error))) throw failure;
    const listed = await listModels(endpoint).catch(() => []);
    const others =
      listed.length > 0
        ? `; it has ${listed
            .slice(0, 20)
            .map((one) => one.name)
            .join(', ')}`
        : '';
    throw finalFailure('ModelNotFound', `${failure.message}${others}`);
  }
}
