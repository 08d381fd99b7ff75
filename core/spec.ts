import { z } from 'zod';
import { auditSpec } from './audit/auditSpec.ts';
import { budgetSpec } from './budgetSpec.ts';
import { urlProblem } from './dataUrl.ts';
import { driftSpec } from './drift/driftSpec.ts';
import { gateSpec } from './gate/gateSpec.ts';
import { growTestSpec } from './growTestSpec.ts';
import { nextSpec, poolFields } from './living/spec.ts';
import { LEAST_ROWS, WAYS } from './resolution.ts';
import { retentionSpec } from './retentionSpec.ts';
import { reviewSpec } from './review/reviewSpec.ts';
import { sampling } from './sampling.ts';
import type { SelectionFields } from './selection/fields.ts';
import { transportSpec } from './transportSpec.ts';
import { isUrl } from './url.ts';

/**
 * The run spec: one file that describes a run. Every field has a default that serves; the JSON
 * schema for editors is made from this (`semievol schema`).
 */

const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    'use letters, digits, ".", "_" and "-" (at most 100)',
  );
const file = z
  .string()
  .min(1)
  .superRefine((given, context) => {
    const problem = isUrl(given) ? urlProblem(given) : undefined;
    if (problem) context.addIssue({ code: 'custom', message: problem });
  });
const listed = (value: string | string[]): string[] =>
  typeof value === 'string' ? [value] : value;
const files = z.union([file, z.array(file).min(1)]).transform(listed);
const count = z.number().int().positive();

