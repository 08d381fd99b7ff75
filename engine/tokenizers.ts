import { globSync } from 'node:fs';
import path from 'node:path';
import { BASE_MODEL, EMBEDDING_MODEL } from './settings.ts';

/** The folders that hold the tokenizers of the engine's models, by model name, as far as they are set up. */
export function engineTokenizers(): Record<string, string> {
  const { hub, repository } = EMBEDDING_MODEL;
  const snapshots = path.join(hub, `models--${repository.replace('/', '--')}`, 'snapshots');
  const files = {
    [BASE_MODEL.id]: globSync(path.join(BASE_MODEL.folder, 'tokenizer.json')),
    [EMBEDDING_MODEL.id]: globSync(path.join(snapshots, '*', 'tokenizer.json')),
  };
  return Object.fromEntries(
    Object.entries(files).flatMap(([model, [file]]) => (file ? [[model, path.dirname(file)]] : [])),
  );
}
