import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Token } from '../../core/entropy.ts';
import { samplesOf } from '../../providers/completion.ts';

const answer = (...choices: object[]) => ({
  choices,
  usage: { prompt_tokens: 30, completion_tokens: 9 },
});
/** The one sample of a completion with this message, and with what else its choice has. */
const sample = (message: object, more: object = {}) =>
  samplesOf(answer({ message, finish_reason: 'stop', ...more }), 1)[0]!;
/** The log-probabilities of tokens. */
const valuesOf = (tokens: Token[] | null) => tokens?.map(({ logprob }) => logprob) ?? null;
const saying = (content: unknown) => sample({ content }).text;

describe('a chat completion', () => {
  describe('has a text', () => {
    it('as it stands, or in parts, without those that are thoughts', () => {
      const thinking = { type: 'thinking', thinking: [{ type: 'text', text: 'Is it food?' }] };
      assert.equal(saying('animal'), 'animal');
      assert.equal(saying([thinking, { type: 'text', text: 'animal' }]), 'animal');
      assert.equal(saying([{ type: 'output_text', text: 'ani' }, { text: 'mal' }]), 'animal');
      assert.equal(saying([{ type: 'reasoning', text: 'Is it food?' }]), '');
      assert.equal(saying([]), '');
    });

    it('but not where it is in a field of thoughts only', () => {
      const reasoning = 'Okay, the user wants a label. animal';
      for (const content of ['', null, undefined]) {
        assert.equal(sample({ content, reasoning_content: reasoning }).text, '');
        assert.equal(sample({ content, reasoning }).text, '');
        assert.equal(sample({ content, thinking: reasoning }).text, '');
        assert.equal(sample({ content, reasoning_details: [{ text: reasoning }] }).text, '');
      }
    });

    it('but not what was thought aloud', () => {
      assert.equal(saying('<think>\nThe answer is food? No.\n</think>\n\nanimal'), 'animal');
      assert.equal(saying([{ type: 'text', text: '<think>food' }]), '');
    });

    it('but not what was cut off before the end of a thought that nothing opens', () => {
      const cut = (content: string, finish_reason = 'length') => {
        const choice = { message: { content }, finish_reason };
        return samplesOf(answer(choice), 1, 'text-unopened')[0]!.text;
      };
      assert.equal(cut('Is it food? The answer'), '');
      assert.equal(cut('Is it food?</think>animal'), 'animal');
      assert.equal(cut('animal', 'stop'), 'animal');
      const choice = { message: { content: 'ani' }, finish_reason: 'length' };
      assert.equal(samplesOf(answer(choice), 1, null)[0]!.text, 'ani');
    });

    it('but not where it was refused or filtered, whatever else came', () => {
      const logprobs = { content: [{ token: 'animal', logprob: -0.2 }] };
      const held = (message: object, finish_reason: string) => {
        const { text, tokens: kept, finishReason } = sample(message, { finish_reason, logprobs });
        assert.deepEqual([text, kept], ['', null]);
        return finishReason;
      };
      assert.equal(held({ content: null, refusal: 'No: animal' }, 'stop'), 'refusal');
      assert.equal(held({ content: 'animal', refusal: 'No.' }, 'stop'), 'refusal');
      assert.equal(held({ content: [{ type: 'refusal', refusal: 'No.' }] }, 'stop'), 'refusal');
      assert.equal(held({ content: 'animal' }, 'content_filter'), 'content_filter');
      for (const reason of ['SAFETY', 'content_filtered', 'content_filter: RECITATION'])
        assert.equal(held({ content: 'animal' }, reason), 'content_filter');
      assert.equal(held({ content: 'animal is' }, 'refusal'), 'refusal');
      assert.equal(sample({ content: 'animal', refusal: null }).text, 'animal');
      assert.equal(sample({ content: 'animal', refusal: '' }).text, 'animal');
    });

    it('and tells in one word that it was cut off', () => {
      for (const finish_reason of ['length', 'LENGTH', 'MAX_TOKENS', 'max_tokens', 'model_length'])
        assert.equal(sample({ content: 'ani' }, { finish_reason }).finishReason, 'length');
      assert.equal(sample({ content: 'a' }, { finish_reason: null }).finishReason, 'unknown');
    });
  });

  describe('has log-probabilities', () => {
    const of = (...values: unknown[]) =>
      valuesOf(
        sample(
          { content: 'animal' },
          { logprobs: { content: values.map((logprob) => ({ token: 'animal', logprob })) } },
        ).tokens,
      );

    it('but for the values that can be none', () => {
      assert.deepEqual(of(-0.2, -1), [-0.2, -1]);
      const values = [null, undefined, Number.NaN, -Infinity, Infinity, 0.1, -9999, -1e5, '-0.3'];
      for (const value of values) assert.deepEqual(of(-0.2, value), [-0.2, null], String(value));
      assert.deepEqual(of(0), [0]);
    });

    it('or none, where no value is left', () => {
      assert.equal(of(), null);
      assert.equal(of(null, -9999), null);
      for (const logprobs of [null, undefined, {}, { content: null }, { content: 'x' }, []])
        assert.equal(sample({ content: 'animal' }, { logprobs }).tokens, null);
    });
  });

  it('has the likeliest tokens of each place, those that can be ones', () => {
    const top = (...all: unknown[]) => {
      const content = [{ token: 'animal', logprob: -0.2, top_logprobs: all }];
      return sample({ content: 'animal' }, { logprobs: { content } }).tokens;
    };
    const animal = { text: 'animal', logprob: -0.2 };
    assert.deepEqual(top({ token: 'animal', logprob: -0.2 }, { token: ' food', logprob: -2 }), [
      { ...animal, top: [animal, { text: ' food', logprob: -2 }] },
    ]);
    assert.deepEqual(top({ token: 'x', logprob: 1 }, { token: 'y' }, {}), [animal]);
    assert.deepEqual(top('x', null), [animal]);
    assert.deepEqual(top(), [animal]);
  });

  describe('has log-probabilities of the answer alone', () => {
    const logprobs = (...tokens: string[]) => ({
      content: tokens.map((token, index) => ({ token, logprob: -index })),
    });
    const thought = ['<think>', 'food', '?', '</think>', '\n\n'];
    const all = [...thought, 'ani', 'mal', '<|im_end|>'];
    const of = (message: object, ...tokens: string[]) =>
      valuesOf(sample(message, { logprobs: logprobs(...tokens) }).tokens);

    it('where it was thought aloud', () => {
      const content = '<think>food?</think>\n\nanimal';
      assert.deepEqual(of({ content }, ...all), [-5, -6, -7]);
    });

    it('where the server took the thoughts out of the text, but not out of the tokens', () => {
      for (const message of [{ content: 'animal', reasoning: 'food?' }, { content: '\n\nanimal' }])
        assert.deepEqual(of(message, ...all), [-5, -6, -7]);
    });

    it('where the tokens are those of the answer', () => {
      const parts = [{ type: 'thinking' }, { type: 'text', text: 'animal' }];
      for (const message of [{ content: 'animal', reasoning_content: 'food?' }, { content: parts }])
        assert.deepEqual(of(message, 'ani', 'mal'), [-0, -1]);
    });

    it('and none where it cannot be told from the thoughts', () => {
      const message = { content: 'animal', reasoning_content: 'food?' };
      assert.equal(of(message, 'food', '?', 'ani', 'mal'), null);
      const cut = { content: '<think>food' };
      assert.equal(of(cut, '<think>', 'food'), null);
      assert.deepEqual(
        of({ content: 'animal' }, 'Ġani', 'mal')?.length,
        2,
        'where nothing was thought, all is the answer',
      );
    });
  });

  describe('has thoughts, with their marks', () => {
    const thoughts = (message: object) => sample(message).thoughts;

    it('as they stand before the answer', () => {
      assert.equal(thoughts({ content: '<think>food?</think>\n\nanimal' }), '<think>food?</think>');
      assert.equal(thoughts({ content: 'food? No.\n</think>\nanimal' }), 'food? No.\n</think>');
    });

    it('or marked as most models mark them, where they came apart', () => {
      const marked = '<think>\nfood?\nNo.\n</think>';
      const content = 'animal';
      for (const message of [
        { content, reasoning_content: 'food?\nNo.\n' },
        { content, reasoning: 'food?\nNo.', reasoning_content: '' },
        { content, reasoning_details: [{ type: 'reasoning.text', text: 'food?\nNo.' }] },
        {
          content: [
            { type: 'thinking', thinking: 'food?\nNo.' },
            { type: 'text', text: content },
          ],
        },
        {
          content: [
            { type: 'thinking', thinking: [{ type: 'text', text: 'food?' }, { text: 'No.' }] },
            { type: 'text', text: content },
          ],
        },
      ])
        assert.equal(thoughts(message), marked, JSON.stringify(message));
    });

    it('or none', () => {
      assert.equal(thoughts({ content: 'animal' }), '');
      assert.equal(thoughts({ content: 'animal', reasoning: 5 }), '');
      assert.equal(thoughts({ content: 'animal', refusal: 'No.', reasoning: 'food?' }), '');
    });

    it('and their tokens beside those of the answer', () => {
      const content = ['<think>', 'food?', '</think>', 'animal'].map((token, index) => ({
        ...{ token, logprob: -index },
      }));
      const said = sample({ content: '<think>food?</think>animal' }, { logprobs: { content } });
      assert.deepEqual(valuesOf(said.tokens), [-3]);
      assert.deepEqual(valuesOf(said.allTokens), [-0, -1, -2, -3]);
      const apart = { content: 'animal', reasoning: 'food?' };
      const only = { content: [{ token: 'animal', logprob: -2 }] };
      assert.deepEqual(valuesOf(sample(apart, { logprobs: only }).allTokens), [-2]);
    });
  });

  describe('counts its tokens', () => {
    const counts = (usage: unknown, samples = 1) =>
      samplesOf({ ...answer({ message: {} }, { message: {} }), usage }, samples).map(
        ({ promptTokens, cachedTokens, completionTokens }) => [
          promptTokens,
          cachedTokens,
          completionTokens,
        ],
      );

    it('on the first sample of a request', () => {
      const usage = {
        prompt_tokens: 30,
        completion_tokens: 9,
        prompt_tokens_details: { cached_tokens: 12 },
      };
      assert.deepEqual(counts(usage, 2), [
        [30, 12, 9],
        [0, 0, 0],
      ]);
      assert.deepEqual(counts({ ...usage, prompt_tokens_details: null }), [[30, 0, 9]]);
    });

    it('or says that they are not told', () => {
      for (const usage of [null, undefined, {}, 'none', { prompt_tokens: '30' }])
        assert.deepEqual(counts(usage, 2), [
          [null, null, null],
          [0, 0, 0],
        ]);
    });
  });

  it('is none without a message, or with an error in its place', () => {
    const message = { content: 'animal' };
    for (const bad of [
      {},
      { choices: [] },
      answer({ finish_reason: 'stop' }),
      answer({ message: { content: 5 } }),
      answer({ message, error: { code: 502, message: 'overloaded' } }),
    ])
      assert.throws(() => samplesOf(bad, 1), { name: 'ZodError' });
    assert.equal(samplesOf(answer({ message, error: null }), 1).length, 1);
  });
});
