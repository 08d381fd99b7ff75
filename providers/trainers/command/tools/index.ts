import { axolotl } from './axolotl.ts';
import { llamaFactory } from './llamaFactory.ts';
import { mlx } from './mlx.ts';
import type { Tool } from './tool.ts';
import { trl } from './trl.ts';

/** The tools that there are templates of, by the names that a configuration has for them. */
export const TOOLS = {
  'llama-factory': llamaFactory,
  trl,
  axolotl,
  'mlx-lm': mlx,
} as const satisfies Record<string, Tool>;
