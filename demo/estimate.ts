import { modelCollaborators } from '../core/collaborators/ofSpec.ts';
import type { PhaseName } from '../core/phases.ts';
import { planOf } from '../core/plan.ts';
import type { RunSpec } from '../core/spec.ts';
import type { DemoSizes } from './data.ts';

/** Lengths of the demo's texts, in tokens of its model; what requests have in common is read once. */
export const TOKENS = {
  question: 20,
  /** A worked example, before the question. */
  shot: 26,
  answer: 2,
  /** Of the base model, which rambles. */
  baseAnswer: 14,
  /** A row of a training file, with what rows have in common. */
  row: 66,
} as const;

/** What a token of a training file costs, in tokens asked about: only some layers are gone back through. */
const TRAINED = 0.45;
/** What a token of an answer costs, in tokens asked about: of those a core takes few at a time. */
const ANSWERED = 3;
/** From a training file to the first step, and from the last one to a model that answers, in seconds. */
const AROUND_JOB = 7;
/** What a rule selects of the pseudo-labels, about. */
const SELECTED = 0.75;
/** The part of a prompt's work that each further model takes: the layers that are not the base's. */
const OWN = 8 / 30;

/** The demo should end within twelve minutes; an estimate may be wrong by a fifth. */
export const MOST_SECONDS = 600;

/** Unlabelled and test examples for machines from fast to slow. */
export const STEPS: readonly Omit<DemoSizes, 'labelled'>[] = [
  { unlabelled: 1_000, test: 300 },
  { unlabelled: 800, test: 300 },
  { unlabelled: 600, test: 300 },
  { unlabelled: 400, test: 300 },
  { unlabelled: 300, test: 240 },
  { unlabelled: 200, test: 200 },
  { unlabelled: 160, test: 200 },
  { unlabelled: 120, test: 160 },
  { unlabelled: 80, test: 120 },
  { unlabelled: 48, test: 80 },
];

/** Sizes of which some are left to the machine. */
export type AskedSizes = Pick<DemoSizes, 'labelled'> & Partial<DemoSizes>;

/** How long those phases of the demo will take that take long, in seconds. */
export type DemoForecast = Partial<Record<PhaseName, number>>;

/**
 * How long the phases of a round will take.
 * @param speed tokens a second, of prompts and answers, that the machine was measured to do
 */
export function forecast(spec: RunSpec, sizes: DemoSizes, speed: number): DemoForecast {
  const asking = (tokens: number) => tokens / speed;
  const training = (rows: number) => AROUND_JOB + asking(TRAINED * TOKENS.row * rows);
  const { question, shot, answer, baseAnswer } = TOKENS;
  const { labelled, unlabelled, test } = sizes;

  const prompts = new Set<number>();
  const each = modelCollaborators(spec).map(({ shots, samples }) => {
    const again = prompts.has(shots) ? OWN : 1;
    prompts.add(shots);
    return again * (question + shot * shots) + ANSWERED * answer * samples;
  });
  const first = labelled * spec.training.epochs;
  const last = (labelled + SELECTED * unlabelled) * (spec.evolve.epochs ?? spec.training.epochs);
  // Whole passes over the labelled rows; where it is one training's, the warm-up stands for it.
  const times = Math.round(last / first);
  const tuned = times > 1 ? 3 : 2;
  return {
    ...Object.fromEntries(planOf(spec).warmUps.map((name) => [name, training(first)])),
    propagate: asking(unlabelled * sum(each)),
    'fine-tune': training(last),
    ...(times > 1 && { baseline: training(times * first) }),
    evaluate: asking(
      test * (tuned * (OWN * question + ANSWERED * answer) + question + ANSWERED * baseAnswer),
    ),
  };
}

/** Seconds of all phases. */
export const totalOf = (of: DemoForecast): number => sum(Object.values(of));

/** The forecast of one of the rounds, which is about all that has come by then. @param round from 1 */
export function forecastIn(
  round: number,
  spec: RunSpec,
  sizes: DemoSizes,
  speed: number,
): DemoForecast {
  const { unlabelled, rounds = 1 } = sizes;
  return forecast(spec, { ...sizes, unlabelled: (round * unlabelled) / rounds }, speed);
}

/** Seconds of all rounds. */
export const totalOfRounds = (spec: RunSpec, sizes: DemoSizes, speed: number): number =>
  sum(
    Array.from({ length: sizes.rounds ?? 1 }, (_, index) =>
      totalOf(forecastIn(index + 1, spec, sizes, speed)),
    ),
  );

/**
 * The largest sizes with which a round of the demo ends in time; the smallest where none does.
 * @param asked for; those that are given stay as they are
 */
export function fittingSizes(spec: RunSpec, asked: AskedSizes, speed: number): DemoSizes {
  const ends = (sizes: DemoSizes) => totalOf(forecast(spec, sizes, speed)) <= MOST_SECONDS;
  return choicesOf(asked).find(ends) ?? smallestSizes(asked);
}

/** Whether sizes are among those that may be chosen where so many are asked for. */
export function mayBeChosen(
  { labelled, unlabelled, test, rounds }: DemoSizes,
  asked: AskedSizes,
): boolean {
  return choicesOf(asked).some(
    (one) =>
      one.labelled === labelled &&
      one.unlabelled === unlabelled &&
      one.test === test &&
      (one.rounds ?? 1) === (rounds ?? 1),
  );
}

/** The smallest sizes that may be chosen. */
export const smallestSizes = (asked: AskedSizes): DemoSizes => choicesOf(asked).at(-1)!;

const choicesOf = ({ labelled, unlabelled, test, rounds = 1 }: AskedSizes): DemoSizes[] =>
  STEPS.map((step) => ({
    labelled,
    unlabelled: unlabelled ?? step.unlabelled,
    test: test ?? step.test,
    ...(rounds > 1 && { rounds }),
  }));

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);
