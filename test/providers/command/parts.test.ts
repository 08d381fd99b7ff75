import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { flawOf } from '../../../providers/trainers/command/adapter.ts';
import { appear, vanish } from '../../../providers/trainers/command/files.ts';
import { StateFolder } from '../../../providers/trainers/command/jobs.ts';
import { lastLines, readLog } from '../../../providers/trainers/command/log.ts';
import { renderCommand, renderConfig } from '../../../providers/trainers/command/render.ts';
import { TOOLS } from '../../../providers/trainers/command/tools/index.ts';
import { useFolder } from '../../support/suite.ts';
import { failure } from '../support.ts';

describe('a template', () => {
  it('holds any value as YAML reads it back', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(value, (given) => {
        const read = parse(renderConfig('field: {{value}}', { value: given }, 'mine'));
        assert.deepEqual(read, { field: Object.is(given, -0) ? 0 : given });
      }),
    );
  });

  it('writes small numbers so that YAML 1.1 takes them for such', () => {
    assert.equal(renderConfig('rate: {{rate}}', { rate: 1e-7 }, 'mine'), 'rate: 1.0e-7');
  });

  it('leaves out what is not there this time, and refuses what never is', () => {
    const text = 'a: {{a}}\nb: {{ b }}\nc: 1';
    assert.equal(renderConfig(text, { a: 'x', b: undefined }, 'mine'), 'a: "x"\nc: 1');
    assert.deepEqual(
      renderCommand(['run', '--on={{a}}', '{{b}}'], { a: 'x y', b: undefined }, 'mine'),
      ['run', '--on=x y'],
    );
    assert.throws(
      () => renderConfig(text, { a: 'x' }, 'mine.yaml'),
      (error) =>
        failure('NoFineTuning', { retried: false })(error) &&
        /mine\.yaml has \{\{b\}\}.*trainer\.values\.b/.test(error.message),
    );
  });
});

describe('a log', () => {
  it('of LLaMA-Factory is read as it writes it', () => {
    const lines = [
      '{"current_steps": 1, "total_steps": 24, "loss": 1.7, "lr": 5e-05, "epoch": 0.1, "percentage": 4.17, "elapsed_time": "0:00:02", "remaining_time": "0:00:46"}',
      '{"current_steps": 2, "total_steps": 24, "loss": 1.25e-05, "lr": 1e-04, "epoch": 0.2, "percentage": 8.33, "elapsed_time": "0:00:04", "remaining_time": "0:00:44", "throughput": 812.5, "total_tokens": 3250}',
    ];
    const { patterns } = TOOLS['llama-factory'].log;
    const read = { step: 2, total: 24, loss: 1.25e-5, tokens: 3250 };
    assert.deepEqual(readLog(`${lines.join('\n')}\n`, patterns), read);
    const last = '{"current_steps": 24, "total_steps": 24, "epoch": 2.0, "percentage": 100.0}';
    assert.deepEqual(readLog(`${lines.join('\n')}\n${last}`, patterns), { ...read, step: 24 });
  });

  it("of transformers' Trainer is read from its bar and its metrics, of old versions and new", () => {
    const { patterns } = TOOLS.trl.log;
    const bar = ' 12%|█▎        | 3/24 [00:07<00:49,  2.37s/it]';
    const text = (loss: string) =>
      `  0%|          | 0/24 [00:00<?, ?it/s]\r${bar}\n{'loss': ${loss}, 'grad_norm': 1.2, 'epoch': 0.25}\n`;
    for (const loss of ['0.4321', "'0.4321'"])
      assert.deepEqual(readLog(text(loss), patterns), { step: 3, total: 24, loss: 0.4321 });
    assert.ok(Number.isNaN(readLog(text('nan'), patterns).loss));
  });

  it('of mlx-lm is read under its colours, of old versions and new', () => {
    const { patterns } = TOOLS['mlx-lm'].log;
    const row =
      '  \u001b[38;5;244m  12\u001b[0m    \u001b[1;32m3.488 ▼\u001b[0m    \u001b[1m1,008\u001b[0m    \u001b[38;5;244m  0.2k\u001b[0m';
    assert.deepEqual(readLog(row, patterns), { step: 12, loss: 3.488, tokens: 200 });
    const old =
      'Iter 10: Train loss 2.345, Learning Rate 1.000e-05, It/sec 1.2, Tokens/sec 301, Trained Tokens 2510, Peak mem 1.2 GB';
    assert.deepEqual(readLog(old, patterns), { step: 10, loss: 2.345, tokens: 2510 });
    assert.ok(!Number.isFinite(readLog(row.replace('3.488', '  nan'), patterns).loss));
  });

  it('of something else says nothing', () => {
    for (const { log } of Object.values(TOOLS))
      assert.deepEqual(readLog('Loading 3 of 7\nTraceback: 12/24\n', log.patterns), {});
  });

  it('ends in what is worth quoting', () => {
    assert.equal(lastLines('one\n\u001b[31mtwo\u001b[0m\r\n\n three \n'), 'one | two | three');
  });
});

