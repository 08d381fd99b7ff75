import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { RoundReport } from '../../core/roundReport.ts';
import { openStore } from '../../store/store.ts';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';
import { contradictions } from './recount.ts';

describe('the recount of a report', () => {
  const bench = useBench('suite');
  let report: RoundReport;
  let recount: (report: RoundReport) => Promise<string[]>;

  before(async () => {
    const spec = await writeTask(bench.folder, 'recounted');
    await bench.run(spec);
    [report] = (await bench.reports(spec.name)) as [RoundReport];
    recount = async (changed) => {
      const store = await openStore(bench.config.store);
      try {
        return await contradictions(store, report.dataset, spec, [changed]);
      } finally {
        store.close();
      }
    };
  });

  it('finds the figures of the tables', async () => assert.deepEqual(await recount(report), []));

  it('finds what it tells of, and the tables do not', async () => {
    const answers = report.answers.slice(1);
    assert.equal((await recount({ ...report, answers })).length, 5);
    const more = { ...report.answers[0]!, collaborator: 'nobody' };
    assert.equal((await recount({ ...report, answers: [...report.answers, more] })).length, 5);
  });

  it('finds labels that do not follow from the answers in the way that is told', async () => {
    const [found, ...others] = await recount({ ...report, resolution: { way: 'vote' } });
    assert.match(found!, /^round 1, pseudo-labels that answers do not bear out: 0 instead of \d+$/);
    assert.deepEqual(others, []);
  });

  it('finds each figure that is another', async () => {
    const { metrics, answers, pseudoLabels } = report;
    const [accuracy] = metrics;
    const { values } = accuracy!;
    const { got, ...rest } = values.semievol;
    const found = await recount({
      ...report,
      metrics: [{ ...accuracy!, values: { ...values, semievol: { ...rest, got: got - 1 } } }],
      pseudoLabels: { ...pseudoLabels, count: pseudoLabels.count + 1 },
      answers: answers.map((tally) => ({ ...tally, unread: tally.unread + 1 })),
    });
    const said = (name: string, wrong: number, right: number) =>
      `round 1, ${name}: ${wrong} instead of ${right}`;
    assert.deepEqual(
      new Set(found),
      new Set([
        said('accuracy, got of semievol', got - 1, got),
        said('selected pseudo-labels', pseudoLabels.count + 1, pseudoLabels.count),
        ...answers.map(({ stage, collaborator, unread }) =>
          said(`unread of ${stage} ${collaborator}`, unread + 1, unread),
        ),
      ]),
    );
  });
});
