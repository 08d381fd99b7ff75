import { argilla } from './argilla.ts';
import { jsonLines } from './jsonLines.ts';
import { labelStudio } from './labelStudio.ts';
import type { Layout } from './layout.ts';

/** The name of a layout. */
export type LayoutName = 'jsonl' | 'label-studio' | 'argilla';

/** The layouts of files that are reviewed elsewhere, by their names. */
export const LAYOUTS: Record<LayoutName, Layout> = {
  jsonl: jsonLines,
  'label-studio': labelStudio,
  argilla,
};
