import { differing, groupsOf, inWordsOfSurest, isNear, type Meanings } from '../core/agreement.ts';
import { TEXTS_A_REQUEST } from '../core/amounts.ts';
import type { Answer } from '../core/answer.ts';
import type { Equality } from '../core/consensus.ts';
import { PASSES } from '../core/passes.ts';
import { ranges } from '../core/range.ts';
import type { Agreement } from '../core/tasks/task.ts';
import type { StoredExample } from '../core/types.ts';
import { NO_USAGE } from '../core/usage.ts';
import type { PassRef } from './asking.ts';
import type { Batch } from './batch.ts';
import type { Dependencies, RoundContext } from './dependencies.ts';
import { toJudge } from './judging.ts';
import { keepUntilStored } from './keeping.ts';

/** Examples whose answers are embedded together: few commits, and few texts again after a crash. */
const STEP = 256;

type AnswersOf = (ordinal: number) => Answer[];

/** An example with its different answers, two or more. */
interface Doubtful {
  example: StoredExample;
  answers: string[];
}

/**
 * The collaborators' answers, those to one example that mean the same all in the same words. Which do
 * is found out as the task says, where they are not equal, and stored: a repetition finds the same,
 * and asks for nothing again.
 */
export async function agreedWords(
  dependencies: Dependencies,
  batch: Batch,
  ref: PassRef,
  answersOf: AnswersOf,
): Promise<AnswersOf> {
  const { task, tables } = batch.context;
  const { agreement, equal } = task;
  if (!agreement) return inStoredWords(batch.context, ref, answersOf);
  const { round, range } = ref;
  const { split } = PASSES[ref.pass];
  const known = await tables.meanings({ round, split, range });
  const doubtful = batch.examples.flatMap((example) => {
    const answers = differingOf(answersOf(example.ordinal), equal);
    return answers.length > 1 && !known.has(example.ordinal) ? [{ example, answers }] : [];
  });
  const store = (of: readonly Doubtful[], groups: (one: Doubtful) => number[]) =>
    keepUntilStored(batch.tracker, `${of.length} meanings`, () =>
      tables.addMeanings(
        of.map((one) => {
          const { ordinal, id: exampleId } = one.example;
          return { round, split, ordinal, exampleId, answers: one.answers, groups: groups(one) };
        }),
      ),
    );
  if (agreement.by === 'judge') await store(doubtful, await judged(batch, doubtful, agreement));
  else
    for (const step of ranges(doubtful.length, STEP)) {
      batch.tracker.signal.throwIfAborted();
      const part = doubtful.slice(step.from, step.to);
      const { vectorOf, usage } = await embedded(dependencies, batch, part);
      await store(part, ({ answers }) => {
        const vectors = answers.map(vectorOf);
        return groupsOf(
          answers.length,
          (a, b) => isNear(vectors[a]!, vectors[b]!, agreement.threshold),
          (a, b) => agreement.mayAgree(answers[a]!, answers[b]!),
        );
      });
      await tables.addSpend({
        key: ['group', round, split, part[0]!.example.ordinal].join('/'),
        ...{ round, phase: 'group', transport: 'direct', usage },
        ...embedderOf(batch),
      });
    }
  // Another attempt's may have come first.
  return inStoredWords(batch.context, ref, answersOf);
}

/** The same by what is stored of what answers mean, for those who come later. */
export async function inStoredWords(
  { task: { agreement, equal }, tables }: RoundContext,
  { round, range, pass }: PassRef,
  answersOf: AnswersOf,
): Promise<AnswersOf> {
  const of = { round, range, split: PASSES[pass].split };
  const found = agreement ? await tables.meanings(of) : undefined;
  return (ordinal) => {
    const answers = answersOf(ordinal);
    const meanings = found?.get(ordinal) ?? allApart(differingOf(answers, equal));
    return inWordsOfSurest(answers, meanings, equal);
  };
}

const differingOf = (answers: readonly Answer[], equal: Equality): string[] =>
  differing(
    answers.map(({ parsed }) => parsed),
    equal,
  );

const allApart = (answers: string[]): Meanings => ({ answers, groups: [...answers.keys()] });

/** Lets the judge say of each example which of its answers mean the same; where it does not, none do. */
async function judged(
  batch: Batch,
  doubtful: readonly Doubtful[],
  { prompt, read }: Extract<Agreement, { by: 'judge' }>,
): Promise<(one: Doubtful) => number[]> {
  const asking = batch.in('group', 'answers compared');
  await asking.ask(
    doubtful.map(({ example, answers }) =>
      toJudge(batch.context, {
        example,
        messages: prompt(example, answers),
        read(text) {
          const groups = read(text, answers.length);
          return groups && JSON.stringify(groups);
        },
      }),
    ),
  );
  const said = new Map((await asking.answers()).map((one) => [one.exampleId, one.parsed]));
  return ({ example, answers }) => {
    const groups = said.get(example.id);
    return groups ? (JSON.parse(groups) as number[]) : allApart(answers).groups;
  };
}

/** Where the run embeds, and with which model. */
function embedderOf({ context: { spec } }: Batch) {
  return { endpoint: spec.embedding.endpoint, model: spec.embedding.name };
}

/** The vectors of all answers to some examples, and what they took. */
async function embedded(
  { endpoints, store }: Dependencies,
  batch: Batch,
  doubtful: readonly Doubtful[],
) {
  const { endpoint: name, model } = embedderOf(batch);
  const endpoint = endpoints.get(name);
  batch.tracker.watch(() => endpoint.trouble);
  await store.ensureSpace();
  const texts = [...new Set(doubtful.flatMap(({ answers }) => answers))];
  const parts = ranges(texts.length, TEXTS_A_REQUEST).map(({ from, to }) => texts.slice(from, to));
  const came = await Promise.all(parts.map((part) => endpoint.embed(model, part, batch.tracker)));
  const vectors = new Map(
    came.flatMap(({ vectors }, index) =>
      vectors.map((vector, place) => [parts[index]![place]!, vector] as const),
    ),
  );
  const sum = (of: (one: (typeof came)[number]) => number) =>
    came.reduce((total, one) => total + of(one), 0);
  const usage = {
    ...NO_USAGE,
    requests: sum(({ requests }) => requests),
    unmetered: sum(({ promptTokens, requests }) => (promptTokens === null ? requests : 0)),
    promptTokens: sum(({ promptTokens }) => promptTokens ?? 0),
  };
  batch.spending.add({ endpoint: name, model }, usage);
  return { vectorOf: (text: string) => vectors.get(text) ?? null, usage };
}
