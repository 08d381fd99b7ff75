import { consensus } from '../core/consensus.ts';
import { boundOf } from '../core/living/pool.ts';
import type { Lease } from '../core/review/leases.ts';
import {
  CutOff,
  disagreementOf,
  Foremost,
  type RankedExample,
  spread,
  type Teaching,
  worth,
} from '../core/review/ranking.ts';
import type { ScoreChoice } from '../core/selection/choice.ts';
import { RankedScores } from '../core/selection/rankedScores.ts';
import type { Selector } from '../core/selection/selector.ts';
import type { Threshold } from '../core/types.ts';
import type { Reviews } from '../store/reviews.ts';
import type { VerdictRow } from '../store/run.ts';
import { inStoredWords } from './agreeing.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
import { collaboratorsAnswers } from './justify.ts';
import { type Tracker, tracked } from './progress.ts';

/** So many times the wanted are looked at for how they spread over clusters. */
const CHOICE = 20;
/** The share of a ranking that doubted gold answers may take up. */
const SUSPECTS = 0.5;

export interface RankInput extends RoundRef {
  /** By which score the round has selected. */
  choice: ScoreChoice;
  threshold: Threshold;
  /** Whatever is being looked at of an earlier ranking: it is not to be in two hands. */
  leased?: Lease;
}

/** What a ranking holds. */
export interface Ranked {
  /** Places in it. */
  size: number;
  /** How many of them are labelled rows whose answer is doubted. */
  suspects: number;
}

export function createRankForReview(dependencies: Dependencies) {
  return {
    /**
     * Ranks for review what people's answers would teach most: labelled rows that the audit doubts, then
     * unlabelled ones that collaborators disagree about or that are near the cut-off of selection, spread
     * over clusters. What was reviewed, or skipped, is not asked again. The first attempt's ranking is the round's.
     */
    async rankForReview(input: RankInput): Promise<Ranked> {
      const context = await openRound(dependencies, input);
      const reviews = dependencies.store.reviews(input.run);
      const there = await context.dataset.count('unlabelled');
      const total = boundOf(input.asked, context.spec.selection, there);
      return tracked({ total, unit: 'pseudo-labels' }, async (tracker) => {
        const size = context.spec.review!.size;
        const isOut = await leftOut(reviews, input.leased);
        const doubted = await suspectsOf(context, reviews, { isOut, most: size * SUSPECTS });
        const wanted = size - doubted.length;
        const instructive = await ranked(context, input, { isOut, total, wanted, tracker });
        const spreadOut = await spreadOver(context, input, instructive, wanted);
        const asked = await Promise.all(
          spreadOut.map((one) => withCandidates(context, input, one)),
        );
        const { round, dataset } = input;
        const ranking = { round, dataset, examples: [...doubted, ...asked] };
        const { examples } = await reviews.addRanking(ranking);
        await reviews.optimize();
        const suspects = examples.filter((one) => one.suspicion !== undefined).length;
        return { size: examples.length, suspects };
      });
    },
  };
}

type IsOut = (exampleId: string) => boolean;

/** What people have been through with, or are at. */
async function leftOut(reviews: Reviews, leased: Lease | undefined): Promise<IsOut> {
  const before = leased && (await reviews.ranking(leased.ranking));
  const ids = new Set<string>();
  for (const { exampleId, verdict } of await reviews.read())
    if (verdict === 'undo') ids.delete(exampleId);
    else ids.add(exampleId);
  for (const position of leased?.positions ?? []) {
    const held = before?.examples[position];
    if (held) ids.add(held.exampleId);
  }
  return (exampleId) => ids.has(exampleId);
}

