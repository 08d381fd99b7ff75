import { JUDGED_TO_CHECK } from '../core/amounts.ts';
import { endpointOf } from '../core/modelNames.ts';
import type { JudgeReport } from '../core/roundReport.ts';
import { wilson } from '../core/statistics.ts';
import { askAbout } from './asking.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { toGrade } from './judging.ts';

/**
 * How far the judge can be trusted: about some labelled examples it is asked whether the gold answer
 * is right, and whether that of another example is, which is wrong. It is asked in the first round,
 * and the others find what it said.
 * @param models that it has graded
 * @returns undefined where no judge grades
 */
export async function checkJudge(
  dependencies: Dependencies,
  ref: RoundRef,
  models: readonly string[],
): Promise<JudgeReport | undefined> {
  const { spec, task } = await openRound(dependencies, ref);
  const { judge } = spec;
  if (!task.judge || !judge) return undefined;
  const range = { from: 0, to: JUDGED_TO_CHECK };
  const subject = { stage: 'judge-check', split: 'labelled', unit: 'verdicts' } as const;
  return askAbout(dependencies, { ...ref, round: 1, range }, subject, async (batch) => {
    const { context, examples } = batch;
    const questions = examples.flatMap((example, index) => {
      const later = [...examples.slice(index + 1), ...examples.slice(0, index)];
      const other = later.find(({ answer }) => !task.equal(answer!, example.answer!));
      return [
        toGrade(context, example, task.target(example.answer!), 'gold'),
        ...(other ? [toGrade(context, example, task.target(other.answer!), 'other')] : []),
      ];
    });
    await batch.ask(questions);
    const answers = await batch.answers();
    const share = (of: string, verdict: number) => {
      const verdicts = answers.filter(({ collaborator }) => collaborator === of);
      const right = verdicts.filter(({ parsed }) => parsed !== null && Number(parsed) === verdict);
      return wilson(right.length, verdicts.length, spec.evaluation.confidence);
    };
    const endpoint = endpointOf(spec, judge);
    const isAt = endpoint === spec.model.endpoint;
    return {
      ...{ endpoint, model: judge.model },
      ...{ gold: share('gold', 1), others: share('other', 0) },
      isPartial: isAt && [spec.model.name, ...models].includes(judge.model),
    };
  });
}
