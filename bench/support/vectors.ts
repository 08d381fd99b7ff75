import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PythonService } from '../../engine/pythonProcess.ts';
import { EMBEDDING_MODEL, embeddingEnvironment, program } from '../../engine/settings.ts';
import { ensureEngine } from '../../engine/setup.ts';
import { readNouns } from '../../scripts/demoDefinitions.ts';

export const DIMENSIONS = EMBEDDING_MODEL.dimensions;

/** How many vectors of each kind. */
export interface Counts {
  labelled: number;
  queries: number;
}

/** Files of little-endian float32, row by row, each row of length 1. */
export type VectorFiles = Record<keyof Counts, string>;

/** Makes this many rows, one after the other in one array. */
type Source = (count: number, say: (line: string) => void) => Promise<Float32Array>;

/** What is searched: embeddings as they are, and vectors without any order, the worst case of an index. */
export const sources = {
  'WordNet by MiniLM': embedDefinitions,
  'random directions': drawDirections,
} satisfies Record<string, Source>;

export type SourceName = keyof typeof sources;

/** The vectors of a source; made once and kept under `.semievol/bench`, since embedding takes minutes. */
export async function vectorFiles(
  source: SourceName,
  { labelled, queries }: Counts,
  say: (line: string) => void,
): Promise<VectorFiles> {
  const folder = resolve('.semievol', 'bench', 'vectors');
  const name = `${source.replaceAll(' ', '-')}-${labelled}-${queries}`;
  const files = {
    labelled: join(folder, `${name}-labelled.f32`),
    queries: join(folder, `${name}-queries.f32`),
  };
  // The queries are written last: where they are, all is.
  if (await exists(files.queries)) return files;
  const rows = await sources[source](labelled + queries, say);
  await mkdir(folder, { recursive: true });
  await writeWhole(files.labelled, rows.subarray(0, labelled * DIMENSIONS));
  await writeWhole(files.queries, rows.subarray(labelled * DIMENSIONS));
  return files;
}

/** The rows of a file of vectors. */
export async function readVectors(file: string): Promise<Float32Array[]> {
  const { buffer } = new Uint8Array(await readFile(file));
  const width = DIMENSIONS * Float32Array.BYTES_PER_ELEMENT;
  return Array.from(
    { length: buffer.byteLength / width },
    (_, row) => new Float32Array(buffer, row * width, DIMENSIONS),
  );
}

/** Definitions of WordNet's nouns, embedded by the engine's model. */
async function embedDefinitions(count: number, say: (line: string) => void) {
  return embedTexts(await readDefinitions(count), say);
}

/** Texts, embedded by the engine's model: rows of length 1, one after the other in one array. */
export async function embedTexts(
  texts: readonly string[],
  say: (line: string) => void,
): Promise<Float32Array> {
  await ensureEngine({ onProgress: say });
  const count = texts.length;
  const embedder = new PythonService(
    { program: program('embed'), args: [EMBEDDING_MODEL.repository], env: embeddingEnvironment() },
    say,
  );
  const rows = new Float32Array(count * DIMENSIONS);
  try {
    for (let from = 0; from < count; from += 256) {
      if (from % 5_120 === 0) say(`${from} of ${count} texts embedded`);
      const { vectors } = await embedder.request({ texts: texts.slice(from, from + 256) });
      const bytes = new Uint8Array(Buffer.from(vectors, 'base64'));
      rows.set(new Float32Array(bytes.buffer), from * DIMENSIONS);
    }
  } finally {
    await embedder.close();
  }
  return rows;
}

/** The first so many in an order that is random, yet the same everywhere. */
async function readDefinitions(count: number): Promise<string[]> {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const found = new Map<string, string>();
  for await (const { definition } of readNouns())
    if (definition) found.set(hash(definition), definition);
  if (found.size < count)
    throw new RangeError(`WordNet has only ${found.size} definitions of nouns`);
  return [...found.keys()]
    .sort()
    .slice(0, count)
    .map((key) => found.get(key)!);
}

/** Uniform on the sphere: normal numbers, divided by their length. */
async function drawDirections(count: number): Promise<Float32Array> {
  const rows = new Float32Array(count * DIMENSIONS);
  for (let row = 0; row < count; row += 1) {
    const vector = rows.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    vector.set(vector.map(normal));
    const length = Math.hypot(...vector);
    vector.set(vector.map((value) => value / length));
  }
  return rows;
}

/** Box and Muller's way. */
function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function writeWhole(file: string, rows: Float32Array): Promise<void> {
  await writeFile(`${file}.partial`, rows);
  await rename(`${file}.partial`, file);
}
