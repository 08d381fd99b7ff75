import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type LineageFacts, lineageOf } from '../../../core/lineage/tree.ts';
import { lineageSections } from '../../../core/report/lineage.ts';
import { markdown } from '../../../core/report/markdown.ts';
import type { ModelRecord } from '../../../core/types.ts';

const record = (name: string, base: string, more: Partial<ModelRecord> = {}): ModelRecord => ({
  ...{ name, base, run: 'tickets', round: 1, role: 'semievol', endpoint: 'local' },
  ...{
    dataset: 'd0',
    trainingFileSha256: 'f',
    trainingRows: 3,
    jobKey: name,
    jobId: `job-${name}`,
  },
  createdAt: '2026-01-01',
  ...more,
});

const facts = (more: Partial<LineageFacts> = {}): LineageFacts => ({
  run: 'tickets',
  base: { endpoint: 'local', name: 'base' },
  ...{ reports: [], records: [], evaluations: [], promotions: [] },
  spentOn: () => undefined,
  ...more,
});

const outline = ({ models }: ReturnType<typeof lineageOf>) =>
  models.map(({ name, depth }) => `${'-'.repeat(depth)}${name}`);

describe('the models of a run', () => {
  it('stand below what they were tuned from, in the order they were made', () => {
    const records = [
      record('second', 'base', { createdAt: '2026-01-03' }),
      record('warm', 'base', { createdAt: '2026-01-02', role: 'warm-up' }),
      record('of warm', 'warm', { createdAt: '2026-01-04' }),
      record('from elsewhere', 'another run made it', { createdAt: '2026-01-05' }),
    ];
    assert.deepEqual(outline(lineageOf(facts({ records }))), [
      'base',
      '-warm',
      '--of warm',
      '-second',
      '-from elsewhere',
    ]);
  });

  it('are all there, each after its base, however long the chains are', () => {
    const parents = fc.array(fc.nat(), { maxLength: 60 });
    fc.assert(
      fc.property(parents, (chosen) => {
        const records = chosen.map((parent, index) =>
          record(`m${index}`, index === 0 ? 'base' : `m${parent % index}`, {
            createdAt: `2026-01-01T${String(index).padStart(3, '0')}`,
          }),
        );
        const { models } = lineageOf(facts({ records }));
        assert.equal(models.length, records.length + 1);
        const place = new Map(models.map(({ name }, index) => [name, index]));
        for (const { name, base, depth } of models.slice(1)) {
          assert.ok(place.get(base!)! < place.get(name)!);
          assert.equal(depth, models[place.get(base!)!]!.depth + 1);
        }
      }),
    );
  });

  it('say what they are worth, what became of them and why', () => {
    const grade = { metric: 'accuracy', of: 10, role: 'semievol' as const };
    const gate = {
      ...{ champion: 'base', tests: [], vetoes: [], tooFew: { class: 0, category: 0 } },
    };
    const report = (round: number, model: string, isPromoted: boolean) => ({
      ...{
        round,
        promoted: isPromoted,
        metrics: [{ name: 'accuracy' }] as never,
      },
      models: { warmUp: 'w', semievol: model, champion: 's1' },
      gate: {
        ...gate,
        challenger: { role: 'semievol' as const, model },
        verdict: isPromoted ? ('promote' as const) : ('keep' as const),
        reason: isPromoted ? 'it is better' : 'it is no better',
      },
    });
    const change = { round: 0, by: 'gate', name: null, reason: '', at: '' } as const;
    const lineage = lineageOf(
      facts({
        promotions: [
          { ...change, number: 0, model: 'base', role: 'base', from: null },
          { ...change, number: 1, model: 's1', role: 'semievol', from: 'base' },
        ],
        records: [
          record('s1', 'base'),
          record('s2', 'base', { round: 2, createdAt: '2026-01-09' }),
        ],
        reports: [report(1, 's1', true), report(2, 's2', false)] as never,
        evaluations: [
          { ...grade, round: 1, model: 'base', got: 4, role: 'vanilla' },
          { ...grade, round: 1, model: 's1', got: 6 },
          { ...grade, round: 2, model: 's1', got: 7, role: 'champion' },
          { ...grade, round: 2, model: 's2', got: 5 },
        ],
        spentOn: ({ name }) => (name === 's1' ? { tokens: 1_000, cost: 0.5 } : undefined),
      }),
    );
    assert.equal(lineage.champion, 's1');
    const [base, s1, s2] = lineage.models;
    assert.equal(base!.champion, 'before');
    assert.equal(s1!.champion, 'now');
    assert.deepEqual(
      s1!.grades.map(({ round, got }) => [round, got]),
      [
        [1, 6],
        [2, 7],
      ],
    );
    assert.deepEqual(s1!.verdict, { outcome: 'promote', reason: 'it is better' });
    assert.deepEqual([s1!.training!.tokens, s1!.training!.cost], [1_000, 0.5]);
    assert.equal(s2!.champion, null);
    assert.equal(s2!.training!.cost, null);

    const text = markdown(lineageSections(lineage));
    assert.match(text, /└ s1 \| semievol of 1 \| d0 \| 3 \| job-s1 \| \$0\.50 \| 70\.0 % \| now/);
    assert.match(text, /└ s2 .* – \| 50\.0 % \| – \|/);
    assert.match(text, /not promoted\n\n.*\n.*\n\| s2 \| 2 \| it is no better/);
  });
});
