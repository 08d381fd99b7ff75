import { answersAnExample, modelCollaborators } from './collaborators/ofSpec.ts';
import type { FailureType } from './failures.ts';
import { type GroupedSpec, requestGroups } from './requestGroups.ts';
import type { Selector } from './selection/selector.ts';
import type { AnswerTally } from './tally.ts';
import { haveEntropy, sumOf } from './tally.ts';
import type { Classes, Threshold } from './types.ts';

/** What a round has come to before its fine-tunes. */
export interface Findings {
  /** Unlabelled examples with a pseudo-label. */
  labelled: number;
  threshold: Threshold;
  selected: number;
  /** Of the selected pseudo-labels. */
  classes: Classes;
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
  { labelled, threshold, selected, classes, answers }: Findings,
  spec: GroupedSpec,
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
