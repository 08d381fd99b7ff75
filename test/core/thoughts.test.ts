import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { answerSpan, firstMark } from '../../core/thoughts.ts';
import { growth, LINEAR } from '../support/growth.ts';

function answer(text: string): string {
  const { from, to } = answerSpan(text);
  return text.slice(from, to);
}

describe('the answer in what a model said', () => {
  const channels = (last: string) =>
    `<|channel|>analysis<|message|>food?<|end|><|start|>assistant<|channel|>${last}`;

  it('is what stands outside of its thoughts', () => {
    for (const said of [
      'animal',
      ' animal\n',
      '<think>\nIs it food? Hmm, the answer is food? No, wait.\n</think>\n\nanimal',
      '<THINKING budget="low">food</THINKING>animal',
      '<reasoning>food</reasoning>\nanimal',
      '<seed:think>food</seed:think>animal',
      '[THINK]food[/THINK]animal',
      '◁think▷food◁/think▷animal',
      '<|START_THINKING|>food<|END_THINKING|>animal',
      '<|inner_prefix|>food<|inner_suffix|>animal',
      '<|channel>thought\nfood\n<channel|>animal',
      channels('final<|message|>animal<|return|>'),
      channels('final <|constrain|>text<|message|>animal'),
      'analysisThe user asks. food?assistantfinalanimal',
      '<think>a "</think>" ends it; food</think>animal',
      '<think>one <think>in another</think> food</think>animal',
      'animal\n<reasoning>food is eaten</reasoning>',
      '<think>food</think>plant<think>no</think>animal',
    ])
      assert.equal(answer(said), 'animal', said);
  });

  it('is what follows a closing tag that nothing opened', () => {
    assert.equal(answer('Okay, is it food?\n</think>\nanimal'), 'animal');
  });

  it('is empty where a thought never closes, or nothing follows it', () => {
    for (const said of [
      '',
      '<think>the answer is animal',
      'animal<think>or food',
      '<think>food</think>plant<think>or animal',
      '<think>animal</think>\n',
      '[THINK]animal',
      '<think',
      '<think>the answer is animal</think',
      'the answer is animal</think',
      channels('commentary<|message|>animal'),
      channels(''),
      '<|channel|>analysis<|message|>animal<|end|>',
    ])
      assert.equal(answer(said), '', said);
  });

  it('has a first mark, if any', () => {
    assert.equal(firstMark('<think>a</think>b'), 'open');
    assert.equal(firstMark('a</think>b<think>c'), 'close');
    assert.equal(firstMark(channels('final<|message|>animal')), 'channel');
    assert.equal(firstMark('a < b'), undefined);
  });

  it('is all of a text without thoughts, and never holds a mark of one', () => {
    const word = fc.constantFrom('animal', '<think>', '</think>', '[THINK]', '[/THINK]', ' ', '<');
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string())), (words) => {
        const text = words.join('');
        const said = answer(text);
        assert.ok(!/<\/?think>|\[\/?THINK\]/i.test(said));
        if (!/[<[◁]|assistantfinal/i.test(text)) assert.equal(said, text.trim());
      }),
    );
  });

  it('is found in time that grows with the text', () => {
    for (const unit of ['<think>', '</think>', '<think ', '<|channel|>final ', '[', ' ']) {
      const grown = growth((size) => answerSpan(unit.repeat(size)), 5000);
      assert.ok(grown < LINEAR, `${unit}: ${grown}`);
    }
  });
});
