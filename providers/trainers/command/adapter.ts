import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isObject, jsonIn } from '../../../core/json.ts';
import { ifThere } from './files.ts';

/** How an adapter is to be applied: a file beside its weights. */
export const ADAPTER_CONFIG = 'adapter_config.json';

/** Bytes of the length of a safetensors file's header, which stands first. */
const LENGTH = 8;
/** No header of ours is longer. */
const LONGEST_HEADER = 64 * 1024 * 1024;

/**
 * What is wrong with a file of weights (safetensors) that a killed tool may have left half written;
 * undefined where it is whole. Its tensors are not read.
 */
export async function flawOf(path: string): Promise<string | undefined> {
  const file = await ifThere(open(path));
  if (!file) return `there is no ${basename(path)}`;
  try {
    const { size } = await file.stat();
    const cut = `${basename(path)} is cut off at ${size} bytes`;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LENGTH), 0, LENGTH, 0);
    if (bytesRead < LENGTH) return cut;
    const length = Number(buffer.readBigUInt64LE());
    if (length > LONGEST_HEADER || LENGTH + length > size) return cut;
    const header = await file.read(Buffer.alloc(length), 0, length, LENGTH);
    const ends = endsIn(header.buffer.toString('utf8'));
    if (ends.length === 0) return `${basename(path)} holds no weights`;
    return LENGTH + length + Math.max(...ends) === size ? undefined : cut;
  } finally {
    await file.close();
  }
}

/** Where the tensors of a header end, behind it. */
function endsIn(header: string): number[] {
  const entries = Object.entries(jsonIn(header) ?? {});
  return entries
    .filter(([name, entry]) => name !== '__metadata__' && isObject(entry))
    .map(([, entry]) => (entry as { data_offsets: [number, number] }).data_offsets[1]);
}

/** What is wrong with the adapter in a folder; undefined where it is whole. */
export async function flawOfAdapter(folder: string, weights: string): Promise<string | undefined> {
  const flaw = await flawOf(join(folder, weights));
  if (flaw) return flaw;
  const config = await ifThere(open(join(folder, 'adapter_config.json')));
  await config?.close();
  return config ? undefined : `there is no ${ADAPTER_CONFIG}`;
}
