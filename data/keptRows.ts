import type { RunSpec } from '../core/spec.ts';
import type { RunTables, SelectedRow } from '../store/run.ts';

/**
 * What the rounds before one have selected and it teaches with the labels of then, in batches of one
 * round each, by ascending ordinals.
 */
export async function* keptFromEarlier(
  { spec, tables }: { spec: Pick<RunSpec, 'pool' | 'earlier'>; tables: RunTables },
  now: number,
): AsyncIterable<SelectedRow[]> {
  if (spec.pool === 'all' || spec.earlier === 'relabel') return;
  for await (const batch of tables.scanTaught()) {
    for (const [round, some] of Map.groupBy(batch, (one) => one.round)) {
      if (round >= now) continue;
      const range = { from: some[0]!.ordinal, to: some.at(-1)!.ordinal + 1 };
      const wanted = new Set(some.map(({ ordinal }) => ordinal));
      const selected = await tables.selected(round, range);
      yield selected.filter(({ ordinal }) => wanted.has(ordinal));
    }
  }
}

/** What stands in the training file of a round beside the labelled examples, in batches of one round each. */
export async function* taughtIn(
  sources: Parameters<typeof keptFromEarlier>[0],
  round: number,
): AsyncIterable<SelectedRow[]> {
  yield* sources.tables.scanSelected(round);
  yield* keptFromEarlier(sources, round);
}
