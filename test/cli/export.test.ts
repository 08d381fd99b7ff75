import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { PARTS } from '../../core/report/modelCard.ts';
import { writeTask } from '../support/stack.ts';
import { useBench, useFolder } from '../support/suite.ts';
import { semievol, writeConfigOption } from './support.ts';

const RUN = 'taken-away';

describe('semievol export', () => {
  const bench = useBench('suite');
  const files = useFolder('suite');
  let option: string;
  before(async () => {
    option = await writeConfigOption(files, bench.config);
    await bench.run(await writeTask(bench.folder, RUN));
  });
  const run = (...args: string[]) =>
    semievol(['export', ...args, option], { TEMPORAL_ADDRESS: bench.temporal.address });

  it('writes card and training file, and says what a trainer does not give out', async () => {
    const to = join(files.path, 'taken');
    const { exitCode, stdout, stderr } = await run(RUN, '--to', to);
    assert.equal(exitCode, 0, stderr);
    const { champion } = await bench.client.get(RUN).lineage();
    assert.deepEqual((await readdir(to)).sort(), ['README.md', PARTS.rows].sort());
    const [first, , merged, , rows] = stdout.trimEnd().split('\n');
    assert.equal(first, `${champion} is in ${to}:`);
    assert.match(merged!, new RegExp(`^  no ${PARTS.merged}/: .+`));
    const written = (await readFile(join(to, PARTS.rows), 'utf8')).trimEnd().split('\n');
    assert.equal(rows, `  ${PARTS.rows}, ${written.length} rows`);
  });

  it('writes the model that is named, and prints what it has written as JSON', async () => {
    const [report] = await bench.reports(RUN);
    const model = report!.models.warmUp;
    const to = join(files.path, 'warm-up');
    const { exitCode, stdout, stderr } = await run(RUN, '--to', to, '--model', model, '--json');
    assert.equal(exitCode, 0, stderr);
    const exported = JSON.parse(stdout);
    assert.equal(exported.model, model);
    assert.deepEqual(exported.rows, {
      rows: report!.examples.labelled,
      isSame: true,
      withdrawn: 0,
    });
  });

  it('writes nothing over, and names what is not there', async () => {
    const to = join(files.path, 'occupied');
    await writeFile(to, 'mine');
    for (const [args, message] of [
      [[RUN, '--to', to], /occupied/],
      [[RUN, '--to', join(files.path, 'none'), '--model', 'no-such'], /no-such/],
      [['no-such-run', '--to', join(files.path, 'none')], /no-such-run/],
      [[RUN], /--to/],
    ] as const) {
      const { exitCode, stderr } = await run(...args);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, message);
    }
    assert.equal(await readFile(to, 'utf8'), 'mine');
    assert.ok(!(await readdir(files.path)).includes('none'));
  });
});
