import { gradedSplitOf } from '../gate/gradedOn.ts';
import { endpointOf, isRole, isWarmUp } from '../modelNames.ts';
import { mostTokens } from '../mostTokens.ts';
import { type RequestGroup, requestGroups } from '../requestGroups.ts';
import { type Sampling, samplingOf } from '../sampling.ts';
import { neighboursNeeded, shotsFor } from '../shots.ts';
import { teachesReasoning } from '../spec.ts';
import type { ChatMessage, Example, JsonSchema, ModelAt, Shot, Split } from '../types.ts';
import { alikeIn } from './neighbours.ts';
import type { Asks, Prospect } from './prospect.ts';

/** A kind of request that a run sends, about each of many examples. */
export interface Asked {
  /** What it is, in words. */
  title: string;
  at: ModelAt;
  asks: Asks;
  /** Whose examples it is about. */
  split: Split;
  /** What it says; undefined where this example cannot be asked about. */
  messages(x: Example): ChatMessage[] | undefined;
  /** The same without the worked examples, where it has any. */
  bare?(x: Example): ChatMessage[];
  sampling: Sampling;
  /** What answers are held to. */
  schema?: JsonSchema | undefined;
  /** Tokens of an answer besides the answer itself: of reasons, or a verdict's. */
  words: number;
  /** Whether an answer ends with one of the task. */
  hasAnswer: boolean;
  /** Whether the model is one that the run, or a round before, has tuned. */
  isTuned: boolean;
  /** Whether it has been tuned to say just this. */
  isTaught: boolean;
}

/** Tokens of a sentence, as a reason or a verdict is. */
const SENTENCE = 24;
/** Answers that are shown to whoever decides between them; that there are more is rare. */
const SHOWN = 2;

/** The requests of a run, by the code that the run renders them with. */
export class Requests {
  /** Who asks the collaborators' models: each of these is a request about each example. */
  readonly groups: readonly RequestGroup[];
  readonly #prospect: Prospect;
  readonly #alike: (x: Example, count: number) => Shot[];
  readonly #neighbours = new Map<string, Shot[]>();

  constructor(prospect: Prospect) {
    const { spec, task } = prospect;
    const isReasoned = spec.answer.form === 'reasoned';
    this.groups = requestGroups({ ...spec, maxTokens: mostTokens(spec, task, isReasoned) });
    this.#prospect = prospect;
    this.#alike = alikeIn(prospect.samples.labelled.examples);
  }

  /** The model that a word of the spec stands for, or the base where it is tuned from that. */
  at(model: string, endpoint?: string): ModelAt {
    const { spec } = this.#prospect;
    const name = isRole(model) ? spec.model.name : model;
    return { endpoint: endpointOf(spec, { endpoint }), model: name };
  }

