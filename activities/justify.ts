import { type Answer, isAway } from '../core/answer.ts';
import { boundedBy } from '../core/bound.ts';
import {
  consensus,
  type PseudoLabel,
  pseudoLabel,
  responseBehind,
  type Verdict,
} from '../core/consensus.ts';
import type { Failing } from '../core/failing.ts';
import { endpointOf } from '../core/modelNames.ts';
import { votesOf } from '../core/neighbourVotes.ts';
import { PASSES } from '../core/passes.ts';
import type { Way } from '../core/resolution.ts';
import { samplingOf } from '../core/sampling.ts';
import type { Spent } from '../core/spent.ts';
import type { StoredExample } from '../core/types.ts';
import { agreedWords } from './agreeing.ts';
import { askAbout, type PassRef, type Subject } from './asking.ts';
import type { Batch } from './batch.ts';
import { modelNamed, type PropagateInput } from './collaborate.ts';
import type { Dependencies, RoundContext } from './dependencies.ts';
import { labelledNeighbours } from './labelledNeighbours.ts';

/** A justification is the last that a batch waits for, and there are few. */
export const justificationsIn = (ref: PassRef): Subject => {
  const { justifications: stage, split } = PASSES[ref.pass];
  return { stage, split, pass: ref.pass, unit: 'justifications', isAhead: true };
};

export interface JustifyInput extends PropagateInput {
  /** How disagreement is resolved. */
  way: Way;
}

/** What became of a range: on how many examples all agreed, and on how many there was a choice. */
export interface Justified {
  agreed: number;
  disagreed: number;
  spent: Spent;
  failing: Failing;
}

export function createJustify(dependencies: Dependencies) {
  return {
    /**
     * Finds out which answers mean the same, resolves disagreement, and stores the pseudo-label of
     * every unlabelled example of the range. In the paper's way a model is shown the collaborators'
     * answers where they disagreed, and justifies one (self-justification, §3.2); the other ways ask
     * nothing.
     */
    async justify(input: JustifyInput): Promise<Justified> {
      return askAbout(dependencies, input, justificationsIn(input), async (batch) => {
        const { spec, tables, task } = batch.context;
        const { answersOf, ...counts } = await askWhichIsRight(dependencies, batch, input);
        // Labelled examples need none, and co-training makes those of the unlabelled.
        const came = { ...counts, spent: batch.spent, failing: batch.failing };
        if (input.pass !== 'propagate' || spec.coTraining) return came;
        const justified = new Map(
          (await batch.answers()).map((answer) => [answer.ordinal, answer]),
        );
        const neighboursOf = await labelledNeighbours(batch.context, input);
        await tables.addPseudoLabels(
          batch.examples.map((example) => {
            const { ordinal } = example;
            const answers = answersOf(ordinal);
            const verdict = pseudoLabel(
              ...([input.way, answers, justified.get(ordinal), task.equal] as const),
              votesOf(example, neighboursOf(ordinal), task),
            );
            return pseudoLabelOf(batch.context, input, example, { verdict, answers });
          }),
        );
        return came;
      });
    },
  };
}

/**
 * Finds out which answers mean the same, and, where that is the way, asks a model for one of those
 * that do not.
 */
export async function askWhichIsRight(
  dependencies: Dependencies,
  batch: Batch,
  input: JustifyInput,
): Promise<Omit<Justified, 'spent' | 'failing'> & { answersOf: (ordinal: number) => Answer[] }> {
  const { spec, task } = batch.context;
  const endpoint = endpointOf(spec, spec.justification);
  const sampling = samplingOf(spec.justification, spec.maxTokens);
  const given = await collaboratorsAnswers(batch.context, input);
  const answersOf = await agreedWords(dependencies, batch, input, given);
  let agreed = 0;
  const questions = batch.examples.flatMap((example) => {
    const parsed = answersOf(example.ordinal).map((answer) => answer.parsed);
    const { agreed: isAgreed, candidates } = consensus(parsed, task.equal);
    if (isAgreed) agreed++;
    if (isAgreed || candidates.length === 0) return [];
    const answers = candidates.map(({ answer }) => answer);
    const model = modelNamed(spec.justification.model, input.models, example);
    const messages = task.justify(example, answers);
    const slots = [{ collaborator: 'justify', sample: 0 }];
    const read =
      task.chosen && ((text: string, isCut: boolean) => task.chosen!(text, answers, isCut));
    return [{ example, endpoint, model, messages, sampling, isReasoned: true, read, slots }];
  });
  if (input.way === 'justify') await batch.ask(questions);
  return { agreed, disagreed: questions.length, answersOf };
}

/** What a round stores of a verdict on an unlabelled example. */
export function pseudoLabelOf(
  { spec, task }: RoundContext,
  { round }: Pick<PassRef, 'round'>,
  example: StoredExample,
  { verdict: own, answers }: { verdict: Verdict; answers: readonly Answer[] },
): PseudoLabel {
  const verdict = boundedBy(spec.bound, own, example, task);
  const { label } = verdict;
  const isTaught = spec.answer.target === 'response' && label !== null;
  return {
    ...{ round, ordinal: example.ordinal, exampleId: example.id },
    ...verdict,
    response: isTaught ? responseBehind(label, answers, task.equal) : null,
  };
}

/**
 * What the collaborators have answered to each example of a range, in the order of the spec; those
 * that were away are left out.
 */
export async function collaboratorsAnswers(
  { spec, tables }: RoundContext,
  { round, range, pass }: PassRef,
): Promise<(ordinal: number) => Answer[]> {
  const all = await tables.answers({ round, stage: PASSES[pass].answers, range });
  const answers = all.filter((answer) => !isAway(answer));
  // Ties go to who comes first in the spec, not to whose answer came first.
  const places = new Map(spec.collaborators.map(({ name }, index) => [name, index]));
  const place = ({ collaborator }: Answer) => places.get(collaborator) ?? 0;
  answers.sort((a, b) => place(a) - place(b) || a.sample - b.sample);
  const byOrdinal = Map.groupBy(answers, ({ ordinal }) => ordinal);
  return (ordinal) => byOrdinal.get(ordinal) ?? [];
}
