import { executeChild, setHandler, startChild, workflowInfo } from '@temporalio/workflow';
import type { RoundRef } from '../activities/dependencies.ts';
import type { ModelScore } from '../activities/report.ts';
import type { TrainingRows } from '../activities/trainingFile.ts';
import { neighboursNeeded } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import type { ModelRecord, ModelRole, RoundReport, Split } from '../core/types.ts';
import { embed, maintain, prepareSearch, report, select } from './activities.ts';
import { evaluate } from './evaluate.ts';
import type { FineTuneResult } from './fineTune.ts';
import { fineTune } from './fineTune.ts';
import { handlePause, roundStatus } from './messages.ts';
import { trackPhases } from './phases.ts';
import { propagate } from './propagate.ts';

export interface RoundInput {
  run: string;
  spec: RunSpec;
  round: number;
  /** The model this round starts from: the spec's, or the champion of the rounds before. */
  base: string;
  dataset: string;
  counts: Record<Split, number>;
  paused: boolean;
}

/** One round of SemiEvol: warm-up, propagate, select, evolve, evaluate. */
export async function round(input: RoundInput): Promise<RoundReport> {
  const { spec, counts, base } = input;
  const ref: RoundRef = { run: input.run, round: input.round, dataset: input.dataset };
  const pause = handlePause(input.paused);
  const phases = trackPhases(pause, [
    ['embed', counts.labelled, 'vectors'],
    ['warm-up', 0, 'steps'],
    ['propagate', counts.unlabelled, 'examples'],
    ['select', counts.unlabelled, 'pseudo-labels'],
    ['fine-tune', 0, 'steps'],
    ['baseline', 0, 'steps'],
    ['evaluate', counts.test, 'examples'],
    ['report', 1, 'reports'],
  ]);
  setHandler(roundStatus, () => ({ phases: phases.status() }));

  const childId = (name: string) => `${workflowInfo().workflowId}/${name}`;
  const window = (total: number) => ({ total, ...spec.batch, from: 0 });
  const train = (
    phase: string,
    role: ModelRecord['role'],
    model: string,
    rows: TrainingRows,
    epochs: number,
  ) =>
    phases.run(phase, (status) => {
      status.workflowId = childId(phase);
      return executeChild(fineTune, {
        workflowId: status.workflowId,
        // Not ended at once: a job that runs has to be cancelled at the provider.
        parentClosePolicy: 'REQUEST_CANCEL',
        args: [
          {
            endpoint: spec.model.endpoint,
            model,
            rows,
            training: { ...spec.training, epochs },
            seed: spec.seed,
            suffix: `r${input.round}-${role}`,
            lineage: { run: input.run, round: input.round, role, dataset: input.dataset },
          },
        ],
      });
    });

  const neighbours = neighboursNeeded(spec.collaborators) > 0;
  const vectors = neighbours && spec.retrieval.mode !== 'bm25';
  await phases.run('embed', async () => {
    if (vectors)
      await embed({ ...ref, split: 'labelled', range: { from: 0, to: counts.labelled } });
    if (neighbours) await prepareSearch(ref);
  });

  const labelled: TrainingRows = { from: 'labelled', ref };
  const { epochs, evolveFrom } = spec.training;
  const warmUp = await train('warm-up', 'warm-up', base, labelled, epochs);

  await phases.run('propagate', (phase) => {
    phase.workflowId = childId('propagate');
    return pause.follow(
      startChild(propagate, {
        workflowId: phase.workflowId,
        args: [
          {
            ref,
            models: { base, 'warm-up': warmUp.model },
            fanOut: window(counts.unlabelled),
            needs: { vectors, neighbours },
            paused: pause.paused,
          },
        ],
      }),
    );
  });
  const selection = await phases.run('select', () => select(ref));

  const start = evolveFrom === 'base' ? base : warmUp.model;
  const { threshold } = selection;
  const selected: TrainingRows = { from: 'labelled-and-selected', ref, threshold };
  const [semievol, baseline] = await Promise.all([
    train('fine-tune', 'semievol', start, selected, epochs),
    trainBaseline(),
  ]);

  const scores = await phases.run('evaluate', async (phase) => {
    const grade = async (role: ModelRole, model: string): Promise<ModelScore> => {
      phase.workflowId = childId(`evaluate-${role}`);
      const score = await pause.follow(
        startChild(evaluate, {
          workflowId: phase.workflowId,
          args: [{ ref, role, model, fanOut: window(counts.test), paused: pause.paused }],
        }),
      );
      phase.done += counts.test;
      return { ...score, model };
    };
    phase.total = counts.test * (baseline ? 4 : 3);
    return {
      vanilla: await grade('vanilla', base),
      sft: await grade('sft', warmUp.model),
      ...(baseline && { 'sft-steps': await grade('sft-steps', baseline.model) }),
      semievol: await grade('semievol', semievol.model),
    };
  });

  return phases.run('report', async () => {
    await maintain({ run: input.run });
    return report({
      ...ref,
      counts,
      models: { base, warmUp: warmUp.model, semievol: semievol.model },
      scores,
      selection,
      seconds: phases.seconds(),
    });
  });

  /**
   * SFT's fair chance: the warm-up model trained on, over the labelled rows alone, until it has
   * had as many steps as SemiEvol's model.
   */
  async function trainBaseline(): Promise<FineTuneResult | undefined> {
    const more = evolveFrom === 'base' ? selection.selected : counts.labelled + selection.selected;
    const furtherEpochs = Math.round((epochs * more) / counts.labelled);
    if (furtherEpochs === 0) return undefined;
    return train('baseline', 'sft-steps', warmUp.model, labelled, furtherEpochs);
  }
}