  /** What a group of collaborators asks. @param isTuned whether the round's base is tuned itself */
  collaboration(group: RequestGroup, split: Split, isTuned: boolean): Asked {
    const { spec, task } = this.#prospect;
    const isReasoned = spec.answer.form === 'reasoned';
    const manner = { system: group.system, isReasoned };
    return {
      title: `prompt of ${namesIn(group)}`,
      ...{ at: this.at(group.model, group.endpoint), asks: 'answers', split },
      messages: (x) => task.prompt(x, this.#shots(x, group), manner),
      ...(group.shots > 0 && { bare: (x: Example) => task.prompt(x, [], manner) }),
      sampling: group.sampling,
      schema: isReasoned ? undefined : task.schema,
      ...{ words: isReasoned ? SENTENCE : 0, hasAnswer: true },
      ...tuning(isTunedIn(group.model, isTuned), isReasoned),
    };
  }

  /** What is asked where collaborators disagree. @param isTuned whether the round's base is */
  justification(split: Split, isTuned: boolean): Asked {
    const { spec, task } = this.#prospect;
    const { model, endpoint, ...given } = spec.justification;
    return {
      title: 'prompt of a justification',
      ...{ at: this.at(model, endpoint), asks: 'justifications', split },
      messages: (x) => this.#ofCandidates(x, (some) => task.justify(x, some)),
      sampling: samplingOf(given, spec.maxTokens),
      ...{ words: SENTENCE, hasAnswer: true, ...tuning(isTunedIn(model, isTuned), true) },
    };
  }

  /** What a model is asked when it is graded. @param shots of worked examples */
  test(isTuned: boolean, shots: number): Asked {
    const { spec, task } = this.#prospect;
    const isReasoned = teachesReasoning(spec.answer);
    const shown = { shots, skip: 0, order: 'nearest-last' } as const;
    return {
      title: 'prompt of the evaluation',
      ...{ at: this.at('base'), asks: 'tests', split: gradedSplitOf(spec) },
      messages: (x) => task.prompt(x, this.#shots(x, shown), { isReasoned }),
      ...(shots > 0 && { bare: (x: Example) => task.prompt(x, [], { isReasoned }) }),
      sampling: samplingOf(spec.evaluation, mostTokens(spec, task, isReasoned)),
      schema: isReasoned ? undefined : task.schema,
      ...{ words: isReasoned ? SENTENCE : 0, hasAnswer: true },
      ...tuning(isTuned, isReasoned),
    };
  }

  /** What the judge is asked to find which answers mean the same; undefined where it is not. */
  comparison(split: Split): Asked | undefined {
    const { agreement } = this.#prospect.task;
    if (agreement?.by !== 'judge') return undefined;
    return this.#judging('comparisons', split, 'which compares answers', (x) =>
      this.#ofCandidates(x, (some) => agreement.prompt(x, some)),
    );
  }

  /** What the judge is asked of an answer: of a model that is graded, or to see how far it can be trusted. */
  verdict(asks: 'grades' | 'checks'): Asked | undefined {
    const { spec, task } = this.#prospect;
    const { judge } = task;
    if (!judge) return undefined;
    const split = asks === 'grades' ? gradedSplitOf(spec) : 'labelled';
    return this.#judging(asks, split, 'which grades', (x) => {
      const [answer = x.answer] = this.candidates(x);
      return answer === undefined ? undefined : judge.prompt(x, answer);
    });
  }

  /** Answers that may be given to an example, different ones. */
  candidates(x: Example): string[] {
    const { task, samples } = this.#prospect;
    const found: string[] = [];
    for (const { answer } of samples.labelled.examples) {
      if (found.length === SHOWN) break;
      const canonical = task.canonical(answer, x.options);
      if ('answer' in canonical && !found.some((one) => task.equal(one, canonical.answer)))
        found.push(canonical.answer);
    }
    return found;
  }

  #judging(asks: Asks, split: Split, which: string, messages: Asked['messages']): Asked {
    const { model, endpoint, ...given } = this.#prospect.spec.judge!;
    return {
      title: `prompt of the judge, ${which}`,
      ...{ at: this.at(model, endpoint), asks, split, messages },
      sampling: samplingOf(given, undefined),
      ...{ words: SENTENCE, hasAnswer: false, ...tuning(false, true) },
    };
  }

  #shots(x: Example, group: Parameters<typeof shotsFor>[0]): Shot[] {
    if (group.shots === 0) return [];
    const near =
      this.#neighbours.get(x.id) ?? this.#alike(x, neighboursNeeded(this.#prospect.spec));
    this.#neighbours.set(x.id, near);
    return shotsFor(group, near);
  }

  #ofCandidates<T>(x: Example, of: (candidates: string[]) => T): T | undefined {
    const candidates = this.candidates(x);
    return candidates.length > 0 ? of(candidates) : undefined;
  }
}

/** Whether a word of the spec names a tuned model. @param isTuned whether the round's base is one */
const isTunedIn = (model: string, isTuned: boolean): boolean =>
  isWarmUp(model) || (isTuned && model === 'base');

/** @param isReasoned whether more is asked for than the answer, which alone is taught */
const tuning = (isTuned: boolean, isReasoned: boolean) => ({
  isTuned,
  isTaught: isTuned && !isReasoned,
});

/** Those whose answers a request draws. */
export const namesIn = ({ places }: Pick<RequestGroup, 'places'>): string =>
  [...new Set(places.map(({ collaborator }) => collaborator))].join(', ');
