import { setImmediate } from 'node:timers/promises';
import { log } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import pLimit from 'p-limit';
import { type Answer, answerKey } from '../core/answer.ts';
import type { LabelledNeighbour } from '../core/collaborators/kind.ts';
import { answerIn } from '../core/collaborators/opinion.ts';
import { passingFailure } from '../core/failures.ts';
import { PASSES } from '../core/passes.ts';
import { type FreeCollaborator, freeCollaborators } from '../core/spec.ts';
import type { StoredExample } from '../core/types.ts';
import { settled } from '../providers/settled.ts';
import { AnswerBuffer } from './answerBuffer.ts';
import type { PassRef } from './asking.ts';
import { type Dependencies, openRound } from './dependencies.ts';
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
     * Lets the collaborators that ask no model answer a range of examples. Their answers
     * stand beside those of the models and count as these do. The first that is stored stays, since
     * a user's own module may say something else the next time.
     * @throws ApplicationFailure `CollaboratorFailed`
     */
    async collaborateFree(input: PassRef): Promise<void> {
      const { round, range } = input;
      const { split, answers: stage } = PASSES[input.pass];
      const context = await openRound(dependencies, input);
      const { spec, task, dataset, tables } = context;
      const free = freeCollaborators(spec);
      const total = (range.to - range.from) * free.length;

      const answerOf = async (ask: Ask, deadline: AbortSignal): Promise<Answer> => {
        const { answer: gold, ...x } = ask.example;
        const { name: collaborator, type: model } = ask.spec;
        const said = dependencies.registry
          .collaborator(ask.spec, task)
          .answer(x, ask.neighbours, deadline);
        const opinion = await settled(Promise.resolve(said), deadline);
        return {
          ...{ round, stage, split, ordinal: x.ordinal, exampleId: x.id },
          ...{ collaborator, sample: 0, endpoint: '', model },
          ...answerIn(opinion, x, task),
          ...{ promptTokens: 0, cachedTokens: 0, completionTokens: 0, finishReason: 'stop' },
        };
      };

      const answerAll = async (tracker: Tracker): Promise<void> => {
        const answers = await tables.answers({ round, stage, range });
        const stored = new Set(answers.map(answerKey));
        const neighboursOf = await labelledNeighbours(context, input);
        const examples = await dataset.range(split, range);
        const missing = examples.flatMap((example) =>
          free
            .filter(({ name: collaborator }) => {
              const key = { exampleId: example.id, collaborator, sample: 0 };
              return !stored.has(answerKey({ round, stage, ...key }));
            })
            .map((spec): Ask => {
              const neighbours = neighboursOf(example.ordinal).slice(0, spec.neighbours ?? 0);
              return { example, spec, neighbours };
            }),
        );
        tracker.add(total - missing.length);

        const { length } = missing;
        const buffer = new AnswerBuffer(tables, tracker, { ofAsks: length, awaited: length });
        const limit = pLimit(AT_ONCE);
        const failures: ApplicationFailure[] = [];
        const work = missing.map(async (ask) => {
          const answer = await limit(async () => {
            await setImmediate(); // heartbeats need their turn
            tracker.signal.throwIfAborted();
            if (failures[0]) throw failures[0];
            try {
              return await answerOf(ask, tracker.deadline);
            } catch (error) {
              tracker.deadline.throwIfAborted();
              failures.push(failureOf(ask, error));
              throw error;
            }
          });
          await buffer.store([answer]);
          tracker.add(1);
        });
        const outcomes = await Promise.allSettled(work);
        const failed = outcomes.find(({ status }) => status === 'rejected');
        if (failed) throw failures[0] ?? (failed as PromiseRejectedResult).reason;
      };

      await tracked({ total, unit: 'answers' }, answerAll, dependencies.shutdownGraceMs);
    },
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
