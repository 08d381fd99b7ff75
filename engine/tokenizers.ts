import { globSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { EngineConfig } from './config.ts';
import { BASE_MODEL, EMBEDDING_MODEL } from './settings.ts';

/** The folders that hold the tokenizers of the engine's models, by model name, as far as they are there. */
export function engineTokenizers({ models }: Pick<EngineConfig, 'models'>): Record<string, string> {
  const patterns = {
    [BASE_MODEL.id]: BASE_MODEL.folder,
    [EMBEDDING_MODEL.id]: snapshotsOf(EMBEDDING_MODEL.repository, EMBEDDING_MODEL.hub),
    ...Object.fromEntries(
      Object.entries(models).map(([name, { folder, repository }]) => [
        name,
        folder ?? snapshotsOf(repository!),
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

/** The folders of a model's revisions in a cache of Hugging Face's layout, as a pattern. */
function snapshotsOf(repository: string, hub = localHub()): string {
  return path.join(hub, `models--${repository.replace('/', '--')}`, 'snapshots', '*');
}

function localHub(): string {
  const { HF_HOME = path.join(homedir(), '.cache', 'huggingface'), HF_HUB_CACHE } = process.env;
  return HF_HUB_CACHE ?? path.join(HF_HOME, 'hub');
}
