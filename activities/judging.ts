import { endpointOf } from '../core/modelNames.ts';
import { samplingOf } from '../core/sampling.ts';
import type { StoredExample } from '../core/types.ts';
import type { Question } from './batch.ts';
import type { RoundContext } from './dependencies.ts';

/** What the judge of a run is asked, once: the registry makes sure that there is one where it is. */
export function toJudge(
  { spec }: RoundContext,
  asked: Required<Pick<Question, 'example' | 'messages' | 'read'>>,
  slot = 'judge',
): Question {
  const judge = spec.judge!;
  return {
    ...asked,
    endpoint: endpointOf(spec, judge),
    model: judge.model,
    sampling: samplingOf(judge, spec.maxTokens),
    isReasoned: false,
    slots: [{ collaborator: slot, sample: 0 }],
  };
}

/** Asks the judge about an answer to an example; the verdict is stored as `parsed`, a number as text. */
export function toGrade(
  context: RoundContext,
  example: StoredExample,
  answer: string,
  slot?: string,
): Question {
  const judge = context.task.judge!;
  const read = (text: string) => judge.read(text)?.toString() ?? null;
  return toJudge(context, { example, messages: judge.prompt(example, answer), read }, slot);
}
