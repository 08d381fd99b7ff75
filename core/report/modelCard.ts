import { stringify } from 'yaml';
import type { RoundReport } from '../roundReport.ts';
import type { RunSpec } from '../spec.ts';
import type { Json, ModelRecord } from '../types.ts';
import { count, moment, oneLine } from './format.ts';
import { markdown } from './markdown.ts';
import { metricSection } from './round.ts';
import type { Section } from './section.ts';

/** What an export holds of a model's weights in one form, or why it holds none. */
export type ExportedWeights =
  | {
      files: string[];
      library: 'mlx' | 'peft' | 'transformers';
      template?: Record<string, Json>;
      license?: string;
    }
  | { lacking: string };

/** The training file of an exported model, or why there is none. */
export type ExportedRows =
  | {
      rows: number;
      /** Whether the file is byte by byte what was uploaded. */
      isSame: boolean;
      /** Examples that were withdrawn since, and are left out. */
      withdrawn: number;
    }
  | { lacking: string };

/** What a card tells of. */
export interface CardFacts {
  model: ModelRecord;
  /** The model that all tuning began with, as its endpoint calls it. */
  root: string;
  spec: RunSpec;
  /** Of the round that has made the model, where that has ended. */
  report?: RoundReport;
  adapter: ExportedWeights;
  merged: ExportedWeights;
  rows: ExportedRows;
}

/** Folders and files of an export. */
export const PARTS = { adapter: 'adapter', merged: 'model', rows: 'training.jsonl' } as const;

/** The card of an exported model (README.md): Markdown with the head that Hugging Face reads. */
export function modelCard(facts: CardFacts): string {
  const sections = [about(facts), ...figures(facts), contents(facts)];
  return [head(facts), markdown(sections), ...loading(facts)].join('\n');
}

function head({ root, spec, adapter, merged }: CardFacts): string {
  const weights = [merged, adapter].find((one) => 'files' in one);
  const known = {
    base_model: root,
    license: (weights && 'files' in weights && weights.license) || 'unknown',
    ...(weights && 'files' in weights && { library_name: weights.library }),
    pipeline_tag: 'text-generation',
    tags: ['semievol', 'semi-supervised', spec.task.type],
  };
  return `---\n${stringify(known)}---\n`;
}

/** What each role of a round is made of. */
const MADE: Record<Exclude<ModelRecord['role'], OfFold>, string> = {
  vanilla: 'as it is',
  'warm-up': 'fine-tuned on the labelled examples alone',
  'fold-1': 'fine-tuned on the labelled examples outside of the first fold',
  'fold-2': 'fine-tuned on the labelled examples outside of the second fold',
  sft: 'fine-tuned on the labelled examples alone',
  'sft-steps':
    'fine-tuned on the labelled examples alone, for as many steps as SemiEvol takes on all',
  semievol: 'fine-tuned by SemiEvol (arXiv 2410.14745)',
  other: 'fine-tuned',
};

type OfFold = `${string}-fold-${number}`;

const madeAs = ({ role }: ModelRecord): string =>
  Object.entries(MADE).find(([name]) => name === role)?.[1] ??
  `${MADE[role.split('-fold-')[0] as keyof typeof MADE]}, but for a fold of these`;

function about({ model, root, spec, report, adapter, merged }: CardFacts): Section {
  const { epochs, batchSize, learningRateMultiplier } = {
    ...spec.training,
    ...(model.role === 'semievol' && spec.evolve.epochs && { epochs: spec.evolve.epochs }),
  };
  const license = [merged, adapter].flatMap((one) =>
    'files' in one && one.license ? [one.license] : [],
  )[0];
  return {
    title: oneLine(model.name),
    blocks: [
      `${root}, ${madeAs(model)}, for a task of the kind ${spec.task.type}, in round ${model.round} of run "${model.run}"${model.base === root ? '' : `; it was gone on from ${model.base}`}.`,
      ...(report && model.role === 'semievol' ? [method(report)] : []),
      `Training: ${count(model.trainingRows)} rows, ${count(epochs)} epochs, ${batchSize === undefined ? "batches of the trainer's own size" : `batches of ${count(batchSize)}`}, ${learningRateMultiplier === undefined ? "the trainer's own learning rate" : `${learningRateMultiplier} times the trainer's own learning rate`}, seed ${spec.seed}; made ${moment(Date.parse(model.createdAt))} by job ${model.jobId}.`,
      license === undefined
        ? `Licence: what the publisher of ${root} says; it is not known here. It holds for this model, too.`
        : `Licence of ${root}: ${license}. It holds for this model, too.`,
    ],
  };
}

