import { setImmediate } from 'node:timers/promises';
import { log } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import pLimit from 'p-limit';
import { type Answer, answerKey } from '../core/answer.ts';
import type { Collaborator, LabelledNeighbour, Opinion } from '../core/collaborators/kind.ts';
import { freeCollaborators } from '../core/collaborators/ofSpec.ts';
import { answerIn } from '../core/collaborators/opinion.ts';
import { passingFailure } from '../core/failures.ts';
import { PASSES } from '../core/passes.ts';
import type { FreeCollaborator } from '../core/spec.ts';
import type { StoredExample } from '../core/types.ts';
import { settled } from '../providers/settled.ts';
import { AnswerBuffer } from './answerBuffer.ts';
import { examplesOf, type PassRef } from './asking.ts';
import { type Dependencies, openRound, type RoundContext } from './dependencies.ts';
import { labelledNeighbours } from './labelledNeighbours.ts';
import { type Tracker, tracked } from './progress.ts';

/** Answers that are worked on at the same time: a user's own module may wait for something. */
const AT_ONCE = 8;

/** An example that one of the collaborators is to answer. */
interface Ask {
  example: StoredExample;
  spec: FreeCollaborator;
  neighbours: LabelledNeighbour[];
}

export function createCollaborateFree(dependencies: Dependencies) {
  return {
    /**
     * Lets the collaborators that ask no model answer a range of examples. Their answers stand beside
     * those of the models and count as these do. The first that is stored stays, since a user's own
     * module may say something else the next time.
     * @returns how many answers there are
     * @throws ApplicationFailure `CollaboratorFailed`
     */
    async collaborateFree(input: PassRef): Promise<number> {
      const context = await openRound(dependencies, input);
      const { spec, task, tables } = context;
      const total = (input.range.to - input.range.from) * freeCollaborators(spec).length;

      const work = async (tracker: Tracker): Promise<void> => {
        const asks = await unanswered(context, input);
        const { length } = asks;
        tracker.add(total - length);
        const buffer = new AnswerBuffer({ tables }, tracker, { ofAsks: length, awaited: length });
        const limit = pLimit(AT_ONCE);
        let failure: ApplicationFailure | undefined;
        const answered = async (ask: Ask): Promise<Answer> => {
          await setImmediate(); // heartbeats need their turn
          tracker.signal.throwIfAborted();
          if (failure) throw failure;
          try {
            const collaborator = dependencies.registry.collaborator(ask.spec, task);
            const opinion = await opinionOf(collaborator, ask, tracker.deadline);
            return answerOf(opinion, ask, { context, input });
          } catch (error) {
            tracker.deadline.throwIfAborted();
            failure ??= failureOf(ask, error);
            throw failure;
          }
        };
        const outcomes = await Promise.allSettled(
          asks.map(async (ask) => {
            await buffer.store([await limit(answered, ask)]);
            tracker.add(1);
          }),
        );
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      };

      await tracked({ total, unit: 'answers' }, work, dependencies.shutdownGraceMs);
      return total;
    },
  };
}

/** What has no stored answer yet. */
async function unanswered(context: RoundContext, input: PassRef): Promise<Ask[]> {
  const { round, range, pass } = input;
  const { spec, tables } = context;
  const { answers: stage } = PASSES[pass];
  const stored = new Set((await tables.answers({ round, stage, range })).map(answerKey));
  const neighboursOf = await labelledNeighbours(context, input);
  const examples = await examplesOf(context, input);
  return examples.flatMap((example) =>
    freeCollaborators(spec)
      .filter(({ name: collaborator }) => {
        const key = answerKey({ round, stage, exampleId: example.id, collaborator, sample: 0 });
        return !stored.has(key);
      })
      .map((one) => ({
        example,
        spec: one,
        neighbours: neighboursOf(example.ordinal).slice(0, one.neighbours ?? 0),
      })),
  );
}

/** What a collaborator says of an example whose gold answer, should there be one, it is not shown. */
async function opinionOf(
  collaborator: Collaborator,
  { example, neighbours }: Ask,
  deadline: AbortSignal,
): Promise<Opinion> {
  const { answer: _, ...x } = example;
  return settled(Promise.resolve(collaborator.answer(x, neighbours, deadline)), deadline);
}

function answerOf(
  opinion: Opinion,
  { example, spec: { name: collaborator, type: model } }: Ask,
  { context, input }: { context: RoundContext; input: PassRef },
): Answer {
  const { id: exampleId, ordinal, split } = example;
  const { answers: stage } = PASSES[input.pass];
  return {
    ...{ round: input.round, stage, split, ordinal, exampleId },
    ...{ collaborator, sample: 0, endpoint: '', model, transport: 'direct' as const },
    ...answerIn(opinion, example, context.task),
    shares: null,
    ...{ promptTokens: 0, cachedTokens: 0, completionTokens: 0, finishReason: 'stop' },
  };
}

/** What a module threw may quote texts: it is in the worker's log, not in histories. */
function failureOf({ spec, example }: Ask, error: unknown): ApplicationFailure {
  const kind = error instanceof Error ? error.name : 'what is no Error';
  const who = `collaborator "${spec.name}" (${spec.type})`;
  log.warn(`${who} failed on an example`, { ordinal: example.ordinal, error });
  return passingFailure(
    'CollaboratorFailed',
    `${who} failed on ${example.split} example ${example.ordinal} with ${kind}: the worker's log has what it says. Mend its module and start the worker again; what is answered is kept`,
  );
}
