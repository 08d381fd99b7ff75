import { finalFailure } from '../core/failures.ts';
import { foldsOf } from '../core/gate/foldModels.ts';
import { gradingFolds } from '../core/gate/gradedOn.ts';
import { championAfter } from '../core/lineage/champions.ts';
import type { Announcement, Announcing } from '../core/living/announcement.ts';
import type { Promotion } from '../core/living/promotion.ts';
import type { Champion } from '../core/living/runState.ts';
import type { RunSpec } from '../core/spec.ts';
import { aliasOf, pointAlias } from '../providers/alias.ts';
import type { Store } from '../store/store.ts';
import { type Dependencies, storedSpec } from './dependencies.ts';
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
  announcement: Announcement;
  /** By all changes that are recorded: one of this number may have been, and later ones. */
  champion: Champion;
  /** The next change that is recorded, where there is one. */
  next?: Promotion;
  /** Who is to be told; nobody where it is left out. */
  announcing?: Announcing;
}

export function createCrown(dependencies: Dependencies) {
  const { store, endpoints, announce } = dependencies;
  return {
    /**
     * Records a change of a run's champion, and lets the run's alias stand for the champion, where
     * the endpoint keeps aliases.
     * @throws ApplicationFailure `ChampionRefused`, non-retryable, for a model that there is not; `NoSpec`,
     * `NoEndpoint`, or of the endpoint, which pass
     */
    async crown({ run, dataset, promotion: given }: CrownInput): Promise<Crowned> {
      return tracked({ total: 1, unit: 'champions' }, async () => {
        const spec = await storedSpec(dependencies, run);
        await assertKnown(store, spec.model, given.model);
        const tables = await store.run(run, dataset);
        if (gradingFolds(spec) !== undefined && given.model !== spec.model.name)
          assertComparable(given.model, await tables.reports());
        const promotion = await tables.addPromotion({ ...given, at: new Date().toISOString() });
        const promotions = await tables.promotions();
        const champion = championAfter(promotions);
        const next = promotions.find(({ number }) => number > promotion.number);
        const { endpoint } = spec.model;
        const isKept = await pointAlias(endpoints.get(endpoint), aliasOf(run), champion.model);
        const alias = isKept ? aliasOf(run) : null;
        const { webhook, activity } = announce;
        const isNews = promotion.from !== null && (webhook || activity);
        return {
          announcement: { ...promotion, run, endpoint, alias },
          champion,
          ...(next && { next }),
          ...(isNews && {
            announcing: { webhook: webhook !== undefined, ...(activity && { activity }) },
          }),
        };
      });
    },
  };
}

/** The next round is to be tuned from it: the spec's model, or one that was tuned at the same endpoint. */
async function assertKnown(
  store: Store,
  { endpoint, name }: RunSpec['model'],
  model: string,
): Promise<void> {
  if (model === name || (await store.models.byName(model))?.endpoint === endpoint) return;
  throw finalFailure(
    'ChampionRefused',
    `the champion stays: no run has made a model "${model}" at endpoint "${endpoint}"`,
  );
}

/** Without a test split later rounds compare it by the models that stand for it on labelled examples. */
function assertComparable(model: string, reports: Parameters<typeof foldsOf>[1]): void {
  if (foldsOf(model, reports)) return;
  throw finalFailure(
    'ChampionRefused',
    `the champion stays: without a test split it can be the base, or a model that a round of the run has compared, and "${model}" is neither`,
  );
}
