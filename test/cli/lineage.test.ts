import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { explainModel } from '../../client/explain.ts';
import type { ExplainedRow } from '../../core/lineage/explanation.ts';
import type { Lineage, LineageModel } from '../../core/lineage/tree.ts';
import type { RoundReport } from '../../core/roundReport.ts';
import { openStore } from '../../store/store.ts';
import { writeTask } from '../support/stack.ts';
import { useBench, useFolder } from '../support/suite.ts';
import { semievol, writeConfigOption } from './support.ts';

const RUN = 'lineage';

describe('the lineage of a run', function () {
  this.timeout(120_000);
  const prices = { 'smollm2-135m-instruct': { training: 3 } };
  const bench = useBench('suite', {}, { prices });
  const files = useFolder('suite');
  let reports: RoundReport[];
  let lineage: Lineage;
  let option: string;

  const command = async (...args: string[]) => {
    const { address } = bench.temporal;
    const { exitCode, stdout, stderr } = await semievol([...args, option], {
      TEMPORAL_ADDRESS: address,
    });
    assert.equal(exitCode, 0, stderr);
    return stdout.trimEnd();
  };
  const modelAs = (role: LineageModel['role'], round = 1) =>
    lineage.models.find((one) => one.role === role && one.round === round)!;

  before(async () => {
    await bench.run(await writeTask(bench.folder, RUN, undefined, { rounds: 2 }));
    reports = await bench.reports(RUN);
    option = await writeConfigOption(files, bench.config);
    lineage = await bench.client.get(RUN).lineage();
  });

  it('names every model with what made it, what it is worth and what became of it', async () => {
    const [first, second] = reports as [RoundReport, RoundReport];
    const { champion } = second.models;
    assert.equal(lineage.champion, champion);
    assert.equal(lineage.models.filter(({ champion: is }) => is === 'now').length, 1);
    const semievolModel = modelAs('semievol');
    assert.equal(semievolModel.name, first.models.semievol);
    assert.ok(semievolModel.training!.cost! > 0);
    const [metric] = first.metrics;
    const grade = semievolModel.grades.find(
      (one) => one.round === 1 && one.metric === lineage.metric,
    )!;
    assert.equal(grade.got / grade.of, metric!.values.semievol.value);
    assert.equal(modelAs('warm-up', 2).base, first.models.champion);

    const shown = await command('models', RUN);
    for (const { name } of lineage.models) assert.ok(shown.includes(name), name);
    assert.equal(await command('champion', RUN), champion);
  });

  it('goes page by page through all that a model has learned', async () => {
    for (const { name, training } of lineage.models.slice(1)) {
      const rows: ExplainedRow[] = [];
      let inFile = 0;
      for (let after: string | undefined; ; ) {
        const { rows: found } = await explainModel(bench.config, name, {
          count: 7,
          ...(after !== undefined && { after }),
        });
        assert.ok('page' in found);
        rows.push(...found.page);
        for (const row of found.page)
          inFile += row.from === 'labelled' ? found.labelledTimes : row.weight;
        if (found.next === null) break;
        assert.equal(found.page.length, 7);
        after = found.next;
      }
      assert.equal(inFile, training!.trainingRows, name);
      const keys = rows.map(({ from, example }) => `${from}/${example.ordinal}`);
      assert.equal(new Set(keys).size, keys.length);
    }
  });

  it('says how a selected example came to its label', async () => {
    const { name } = modelAs('semievol');
    const { rows, descent } = await explainModel(bench.config, name, { count: 1 });
    assert.deepEqual(descent, [{ name: 'smollm2-135m-instruct' }]);
    const [row] = 'page' in rows ? rows.page : [];
    assert.ok(row?.from === 'selected');
    const { example, label, answers, neighbours } = row;
    const own = answers.filter(({ isJustification }) => !isJustification);
    assert.equal(own.length, label.collaborators);
    assert.equal(own.filter(({ parsed }) => parsed === label.label).length, label.votes);
    assert.ok(neighbours.length > 0);
    assert.ok(neighbours.every((one) => one.example.split === 'labelled' && one.example.answer));

    const shown = await command('explain', name, '--count', '1');
    assert.ok(shown.includes(example.question));
    assert.match(shown, new RegExp(`of run "${RUN}".*has labelled it: ${label.label}`, 's'));
    assert.match(shown, /neighbour.*labelled\/\d+/s);
    const next = /more: semievol explain .* --after (selected\/\d+)$/.exec(shown);
    assert.equal(next?.[1], `selected/${example.ordinal}`);
  });

  it('says where the rows of a model were never noted', async () => {
    const { name } = modelAs('semievol');
    const store = await openStore({ uri: bench.config.store.uri });
    const record = (await store.models.byName(name))!;
    await store.models.add({ ...record, name: 'unknown rows', jobKey: 'older' });
    store.close();
    const { rows, descent } = await explainModel(bench.config, 'unknown rows');
    assert.match('lacking' in rows ? rows.lacking : '', /an older version/);
    assert.equal(descent.length, 1);
  });

  it('is not made up for a model, a page or a run that there is not', async () => {
    await assert.rejects(explainModel(bench.config, 'ft:gone'), /does not know a model "ft:gone"/);
    const wrong = { after: 'nowhere/1', count: 0 };
    await assert.rejects(explainModel(bench.config, lineage.champion, wrong), {
      name: 'SpecError',
      message: /after .*the page before.*count/s,
    });
    await assert.rejects(bench.client.get('ghost').lineage(), { name: 'RunNotFound' });
    const env = { TEMPORAL_ADDRESS: bench.temporal.address };
    const { exitCode, stderr } = await semievol(
      ['promote', RUN, 'ft:gone', '--reason', 'why not', option],
      env,
    );
    assert.equal(exitCode, 2);
    assert.match(stderr, /run "lineage" has no model "ft:gone": name one of smollm2/);
  });
});
