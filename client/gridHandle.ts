import type { GridPlan } from '../core/grid/plan.ts';
import type { GridStatus } from '../core/grid/status.ts';
import type { GridTable } from '../core/grid/table.ts';
import { type Connected, Handle, type Look, type WorkState } from './handle.ts';
import { canAnswer, query, type View } from './view.ts';

/** What is known of a grid at one moment. */
export interface GridView extends View {
  /** Missing while no worker can answer, and where it did not complete. */
  status?: GridStatus;
}

const lookAtGrid: Look<GridStatus, GridView> = {
  running: async (temporal, view) =>
    canAnswer(view) ? { ...view, status: await query<GridStatus>(temporal, view.name) } : view,
  ended: (view, status) => ({ ...view, status }),
};

/** A grid under way, or what it has come to. */
export class GridHandle extends Handle<GridStatus, GridView> {
  readonly plan: GridPlan;

  constructor(connected: Connected, plan: GridPlan, before: WorkState) {
    super(connected, 'reproduce', lookAtGrid, plan.name, before);
    this.plan = plan;
  }

  /**
   * The table of what has completed so far, from the configured store.
   * @throws ReportsNotFound where the store is another than the workers'; StoreError
   */
  async table(): Promise<GridTable> {
    // LanceDB takes a while to load.
    const { readGrid } = await import('./gridRuns.ts');
    return readGrid(this.config.store, this.plan);
  }
}
