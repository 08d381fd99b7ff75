import { ApplicationFailure } from '@temporalio/common';

/**
 * What can be done after a failure: mend the `input`, and begin again; `change` the spec, under
 * another name, since with what is stored the result would be the same; or just start it `again`,
 * what is stored is reused.
 */
export type Outlook = 'input' | 'change' | 'again';

/** What a type of failure means, and what to do. */
export interface FailureKind {
  outlook: Outlook;
  meaning: string;
  remedy: string;
}

/**
 * The types of the `ApplicationFailure`s that SemiEvol's workflows and activities fail with. The
 * message of a failure has the particulars.
 */
export const FAILURES = {
  DataError: {
    outlook: 'input',
    meaning: 'The data files cannot be used as they are.',
    remedy: 'Mend what the message names in the file, or correct the spec; start again.',
  },
  DataUnavailable: {
    outlook: 'input',
    meaning: 'The data files cannot be got at, whatever they hold.',
    remedy: 'Mend what the message names: the path or address, or the rights to it; start again.',
  },
  RunEnded: {
    outlook: 'input',
    meaning: 'Data were to go to a run that is over, or that there never was.',
    remedy: 'End the collecting for it: "semievol collect RUN --stop".',
  },
  SpecChanged: {
    outlook: 'input',
    meaning: 'A run of this name was begun with another spec, and its answers are stored.',
    remedy: 'Give the changed spec another name, or restore the old one.',
  },
  SpecNotUnderstood: {
    outlook: 'again',
    meaning:
      'The spec names a kind of task, a rule, a score or a field that the worker lacks, or was never read.',
    remedy:
      'Give the worker the extensions and the version that the run was started with; a workflow of your own starts `evolve` with a spec that `runSpec` has read.',
  },
  RunElsewhere: {
    outlook: 'again',
    meaning: 'A run of a grid is at work outside of the grid, or has ended there early.',
    remedy: 'Wait for it to end, or cancel it; start the grid again, and it goes on.',
  },
  RoundDropped: {
    outlook: 'change',
    meaning: 'A round is to be done again whose answers the store has not kept (retention).',
    remedy: 'Start the run under another name: its answers are asked for anew.',
  },
  NoEndpoint: {
    outlook: 'again',
    meaning: 'A worker lacks an endpoint that the spec names.',
    remedy: "Add it to the worker's temporal.config.ts, and start the worker again.",
  },
  NoSpec: {
    outlook: 'again',
    meaning: 'The store of a worker has no spec of the run: it is another than that of the others.',
    remedy: 'Give all workers of a task queue the same store, one that each of them reaches.',
  },
  ModelNotFound: {
    outlook: 'input',
    meaning: 'An endpoint does not have a model that the spec names.',
    remedy: 'Correct the name in the spec, or serve the model.',
  },
  ArrivalRefused: {
    outlook: 'input',
    meaning: 'What was to be added to a run names nothing, or what cannot be.',
    remedy: 'Correct what the message names; the data of the run are as they were.',
  },
  RoundRefused: {
    outlook: 'input',
    meaning: 'A further round was called, and the run has no more.',
    remedy: 'Give the spec more rounds, and start the run again when it has ended.',
  },
  ChampionRefused: {
    outlook: 'input',
    meaning: 'A change of the champion names no model, no person or no reason, or nothing waits.',
    remedy: 'Correct what the message names; the champion is the one it was.',
  },
  LeaseRefused: {
    outlook: 'input',
    meaning: 'There is nothing to review, or nobody is named who does.',
    remedy: 'Do what the message says; nothing is leased.',
  },
  BudgetRefused: {
    outlook: 'input',
    meaning: 'A change of a budget names no limit, or one that cannot be.',
    remedy: 'Give a limit above what is spent; the run goes by the one it had until then.',
  },
  NoPrice: {
    outlook: 'input',
    meaning: 'A budget in money is set, and a model of the run has no price.',
    remedy:
      'Give its prices in temporal.config.ts, or set the budget in tokens or requests instead.',
  },
  NoBatches: {
    outlook: 'input',
    meaning: 'The spec wants requests to go by batch at an endpoint that declares no batches.',
    remedy: 'Declare them for the endpoint in temporal.config.ts, or change transport in the spec.',
  },
  NoFineTuning: {
    outlook: 'input',
    meaning: 'The endpoint of the model to tune cannot fine-tune.',
    remedy:
      'Mend what the message names, name another endpoint in the spec, or give it another trainer in temporal.config.ts.',
  },
  AnswersCut: {
    outlook: 'change',
    meaning: 'All answers of the collaborators were cut off, and most of them cannot be read.',
    remedy: 'Raise maxTokens, under another name.',
  },
  NothingRead: {
    outlook: 'change',
    meaning: 'No answer was found in what the collaborators said.',
    remedy: 'Try the models on a few examples; change the instruction or the models.',
  },
  NoEntropy: {
    outlook: 'change',
    meaning: 'There are no log-probabilities, and no votes, to rank pseudo-labels by.',
    remedy: 'Use an endpoint that gives log-probabilities, more collaborators or more samples.',
  },
  NothingSelected: {
    outlook: 'change',
    meaning: 'The selection rule keeps none of the pseudo-labels.',
    remedy: 'Change the selection as the message says, under another name.',
  },
  TooFewSelected: {
    outlook: 'change',
    meaning: 'Fewer pseudo-labels can be selected than selection.exactly wants.',
    remedy: 'Lower it, or add unlabelled examples, under another name.',
  },
  OneClass: {
    outlook: 'change',
    meaning:
      'All selected pseudo-labels are the same answer: a model would learn to say nothing else.',
    remedy: 'Let the rule keep more, label more that have another answer, or change the models.',
  },
  MostlyUnanswered: {
    outlook: 'again',
    meaning: 'The endpoint answers, but gave up on most requests of a batch.',
    remedy:
      "See what the worker's log says of the endpoint; lower shots where prompts are too long.",
  },
  CollaboratorFailed: {
    outlook: 'again',
    meaning: 'A collaborator of your own, which asks no model, throws, or says what is no answer.',
    remedy:
      "The worker's log has what it threw: mend its module, and start the worker again. What is answered is kept.",
  },
  JobFailed: {
    outlook: 'again',
    meaning: 'The provider failed a fine-tuning job.',
    remedy: "Mend what the provider's message names, then start again: a new job is made.",
  },
  JobWithoutResult: {
    outlook: 'again',
    meaning: 'A fine-tuning job succeeded and names no model.',
    remedy: 'Look the job up at the provider; start again for a new one.',
  },
  JobCancelled: {
    outlook: 'again',
    meaning: 'A fine-tuning job was cancelled at the provider.',
    remedy: 'Start again for a new job.',
  },
  JobVanished: {
    outlook: 'again',
    meaning: 'The provider does not know a fine-tuning job any more that it had made.',
    remedy: 'Start again for a new job.',
  },
  NotCancelled: {
    outlook: 'again',
    meaning: 'A fine-tuning job that is to be cancelled still goes on.',
    remedy: 'Wait: it is tried again.',
  },
  DeploymentFailed: {
    outlook: 'again',
    meaning: 'The provider did not put up a tuned model.',
    remedy:
      "Mend what the provider's message names, then start again: the model is kept, and put up anew.",
  },
  NotDeployed: {
    outlook: 'again',
    meaning: 'A tuned model that has to be deployed is not up, or not any more.',
    remedy: 'Wait: it is put up, and asked again.',
  },
  NotUndeployed: {
    outlook: 'again',
    meaning: 'A deployment that is to be taken down still stands.',
    remedy: 'Wait: it is tried again.',
  },
  NoRoom: {
    outlook: 'again',
    meaning: 'The provider, or the machine, has no room for another deployment now.',
    remedy: 'Wait, it is tried again; raise the quota, or take down what is not needed.',
  },
  NotAnnounced: {
    outlook: 'again',
    meaning: 'A new champion could not be told to the webhook of the configuration.',
    remedy: 'Wait: it is tried again for three days; the run goes on meanwhile.',
  },
  Unreachable: {
    outlook: 'again',
    meaning: 'An endpoint cannot be reached.',
    remedy: 'Wait, it is tried again; check that it runs and that its baseURL is right.',
  },
  UnreadableAnswer: {
    outlook: 'again',
    meaning: 'An endpoint gave an answer that is not what was asked for.',
    remedy: 'Wait, it is tried again; check that its baseURL is that of a model API.',
  },
  EndpointError: {
    outlook: 'again',
    meaning: 'An endpoint has trouble of its own, or more to do than it can take.',
    remedy: 'Wait: it is tried again.',
  },
  OutOfMoney: {
    outlook: 'again',
    meaning: 'The account at a provider is used up.',
    remedy: 'Top it up or raise its limit: what waits goes on by itself.',
  },
  AuthenticationError: {
    outlook: 'again',
    meaning: 'An endpoint does not take the key.',
    remedy: "Correct the key in the worker's environment, and start the worker again.",
  },
  TooFewSamples: {
    outlook: 'again',
    meaning: 'An endpoint gives fewer samples than it is asked for.',
    remedy: 'Set supportsN: false for the endpoint in temporal.config.ts.',
  },
  NotFound: {
    outlook: 'again',
    meaning: 'An endpoint does not know the model or the address that it is asked for.',
    remedy: "Check the model's name and the endpoint's baseURL.",
  },
  BadRequest: {
    outlook: 'again',
    meaning: 'An endpoint refuses a request as it is.',
    remedy: 'Mend what the message names, in the spec or in temporal.config.ts.',
  },
} as const satisfies Record<string, FailureKind>;

