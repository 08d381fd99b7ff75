import { byDoubt, isHeard, type Suspect, suspicion } from '../core/audit/suspects.ts';
import { votesOf } from '../core/neighbourVotes.ts';
import { ranges } from '../core/range.ts';
import type { Way } from '../core/resolution.ts';
import { Foremost } from '../core/review/ranking.ts';
import type { AuditFigures } from '../core/roundReport.ts';
import type { OrdinalRange } from '../core/types.ts';
import { examplesOf } from './asking.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
import { labelledNeighbours } from './labelledNeighbours.ts';
import { tracked } from './progress.ts';
import { storedVerdicts } from './verdicts.ts';

/** Examples that are read at once. Bounds the memory. */
const PAGE = 2_048;
/** Suspects that are stored, the worst first. */
const MOST_SUSPECTS = 1_000;
/** Those that a report shows. */
const SHOWN = 10;
/** The passes in which labelled examples are answered by models that have not seen them. */
const UNSEEN = ['cross-fit', 'held-out'] as const;

export interface AuditInput extends RoundRef {
  /** How disagreement about the labelled was resolved. */
  way: Way;
}

export function createAudit(dependencies: Dependencies) {
  return {
    /**
     * Lists the labelled examples whose gold answer is doubted by models that have not seen it and by
     * its neighbours. Stores them, and changes nothing: that is for people. Of several attempts the
     * first one's list counts.
     */
    async audit(input: AuditInput): Promise<AuditFigures> {
      const context = await openRound(dependencies, input);
      const total = await context.dataset.count('labelled');
      return tracked({ total, unit: 'examples' }, async (tracker) => {
        const worst = new Foremost<Suspect>(MOST_SUSPECTS, byDoubt);
        const figures: AuditFigures = { heard: 0, suspects: 0, worst: [] };
        for (const range of ranges(total, PAGE)) {
          tracker.signal.throwIfAborted();
          const found = await auditRange(context, input, range);
          figures.heard += found.heard;
          figures.suspects += found.suspects.length;
          for (const one of found.suspects) worst.add(one);
          tracker.add(range.to - range.from);
        }
        const all = worst.all();
        await dependencies.store.reviews(input.run).addSuspects(input.round, all);
        for (const { exampleId: _, label: __, ...one } of all.slice(0, SHOWN))
          figures.worst.push(one);
        return figures;
      });
    },
  };
}

async function auditRange(
  context: RoundContext,
  { way, ...ref }: AuditInput,
  range: OrdinalRange,
): Promise<{ heard: number; suspects: Suspect[] }> {
  const { task } = context;
  const suspects: Suspect[] = [];
  let heard = 0;
  for (const pass of UNSEEN) {
    const passRef = { ...ref, range, pass };
    const verdictOn = await storedVerdicts(context, passRef);
    const neighboursOf = await labelledNeighbours(context, passRef);
    for (const example of await examplesOf(context, passRef)) {
      const { ordinal, id: exampleId, answer: gold, ...x } = example;
      const neighbours = votesOf({ id: exampleId, ...x }, neighboursOf(ordinal), task);
      const witnesses = { verdict: verdictOn(example, way), neighbours };
      if (!isHeard(witnesses)) continue;
      heard++;
      const found = suspicion(gold!, witnesses, task.equal);
      if (found) suspects.push({ ordinal, exampleId, ...found });
    }
  }
  return { heard, suspects };
}