/** Those of all rounds so far that are still in the data set, the most doubted first. */
async function suspectsOf(
  { dataset }: RoundContext,
  reviews: Reviews,
  { isOut, most }: { isOut: IsOut; most: number },
): Promise<RankedExample[]> {
  const found: RankedExample[] = [];
  for (const { ordinal, exampleId, ...suspicion } of await reviews.suspects()) {
    if (found.length + 1 > most) break;
    if (isOut(exampleId)) continue;
    const there = await dataset.range('labelled', { from: ordinal, to: ordinal + 1 });
    if (there.length === 0) continue;
    const candidates = [{ answer: suspicion.label, votes: suspicion.votes }];
    found.push({ split: 'labelled', ordinal, exampleId, candidates, suspicion });
  }
  return found;
}

interface Instructive extends Pick<VerdictRow, 'ordinal' | 'exampleId' | 'label'> {
  teaching: Teaching;
}

/** The most instructive of the unlabelled, some more of them than are wanted. */
async function ranked(
  context: RoundContext,
  { round, choice, threshold }: RankInput,
  {
    isOut,
    total,
    wanted,
    tracker,
  }: { isOut: IsOut; total: number; wanted: number; tracker: Tracker },
): Promise<Instructive[]> {
  const selector = context.selector.by(choice);
  const cutOffs = await cutOffsOf(context, round, { selector, threshold, total, tracker });
  const foremost = new Foremost<Instructive>(
    CHOICE * wanted,
    (a, b) => worth(b.teaching) - worth(a.teaching) || a.ordinal - b.ordinal,
  );
  for await (const batch of context.tables.scanVerdicts(round)) {
    tracker.signal.throwIfAborted();
    for (const row of batch) {
      const { ordinal, exampleId, label } = row;
      if (isOut(exampleId)) continue;
      const score = selector.ranked(row);
      const nearness = score === null ? 0 : cutOffs.get(score.group)!.nearness(score.score);
      foremost.add({
        ...{ ordinal, exampleId, label },
        teaching: { disagreement: disagreementOf(row), nearness },
      });
    }
    tracker.add(batch.length);
  }
  return foremost.all();
}

/** Of each group of labels that has a threshold. */
async function cutOffsOf(
  { tables }: RoundContext,
  round: number,
  {
    selector,
    threshold,
    total,
    tracker,
  }: { selector: Selector; threshold: Threshold; total: number; tracker: Tracker },
): Promise<Map<string, CutOff>> {
  const scores = new RankedScores(total);
  const kept = new Map<string, number>();
  for await (const batch of tables.scanVerdicts(round)) {
    tracker.signal.throwIfAborted();
    for (const row of batch) {
      const ranked = selector.ranked(row);
      if (ranked === null) continue;
      scores.add(ranked);
      const { group } = ranked;
      if (selector.keeps(row, threshold)) kept.set(group, (kept.get(group) ?? 0) + 1);
    }
  }
  const groups = [...scores.byGroup()];
  return new Map(groups.map(([group, own]) => [group, new CutOff(own, kept.get(group) ?? 0)]));
}

/**
 * Spreads them over clusters: those of one have the same nearest labelled example, or, where nobody
 * looked for neighbours, the same label.
 */
async function spreadOver(
  { tables }: RoundContext,
  { round }: RankInput,
  instructive: Instructive[],
  size: number,
): Promise<Instructive[]> {
  const ordinals = instructive.map(({ ordinal }) => ordinal);
  const neighbours = await tables.neighboursAt({ round, split: 'unlabelled', ordinals });
  const clusterOf = ({ ordinal, label }: Instructive) =>
    neighbours.get(ordinal)?.labelled[0] ?? label;
  return spread(instructive, clusterOf, size);
}

async function withCandidates(
  context: RoundContext,
  ref: RankInput,
  { ordinal, exampleId, teaching }: Instructive,
): Promise<RankedExample> {
  const range = { from: ordinal, to: ordinal + 1 };
  const passRef = { ...ref, range, pass: 'propagate' } as const;
  const answersOf = await inStoredWords(
    context,
    passRef,
    await collaboratorsAnswers(context, passRef),
  );
  const given = answersOf(ordinal).map(({ parsed }) => parsed);
  const { candidates } = consensus(given, context.task.equal);
  return { split: 'unlabelled', ordinal, exampleId, candidates, teaching };
}
