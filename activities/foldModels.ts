import { finalFailure } from '../core/failures.ts';
import { foldsOf } from '../core/gate/foldModels.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';

export interface FoldModelsInput extends RoundRef {
  /** Of earlier rounds of the run. */
  models: readonly string[];
}

export function createFoldModels(dependencies: Dependencies) {
  return {
    /**
     * The models that stand for others on the labelled examples, in the order of these.
     * @throws ApplicationFailure `ChampionRefused`, non-retryable, where there are none
     */
    async foldModels({ models, ...ref }: FoldModelsInput): Promise<string[][]> {
      return tracked({ total: 1, unit: 'rounds' }, async () => {
        const { tables } = await openRound(dependencies, ref);
        const reports = await tables.reports();
        return models.map((model) => foldsOf(model, reports) ?? lacking(model));
      });
    },
  };
}

function lacking(model: string): never {
  throw finalFailure(
    'ChampionRefused',
    `"${model}" cannot be compared on labelled examples: no models that have not seen them stand for it`,
  );
}
