import { globSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { hubFolder, snapshotsOf } from '../core/huggingFaceCache.ts';
import type { EngineConfig } from './config.ts';
import { BASE_MODEL, EMBEDDING_MODEL } from './settings.ts';

/** The folders that hold the tokenizers of the engine's models, by model name, as far as they are there. */
export function engineTokenizers({ models }: Pick<EngineConfig, 'models'>): Record<string, string> {
  const patterns = {
    [BASE_MODEL.id]: BASE_MODEL.folder,
    [EMBEDDING_MODEL.id]: path.join(EMBEDDING_MODEL.hub, snapshotsOf(EMBEDDING_MODEL.repository)),
    ...Object.fromEntries(
      Object.entries(models).map(([name, { folder, repository }]) => [
        name,
        folder ?? path.join(hubFolder(process.env, homedir()), snapshotsOf(repository!)),
      ]),
    ),
  };
  return Object.fromEntries(
    Object.entries(patterns).flatMap(([model, folder]) => {
      const [file] = globSync(path.join(folder, 'tokenizer.json'));
      return file ? [[model, path.dirname(file)]] : [];
    }),
  );
}
