import type { Promotion } from '../core/living/promotion.ts';
import { aliasOf, pointAlias } from '../providers/alias.ts';
import { type Dependencies, openRound } from './dependencies.ts';
import { tracked } from './progress.ts';

export interface CrownInput {
  run: string;
  /** The version of the data set that the run is at. */
  dataset: string;
  promotion: Omit<Promotion, 'at'>;
}

/** What a change of the champion has come to. */
export interface Crowned {
  /** As it is recorded: of one number the first counts. */
  promotion: Promotion;
  /** The name under which the endpoint serves whatever the champion is; null where it keeps none. */
  alias: string | null;
}

export function createCrown(dependencies: Dependencies) {
  const { endpoints } = dependencies;
  return {
    /**
     * Records a change of a run's champion, and lets the run's alias stand for the champion, where
     * the endpoint keeps aliases.
     * @throws ApplicationFailure `NoSpec`, `NoEndpoint`, or of the endpoint; all of them pass
     */
    async crown({ run, dataset, promotion: given }: CrownInput): Promise<Crowned> {
      return tracked({ total: 1, unit: 'champions' }, async () => {
        const { spec, tables } = await openRound(dependencies, {
          run,
          dataset,
          round: given.round,
        });
        const promotion = await tables.addPromotion({ ...given, at: new Date().toISOString() });
        // A later change may have overtaken this attempt.
        const { model } = (await tables.promotions()).at(-1)!;
        const alias = aliasOf(run);
        const isKept = await pointAlias(endpoints.get(spec.model.endpoint), alias, model);
        return { promotion, alias: isKept ? alias : null };
      });
    },
  };
}
