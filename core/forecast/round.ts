import { JUDGED_TO_CHECK, TEXTS_A_REQUEST } from '../amounts.ts';
import { type CalibrationPlan, calibrationIn } from '../calibrationPlan.ts';
import { isCrossFitted, modelsOfAFold } from '../crossFitting.ts';
import { FOLDS } from '../folds.ts';
import { gradedSplit } from '../gate/gradedOn.ts';
import { isLast } from '../living/rounds.ts';
import { PASSES, type Pass } from '../passes.ts';
import type { PhaseName } from '../phases.ts';
import type { Plan } from '../plan.ts';
import { mayJustify, notCompared, wayWithoutComparison } from '../resolution.ts';
import { embedsAny } from '../shots.ts';
import type { RunSpec } from '../spec.ts';
import type { ModelAt, ModelRole, Split } from '../types.ts';
import { type Asked, namesIn, type Requests } from './asked.ts';
import { disagreed, JUDGED, justifies, selectedOf } from './guesses.ts';
import type { PlannedUse, Prospect } from './prospect.ts';
import type { Sizes } from './sizes.ts';
import { combined, exactly, NOTHING, plus, type Span, times } from './span.ts';

/** What the uses of a round follow from. */
export interface Outlook {
  plan: Plan;
  requests: Requests;
  sizes: Sizes;
  calibration: CalibrationPlan | undefined;
  prospect: Prospect;
}

/** What a round uses: it goes through what `workflows/round.ts` does, in the same order. */
export function usesInRound(outlook: Outlook, round: number): PlannedUse[] {
  const { plan, requests, sizes, prospect } = outlook;
  const { spec, task, samples, models } = prospect;
  const counted = counts(samples);
  const { labelled, unlabelled, test } = counted;
  const graded = counted[gradedSplit(plan)];
  const asked = Math.min(unlabelled, plan.candidates ?? unlabelled);
  const isTuned = round > 1;
  const calibration = calibrationIn(outlook.calibration, round);
  const heldOut = calibration?.from === 'held-out' ? calibration.rows : 0;
  const learning = labelled - heldOut;
  const base = requests.at('base');
  const embedder = requests.at(spec.embedding.name, spec.embedding.endpoint);
  const uses: PlannedUse[] = [];
  const add = (phase: PhaseName, at: ModelAt, use: Partial<PlannedUse>) =>
    uses.push({ ...NO_USE, round, phase, ...at, ...use });

  const embed = (split: Split, examples: number, size: number) => {
    if (isTuned || examples === 0) return; // they have their vectors
    add('embed', embedder, {
      ...{ asks: 'vectors', who: split },
      requests: exactly(requestsFor(examples, size)),
      promptTokens: times(sizes.searchText(split), examples),
    });
  };
  /** @param rows of the training file */
  const train = (phase: PhaseName, tokens: Span, epochs: number, again = 1) =>
    add(phase, base, { trainedTokens: times(tokens, epochs, again) });
  const ask = (
    phase: PhaseName,
    asked: Asked,
    { examples, places = 1, who }: { examples: Span; places?: number; who?: string },
  ) => {
    const { at, asks, isTuned } = asked;
    const { prompt, answer, longest } = sizes.of(asked);
    const sent = models.drawsSeveral(at) ? 1 : places;
    const all = times(examples, sent);
    add(phase, at, {
      ...{ asks, isTuned, longest, requests: all },
      ...(who !== undefined && { who }),
      promptTokens: times(all, prompt),
      completionTokens: times(examples, answer, places),
    });
  };

  /** @param way undefined where the round has yet to find out */
  const pass = (name: Pass, examples: number, way: string | undefined) => {
    const { split } = PASSES[name];
    for (const group of requests.groups)
      ask(name, requests.collaboration(group, split, isTuned), {
        ...{ examples: exactly(examples), places: group.places.length, who: namesIn(group) },
      });
    const apart = times(disagreed(plan.answers, task.agreement !== undefined), examples);
    const comparison = requests.comparison(split);
    if (comparison) ask(name, comparison, { examples: apart });
    if (task.agreement?.by === 'embedding') {
      const texts = times(apart, { low: 1, likely: 2, high: plan.answers });
      const longest = Math.max(...requests.groups.map(({ sampling }) => sampling.maxTokens!), 0);
      add(name, embedder, {
        asks: 'comparisons',
        requests: combined([texts, apart], (all, of) =>
          Math.ceil(Math.max(all! / TEXTS_A_REQUEST, Math.min(of!, examples / plan.batch.size))),
        ),
        promptTokens: times(texts, sizes.answerText(longest)),
      });
    }
    const justified = times(apart, justifies(way));
    if (justified.high > 0)
      ask(name, requests.justification(split, isTuned), { examples: justified });
  };

  const { needs } = plan;
  if (needs.vectors) embed('labelled', labelled, labelled);
  const row = sizes.labelledRow();
  const { epochs } = plan.training;
  for (const name of plan.warmUps) train(name, times(row, learning), epochs);

  const reason = notCompared(plan, learning);
  const way = reason === undefined ? undefined : wayWithoutComparison(plan);
  const isKnown = reason !== undefined || isTuned;
  if (isCrossFitted(plan, { isFirst: !isTuned, learning, calibration: calibration?.from })) {
    // Each fold's models learn from the others: how many these are follows from ids.
    const models = modelsOfAFold(plan);
    if (models > 0)
      for (const fold of ['fold-1', 'fold-2'] as const)
        train(fold, times(row, partsOf(learning)), epochs, models);
    pass('cross-fit', learning, isKnown ? way : 'justify');
  }
  if (heldOut > 0) pass('held-out', heldOut, way);
  if (embedsAny(needs)) embed('unlabelled', asked, plan.batch.size);
  pass('propagate', asked, way);
  if (plan.until === 'select') return uses;

  const { labelledWeight: weight, ...evolve } = plan.evolve;
  const keepsOut = outlook.calibration?.isOfEveryRound && !isLast(plan, round) ? heldOut : 0;
  const learned = labelled - keepsOut;
  const selected = times(
    selectedOf(spec.selection, asked, plan.answers),
    (spec.selection.confidentWeight + 1) / 2,
  );
  const [first] = requests.groups;
  const response = first
    ? sizes.of(requests.collaboration(first, 'unlabelled', isTuned)).answer
    : NOTHING;
  const selectedRows = times(selected, sizes.selectedRow(response));
  const evolved = plus(times(row, learned * weight), selectedRows);
  train('fine-tune', evolved, evolve.epochs ?? epochs);
  if (heldOut > 0 && !isTuned) train('sft', times(row, labelled), epochs);
  const repeats = baselineRepeats(plan, labelled, plus(exactly(learned * weight), selected), {
    isFromBase: evolve.from === 'base',
  });
  if (repeats.high > 0) train('baseline', times(row, repeats, labelled), epochs);
  if (plan.folds !== undefined) {
    // All folds together are the labelled examples once; each is left out of one file.
    const [folds, left] = [plan.folds, plan.folds - 1];
    const evolvedWithout = plus(times(row, learned * weight * left), times(selectedRows, folds));
    train('fine-tune-folds', evolvedWithout, evolve.epochs ?? epochs);
    if (!isTuned) train('sft-folds', times(row, labelled * left), epochs);
    const share = left / folds;
    const longer = baselineRepeats(
      plan,
      labelled * share,
      plus(exactly(learned * weight * share), selected),
      { isFromBase: true },
    );
    if (repeats.high > 0) train('baseline-folds', times(row, longer, labelled * left), epochs);
  }

  const rag = spec.evaluation.rag;
  if (needs.ofTest) embed('test', test, test);
  const roles: [ModelRole, Span, boolean][] = [
    // The round before has asked the base, SFT and its champion.
    ['vanilla', exactly(isTuned && !rag ? 0 : graded), false],
    ['sft', exactly(isTuned ? 0 : graded), true],
    ['sft-steps', combined([repeats], (times) => (times > 0 ? graded : 0)), true],
    ['semievol', exactly(graded), true],
  ];
  for (const [role, examples, isTaught] of roles) {
    if (examples.high === 0) continue;
    const shots = role === 'vanilla' ? (rag?.shots ?? 0) : 0;
    ask('evaluate', requests.test(isTaught, shots), { examples, who: role });
    const grade = requests.verdict('grades');
    if (grade) ask('evaluate', grade, { examples: times(examples, JUDGED), who: role });
  }
  const check = requests.verdict('checks');
  if (check && !isTuned) {
    const checked = Math.min(JUDGED_TO_CHECK, labelled);
    ask('report', check, { examples: { low: checked, likely: 2 * checked, high: 2 * checked } });
  }
  return uses;
}