/** A type of failure of SemiEvol's own. */
export type FailureType = keyof typeof FAILURES;

/** What a type means; undefined for a type of somebody else's. */
export function failureKind(type: string | null | undefined): FailureKind | undefined {
  return type && Object.hasOwn(FAILURES, type) ? FAILURES[type as FailureType] : undefined;
}

/**
 * A failure that a repetition cannot mend: nothing tries again by itself.
 * @param message what is wrong and what to do; never texts of examples, since histories keep it
 */
export const finalFailure = (
  type: FailureType,
  message: string,
  ...details: unknown[]
): ApplicationFailure => ApplicationFailure.nonRetryable(message, type, ...details);

/**
 * A failure that may pass: Temporal tries again.
 * @param waitMs milliseconds until that is worth it, where they are known
 */
export const passingFailure = (
  type: FailureType,
  message: string,
  waitMs?: number,
): ApplicationFailure =>
  ApplicationFailure.create({
    type,
    message,
    ...(waitMs !== undefined && { nextRetryDelay: waitMs }),
  });

/**
 * The same failure in other words, with nothing of the error that it was: neither its causes nor its
 * stack. Its type may be one of a user's own trainer.
 */
export function reworded(error: Error, message: string): ApplicationFailure {
  if (!(error instanceof ApplicationFailure))
    return ApplicationFailure.create({ type: error.name, message });
  const { type, nonRetryable, nextRetryDelay } = error;
  return new ApplicationFailure(message, type, nonRetryable, [], undefined, nextRetryDelay);
}
