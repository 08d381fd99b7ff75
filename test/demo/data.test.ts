import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { describe, it } from 'mocha';
import { CATEGORIES, writeDemoData } from '../../demo/data.ts';
import { cleanGloss, demoDefinitions } from '../../scripts/demoDefinitions.ts';
import { useFolder } from '../support/suite.ts';

const SPLITS = ['labelled', 'unlabelled', 'test'] as const;
type Row = { question: string; answer: string };

describe('demo data', () => {
  const files = useFolder('suite');
  async function build(name: string, sizes: Parameters<typeof writeDemoData>[1], seed: number) {
    const folder = join(files.path, name);
    await writeDemoData(folder, sizes, seed);
    const read = async (split: string) =>
      (await readFile(join(folder, `${split}.jsonl`), 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Row);
    return {
      labelled: await read('labelled'),
      unlabelled: await read('unlabelled'),
      test: await read('test'),
    };
  }

  it('has the wanted sizes, balanced, with nothing in two splits', async () => {
    const sizes = { labelled: 24, unlabelled: 83, test: 40 };
    const data = await build('balanced', sizes, 1);
    for (const split of SPLITS) {
      assert.equal(data[split].length, sizes[split]);
      const counts = CATEGORIES.map(
        (word) => data[split].filter((row) => row.answer === word).length,
      );
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${split}: ${counts}`);
    }
    const all = SPLITS.flatMap((split) => data[split].map((row) => row.question));
    assert.equal(new Set(all).size, all.length);
  });

  it('follows from the seed; the test split from nothing else', async () => {
    const sizes = { labelled: 16, unlabelled: 16, test: 16 };
    const one = await build('one', sizes, 7);
    assert.deepEqual(await build('again', sizes, 7), one);
    assert.notDeepEqual((await build('other', sizes, 8)).test, one.test);
    const larger = await build('larger', { ...sizes, labelled: 80, unlabelled: 80 }, 7);
    assert.deepEqual(larger.test, one.test);
  });

  it('is for one seed what it has always been', async () => {
    const data = await build('seed-0', { labelled: 40, unlabelled: 300, test: 300 }, 0);
    const hash = createHash('sha256').update(JSON.stringify(data)).digest('hex');
    assert.equal(hash, 'f37b52c878c21e2683799112c607c9da2f70ee70e4cbed5d9e6369710df2400f');
  });

  it('is drawn from what WordNet has now', async () => {
    const file = new URL('../../demo/wordnet/definitions.tsv.br', import.meta.url);
    assert.ok(brotliDecompressSync(await readFile(file)).toString() === (await demoDefinitions()));
  });

  it('refuses more than WordNet has', async () => {
    await assert.rejects(
      writeDemoData(files.path, { labelled: 8, unlabelled: 1e6, test: 8 }, 0),
      /ask for fewer/,
    );
  });

  it('cuts quoted examples off and passes over what is too short or too long', () => {
    assert.equal(
      cleanGloss(' negotiator of the terms of a deal; "he is a hard bargainer"  '),
      'negotiator of the terms of a deal',
    );
    assert.equal(cleanGloss(' a bird'), undefined);
    assert.equal(cleanGloss('word '.repeat(26)), undefined);
  });
});
