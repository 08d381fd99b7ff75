import type { Example } from '../types.ts';
import type { Asked, Requests } from './asked.ts';
import type { Preview, Prospect } from './prospect.ts';
import { pseudoLabelled } from './sizes.ts';

/** Stands in a row for what a model is going to say. */
const RESPONSE = '(what a model has said)';

/** The first request of each kind, and the first training row of each, as they will be. */
export function previewsOf(
  prospect: Prospect,
  requests: Requests,
  kinds: readonly Asked[],
): Preview[] {
  const { samples, models, task } = prospect;
  const sent = kinds.flatMap(({ title, at, split, messages }): Preview[] => {
    const x: Example | undefined = samples[split].examples[0];
    const said = x && messages(x);
    if (!said) return [];
    return [{ kind: title, ...at, messages: said, tokens: models.counterOf(at).prompt(said) }];
  });
  const at = requests.at('base');
  const [labelled] = samples.labelled.examples;
  const [unlabelled] = samples.unlabelled.examples;
  const rows = [
    {
      kind: 'labelled row of training',
      messages: labelled && task.trainingRow(labelled, labelled.answer).messages,
    },
    {
      kind: 'pseudo-labelled row of training, with an answer as it may be',
      messages: unlabelled && pseudoLabelled(prospect, requests, unlabelled, RESPONSE),
    },
  ].flatMap(({ kind, messages }): Preview[] =>
    messages ? [{ kind, ...at, messages, tokens: models.counterOf(at).row(messages) }] : [],
  );
  return [...sent, ...rows];
}
