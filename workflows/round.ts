import type { Workflow, WorkflowResultType } from '@temporalio/common';
import {
  type ChildWorkflowHandle,
  executeChild,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { RoundModels } from '../activities/collaborate.ts';
import type { RoundRef } from '../activities/dependencies.ts';
import type { Budget } from '../core/budget.ts';
import { type CalibrationPlan, calibrationIn } from '../core/calibrationPlan.ts';
import { isAudited } from '../core/crossFitting.ts';
import type { FoldModels } from '../core/gate/foldModels.ts';
import { gradedSplit } from '../core/gate/gradedOn.ts';
import { type Asked, boundOf, firstOf } from '../core/living/pool.ts';
import { isWarmUp } from '../core/modelNames.ts';
import { PASSES, type Pass } from '../core/passes.ts';
import { isOfFolds, PHASES, type PhaseName, phaseOf } from '../core/phases.ts';
import type { Plan, Setting } from '../core/plan.ts';
import { markdown } from '../core/report/markdown.ts';
import { roundProgress } from '../core/report/progress.ts';
import type { Way } from '../core/resolution.ts';
import type { RoundReport } from '../core/roundReport.ts';
import type { ScoreChoice } from '../core/selection/choice.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../core/spent.ts';
import type { PhaseStatus, RoundStatus } from '../core/status.ts';
import type { OrdinalRange, PerModel, Split } from '../core/types.ts';
import { activitiesWith } from './activities.ts';
import { attributesOf, attributesOfRound, type SetAttributes, untilEnded } from './attributes.ts';
import { handleRoundBudget } from './budget/ofRound.ts';
import { byBatch, type OfModels } from './byBatch.ts';
import { evaluate } from './evaluate.ts';
import { askingIn } from './failing.ts';
import { finalFineTunes, type Job } from './finalFineTunes.ts';
import { type FineTuneResult, fineTune } from './fineTune.ts';
import { labelledPasses } from './labelledPasses.ts';
import { handlePause, roundStatus } from './messages.ts';
import { handleSightings, hoursBooked, phaseNews, roundNews, toParent } from './news.ts';
import type { PassInput } from './passSteps.ts';
import { trackPhases } from './phases.ts';
import { propagate } from './propagate.ts';
import { together } from './together.ts';

export interface RoundInput {
  run: string;
  plan: Plan;
  round: number;
  /** The best of the rounds before; the spec's model in the first. */
  champion: string;
  /** SFT of the rounds before, where it has learned from the very labelled examples of this one. */
  sft?: string;
  /** Which unlabelled examples are asked about; all where it is left out. */
  asked?: Asked;
  /** The version of the data set that it works on. */
  dataset: string;
  /** Bounds of the ordinals of each split. */
  counts: Record<Split, number>;
  /** How many of these are struck out. */
  struck: Record<Split, number>;
  paused: boolean;
  setting: Setting;
  /** How the rounds before have resolved disagreement. */
  way?: Way;
  /** Which labelled examples calibrate the selection of the run, if any do. */
  calibration?: CalibrationPlan;
  /** By which score the rounds before have selected. */
  choice?: ScoreChoice;
  /** What the run may spend; nothing limits it where it is left out. */
  budget?: Budget;
  /** What the rounds before have spent. */
  spent?: Spent;
}

/** Those that ask models; of jobs each waits for the budget by itself. */
const ASKING: readonly PhaseName[] = ['embed', 'cross-fit', 'held-out', 'propagate', 'evaluate'];
const UNTIL_SELECTION = 'the round goes no further than selection';

/**
 * One round of SemiEvol: warm-up, propagate, select, evolve, evaluate.
 *
 * @internal
 */
export async function round(input: RoundInput): Promise<RoundReport> {
  const set = attributesOf(input.setting.searchAttributes);
  return untilEnded(set, () => phasesOf(input, set));
}

const isPlanned = (name: PhaseName, plan: Plan): boolean => {
  if (isWarmUp(name)) return plan.warmUps.includes(name);
  if (name === 'co-train') return plan.coTraining;
  return !isOfFolds(name) || plan.folds !== undefined;
};

async function phasesOf(input: RoundInput, set: SetAttributes): Promise<RoundReport> {
  const { plan, counts, champion, setting } = input;
  const { name: base } = plan.model;
  const { labelled } = counts;
  /** The ordinals among which the examples of a split are that the collaborators answer. */
  const asked = {
    labelled: { from: 0, to: labelled },
    unlabelled: {
      from: firstOf(input.asked),
      to: boundOf(input.asked, plan, counts.unlabelled),
    },
  };
  const askedAbout = asked.unlabelled.to - asked.unlabelled.from;
  const perform = activitiesWith(setting.activityOptions);
  const whole: RoundRef = { run: input.run, round: input.round, dataset: input.dataset };
  const calibration = calibrationIn(input.calibration, input.round);
  const heldOut = calibration?.from === 'held-out' ? calibration : undefined;
  const ref: RoundRef = {
    ...whole,
    ...(heldOut && { heldOut: heldOut.below }),
    ...(input.asked && { asked: input.asked }),
  };
  const pause = handlePause(input.paused);
  const asking = askingIn(input.run, plan.maxFailed, pause);
  let trouble: string | undefined;
  const phases = trackPhases(
    pause,
    PHASES.filter(({ name }) => isPlanned(name, plan)),
    {
      embed: counts.labelled,
      'cross-fit': counts.labelled,
      'held-out': counts.labelled,
      propagate: askedAbout,
      'co-train': askedAbout,
      select: askedAbout,
      evaluate: counts[gradedSplit(plan)],
      report: 1,
    },
    () => show(),
    (name) => (ASKING.includes(name) ? budget.whileLacking(name) : undefined),
  );
  const budget = handleRoundBudget(input.budget, input.spent ?? NOTHING_SPENT, {
    run: input.run,
    spent: phases.spent,
    allowed: phases.letGo,
    changed: () => show(),
  });
  const status = (): RoundStatus => ({
    round: input.round,
    phases: phases.status(),
    figures: phases.figures(),
    pausedAt: pause.pausedAt,
    hold: pause.hold ?? budget.hold ?? phases.hold(),
    trouble,
    budget: budget.uses(),
  });
  const tellRun = toParent(roundNews);
  /** Says in the UI, and to the run, how things are. */
  const show = () => {
    const now = status();
    setCurrentDetails(markdown([roundProgress(now, input.run, Date.now())]));
    set(attributesOfRound(now, plan));
    tellRun(now);
  };
  setHandler(roundStatus, status);
  pause.onChange(() => {
    if (!pause.paused) phases.resumed();
    show();
  });
  handleSightings((now) => {
    trouble = now;
    show();
  });
  setHandler(phaseNews, (news) => {
    phases.tell(news);
    budget.review();
  });
  setHandler(hoursBooked, (spent) => {
    phases.addHosting(spent);
    budget.review();
  });

  const childId = (name: string) => `${workflowInfo().workflowId}/${name}`;
  const window = ({ from, to: total }: OrdinalRange) => ({
    ...{ total, ...plan.batch },
    from: Math.floor(from / plan.batch.size),
  });
  const fineTuneIn = (
    status: PhaseStatus,
    phase: PhaseName,
    { role, model, rows, training, again = 0 }: Job,
  ): Promise<FineTuneResult> => {
    status.workflowId = childId(isWarmUp(phase) || again === 0 ? phase : `${phase}/${again + 1}`);
    return executeChild(fineTune, {
      workflowId: status.workflowId,
      // Not ended at once: a job that runs has to be cancelled at the provider.
      parentClosePolicy: 'REQUEST_CANCEL',
      staticDetails: `It ${phaseOf(phase).purpose}.`,
      staticSummary: `${phase} of round ${input.round}: ${model} at ${plan.model.endpoint}`,
      args: [
        {
          endpoint: plan.model.endpoint,
          model,
          rows,
          training: { ...plan.training, ...training },
          // What any trainer takes for a seed.
          seed: (plan.seed + again) % 2 ** 31,
          suffix: `r${input.round}-${role}`,
          lineage: { run: input.run, round: input.round, role, dataset: input.dataset },
          share: plan.share,
          setting,
          phase,
          isBudgeted: budget.uses() !== undefined,
        },
      ],
    });
  };
  /** Fine-tunes models in a phase, one after the other. @returns their names */
  const trainAll = (phase: PhaseName, jobs: readonly Job[]) =>
    phases.run(phase, async (status) => {
      const models: string[] = [];
      let spent = NOTHING_SPENT;
      for (const job of jobs) {
        const tuned = await fineTuneIn(status, phase, job);
        models.push(tuned.model);
        spent = addSpent(spent, tuned.spent);
        phases.record(phase, { spent });
        budget.release(status.workflowId!, tuned.spent);
      }
      return models;
    });
  const train = async (phase: PhaseName, job: Job) => (await trainAll(phase, [job]))[0]!;

  /** The result of the workflow of a phase, which is told of pauses and of what it may spend. */
  const follow = <T extends Workflow>(
    name: PhaseName,
    starting: Promise<ChildWorkflowHandle<T>>,
  ): Promise<WorkflowResultType<T>> => pause.follow(budget.follow(name, starting));

  /** Lets the collaborators answer a split. */
  const pass = async (name: Pass, models: RoundModels, way: Way, phase: PhaseStatus) => {
    const { split } = PASSES[name];
    const { from, to } = asked[split];
    const examples = name === 'held-out' ? heldOut!.rows : to - from;
    const propagating = {
      ...{ ref, pass: name, models, way },
      fanOut: window(asked[split]),
      ...{ needs, answers: plan.answers, hasFree: plan.hasFree, endpoints: plan.endpoints },
      setting,
      maxFailed: plan.maxFailed,
    };
    const ahead = await askByBatch(name, phase, { pass: propagating });
    phase.workflowId = childId(name);
    const figures = await follow(
      name,
      startChild(propagate, {
        workflowId: phase.workflowId,
        staticDetails: `It ${phaseOf(name).purpose}.`,
        staticSummary: `round ${input.round}: ${plan.collaborators} collaborators answer ${examples} ${split} examples at ${plan.endpoints.collaborators.join(', ')}`,
        args: [
          {
            ...propagating,
            paused: pause.paused,
            budget: budget.allowanceOf(name),
          },
        ],
      }),
    );
    phases.record(name, { ...figures, spent: addSpent(figures.spent, ahead) });
    budget.ended(name);
  };

  /** Sends by batch what may go so; the phase asks for the rest. @returns what no answer tells of its cost */
  const askByBatch = async (
    name: PhaseName,
    phase: PhaseStatus,
    asked: { pass: PassInput } | Pick<OfModels, 'graded' | 'split' | 'total'>,
  ): Promise<Spent> => {
    if (plan.transport === undefined) return NOTHING_SPENT;
    phase.workflowId = childId(`${name}/by-batch`);
    const { spent } = await pause.follow(
      startChild(byBatch, {
        workflowId: phase.workflowId,
        // Not ended at once: batches that run have to be cancelled at the provider.
        parentClosePolicy: 'REQUEST_CANCEL',
        staticDetails: 'It sends requests by batch, as far as the spec wants that.',
        staticSummary: `round ${input.round}: what of ${name} goes by batch`,
        args: [
          {
            ...asked,
            ...{ ref, phase: name, paused: pause.paused, setting },
            isBudgeted: budget.uses() !== undefined,
          },
        ],
      }),
    );
    return spent;
  };

  const { needs } = plan;
  if (needs.neighbours || needs.vectors)
    await phases.run('embed', async (phase) => {
      if (needs.vectors) {
        const { spent } = await perform.embed(
          { ...ref, split: 'labelled', range: { from: 0, to: counts.labelled } },
          `embed ${counts.labelled} labelled examples at ${plan.endpoints.embedding}`,
        );
        phases.record('embed', { spent });
      } else Object.assign(phase, { total: 1, unit: 'indices' });
      if (needs.neighbours)
        await perform.prepareSearch(ref, 'build the index of labelled examples');
    });
  else phases.skip('embed', 'no collaborator is shown neighbours');

  const warmUp = {
    role: 'warm-up',
    model: champion,
    rows: { from: 'labelled', ref, times: 1 },
  } as const;
  const warmUps = await together(() =>
    plan.warmUps.map((name, again) => train(name, { ...warmUp, again })),
  );
  const [firstWarmUp] = warmUps as [string];
  const roundModels: RoundModels = {
    ...{ base: champion, 'warm-up': firstWarmUp },
    ...Object.fromEntries(plan.warmUps.map((name, index) => [name, warmUps[index]!])),
  };

  const { resolution, ...learned } = await labelledPasses(
    input,
    ref,
    { models: roundModels, calibration },
    {
      ...{ perform, phases, pass },
      trainFold: (phase, rows) =>
        trainAll(
          phase,
          plan.warmUps.map((_, again) => ({ role: phase, model: champion, rows, again })),
        ),
    },
  );
  await phases.run('propagate', (phase) => pass('propagate', roundModels, resolution.way, phase));
  if (plan.coTraining)
    await phases.run('co-train', () =>
      perform.coTrain(
        { ...ref, way: resolution.way, range: asked.unlabelled },
        `co-train a classifier over embeddings on ${askedAbout} examples`,
      ),
    );
  const selection = await phases.run('select', async () => {
    const trusted = { ...ref, ...learned, ...(input.choice && { choice: input.choice }) };
    const result = await perform.select(trusted, `select among ${askedAbout} pseudo-labels`);
    phases.record('select', { selected: result.selected });
    return result;
  });

  /** What the models of the round are compared with. */
  const compared = { vanilla: base, ...(champion !== base && { champion }) };
  if (plan.until === 'select') {
    for (const phase of ['fine-tune', 'sft', 'baseline', 'evaluate'] as const)
      phases.skip(phase, UNTIL_SELECTION);
    return report({ ...compared, sft: firstWarmUp, semievol: champion });
  }

  const final = await finalFineTunes(
    input,
    { ref, whole, heldOut, firstWarmUp, selection },
    { perform, phases, train, trainAll },
  );
  await phases.run('evaluate', async (phase) => {
    if (needs.ofTest) {
      const range = { from: 0, to: counts.test };
      const summary = `embed ${counts.test} test examples at ${plan.endpoints.embedding}`;
      await perform.embed({ ...ref, split: 'test', range }, summary);
    }
    const { graded: models } = final;
    const split = gradedSplit(plan);
    const total = counts[split];
    await askByBatch('evaluate', phase, { graded: models, split, total });
    phase.workflowId = childId('evaluate');
    const { length: asked } = Object.keys(models);
    phase.total = total * asked;
    const figures = await follow(
      'evaluate',
      startChild(evaluate, {
        workflowId: phase.workflowId,
        staticDetails: `It ${phaseOf('evaluate').purpose}.`,
        staticSummary: `round ${input.round}: ${asked} models at ${plan.model.endpoint} on ${total} ${split} examples`,
        args: [
          {
            ref,
            models,
            split,
            fanOut: window({ from: 0, to: total }),
            paused: pause.paused,
            budget: budget.allowanceOf('evaluate'),
            setting,
            maxFailed: plan.maxFailed,
          },
        ],
      }),
    );
    phases.record('evaluate', figures);
    budget.ended('evaluate');
  });

  return report(final.models, final.foldModels);

  function report(models: PerModel<string>, foldModels?: FoldModels[]): Promise<RoundReport> {
    return phases.run('report', async () => {
      await perform.maintain(
        { ...ref, range: { from: 0, to: counts[gradedSplit(plan)] } },
        'compact tables',
      );
      const audit = isAudited(plan, { isFirst: !input.way })
        ? await perform.audit({ ...ref, way: resolution.way }, 'list gold answers that are doubted')
        : undefined;
      const given = {
        ...ref,
        counts,
        struck: input.struck,
        models,
        ...(foldModels && { foldModels }),
        ...{ warmUp: firstWarmUp, resolution, selection, audit },
        seconds: phases.seconds(),
      };
      // A judge is asked, too.
      return asking.ask(() => perform.report(given, `report of round ${ref.round}`));
    });
  }
}