export const dataSpec = z.strictObject({
  labelled: files.describe(
    'CSV, JSON Lines, JSON or Parquet files (paths from the spec file, URLs, or s3://BUCKET/KEY) with answers. Rows in chat format (`messages`) need no columns: the last turn of the user is the question, what stands before it is kept, the turn of the assistant after it is the answer.',
  ),
  unlabelled: files.describe('Files without answers. Where they have some, these only measure.'),
  test: z
    .union([file, z.array(file)])
    .default([])
    .transform(listed)
    .describe(
      'Files with answers that no training sees. Where it is left out, models are graded by a cross-fitted estimate on the labelled examples, as `gate` says; a round that goes as far as selection needs none.',
    ),
  columns: z
    .strictObject({
      question: z.string().min(1).default('question').describe('Column of the question or text.'),
      options: z.string().min(1).default('options').describe('Column of the options, a JSON list.'),
      answer: z.string().min(1).default('answer').describe('Column of the answer.'),
      context: z
        .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
        .default('context')
        .describe(
          'Column, or columns in their order, of a passage to read first; it may hold tables.',
        ),
      before: z
        .string()
        .min(1)
        .default('before')
        .describe(
          'Column of the earlier turns of a conversation: messages, or pairs of question and answer.',
        ),
      system: z
        .string()
        .min(1)
        .default('system')
        .describe("Column of a system prompt of the row's own."),
      category: z
        .string()
        .min(1)
        .optional()
        .describe(
          'Column of a category that is independent of the answer, such as a subject: models are graded by it, too, and `gate.veto` looks at it. Models do not see it.',
        ),
    })
    .prefault({})
    .describe('Names of the columns; all but question and answer may be missing in the files.'),
  answers: z
    .union([z.enum(['index-0', 'index-1', 'text']), z.record(z.string(), z.string().min(1))])
    .optional()
    .describe(
      'How the files write answers: digits that count the options from 0 or from 1, the text of an option, or what each value means ({0: negative, 1: positive}). Letters, labels and texts of options need none.',
    ),
  separator: z
    .string()
    .regex(/^[^"\r\n]$/, 'use one character that is no quote and no line end')
    .optional()
    .describe('What separates the cells of CSV files; found when left out.'),
  limits: z
    .strictObject({
      labelled: count.optional(),
      unlabelled: count.optional(),
      test: count.optional(),
    })
    .prefault({})
    .describe('Take only N good rows of a split: the first ones, unless draw is given.'),
  draw: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .optional()
    .describe('A seed by which the rows of data.limits are drawn from whole files at random.'),
  maxBadRows: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe(
      'Share of unusable rows (0 to 1) above which the run stops before anything is spent.',
    ),
  growTest: growTestSpec,
});

const endpointModel = (model: string) =>
  z
    .strictObject({
      endpoint: name.default('local').describe('Name of an endpoint in temporal.config.ts.'),
      name: z.string().min(1).default(model).describe('Model name as the endpoint knows it.'),
    })
    .prefault({});

const elsewhere = name
  .optional()
  .describe('Endpoint that is asked; that of the run (model.endpoint) when left out.');

/** What every collaborator of a spec is called by. */
export const collaboratorName = name.describe(
  'Unique in the list; part of the key of every answer.',
);

/** How many labelled neighbours a collaborator sees that is no model. */
export const neighboursField = z
  .number()
  .int()
  .min(1)
  .max(100)
  .describe('Labelled neighbours that it sees.');

/** A collaborator that is a model: what a spec means that says no type. */
export const modelCollaborator = z.strictObject({
  type: z.literal('model').default('model').describe('A model that is asked.'),
  name: collaboratorName,
  endpoint: elsewhere,
  model: z
    .string()
    .min(1)
    .default('warm-up')
    .describe(
      '"warm-up" (the model just fine-tuned on the labelled data), "warm-up-2" to "warm-up-4" (fine-tuned again, each with a seed of its own), "base", or a model name. All but the last are at the endpoint of the run only.',
    ),
  shots: z
    .number()
    .int()
    .min(0)
    .max(32)
    .default(3)
    .describe('Neighbours shown as worked examples.'),
  skip: z
    .number()
    .int()
    .min(0)
    .max(32)
    .default(0)
    .describe('Nearest neighbours to leave out first.'),
  order: z
    .enum(['nearest-first', 'nearest-last'])
    .default('nearest-last')
    .describe('Order of the worked examples in the prompt.'),
  system: z
    .string()
    .min(1)
    .optional()
    .describe("What the system says, instead of the task's instruction."),
  ...sampling.shape,
  samples: z
    .number()
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe('Answers drawn (one request with `n`).'),
  goOnAfterMinutes: z
    .number()
    .positive()
    .optional()
    .describe(
      'How long it may be away until the run goes on without its answers to the examples it has not answered; it is waited for when left out, and of at least one collaborator it has to be.',
    ),
});

export const trainingSpec = z.strictObject({
  epochs: count.default(4).describe('Passes over the training file.'),
  batchSize: count.optional().describe("Rows a step; the endpoint's own choice when left out."),
  learningRateMultiplier: z
    .number()
    .positive()
    .optional()
    .describe("Factor on the endpoint's own learning rate; its own choice when left out."),
});

const RESOLUTION = `How disagreement is resolved. justify: a model justifies one of the answers, exactly as in the paper. vote: the answer of most collaborators. probability: the answer of the highest summed probability. auto: the best of the three on cross-fitted labelled examples where there are at least ${LEAST_ROWS} of these (costs two fine-tunes of each warm-up, on half of them each, and their answers), else probability, or vote where a judge takes part.`;

/** All of a run spec but what kinds of tasks and collaborators, and a selection rule, say. */
export const commonSpec = z.strictObject({
  name: name.describe('Name of the run: the workflow id, and the key of all it stores.'),
  data: dataSpec,
  model: endpointModel('smollm2-135m-instruct').describe('The base model M.'),
  embedding: endpointModel('all-minilm-l6-v2').describe('The model that embeds for retrieval.'),
  training: trainingSpec.prefault({}).describe('Fine-tuning of the warm-up, and of the baselines.'),
  evolve: trainingSpec
    .partial()
    .extend({
      from: z
        .enum(['base', 'warm-up'])
        .default('base')
        .describe('Where the final fine-tune starts.'),
      epochs: count
        .optional()
        .describe("Passes of the final fine-tune; the warm-up's when left out."),
      labelledWeight: z
        .number()
        .int()
        .min(1)
        .max(100)
        .default(1)
        .describe(
          'How often each labelled example stands in its file, so that selected ones do not outweigh them.',
        ),
    })
    .prefault({})
    .describe('The final fine-tune on labelled and selected examples, where it differs.'),
  retrieval: z
    .strictObject({
      mode: z
        .enum(['vector', 'bm25', 'hybrid'])
        .default('vector')
        .describe('How neighbours are found.'),
    })
    .prefault({}),
  maxTokens: count
    .optional()
    .describe(
      'Most tokens of an answer, of collaborators and in the evaluation. When left out, 1024 where it is reasoned, else what its kind needs: 16 for a word or a number, 48 for a line, 512 for an object or a longer text.',
    ),
  answer: z
    .strictObject({
      form: z
        .enum(['direct', 'reasoned'])
        .default('direct')
        .describe(
          'How collaborators answer: direct, with the answer alone, as in the paper; reasoned, after thinking step by step, with the line "Answer: …" at the end.',
        ),
      entropy: z
        .enum(['response', 'answer'])
        .default('response')
        .describe(
          'Whose entropy is taken: that of the whole response, as in the paper, or of the tokens of the answer in it alone.',
        ),
      probability: z
        .enum(['said', 'shares'])
        .default('said')
        .describe(
          'What an answer of a fixed set makes probable: said, itself, by its own tokens; shares, each of the set, by the likeliest tokens (`top_logprobs`) of the places in which they part.',
        ),
      target: z
        .enum(['answer', 'response'])
        .default('answer')
        .describe(
          'What selected examples teach: the answer alone, or the whole response that gave it, with its reasoning. The evaluation asks in the form that is taught.',
        ),
      thoughts: z
        .enum(['leave-out', 'keep'])
        .default('leave-out')
        .describe(
          'What becomes of thoughts that models mark as such (reasoning_content, <think>): left out of all, or kept before a response that is taught, and in its entropy.',
        ),
    })
    .prefault({})
    .describe('How answers are given, and what is made of them.'),
  coTraining: z
    .boolean()
    .default(false)
    .describe(
      'Whether a classifier over the embeddings, taught by the labelled examples and by what the collaborators answered, has as much say in each label as all of them together. Costs no request but embeddings; for tasks whose answers are labels of a fixed set.',
    ),
  resolution: z
    .enum(['auto', ...WAYS])
    .default('auto')
    .describe(RESOLUTION),
  justification: z
    .strictObject({
      endpoint: elsewhere,
      model: z.string().min(1).default('warm-up').describe('Who decides between the candidates.'),
      ...sampling.shape,
      maxTokens: count.default(256).describe('Most tokens of a justification.'),
    })
    .prefault({}),
  judge: z
    .strictObject({
      endpoint: elsewhere,
      model: z.string().min(1).describe('Name of a model, the same one in all rounds.'),
      ...sampling.shape,
      maxTokens: count.default(256).describe('Most tokens of what it says.'),
    })
    .optional()
    .describe('The model that grades and compares answers, where the task wants one.'),
  evaluation: z
    .strictObject({
      confidence: z.number().gt(0.5).lt(1).default(0.95).describe('Level of the intervals.'),
      rag: z
        .strictObject({
          shots: z.number().int().min(1).max(32).default(3),
          mode: z.enum(['vector', 'bm25', 'hybrid']).default('vector'),
        })
        .optional()
        .describe(
          'For studies: the base model is graded with so many labelled neighbours of each test example as worked examples (RAG), found in this mode. The other models are graded without any.',
        ),
      sft: z
        .enum(['both', 'equal-epochs'])
        .default('both')
        .describe(
          'The SFT models to compare with. equal-epochs: without the one that is trained as many steps as the new model, which takes a fine-tune of its own.',
        ),
      ...sampling.shape,
    })
    .prefault({}),
  gate: gateSpec.optional(),
  drift: driftSpec.optional(),
  batch: z
    .strictObject({
      size: z.number().int().min(1).max(10_000).default(250).describe('Examples an activity.'),
      window: z.number().int().min(1).max(100).default(4).describe('Batches at the same time.'),
    })
    .prefault({}),
  transport: transportSpec,
  budget: budgetSpec.optional(),
  review: reviewSpec.optional(),
  audit: auditSpec,
  retention: retentionSpec.optional(),
  maxFailed: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe(
      'Share of the examples asked about (0 to 1) above which the run pauses, where more than ten of them have most of their requests given up: refused, or never answered with what can be read.',
    ),
  rounds: z
    .union([z.number().int().min(1).max(1_000_000), z.literal('unlimited')])
    .optional()
    .describe('How many rounds there are at the most. When left out 1, or with `next` unlimited.'),
  next: nextSpec.optional(),
  ...poolFields,
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .describe('Everything random follows from it.'),
  until: z
    .enum(['select', 'report'])
    .default('report')
    .describe(
      'How far each round goes. select: no model is trained but those that answer, and none is graded, to see what the labels are worth.',
    ),
  bound: z
    .enum(['oracle', 'ceiling'])
    .optional()
    .describe(
      'For studies alone: what labels could give at best. It looks at the gold answers of the unlabelled examples, and is no way to train a model. oracle: wrong pseudo-labels are taken away. ceiling: gold answers stand in place of pseudo-labels.',
    ),
  share: name
    .optional()
    .describe(
      'Runs of one store that name the same scope take over from each other what would be the same: the answer to the very same request, and the model of the very same fine-tuning job. Runs of one scope go one after another: a cancellation ends the jobs it waits for, whoever else does. Each run pays for its own when left out.',
    ),
});

/** The task of a run: the name of its kind, and the fields of that kind. */
export type TaskSpec = { type: string; [field: string]: unknown };

/** How a run selects: the names of rule and score, the fields of the rule, and those of any. */
export type SelectionSpec = SelectionFields & {
  rule: string;
  score: string;
  [field: string]: unknown;
};

/** The same as a spec is written. */
export type SelectionInput = Partial<SelectionFields> & {
  rule: string;
  score?: string;
  [field: string]: unknown;
};

/** A collaborator that is a model. */
export type ModelCollaborator = z.output<typeof modelCollaborator>;

/** A collaborator that costs no request: the name of its kind, and the fields of that kind. */
export type FreeCollaborator = {
  type: string;
  name: string;
  /** How many labelled neighbours it sees. */
  neighbours?: number;
  [field: string]: unknown;
};

/** A collaborator of a run. */
export type CollaboratorSpec = ModelCollaborator | FreeCollaborator;

/** A collaborator as a spec is written. */
export type CollaboratorInput = z.input<typeof modelCollaborator> | FreeCollaborator;

/** A run spec as a registry has read it, every default filled in. */
export type RunSpec = Omit<z.output<typeof commonSpec>, 'rounds'> & {
  rounds: number | 'unlimited';
  task: TaskSpec;
  collaborators: CollaboratorSpec[];
  selection: SelectionSpec;
};

/** A run spec as it is written. */
export type RunSpecInput = z.input<typeof commonSpec> & {
  task: TaskSpec;
  collaborators?: CollaboratorInput[];
  selection?: SelectionInput;
};

/** What the name of a run stands for: all of its spec but what may be set otherwise on the way. */
export const identityOf = ({ budget: _, maxFailed: __, next: ___, ...identity }: RunSpec) =>
  identity;

/** The data files of a run, and how they are read. */
export type DataSpec = z.output<typeof dataSpec>;
/** How a fine-tuning job trains. */
export type TrainingSpec = z.output<typeof trainingSpec>;
/** How answers are given, and what is made of them. */
export type AnswerForm = RunSpec['answer'];

/** Whether selected examples teach to reason before the answer. */
export const teachesReasoning = ({ form, target }: AnswerForm): boolean =>
  form === 'reasoned' && target === 'response';