/** Each kind of request that a run sends in its first round, once. */
export function kindsOf(plan: Plan, spec: RunSpec, requests: Requests): Asked[] {
  const { until } = plan;
  const shots = spec.evaluation.rag?.shots ?? 0;
  return [
    ...requests.groups.map((group) => requests.collaboration(group, 'unlabelled', false)),
    mayJustify(plan) && requests.justification('unlabelled', false),
    requests.comparison('unlabelled'),
    until === 'report' && requests.test(false, shots),
    until === 'report' && requests.verdict('grades'),
  ].filter((kind) => typeof kind === 'object');
}

const NO_USE = {
  requests: NOTHING,
  promptTokens: NOTHING,
  completionTokens: NOTHING,
  trainedTokens: NOTHING,
};

const counts = (samples: Prospect['samples']): Record<Split, number> => ({
  labelled: samples.labelled.count,
  unlabelled: samples.unlabelled.count,
  test: samples.test.count,
});

/** Requests for vectors. @param size of the batches in which they are asked for */
function requestsFor(examples: number, size: number): number {
  const rest = examples % size;
  return (
    Math.floor(examples / size) * Math.ceil(size / TEXTS_A_REQUEST) +
    Math.ceil(rest / TEXTS_A_REQUEST)
  );
}

/** The size of a fold among so many examples, which fall into one by chance. */
function partsOf(examples: number): Span {
  const share = examples / FOLDS;
  const error = (3 * Math.sqrt(examples)) / FOLDS;
  return {
    low: Math.max(0, share - error),
    likely: share,
    high: Math.min(examples, share + error),
  };
}

/** How often the labelled rows stand in the file of the SFT model of equal steps; 0 where there is none. */
function baselineRepeats(
  plan: Plan,
  labelled: number,
  rows: Span,
  { isFromBase }: { isFromBase: boolean },
): Span {
  if (plan.sft === 'equal-epochs') return NOTHING;
  const { training, evolve } = plan;
  const isAlike =
    isFromBase &&
    (evolve.batchSize ?? training.batchSize) === training.batchSize &&
    (evolve.learningRateMultiplier ?? training.learningRateMultiplier) ===
      training.learningRateMultiplier;
  const repeats = combined([rows], (of) =>
    Math.round((of * (evolve.epochs ?? training.epochs)) / (labelled * training.epochs)),
  );
  // As many steps as the warm-up has need no model of their own.
  return combined([repeats], (times) => (times === 1 && isAlike ? 0 : times));
}
