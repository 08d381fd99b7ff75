import type { Lack } from '../../core/budget.ts';
import { lackText } from '../../core/report/budget.ts';
import type { Hold } from '../../core/status.ts';

/** A limit as that which holds a run up. @param before what has held it up so far */
export const holdOf = (run: string, lack: Lack, before: Hold | undefined): Hold => ({
  ...{ since: before?.since ?? Date.now(), why: lackText(run, lack), warning: 'BudgetReached' },
});
