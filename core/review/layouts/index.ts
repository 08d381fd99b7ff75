import { argilla } from './argilla.ts';
import { jsonLines } from './jsonLines.ts';
import { labelStudio } from './labelStudio.ts';
import type { Layout } from './layout.ts';

/** The layouts of files that are reviewed elsewhere, by their names. */
export const LAYOUTS = {
  jsonl: jsonLines,
  'label-studio': labelStudio,
  argilla,
} as const satisfies Record<string, Layout>;

/** The name of one. */
export type LayoutName = keyof typeof LAYOUTS;
