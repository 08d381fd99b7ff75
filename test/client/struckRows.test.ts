import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { readLineage } from '../../client/lineage.ts';
import { defineConfig } from '../../config/config.ts';
import { NO_STRUCK_ROWS, type StruckRows } from '../../core/lineage/struck.ts';
import type { Arrival } from '../../core/living/arrival.ts';
import { builtIn } from '../../core/registry.ts';
import { lineageSections, struckSection } from '../../core/report/lineage.ts';
import { markdown } from '../../core/report/markdown.ts';
import type { StoredRows } from '../../core/trainingRows.ts';
import { extendDataset } from '../../data/extendDataset.ts';
import { ingestDataset } from '../../data/ingestDataset.ts';
import { inputOf, writeGoodFiles } from '../data/support.ts';
import { useFolder, useStore } from '../support/suite.ts';

const RUN = 'forgetful';

describe('models and rows that are struck out', () => {
  const store = useStore();
  const folder = useFolder('test');
  let dataset: string;

  /** A model that a job has made of these rows. */
  async function addModel(name: string, role: 'warm-up' | 'semievol', rows: StoredRows) {
    const { ref } = rows;
    await store.models.addRows(name, rows);
    await store.models.add({
      ...{ name, role, run: RUN, round: ref.round, endpoint: 'local', base: 'base' },
      ...{ dataset: ref.dataset, trainingFileSha256: 'f', trainingRows: 3, jobKey: name },
      ...{ jobId: `job of ${name}`, createdAt: new Date().toISOString() },
    });
  }

  async function extend(more: Partial<Record<'labelled' | 'withdrawn', string[]>>) {
    const arrival: Arrival = { folder: folder.path };
    for (const [list, lines] of Object.entries(more)) {
      await folder.write(`more-${list}.csv`, [...lines, ''].join('\n'));
      arrival[list as 'labelled'] = [`more-${list}.csv`];
    }
    const { data, task } = inputOf(folder.path);
    const extended = await extendDataset(store, { dataset, run: RUN, arrival, data, task });
    dataset = extended.dataset;
  }

  const read = (struck = true) => {
    const config = defineConfig({ store: { uri: folder.path } });
    return readLineage(
      { ...config, store: { ...config.store, uri: store.uri } },
      { run: RUN, dataset },
      { struck },
    );
  };

  /** What is said of each model that has learned from some. */
  const found = async (): Promise<Record<string, Partial<StruckRows>>> => {
    const learned = (await read()).models.flatMap(({ name, struck }) =>
      struck ? [[name, struck.rows] as const] : [],
    );
    return Object.fromEntries(learned);
  };

  beforeEach(async () => {
    await writeGoodFiles(folder);
    ({ dataset } = await ingestDataset(store, inputOf(folder.path)));
    await store.specs.add(
      RUN,
      builtIn.runSpec.parse({
        ...{ name: RUN, task: { type: 'classification', labels: ['positive', 'negative'] } },
        data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
        model: { name: 'base' },
      }),
    );
  });

  it('are found by the version that the rows were struck out by', async () => {
    const ref = { run: RUN, round: 1, dataset };
    await addModel('warm', 'warm-up', { from: 'labelled', ref, times: 2 });
    await addModel('new', 'semievol', { from: 'labelled-and-selected', ref, times: 1 });
    const tables = await store.run(RUN, dataset);
    const selected = { round: 1, exampleId: 'e', score: 0.1, weight: 1 };
    await tables.addSelected([{ ...selected, ordinal: 0 }]);
    assert.deepEqual(await found(), {});
    assert.match(markdown([struckSection(await read())]), /None of them/);

    // The first unlabelled example, which was selected; the second, which was not; a labelled one.
    await extend({ withdrawn: ['question', 'nice', 'bad'] });
    assert.deepEqual(await found(), { new: { ...NO_STRUCK_ROWS, withdrawn: 1 } });

    const [gold] = await store.dataset(dataset).range('labelled', { from: 0, to: 1 });
    const other = gold!.answer === 'positive' ? 'negative' : 'positive';
    await extend({ labelled: ['question,answer', `${gold!.question},${other}`] });
    assert.deepEqual(await found(), {
      warm: { ...NO_STRUCK_ROWS, superseded: 1 },
      new: { withdrawn: 1, segment: 0, superseded: 1 },
    });

    // What is made of the data as they are now has learned from none.
    await addModel('later', 'warm-up', {
      from: 'labelled',
      ref: { ...ref, round: 2, dataset },
      times: 1,
    });
    assert.deepEqual(Object.keys(await found()).sort(), ['new', 'warm']);
    const lineage = await read();
    assert.match(markdown([struckSection(lineage)]), /\| new \| 1 \| 0 \| 1 \| – \| warm \|/);
    assert.match(markdown(lineageSections(lineage)), /└ later \| warm-up of 2/);
  });
});
