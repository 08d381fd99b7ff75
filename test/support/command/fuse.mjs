/** Stands in for `mlx_lm.fuse`: what it makes of a model and an adapter are the weights of the adapter. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values } = parseArgs({
  options: { model: text, 'adapter-path': text, 'save-path': text },
});
const into = values['save-path'];
mkdirSync(into, { recursive: true });
copyFileSync(join(values['adapter-path'], 'adapters.safetensors'), join(into, 'model.safetensors'));
