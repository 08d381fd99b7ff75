import type { Suspect } from './audit/suspects.ts';
import type { FoldModels } from './gate/foldModels.ts';
import type { GateReport } from './gate/gateReport.ts';
import type { Estimated } from './gate/gradedOn.ts';
import type { PhaseName } from './phases.ts';
import type { Resolution } from './resolution.ts';
import type { Calibration, ScoreQuality } from './selection/calibration/calibration.ts';
import type { ScoreChoice } from './selection/choice.ts';
import type { Comparison, Estimate } from './statistics.ts';
import type { AnswerTally } from './tally.ts';
import type { Classes, ModelRole, Split, Threshold } from './types.ts';
import type { Bill, BilledUsage } from './usage.ts';

/** Figures of one finished round, as the store keeps them and `semievol report` shows them. */
export interface RoundReport {
  run: string;
  round: number;
  /** The data set; what became of its files' rows is told by its `IngestReport`. */
  dataset: string;
  task: string;
  model: string;
  seed: number;
  /** Examples in each split after cleaning. */
  examples: Record<Split, number>;
  /** Level of all intervals, 0.5..1. */
  confidence: number;
  /** What the figures of its models were made on; the test split where it is left out. */
  estimate?: Estimated;
  /** What the task is graded by; the first decides which SFT is the better, and on promotion. */
  metrics: MetricReport[];
  /** By the first metric, where the task has a fixed set of classes. */
  byClass?: GroupsReport;
  /** The same by the categories of the data, where the spec names their column. In the store alone. */
  byCategory?: CategoryReport;
  /** Which SFT baseline the comparison took: the better of equal epochs and equal steps. */
  sftBaseline: 'epochs' | 'steps';
  /** How disagreement between the collaborators was resolved. */
  resolution: Resolution;
  pseudoLabels: {
    /** By the first metric, against the gold answers of the unlabelled split, where it has them. */
    all: Estimate;
    selected: Estimate;
    /** Selected pseudo-labels. */
    count: number;
    steps: SelectionSteps;
    /** Pseudo-labels of which the score says nothing, such as an entropy of what has none. */
    withoutScore: number;
    /** Share of examples on which all collaborators agreed, 0..1. */
    agreement: number;
    /** Of the score. */
    choice: ScoreChoice;
    /** As the selection rule makes it: plain JSON. */
    threshold: Threshold;
    /** Rule, score and threshold in words. */
    rule: string;
    /** What the threshold is a share of: where no answer has an entropy, that of the votes. */
    entropyOf: 'answers' | 'votes';
    classes: Classes;
    /** How far they can be trusted, where labelled rows were answered as the unlabelled are. */
    calibration?: Calibration;
    /** Where none were: how scores rank the unlabelled that carry a gold answer, should any. */
    againstGold?: Required<Pick<ScoreQuality, 'name' | 'againstGold'>>[];
  };
  /** What became of gold answers that were doubted, where the spec wants that. */
  audit?: AuditFigures;
  /** Who has graded the answers, where code cannot. */
  judge?: JudgeReport;
  /** Of the collaborators, the justification, the evaluated models and the judge. */
  answers: AnswerTally[];
  /** Labelled and unlabelled examples that the embedding model would not take: they have no neighbours. */
  withoutVector: number;
  /** Who was to become the champion, and why it did or did not; not there where no model was graded. */
  gate?: GateReport;
  /** Whether a model of the round has become the champion, as the gate says. */
  promoted: boolean;
  /** Of SFT the one of equal epochs. */
  models: { warmUp: string; sft: string; semievol: string; champion: string };
  /** Those that stand for the models of the round on labelled examples, where there is no test split. */
  foldModels?: FoldModels[];
  /** Wall-clock seconds a phase; those skipped have none. */
  seconds: Partial<Record<PhaseName, number>>;
  usage: BilledUsage[];
  bill: Bill;
}

/** What an audit of gold answers has come to. */
export interface AuditFigures {
  /** Labelled examples of which models that have not seen them and neighbours had something to say. */
  heard: number;
  /** Those of them whose answer is doubted. */
  suspects: number;
  /** The most doubted of these; what is said instead is in the store alone. */
  worst: Omit<Suspect, 'exampleId' | 'label'>[];
}

/** How the selected came out of the pseudo-labels. */
export interface SelectionSteps {
  /** Unlabelled examples that were asked about. */
  asked: number;
  /** Pseudo-labels that the rule keeps. */
  kept: number;
  /** Near duplicates of surer ones that were left out of these. */
  nearDuplicates: number;
  /** What has decided: the rule, or how many were wanted at least, or exactly. */
  by: 'rule' | 'atLeast' | 'exactly';
  /** How many fewer than the spec wants at least. */
  short: number;
  /** How classes were evened out; null where the task has none that can be. */
  balance: 'none' | 'cap' | 'prior' | 'shares' | null;
  /** In how many rows of the training file the selected stand. */
  rows: number;
  /** In how many rows stand those of earlier rounds, with the labels of then. */
  keptRows: number;
}

/** The judge of a run, and how far it can be trusted on labelled examples. */
export interface JudgeReport {
  endpoint: string;
  model: string;
  /** The share of gold answers that it takes for right. */
  gold: Estimate;
  /** The share of other examples' gold answers that it takes for wrong. */
  others: Estimate;
  /** Whether it is one of the models that it grades, or the one that they are tuned from. */
  isPartial: boolean;
}

/** The models of a round on the graded examples of a class or category, by the first metric, each 0 to 1. */
export interface GroupReport {
  label: string;
  examples: number;
  /** What is null had nothing to get. */
  values: Partial<Record<ModelRole, number | null>>;
}

/** The models of a round by class or category. */
export interface GroupsReport {
  /** The largest. */
  listed: GroupReport[];
  /** How many there are besides, and of how many examples: one of several classes counts for each. */
  others: { groups: number; examples: number };
}

/** The models of a round by category. */
export interface CategoryReport extends GroupsReport {
  /** Graded examples that are of no category. */
  without: number;
}

/** The models of a round by one metric. */
export interface MetricReport {
  name: string;
  values: {
    base: Estimate;
    /** Where it is not the base. */
    champion?: Estimate;
    /** The same two times where equal epochs are equal steps. */
    sft: { epochs: Estimate; steps: Estimate };
    semievol: Estimate;
  };
  /** SemiEvol (the first) with the better SFT (the second). */
  comparison: Comparison;
}
