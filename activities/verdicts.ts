import type { Answer } from '../core/answer.ts';
import { type PseudoLabel, pseudoLabel, type Verdict } from '../core/consensus.ts';
import { votesOf } from '../core/neighbourVotes.ts';
import { PASSES } from '../core/passes.ts';
import type { Way } from '../core/resolution.ts';
import type { StoredExample } from '../core/types.ts';
import { inStoredWords } from './agreeing.ts';
import { examplesOf, type PassRef } from './asking.ts';
import type { RoundContext } from './dependencies.ts';
import { collaboratorsAnswers, pseudoLabelOf } from './justify.ts';
import { labelledNeighbours } from './labelledNeighbours.ts';

/** What the collaborators came to about an example, had disagreement been resolved in this way. */
export type VerdictsOf = (example: StoredExample, way: Way) => Verdict;

/** The verdicts on the examples of a range in a pass that is over, by what is stored of it. */
export async function storedVerdicts(context: RoundContext, ref: PassRef): Promise<VerdictsOf> {
  const { verdictOn } = await storedPass(context, ref);
  return verdictOn;
}

/** What is stored of a pass over a range: the answers to each example, and the verdicts by them. */
async function storedPass(
  context: RoundContext,
  ref: PassRef,
): Promise<{ answersOf: (ordinal: number) => Answer[]; verdictOn: VerdictsOf }> {
  const { tables, task } = context;
  const { round, range, pass } = ref;
  const stage = PASSES[pass].justifications;
  const [given, justifications, neighboursOf, viewOf] = await Promise.all([
    collaboratorsAnswers(context, ref),
    tables.answers({ round, stage, range }),
    labelledNeighbours(context, ref),
    storedViews(context, ref),
  ]);
  const answersOf = await inStoredWords(context, ref, given);
  const justified = new Map(justifications.map((answer) => [answer.ordinal, answer]));
  const verdictOn: VerdictsOf = (example, way) => {
    const { ordinal } = example;
    const votes = votesOf(example, neighboursOf(ordinal), task);
    const justification = justified.get(ordinal);
    return pseudoLabel(
      ...([way, answersOf(ordinal), justification, task.equal] as const),
      ...([votes, viewOf(ordinal)] as const),
    );
  };
  return { answersOf, verdictOn };
}

/** The share of each class by co-training; undefined where there is none. */
async function storedViews(
  { spec, tables, task }: RoundContext,
  { round, range, pass }: PassRef,
): Promise<(ordinal: number) => ReadonlyMap<string, number> | undefined> {
  if (!spec.coTraining) return () => undefined;
  const views = await tables.views({ round, split: PASSES[pass].split, range });
  return (ordinal) => {
    const shares = views.get(ordinal)?.shares;
    return shares && new Map(task.classes!.map((label, index) => [label, shares[index]!]));
  };
}

/** The pseudo-labels of the unlabelled examples of a range, by what is stored of them. */
export async function storedPseudoLabels(
  context: RoundContext,
  ref: PassRef,
  way: Way,
): Promise<PseudoLabel[]> {
  const [examples, { answersOf, verdictOn }] = await Promise.all([
    examplesOf(context, ref),
    storedPass(context, ref),
  ]);
  return examples.map((example) =>
    pseudoLabelOf(context, ref, example, {
      verdict: verdictOn(example, way),
      answers: answersOf(example.ordinal),
    }),
  );
}
