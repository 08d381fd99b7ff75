import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { runSpec } from '../../core/registry.ts';
import { type CardFacts, modelCard } from '../../core/report/modelCard.ts';

const spec = runSpec.parse({
  name: 'tickets',
  task: { type: 'classification', labels: ['up', 'down'] },
  data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
});
const weights = { files: ['weights'], library: 'mlx' as const };
const facts: CardFacts = {
  model: {
    ...{
      name: 'ft:tiny:a|b',
      run: 'tickets',
      round: 1,
      role: 'sft',
      endpoint: 'gpu',
      base: 'tiny',
    },
    ...{ dataset: 'd', trainingFileSha256: '0', trainingRows: 1_200, jobKey: 'k', jobId: 'job-1' },
    createdAt: '2026-01-02T03:04:05.000Z',
  },
  root: 'tiny',
  spec,
  adapter: { ...weights, license: 'mit', template: { enable_thinking: false, tools: null } },
  merged: { lacking: 'they were not wanted' },
  rows: { rows: 1_200, isSame: true, withdrawn: 0 },
};
const headOf = (card: string) => parse(/^---\n([\s\S]*?)---\n/.exec(card)![1]!);

describe('the card of a model', () => {
  it('says what the model is, and how it is asked', () => {
    const card = modelCard(facts);
    assert.deepEqual(headOf(card), {
      ...{ base_model: 'tiny', license: 'mit', library_name: 'mlx' },
      ...{ pipeline_tag: 'text-generation' },
      tags: ['semievol', 'semi-supervised', 'classification'],
    });
    for (const words of [
      '## ft:tiny:a\\|b\n',
      'fine-tuned on the labelled examples alone',
      '1,200 rows, 4 epochs',
      'by job job-1',
      'Licence of tiny: mit.',
      'round 1 has no report yet',
      'No model/ (the whole model, with what was learned merged in): they were not wanted.',
      'byte by byte',
      'load("tiny", adapter_path="adapter")',
      'add_generation_prompt=True, enable_thinking=False, tools=None)',
    ])
      assert.ok(card.includes(words), words);
  });

  it('prefers the merged weights, and shows no code for what is not there', () => {
    assert.ok(modelCard({ ...facts, merged: weights }).includes('load("model")'));
    const bare = { ...facts, adapter: { lacking: 'they stay where they are' } };
    const card = modelCard(bare);
    assert.ok(!card.includes('```'));
    assert.ok(card.includes('it is not known here'));
    assert.equal(headOf(card).license, 'unknown');
    const unlike = (withdrawn: number) =>
      modelCard({ ...facts, rows: { rows: 3, isSame: false, withdrawn } });
    assert.ok(unlike(0).includes('which is not as they were uploaded'));
    assert.ok(unlike(2).includes('without 2 examples that were withdrawn since'));
  });
});
