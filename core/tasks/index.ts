import { classification } from './classification.ts';
import { extraction } from './extraction.ts';
import { freeForm } from './freeForm.ts';
import { multiLabel } from './multiLabel.ts';
import { multipleChoice } from './multipleChoice.ts';
import { numeric } from './numeric.ts';

/** The kinds of tasks there are without extensions. */
export const TASK_KINDS = [
  classification,
  multiLabel,
  multipleChoice,
  numeric,
  freeForm,
  extraction,
] as const;
