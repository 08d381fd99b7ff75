import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { planOf } from '../../core/plan.ts';
import { runSpec } from '../../core/registry.ts';

const least = {
  name: 'run',
  task: { type: 'classification', labels: ['animal', 'plant'] },
  data: { labelled: 'l.csv', unlabelled: ['u.csv', 'v.csv'], test: 't.csv' },
};
const problems = (spec: object) =>
  runSpec.safeParse(spec).error?.issues.map((issue) => [issue.path.join('.'), issue.message]);

describe('the run spec', () => {
  it('needs a name, a task and data; the rest has defaults', () => {
    const spec = runSpec.parse(least);
    assert.deepEqual(spec.data.labelled, ['l.csv']);
    assert.equal(spec.collaborators.length, 4);
    assert.deepEqual(spec.selection, {
      ...{ rule: 'paper', percentile: 50, score: 'entropy', balance: 'none', confidentWeight: 1 },
      share: 0.3,
    });
    assert.deepEqual(runSpec.parse(spec), spec);
  });

  it('refuses an audit that would hear nobody, or take other words for other answers', () => {
    const audited = { ...least, audit: true };
    assert.equal(problems(audited), undefined);
    const alone = { ...audited, collaborators: [{ name: 'alone', shots: 0 }] };
    assert.match(String(problems(alone)), /^audit,hears neighbours, and no collaborator sees any/);
    const judged = {
      ...{ ...audited, judge: { model: 'm' } },
      task: { type: 'free-form', answers: 'long' },
    };
    assert.match(String(problems(judged)), /audit,compares answers word by word/);
  });

  it('names the field that is wrong', () => {
    const twins = { ...least, collaborators: [{ name: 'a' }, { name: 'a' }] };
    assert.deepEqual(
      problems(twins)?.map(([path]) => path),
      ['collaborators.1.name'],
    );
    const labels = { ...least, task: { type: 'classification', labels: ['Plant', 'plant '] } };
    assert.match(
      String(problems(labels)),
      /^task\.labels\.1,"plant" is another spelling of "Plant"/,
    );
    const spelled = {
      ...least,
      task: { type: 'classification', labels: ['not_spam', 'Not spam'] },
    };
    assert.match(String(problems(spelled)), /labels must differ in more than case, spaces, "-"/);
    const signed = { ...least, task: { type: 'classification', labels: ['C', 'C++', '-1', '1'] } };
    assert.equal(problems(signed), undefined);
    assert.match(String(problems({ ...least, round: 2 })), /round/);
  });

  it('knows that the models of a round are at its endpoint only', () => {
    const collaborators = [
      { name: 'tuned', endpoint: 'local' },
      { name: 'hosted', endpoint: 'cloud', model: 'large' },
    ];
    assert.equal(problems({ ...least, collaborators }), undefined);
    const nameless = { ...least, collaborators: [{ name: 'hosted', endpoint: 'cloud' }] };
    assert.deepEqual(problems(nameless), [
      [
        'collaborators.0.model',
        '"warm-up" is at endpoint "local" only (model.endpoint): name a model that "cloud" has, or leave collaborators[0].endpoint out',
      ],
    ]);
    const justification = { endpoint: 'cloud', model: 'base' };
    assert.match(
      String(problems({ ...least, justification })),
      /^justification\.model,"base" is at/,
    );
  });

  it('knows that somebody has to answer', () => {
    const away = { name: 'a', goOnAfterMinutes: 0.5 };
    assert.match(
      String(problems({ ...least, collaborators: [away] })),
      /^collaborators\.0\.goOnAfterMinutes,every collaborator may be gone on without/,
    );
    for (const other of [{ name: 'b' }, { name: 'b', type: 'neighbours' }])
      assert.equal(problems({ ...least, collaborators: [away, other] }), undefined);
  });

  it('knows what takes a test split, and that a gate can do without', () => {
    const { test: _, ...data } = least.data;
    const untested = { ...least, data };
    assert.match(String(problems(untested)), /^data\.test,models are graded on it: give files, or/);
    assert.equal(problems({ ...untested, until: 'select' }), undefined);
    const gated = { ...untested, gate: {} };
    assert.equal(problems(gated), undefined);
    const spec = runSpec.parse(gated);
    assert.deepEqual([spec.data.test, planOf(spec).folds], [[], 3]);
    assert.deepEqual(runSpec.parse(spec), spec);
    assert.equal(planOf(runSpec.parse({ ...least, gate: {} })).folds, undefined);
    for (const [field, more] of [
      ['evolve.from', { evolve: { from: 'warm-up' } }],
      ['evaluation.rag', { evaluation: { rag: {} } }],
      ['data.growTest', { data: { ...data, growTest: 0.2 } }],
    ] as const)
      assert.deepEqual(
        problems({ ...gated, ...more })?.map(([path]) => path),
        [field],
      );
  });

  describe('of a selection', () => {
    const of = (selection: object, task: object = least.task) =>
      problems({ ...least, task, selection: { rule: 'paper', ...selection } });

    it('knows limits that exclude each other', () => {
      assert.equal(of({ atLeast: 5, atMost: 5, candidates: 5 }), undefined);
      assert.equal(of({ exactly: 5, candidates: 5, nearDuplicates: 0.95 }), undefined);
      const leavesNoRoom = 'leaves no room for atLeast and atMost: leave these out, or it';
      for (const other of [{ atLeast: 1 }, { atMost: 9 }])
        assert.deepEqual(of({ exactly: 5, ...other }), [['selection.exactly', leavesNoRoom]]);
      assert.deepEqual(of({ atLeast: 6, atMost: 5 }), [
        ['selection.atLeast', 'is 6, more than atMost (5): lower it, or raise atMost'],
      ]);
      assert.deepEqual(of({ exactly: 6, candidates: 5 }), [
        ['selection.candidates', 'are 5, fewer than exactly (6): ask about more, or select fewer'],
      ]);
      assert.match(String(of({ atLeast: 6, candidates: 5 })), /fewer than atLeast \(6\)/);
      for (const wrong of [{ exactly: 0 }, { atMost: 1.5 }, { nearDuplicates: 95 }])
        assert.equal(of(wrong)?.[0]?.[0], `selection.${Object.keys(wrong)[0]}`);
    });

    it('balances tasks whose answer is one of fixed labels, by these', () => {
      for (const balance of ['cap', 'prior', { animal: 1, plant: 3 }, { plant: 1 }])
        assert.equal(of({ balance }), undefined);
      for (const task of [
        { type: 'numeric' },
        { type: 'multiple-choice' },
        { type: 'multi-label', labels: ['animal', 'plant'] },
      ]) {
        assert.match(
          String(of({ balance: 'cap' }, task)),
          /^selection\.balance,the answers of this kind of task are not each one label .* leave it out/,
        );
        assert.equal(of({ balance: 'none' }, task), undefined);
      }
      assert.match(
        String(of({ balance: { animal: 1, plnat: 3 } })),
        /^selection\.balance\.plnat,"plnat" is not one of the labels: animal, plant/,
      );
      assert.match(String(of({ balance: { animal: 0 } })), /no label has a share above 0/);
    });

    it('selects of each class by itself where answers are of one each, by rules that are not calibrated', () => {
      assert.equal(of({ perClass: true }), undefined);
      assert.equal(of({ perClass: false }, { type: 'numeric' }), undefined);
      assert.match(
        String(of({ perClass: true }, { type: 'numeric' })),
        /^selection\.perClass,the answers of this kind of task are not each one label .* leave it out/,
      );
      assert.match(
        String(of({ rule: 'calibrated', perClass: true })),
        /^selection\.perClass,splits the labelled examples that the rule "calibrated" is calibrated by/,
      );
    });

    it('knows what would break the promise of a rule', () => {
      const calibrated = { rule: 'calibrated' };
      assert.equal(
        of({ ...calibrated, atMost: 5, balance: 'cap', calibration: 'cross-fit' }),
        undefined,
      );
      for (const field of ['atLeast', 'exactly'])
        assert.deepEqual(of({ ...calibrated, [field]: 5 }), [
          [
            `selection.${field}`,
            'may select more than the rule "calibrated" stands for: leave it out',
          ],
        ]);
      const twice = { ...least, rounds: 2 };
      const crossFit = { ...calibrated, calibration: 'cross-fit' };
      assert.match(
        String(problems({ ...twice, selection: crossFit })),
        /^selection\.calibration,calibrates the first round only.* held-out, or rounds to 1/,
      );
      assert.equal(problems({ ...twice, selection: calibrated }), undefined);
      const auto = { rule: 'paper', score: 'auto', calibration: 'cross-fit' };
      assert.equal(problems({ ...twice, selection: auto }), undefined);
    });

    it('knows that a judge would have to grade what calibrates', () => {
      const judged = {
        ...{ ...least, judge: { model: 'm' } },
        task: { type: 'free-form', answers: 'long' },
      };
      const of = (selection: object) => String(problems({ ...judged, selection }));
      assert.match(
        of({ rule: 'calibrated' }),
        /^selection\.rule,learns from labelled examples what/,
      );
      assert.match(of({ rule: 'paper', score: 'combined' }), /^selection\.score,learns from/);
      assert.equal(of({ rule: 'paper', score: 'auto' }), 'undefined', 'which goes by the default');
    });
  });

  it('shares probability among answers of a fixed set that are given at once, and no others', () => {
    const of = (task: object, answer: object = {}) =>
      problems({ ...least, task, answer: { probability: 'shares', ...answer } });
    assert.equal(of(least.task), undefined);
    assert.equal(of({ type: 'multiple-choice' }), undefined);
    for (const task of [{ type: 'numeric' }, { type: 'multi-label', labels: ['animal', 'plant'] }])
      assert.match(
        String(of(task)),
        /^answer\.probability,the answers of this kind of task are not each one label .* to said/,
      );
    assert.match(
      String(of(least.task, { form: 'reasoned' })),
      /^answer\.probability,cannot be told where models reason first/,
    );
  });

  it('has a JSON schema in which every default is optional', () => {
    const schema = z.toJSONSchema(runSpec, { io: 'input' });
    assert.deepEqual(schema.required, ['name', 'task', 'data']);
  });
});
