import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Arrival } from '../../core/living/arrival.ts';
import type { Split, StoredExample } from '../../core/types.ts';
import { DataError } from '../../data/errors.ts';
import { extendDataset } from '../../data/extendDataset.ts';
import { ingestDataset } from '../../data/ingestDataset.ts';
import { useFolder, useStore } from '../support/suite.ts';
import { inputOf, writeGoodFiles } from './support.ts';

const SPLITS: Split[] = ['labelled', 'unlabelled', 'test'];
const LABELS = ['negative', 'neutral', 'positive'];
const KNOWN = ['fine', 'awful', 'nice', 'bad', 'so so', 'great'];
const question = fc.constantFrom(...KNOWN, 'one', 'two', 'three', 'four');
const questions = fc.uniqueArray(question, { maxLength: 4 });
const answered = fc.uniqueArray(fc.record({ question, answer: fc.constantFrom(...LABELS) }), {
  selector: (row) => row.question,
  maxLength: 4,
});
const addition = fc.record({
  labelled: answered,
  test: answered,
  unlabelled: questions,
  withdrawn: fc.uniqueArray(question, { maxLength: 1 }),
});

describe('Whatever is added to a data set, in whatever order', () => {
  const store = useStore();
  const folder = useFolder('test');

  it('nothing is lost, in two splits, tested after it was learned, or other than its newest answer', async () => {
    await writeGoodFiles(folder);
    const { data, task } = inputOf(folder.path, { maxBadRows: 1 });
    const root = await ingestDataset(store, { data, task, folder: folder.path });
    let file = 0;
    const written = async (rows: (string | { question: string; answer: string })[]) => {
      if (rows.length === 0) return {};
      const name = `${file++}.jsonl`;
      const lines = rows.map((row) =>
        JSON.stringify(Object(row) === row ? row : { question: row }),
      );
      await folder.write(name, lines.join('\n'));
      return name;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(addition, { minLength: 1, maxLength: 3 }), async (additions) => {
        let { dataset, counts } = root;
        const all = new Map<string, StoredExample>();
        const withdrawn = new Set<string>();
        const given = new Set(KNOWN);
        const newest = new Map([
          ['fine', 'positive'],
          ['awful', 'negative'],
        ]);
        for (const rows of additions) {
          const arrival: Arrival = { folder: folder.path };
          for (const list of ['labelled', 'test', 'unlabelled', 'withdrawn'] as const) {
            const name = await written(rows[list]);
            if (typeof name === 'string') arrival[list] = [name];
          }
          const input = { dataset, run: 'run', arrival, data, task };
          const done = await extendDataset(store, input).catch((error) => {
            assert.ok(error instanceof DataError && /would be left/.test(error.message), error);
          });
          if (!done) continue;
          for (const one of rows.withdrawn) if (given.has(one)) withdrawn.add(one);
          for (const one of [...rows.labelled, ...rows.test]) given.add(one.question);
          for (const one of rows.unlabelled) given.add(one);
          const before = counts;
          ({ dataset, counts } = done);
          const now = store.dataset(dataset);
          const live = new Map<string, StoredExample>();
          for (const split of SPLITS) {
            assert.equal(counts[split], before[split] + done.added[split]);
            const ordinals = Array.from({ length: counts[split] }, (_, ordinal) => ordinal);
            for (const row of await now.at(split, ordinals)) {
              const key = `${split} ${row.ordinal}`;
              assert.deepEqual(row, all.get(key) ?? row, 'an ordinal names what it always did');
              all.set(key, row);
            }
            const kept = await now.range(split, { from: 0, to: counts[split] });
            assert.equal(kept.length, counts[split] - done.struck[split]);
            assert.equal(kept.length, await now.live(split));
            for (const row of kept) {
              assert.ok(!live.has(row.question), `${row.question} is there once`);
              live.set(row.question, row);
            }
          }
          for (const { question, answer } of rows.labelled)
            if (live.get(question)?.split === 'labelled') newest.set(question, answer);
          for (const { split, question, answer } of live.values()) {
            if (split === 'labelled') assert.equal(answer, newest.get(question));
            if (split !== 'test') continue;
            const others = [...all.values()].filter((row) => row.question === question);
            assert.ok(others.every((row) => row.split === 'test'));
          }
          assert.deepEqual(
            [...live.keys()].sort(),
            [...given].filter((one) => !withdrawn.has(one)).sort(),
          );
        }
      }),
      { numRuns: 12 },
    );
  });
});
