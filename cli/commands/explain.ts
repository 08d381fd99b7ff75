import type { Command } from 'commander';
import { explainModel } from '../../client/explain.ts';
import { explanationSections } from '../../core/report/explanation.ts';
import { configOf, print } from '../context.ts';
import { terminal } from '../terminal.ts';

interface Options {
  after?: string;
  count: number;
  json?: boolean;
}

export default async function explain(
  model: string,
  { after, count, json }: Options,
  command: Command,
): Promise<void> {
  const wanted = { count, ...(after !== undefined && { after }) };
  const explanation = await explainModel(await configOf(command), model, wanted);
  const { rows } = explanation;
  const next =
    'next' in rows && rows.next ? `\n\nmore: semievol explain ${model} --after ${rows.next}` : '';
  print(json, explanation, terminal(explanationSections(explanation)) + next);
}