function method({ examples, pseudoLabels, resolution }: RoundReport): string {
  const { steps, rule, count: selected } = pseudoLabels;
  return `Models that had learned from ${count(examples.labelled)} labelled examples answered ${count(steps.asked)} unlabelled ones with labelled neighbours in view; disagreement was resolved by ${resolution.way}. Rule ${rule} and what the spec wants beside it selected ${count(selected)} of the answers, and on these and the labelled examples the model was fine-tuned.`;
}

function figures({ report, model }: CardFacts): Section[] {
  if (!report)
    return [
      { title: 'Figures', blocks: [`There are none: round ${model.round} has no report yet.`] },
    ];
  const { metrics } = report;
  if (metrics[0]!.values.base.of === 0)
    return [{ title: 'Figures', blocks: ['It was not graded.'] }];
  return metrics.map((metric) => metricSection(metric, report));
}

function contents({ adapter, merged, rows }: CardFacts): Section {
  const weights = (of: ExportedWeights, folder: string, what: string) =>
    'files' in of ? `${folder}/: ${what}.` : `No ${folder}/ (${what}): ${of.lacking}.`;
  return {
    title: 'What is here',
    blocks: [
      weights(merged, PARTS.merged, 'the whole model, with what was learned merged in'),
      weights(adapter, PARTS.adapter, 'what was learned, as a LoRA adapter for the base model'),
      'rows' in rows
        ? `${PARTS.rows}: the ${count(rows.rows)} rows that it has learned from, ${sameness(rows)}. They hold examples of the data set: look at them before you hand them on.`
        : `No ${PARTS.rows}: ${rows.lacking}.`,
    ],
  };
}

function sameness({ isSame, withdrawn }: { isSame: boolean; withdrawn: number }): string {
  if (withdrawn > 0)
    return `without ${count(withdrawn)} examples that were withdrawn since; the model has learned from those, too`;
  return isSame
    ? 'byte by byte as they were uploaded'
    : 'as the store has them now, which is not as they were uploaded';
}

/** How the model is asked without SemiEvol, as code that runs in the folder of the card. */
function loading({ root, adapter, merged, rows }: CardFacts): string[] {
  const [weights, load] =
    'files' in merged
      ? [merged, `load("${PARTS.merged}")`]
      : [adapter, `load(${python(root)}, adapter_path="${PARTS.adapter}")`];
  if (!('files' in weights) || weights.library !== 'mlx' || !('rows' in rows)) return [];
  const template = Object.entries(weights.template ?? {})
    .map(([name, value]) => `, ${name}=${python(value)}`)
    .join('');
  return [
    '## How to ask it\n',
    ...('files' in merged
      ? []
      : ['The first argument of `load` is the folder, or the name, of the base model.\n']),
    `\`\`\`python
import json

from mlx_lm import generate, load

model, tokenizer = ${load}
with open("${PARTS.rows}") as rows:
    messages = json.loads(next(rows))["messages"][:-1]  # as it is asked: the last one is the answer
prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True${template})
print(generate(model, tokenizer, prompt, max_tokens=256))
\`\`\`
`,
  ];
}

/** A JSON value as Python writes it. */
function python(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, one]) => `${JSON.stringify(name)}: ${python(one)}`)
    .join(', ')}}`;
}
