import { answersAnExample, modelCollaborators } from './collaborators/ofSpec.ts';
import type { FailureType } from './failures.ts';
import { type GroupedSpec, requestGroups } from './requestGroups.ts';
import type { SelectionSteps } from './roundReport.ts';
import type { Selector } from './selection/selector.ts';
import type { RunSpec } from './spec.ts';
import type { AnswerTally } from './tally.ts';
import { haveEntropy, sumOf } from './tally.ts';
import type { Classes, Threshold } from './types.ts';

/** What a round has come to before its fine-tunes. */
export interface Findings {
  /** Unlabelled examples with a pseudo-label. */
  labelled: number;
  threshold: Threshold;
  /** Those of them of which the score says nothing. */
  withoutScore: number;
  selected: number;
  steps: Pick<SelectionSteps, 'kept' | 'nearDuplicates'>;
  /** Of the selected pseudo-labels. */
  classes: Pick<Classes, 'selected'>;
  /** Of the collaborators. */
  answers: readonly AnswerTally[];
}

/** Why a round cannot go on: the type of the failure, the reason in numbers and the remedy. */
export interface EmptyResult {
  type: FailureType;
  message: string;
}

/** Fewer selected pseudo-labels than this may be of one class by chance. */
const TELLING = 10;
const ANOTHER_NAME = 'A changed spec needs another name';

/**
 * Whether a round has nothing to train on but what misleads: then its fine-tunes would be paid for
 * in vain. Answers that were cut off and could be read all the same (a letter at `maxTokens: 1`)
 * are answers.
 */
export function emptyResult(
  { labelled, withoutScore, threshold, selected, steps, classes, answers }: Findings,
  spec: GroupedSpec & Pick<RunSpec, 'selection'>,
  selector: Selector,
): EmptyResult | undefined {
  const models = modelCollaborators(spec);
  const sum = sumOf(answers);
  const asked = sumOf(
    answers.filter((one) => models.some(({ name }) => name === one.collaborator)),
  );
  const read = asked.answers - asked.unread;
  const mosts = requestGroups(spec).map(({ sampling }) => sampling.maxTokens);
  const most = [...new Set(mosts)].join(' or ');
  if (asked.answers > 0 && asked.cut === asked.answers && 2 * read < asked.answers)
    return {
      type: 'AnswersCut',
      message: `all ${asked.answers} answers of the models were cut off at ${most} tokens, and only ${read} can be read: raise maxTokens. ${ANOTHER_NAME}`,
    };
  if (labelled === 0)
    return {
      type: 'NothingRead',
      message: `no answer was found in any of the ${sum.answers} answers of the collaborators (${sum.cut} cut off at ${most} tokens, ${sum.givenUp} given up): try the models on a few examples, change the instruction or the models. ${ANOTHER_NAME}`,
    };
  if (selector.needsEvidence && !haveEntropy(answers) && answersAnExample(spec) < 2)
    return {
      type: 'NoEntropy',
      message: `none of the ${sum.answers} answers carries log-probabilities, and one vote an example tells nothing: use an endpoint that gives log-probabilities, more collaborators, or several samples at a temperature above 0. ${ANOTHER_NAME}`,
    };
  const { exactly, balance } = spec.selection;
  if (exactly !== undefined && selected < exactly)
    return {
      type: 'TooFewSelected',
      message: `selection.exactly wants ${exactly}, and only ${selected} can be selected: ${[
        `${labelled - withoutScore} pseudo-labels have a score`,
        ...(steps.nearDuplicates > 0 ? [`${steps.nearDuplicates} are near duplicates`] : []),
        ...(balance === 'none' ? [] : ['the others would tip the balance']),
      ].join(', ')}. Lower it, or add unlabelled examples. ${ANOTHER_NAME}`,
    };
  if (selected === 0 && steps.kept > 0)
    return {
      type: 'NothingSelected',
      message: `the rule keeps ${steps.kept} of ${labelled} pseudo-labels, and selection.balance leaves none of them: give shares to labels that are among them, or leave it out. ${ANOTHER_NAME}`,
    };
  if (selected === 0)
    return {
      type: 'NothingSelected',
      message: `none of ${labelled} pseudo-labels is selected by the rule ${selector.describe(threshold)}: ${selector.remedy}. ${ANOTHER_NAME}`,
    };
  if (selected >= TELLING && classes.selected === 1)
    return {
      type: 'OneClass',
      message: `all ${selected} selected pseudo-labels (of ${labelled}) are the same answer: ${selector.remedy}, label more examples that have another, or choose stronger collaborators. ${ANOTHER_NAME}`,
    };
  return undefined;
}
