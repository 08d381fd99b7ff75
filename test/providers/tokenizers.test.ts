import assert from 'node:assert/strict';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, it } from 'mocha';
import type { ChatMessage } from '../../core/types.ts';
import { estimating } from '../../providers/tokenizers/estimate.ts';
import { fromFolder } from '../../providers/tokenizers/folder.ts';
import { tokenCounter } from '../../providers/tokenizers/index.ts';
import { openaiEncoding } from '../../providers/tokenizers/openai.ts';
import { tokens } from '../../testing/wire.ts';
import { useFolder } from '../support/suite.ts';

const STAND_IN = join(import.meta.dirname, '../fixtures/stand-in-tokenizer');
const CHAT: ChatMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Two and two?' },
  { role: 'assistant', content: 'four' },
];

describe('tokens of a model', () => {
  const files = useFolder('test');
  afterEach(() => {
    delete process.env.HF_HUB_CACHE;
  });

  it('are those of the tokenizer in its folder, with what its template adds', async () => {
    const counter = await fromFolder(STAND_IN);
    assert.deepEqual(counter.error, { low: 1, high: 1 });
    assert.equal(counter.text('one  two\nthree '), 3);
    assert.equal(counter.prompt(CHAT), 2 + 3 + 1 + 3 * 4, 'four for each turn');
    assert.equal(counter.row(CHAT), 2 + 3 + 1, 'of a row none is added');
    const word = fc.string({ minLength: 1 }).filter((text) => !/\s/.test(text));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const text = words.join(' ');
        assert.equal(counter.text(text), tokens(text).length);
      }),
    );
  });

  it('are counted with the instruction before the question where a template takes no system', async () => {
    const strict =
      "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}[{{ m.role }}] {{ m.content }} {% endfor %}";
    await cp(STAND_IN, files.path, { recursive: true });
    await files.write('tokenizer_config.json', JSON.stringify({ eos_token: { content: '.' } }));
    await files.write('chat_template.jinja', strict);
    const counter = await fromFolder(files.path);
    assert.equal(counter.prompt(CHAT), 1 + 2 + 3 + 1 + 1);
  });

  it('are nearly known without a template, and say so', async () => {
    await cp(join(STAND_IN, 'tokenizer.json'), join(files.path, 'tokenizer.json'));
    const { by, error } = await fromFolder(files.path);
    assert.match(by, /without a chat template/);
    assert.ok(error.low < 1 && error.high > 1);
  });

  it('are told to be without a tokenizer where the folder that is named has none', async () => {
    await assert.rejects(tokenCounter('any', files.path), {
      name: 'TokenizerError',
      message: /tokenizer\.json cannot be read: ENOENT.*Name the folder/,
    });
    await files.write('tokenizer.json', '{ "model": 1');
    await assert.rejects(fromFolder(files.path), { name: 'TokenizerError' });
  });

  it('are found in the local cache of Hugging Face by the name of the model', async () => {
    process.env.HF_HUB_CACHE = files.path;
    const folder = join(files.path, 'models--some--model', 'snapshots', 'abc');
    await mkdir(folder, { recursive: true });
    await cp(STAND_IN, folder, { recursive: true });
    const counter = await tokenCounter('some/model');
    assert.equal(counter.text('a b'), 2);
    assert.match((await tokenCounter('other/model')).by, /estimate/);
    assert.match((await tokenCounter('../some/model')).by, /estimate/);
  });

  it("follow from OpenAI's names, those of tuned models as well", () => {
    const encodings = {
      'gpt-4.1-nano-2025-04-14': 'o200k_base',
      'ft:gpt-4o-mini-2024-07-18:us::abc': 'o200k_base',
      'gpt-5': 'o200k_base',
      'o4-mini': 'o200k_base',
      'gpt-4-turbo': 'cl100k_base',
      'ft:gpt-3.5-turbo-0125:us::abc': 'cl100k_base',
      'text-embedding-3-small': 'cl100k_base',
      'llama-3.1-8b': undefined,
      'smollm2-135m-instruct': undefined,
    };
    for (const [model, encoding] of Object.entries(encodings))
      assert.equal(openaiEncoding(model), encoding, model);
  });

  it("are what OpenAI's own counter says, marks in a text included", async () => {
    const counter = await tokenCounter('gpt-4o');
    assert.equal(counter.text('hello world'), 2);
    assert.ok(counter.text('a <|endoftext|> b') > 3, 'a mark in a text is a text');
    assert.equal(counter.prompt([{ role: 'user', content: 'hello world' }]), 2 + 4 + 3);
  });

  it('are estimated else, nearly right for English', async () => {
    const estimate = await estimating();
    const text =
      'Operating profit totaled EUR 37.7 mn, up slightly from EUR 37.2 mn in the corresponding period. ';
    const own = (await tokenCounter('gpt-4o')).text(text);
    const { low, high } = estimate.error;
    assert.ok(low * estimate.text(text) < own && own < high * estimate.text(text));
  });
});
