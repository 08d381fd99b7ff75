import { pseudoLabel, type Verdict } from '../core/consensus.ts';
import { votesOf } from '../core/neighbourVotes.ts';
import { PASSES } from '../core/passes.ts';
import type { Way } from '../core/resolution.ts';
import type { StoredExample } from '../core/types.ts';
import { inStoredWords } from './agreeing.ts';
import type { PassRef } from './asking.ts';
import type { RoundContext } from './dependencies.ts';
import { collaboratorsAnswers } from './justify.ts';
import { labelledNeighbours } from './labelledNeighbours.ts';

/** What the collaborators came to about an example, had disagreement been resolved in this way. */
export type VerdictsOf = (example: StoredExample, way: Way) => Verdict;

/** The verdicts on the examples of a range in a pass that is over, by what is stored of it. */
export async function storedVerdicts(context: RoundContext, ref: PassRef): Promise<VerdictsOf> {
  const { tables, task } = context;
  const { round, range, pass } = ref;
  const stage = PASSES[pass].justifications;
  const [given, justifications, neighboursOf] = await Promise.all([
    collaboratorsAnswers(context, ref),
    tables.answers({ round, stage, range }),
    labelledNeighbours(context, ref),
  ]);
  const answersOf = await inStoredWords(context, ref, given);
  const justified = new Map(justifications.map((answer) => [answer.ordinal, answer]));
  return (example, way) => {
    const { ordinal } = example;
    const votes = votesOf(example, neighboursOf(ordinal), task);
    return pseudoLabel(way, answersOf(ordinal), justified.get(ordinal), task.equal, votes);
  };
}
