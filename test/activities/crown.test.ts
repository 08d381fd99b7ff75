import assert from 'node:assert/strict';
import Fastify from 'fastify';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Promotion } from '../../core/living/promotion.ts';
import { AliasStore } from '../../engine/aliases.ts';
import { aliasRoutes } from '../../engine/aliasRoutes.ts';
import { Catalog } from '../../engine/catalog.ts';
import { JobStore } from '../../engine/jobs.ts';
import { type BaseModel, BUILT_IN } from '../../engine/models.ts';
import { useFolder } from '../support/suite.ts';
import { attempt, type Laboratory, MODEL, openLaboratory, RUN, ref } from './support.ts';

const OTHER: BaseModel = { ...BUILT_IN, name: 'other' };

/** The change of a champion. */
const change = (number: number, model: string): Omit<Promotion, 'at'> => ({
  ...{ number, round: number, model, role: number === 0 ? 'base' : 'semievol' },
  from: number === 0 ? null : MODEL,
  ...{ by: 'gate', name: null, reason: 'it is better' },
});

describe('crown', () => {
  const folder = useFolder('test');
  let laboratory: Laboratory;
  const app = () => Fastify();
  let engine: ReturnType<typeof app>;
  let aliases: AliasStore;

  beforeEach(async () => {
    const jobs = await JobStore.open(`${folder.path}/jobs`);
    aliases = await AliasStore.open(`${folder.path}/aliases`);
    const catalog = new Catalog(jobs, aliases, [BUILT_IN, OTHER]);
    engine = app();
    await engine.register(
      async (v1) => {
        v1.get<{ Params: { id: string } }>('/models/:id', ({ params }) => catalog.get(params.id));
        aliasRoutes(v1, { aliases, catalog });
      },
      { prefix: '/v1' },
    );
    const address = await engine.listen({ host: '127.0.0.1', port: 0 });
    laboratory = await openLaboratory({ endpoint: { baseURL: `${address}/v1` } });
    await laboratory.store.models.add({
      ...{ name: 'other', run: RUN, round: 1, role: 'semievol', endpoint: 'local', base: MODEL },
      ...{ dataset: ref.dataset, trainingFileSha256: 'f', trainingRows: 1 },
      ...{ jobKey: 'k', jobId: 'j', createdAt: '2026-01-01' },
    });
  });
  afterEach(async () => {
    await laboratory.close();
    await engine.close();
  });

  const crown = (promotion: Omit<Promotion, 'at'>) =>
    attempt(laboratory.activities.crown, { run: RUN, dataset: ref.dataset, promotion });
  const target = () => aliases.get(`semievol:${RUN}`)?.model;

  it('records each change once, and lets the alias stand for the last', async () => {
    const { announcement: first } = await crown(change(0, MODEL));
    assert.equal(first.alias, `semievol:${RUN}`);
    assert.equal(target(), MODEL);
    await crown(change(1, 'other'));
    assert.equal(target(), 'other');

    const again = await crown(change(0, MODEL));
    assert.deepEqual(again.announcement, first);
    assert.equal(target(), 'other');
    const kept = await laboratory.tables.promotions();
    assert.deepEqual(
      kept.map(({ at: _, ...rest }) => rest),
      [change(0, MODEL), change(1, 'other')],
    );
    assert.ok(kept.every(({ at }) => Math.abs(Date.now() - Date.parse(at)) < 60_000));
  });

  it('keeps what was recorded first under a number', async () => {
    await crown(change(0, MODEL));
    const { announcement } = await crown(change(0, 'other'));
    assert.equal(announcement.model, MODEL);
    assert.equal(target(), MODEL);
  });

  it('refuses a model that there is not, and records nothing', async () => {
    await assert.rejects(crown(change(1, 'ft:gone')), {
      type: 'ChampionRefused',
      nonRetryable: true,
      message: /no run has made a model "ft:gone" at endpoint "local"/,
    });
    assert.deepEqual(await laboratory.tables.promotions(), []);
  });

  it('records a change while the endpoint is away, whose alias follows when it is back', async () => {
    await engine.close();
    await assert.rejects(crown(change(0, MODEL)), { type: 'Unreachable' });
    assert.deepEqual(
      (await laboratory.tables.promotions()).map(({ model }) => model),
      [MODEL],
    );
  });
});

describe('crown at an endpoint that keeps no aliases', () => {
  it('records the change alone', async () => {
    const { activities, tables, close } = await openLaboratory({});
    const promotion = change(0, MODEL);
    const { announcement } = await attempt(activities.crown, {
      run: RUN,
      dataset: ref.dataset,
      promotion,
    });
    assert.equal(announcement.alias, null);
    const { run: _, endpoint: __, alias: ___, ...recorded } = announcement;
    assert.deepEqual(await tables.promotions(), [recorded]);
    await close();
  });
});
