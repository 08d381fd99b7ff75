import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { Split } from '../core/types.ts';

/** The demo task: name the category of a noun from its definition alone. */
export const CATEGORIES = [
  'animal',
  'artifact',
  'body',
  'food',
  'location',
  'person',
  'plant',
  'state',
] as const;

export type Category = (typeof CATEGORIES)[number];

/** One `category<TAB>definition` a line: those of WordNet's nouns, as scripts/demoDefinitions.ts writes them. */
const DEFINITIONS = new URL('./wordnet/definitions.tsv.br', import.meta.url);

export interface DemoSizes {
  labelled: number;
  unlabelled: number;
  test: number;
  /** In so many parts the unlabelled examples come, one before each round; in one when left out. */
  rounds?: number;
}

/** The file of a part of the unlabelled examples. @param part from 1 */
export const partFile = (part: number): string =>
  part === 1 ? 'unlabelled.jsonl' : `unlabelled-${part}.jsonl`;

interface Definition {
  question: string;
  answer: Category;
}

/**
 * Draws the splits: no definition is in two of them, the categories are balanced in each, and the
 * same seed gives the same.
 * @throws RangeError when WordNet has not that many definitions.
 */
export async function drawDemoData(
  sizes: DemoSizes,
  seed: number,
): Promise<Record<Split, Definition[]>> {
  return sampleSplits(await readDefinitions(), sizes, seed);
}

/**
 * Writes the splits as `labelled.jsonl`, `unlabelled.jsonl` and `test.jsonl` (question, answer) into
 * `folder`; where the unlabelled come in parts, each into a file of its own.
 * @throws RangeError when WordNet has not that many definitions.
 */
export async function writeDemoData(folder: string, sizes: DemoSizes, seed: number): Promise<void> {
  const splits = await drawDemoData(sizes, seed);
  await mkdir(folder, { recursive: true });
  const write = (file: string, rows: Definition[]) =>
    writeFile(join(folder, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await write('labelled.jsonl', splits.labelled);
  await write('test.jsonl', splits.test);
  const { rounds = 1 } = sizes;
  const { length } = splits.unlabelled;
  for (let part = 1; part <= rounds; part++) {
    const [from, to] = [part - 1, part].map((end) => Math.round((end * length) / rounds));
    await write(partFile(part), splits.unlabelled.slice(from, to));
  }
}

/** Some of the definitions, as a run may be asked about them. */
export async function someQuestions(count: number, seed: number): Promise<string[]> {
  const drawn = inRandomOrder(await readDefinitions(), seed);
  return drawn.slice(0, count).map(({ question }) => question);
}

async function readDefinitions(): Promise<Definition[]> {
  const text = brotliDecompressSync(await readFile(DEFINITIONS)).toString();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [answer, question] = line.split('\t') as [Category, string];
      return { question, answer };
    });
}

/** Draws the splits; the test split does not depend on the sizes of the others. */
function sampleSplits(
  definitions: Definition[],
  sizes: DemoSizes,
  seed: number,
): Record<Split, Definition[]> {
  const drawn = inRandomOrder(definitions, seed);
  const pools = CATEGORIES.map((word) => drawn.filter((one) => one.answer === word));
  const shortest = Math.min(...pools.map((pool) => pool.length));
  const dealt = Array.from({ length: shortest }, (_, index) =>
    pools.map((pool) => pool[index]!),
  ).flat();
  const wanted = sizes.test + sizes.labelled + sizes.unlabelled;
  if (wanted > dealt.length)
    throw new RangeError(
      `the demo has ${dealt.length} definitions, ${wanted} are asked for: ask for fewer labelled, unlabelled or test examples`,
    );
  // By another key than they were drawn by: that is the lower, the more there are of a category.
  const part = (from: number, size: number) =>
    inRandomOrder(dealt.slice(from, from + size), `order ${seed}`);
  return {
    test: part(0, sizes.test),
    labelled: part(sizes.test, sizes.labelled),
    unlabelled: part(sizes.test + sizes.labelled, sizes.unlabelled),
  };
}

/** Orders by a hash of seed and text: random, yet the same everywhere. */
function inRandomOrder(definitions: Definition[], seed: number | string): Definition[] {
  const key = ({ question }: Definition) =>
    createHash('sha256').update(`${seed}\n${question}`).digest('hex');
  return definitions
    .map((definition) => ({ definition, key: key(definition) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ definition }) => definition);
}