describe('weights', () => {
  const folder = useFolder('suite');
  const whole = (() => {
    const header = Buffer.from(
      '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}',
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([length, header, Buffer.alloc(12, 1)]);
  })();

  it('are whole, or cut off, wherever that is', async () => {
    assert.equal(await flawOf(await folder.write('whole', whole)), undefined);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (bytes) => {
        const path = await folder.write('cut', whole.subarray(0, bytes));
        assert.match((await flawOf(path)) ?? '', /cut is cut off at/);
      }),
    );
  });

  it('that are no weights are told', async () => {
    assert.match((await flawOf(join(folder.path, 'none')))!, /there is no none/);
    const page = await folder.write('page', '<html>a page of some proxy</html>');
    assert.match((await flawOf(page))!, /cut off/);
  });
});

describe('a tool', () => {
  const folder = useFolder('suite');
  const row = {
    messages: [
      { role: 'system', content: 'Say it.' },
      { role: 'user', content: 'One?' },
      { role: 'assistant', content: 'Two.' },
    ],
  };

  it('has the training file laid out as it reads it', async () => {
    const rows = await folder.write('rows.jsonl', `${JSON.stringify(row)}\n`);
    const read = async (name: string, file: string) =>
      JSON.parse(await readFile(join(folder.path, name, file), 'utf8'));
    for (const [name, tool] of Object.entries(TOOLS)) {
      await mkdir(join(folder.path, name));
      await tool.arrange(rows, join(folder.path, name));
    }
    assert.deepEqual(await read('llama-factory', 'train.jsonl'), row);
    const { semievol } = await read('llama-factory', 'dataset_info.json');
    assert.equal(semievol.file_name, 'train.jsonl');
    assert.deepEqual(await read('mlx-lm', 'train.jsonl'), row);
    assert.deepEqual(await read('trl', 'train.jsonl'), {
      prompt: row.messages.slice(0, 2),
      completion: row.messages.slice(2),
    });
  });

  it('of transformers goes on from the newest checkpoint that is whole', async () => {
    const output = join(folder.path, 'output');
    const weights = Buffer.from(
      `\x35\0\0\0\0\0\0\0{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}} `,
    );
    const save = async (step: number, part: number, state?: string) => {
      const checkpoint = join(output, `checkpoint-${step}`);
      await mkdir(checkpoint, { recursive: true });
      const whole = Math.floor(part * weights.length);
      await writeFile(join(checkpoint, 'adapter_model.safetensors'), weights.subarray(0, whole));
      if (state !== undefined) await writeFile(join(checkpoint, 'trainer_state.json'), state);
    };
    const newest = () => TOOLS['llama-factory'].newestCheckpoint!(output, 0);
    assert.equal(await newest(), undefined);
    await save(50, 1, '{}');
    await save(100, 1, '{"global_step": 100}');
    await save(150, 1, '{"global_st');
    await save(200, 0.5, '{}');
    await save(250, 1);
    assert.deepEqual(await newest(), { path: join(output, 'checkpoint-100'), step: 100 });
  });
});

describe('a folder that appears', () => {
  const folder = useFolder('test');

  it('vanishes with what was left by those who were killed while making it', async () => {
    const path = join(folder.path, 'model-1');
    await mkdir(`${path}.12345678.partial`);
    await mkdir(join(folder.path, 'model-12'));
    await appear(path, (made) => writeFile(join(made, 'weights'), 'w'));
    assert.equal(await vanish(path), true);
    assert.deepEqual(await readdir(folder.path), ['model-12']);
    assert.equal(await vanish(path), false);
    assert.equal(await vanish(join(folder.path, 'nowhere', 'model')), false);
  });
});

describe('the jobs of a name', () => {
  const folder = useFolder('test');

  it('are one for all who have found none, though another was quicker, and one after each', async () => {
    const state = new StateFolder(folder.path);
    const [last] = await state.jobs('tuned');
    const first = await state.create('tuned', last);
    assert.equal(await state.create('tuned', last), first);
    const second = await state.create('tuned', first);
    assert.equal(await state.create('tuned', first), second);
    assert.deepEqual(await state.jobs('tuned'), [first, second]);
  });
});
