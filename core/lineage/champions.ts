import type { Promotion } from '../living/promotion.ts';
import type { RoundReport } from '../roundReport.ts';
import type { ModelRecord } from '../types.ts';

/** What is known of the champions of a run. */
export interface ChampionFacts {
  /** The spec's model, with which the run begins. */
  base: string;
  /** Of the rounds that have ended, in order. */
  reports: readonly Pick<RoundReport, 'round' | 'gate' | 'promoted' | 'models'>[];
  /** The models that were made, for when they were. */
  records: readonly Pick<ModelRecord, 'name' | 'createdAt'>[];
  /** As they were recorded, by number. */
  promotions: readonly Promotion[];
}

/**
 * The changes of a run's champion, by number: the last is the present one. What a version before this
 * one ran has recorded none; there the reports tell.
 */
export function championsOf({ base, reports, records, promotions }: ChampionFacts): Promotion[] {
  if (promotions.length > 0) return [...promotions];
  const madeAt = (model: string) => records.find(({ name }) => name === model)?.createdAt ?? '';
  const [first] = records;
  const found: Promotion[] = [
    {
      ...{ number: 0, round: 0, model: base, role: 'base', from: null, by: 'gate', name: null },
      ...{ reason: 'the run begins with it', at: first?.createdAt ?? '' },
    },
  ];
  for (const { round, gate, promoted, models } of reports) {
    const from = found.at(-1)!.model;
    const model = models.champion;
    if (!promoted || model === from) continue;
    found.push({
      ...{ number: found.length, round, model, role: gate?.challenger.role ?? 'semievol', from },
      ...{ by: 'gate', name: null, at: madeAt(model) },
      reason: gate?.reason ?? 'it is better than the champion by the paired test',
    });
  }
  return found;
}

/**
 * The model to go back to: the champion before the present one first came; undefined of the first. Who
 * goes back again goes further back, never to what was left.
 */
export function championBefore(
  promotions: readonly Pick<Promotion, 'model'>[],
): string | undefined {
  const line: string[] = [];
  for (const { model } of promotions) {
    const known = line.indexOf(model);
    if (known >= 0) line.length = known;
    line.push(model);
  }
  return line.at(-2);
}
