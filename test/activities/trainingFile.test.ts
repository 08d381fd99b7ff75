import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { foldOf } from '../../core/folds.ts';
import { BYTES_A_TOKEN } from '../../core/mostTokens.ts';
import { builtIn } from '../../core/registry.ts';
import { NOTHING_SPENT } from '../../core/spent.ts';
import type { TrainingRows } from '../../core/trainingRows.ts';
import { LABELS } from '../../testing/task.ts';
import {
  attempt,
  environment,
  type Laboratory,
  MODEL,
  one,
  openLaboratory,
  pool,
  ref,
  uploaded,
} from './support.ts';

const task = builtIn.task({
  type: 'classification',
  instruction: 'Classify the text.',
  labels: LABELS,
});
const EPOCHS = 2;
/** A model to make of these rows. */
const input = (rows: TrainingRows) => ({
  endpoint: 'local',
  order: {
    ...{ lineage: { ...ref, role: 'other' as const }, model: MODEL, rows },
    ...{ training: { epochs: EPOCHS }, seed: 3, suffix: 'mine' },
  },
});
/** The gold answer of every unlabelled example, which is wrong and must never be trained on. */
const WRONG = 'artifact';
const unlabelled = pool('unlabelled', 5, { answer: WRONG });
const labelled = pool('labelled', 3, { answer: 'plant' }).map((example, index) => ({
  ...example,
  // Of two folds.
  id: `${index}`.padStart(8, '0') + example.id,
}));
/** Label and entropy of the pseudo-labels; those of the first, third and fifth are selected. */
const pseudo = [
  ['food', 0.1],
  ['food', 0.3],
  ['person', 0.2],
  [null, null],
  ['animal', 0],
] as const;
const selectedRow = (ordinal: number, weight = 1) => ({
  round: 1,
  ordinal,
  exampleId: one('unlabelled', ordinal).id,
  score: pseudo[ordinal]![1],
  weight,
});

describe('a training file', () => {
  let lab: Laboratory;
  let scratch: string;
  /** From which users' own files are read. */
  let folder: string;
  const before = process.env.TMPDIR;
  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'semievol-scratch-'));
    folder = await mkdtemp(join(tmpdir(), 'semievol-own-'));
    lab = await openLaboratory({
      examples: [...labelled, ...unlabelled],
      trainingFolders: [folder],
    });
    await lab.tables.addPseudoLabels(
      pseudo.map(([label, entropy], ordinal) => ({
        round: 1,
        ordinal,
        exampleId: one('unlabelled', ordinal).id,
        label,
        agreed: true,
        entropy,
        probability: null,
        neighbours: null,
        response: null,
        votes: 1,
        collaborators: 1,
      })),
    );
    await lab.tables.addSelected([4, 0, 2].map((ordinal) => selectedRow(ordinal)));
    process.env.TMPDIR = scratch;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await lab.close();
    for (const made of [scratch, folder]) await rm(made, { recursive: true });
  });

  const upload = async (rows: TrainingRows) =>
    uploaded(await attempt(lab.activities.uploadTrainingFile, input(rows)));
  async function contentOf(fileId: string): Promise<string> {
    return (await lab.endpoints.get('local').client.files.content(fileId)).text();
  }
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const expected = (rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const labelledRows = labelled.map((example) => task.trainingRow(example, 'plant'));
  /** What a job of this file is thought to take: it has no price here. */
  const asJob = (content: string) => {
    const trainedTokens = EPOCHS * Math.ceil(Buffer.byteLength(content) / BYTES_A_TOKEN);
    return { ...NOTHING_SPENT, requests: 1, trainedTokens, isPartial: true };
  };

  it('repeats the labelled examples for a baseline of more steps', async () => {
    const { fileId, count } = await upload({ from: 'labelled', ref, times: 3 });
    assert.equal(
      await contentOf(fileId),
      expected([...labelledRows, ...labelledRows, ...labelledRows]),
    );
    assert.equal(count, 3 * labelledRows.length);
  });

  it('holds the labelled examples', async () => {
    const { fileId, ...about } = await upload({ from: 'labelled', ref, times: 1 });
    const content = await contentOf(fileId);
    assert.equal(content, expected(labelledRows));
    assert.deepEqual(about, { sha256: sha256(content), count: 3, wanted: asJob(content) });
  });

  it('leaves out those of a fold', async () => {
    const rowsWithout = async (fold: number) => {
      const withoutFold = { fold, of: 2 };
      const { fileId } = await upload({ from: 'labelled', ref, times: 1, withoutFold });
      return contentOf(fileId);
    };
    for (const fold of [0, 1]) {
      const others = labelled.filter((example) => foldOf(example) !== fold);
      const rows = others.map((example) => task.trainingRow(example, 'plant'));
      assert.equal(await rowsWithout(fold), expected(rows));
    }
  });

  it('holds the labelled and the selected, and never a gold answer of the unlabelled', async () => {
    const { fileId, ...about } = await upload({ from: 'labelled-and-selected', ref, times: 1 });
    const content = await contentOf(fileId);
    const selected = [0, 2, 4].map((ordinal) =>
      task.trainingRow(unlabelled[ordinal]!, pseudo[ordinal]![0]!),
    );
    assert.equal(content, expected([...labelledRows, ...selected]));
    assert.deepEqual(about, { sha256: sha256(content), count: 6, wanted: asJob(content) });
    for (const line of content.trimEnd().split('\n'))
      assert.notEqual(JSON.parse(line).messages.at(-1).content, WRONG);
  });

  it('repeats the labelled, and the selected by weight, and not by the attempts that selected', async () => {
    const other = { ...ref, round: 2 };
    const heavy = (ordinal: number, weight: number) => ({
      ...selectedRow(ordinal, weight),
      round: other.round,
    });
    await lab.tables.addPseudoLabels(
      (await lab.tables.pseudoLabels(1, { from: 0, to: 5 })).map((row) => ({ ...row, round: 2 })),
    );
    await lab.tables.addSelected([heavy(0, 1), heavy(2, 3)]);
    await lab.tables.addSelected([heavy(0, 1), heavy(2, 3)]);
    const { fileId, count } = await upload({ from: 'labelled-and-selected', ref: other, times: 2 });
    const rows = [0, 2, 2, 2].map((ordinal) =>
      task.trainingRow(unlabelled[ordinal]!, pseudo[ordinal]![0]!),
    );
    assert.equal(await contentOf(fileId), expected([...labelledRows, ...labelledRows, ...rows]));
    assert.equal(count, 10);
  });

  it('is uploaded once for the same rows', async () => {
    const rows = { from: 'labelled-and-selected', ref, times: 1 } as const;
    assert.deepEqual(await upload(rows), await upload(rows));
    assert.equal(lab.provider.requests({ kind: 'upload' }).length, 1);
  });

  describe("that is a user's own", () => {
    const own = (path: string) => upload({ from: 'file', path });
    const row = '{"messages": []}';
    const refused = (words: RegExp) => (error: unknown) => {
      assert.ok(error instanceof ApplicationFailure && error.nonRetryable);
      assert.equal(error.type, 'DataError');
      assert.match(error.message, words);
      return true;
    };

    it('is taken with its lines as they are', async () => {
      const path = join(folder, 'own.jsonl');
      const lines = ['{"messages": [{"content": "one\u2028line"}]}', row];
      await writeFile(path, `${lines[0]}\n\n${lines[1]}`);
      const { fileId, count } = await own(path);
      assert.equal(count, 2);
      assert.equal(await contentOf(fileId), `${lines.join('\n')}\n`);
      await symlink(path, join(folder, 'link.jsonl'));
      assert.equal((await own(join(folder, 'link.jsonl'))).fileId, fileId);
    });

    it('is refused outside of the folders that are named, also by way of a link', async () => {
      const words = /in none of the folders.*worker\.trainingFolders of temporal\.config\.ts/;
      const outside = join(scratch, 'secret.jsonl');
      await writeFile(outside, row);
      await symlink(outside, join(folder, 'link.jsonl'));
      await symlink(scratch, join(folder, 'folder'));
      for (const path of [
        outside,
        join(folder, 'link.jsonl'),
        join(folder, 'folder', 'secret.jsonl'),
        `${folder}/../${basename(scratch)}/secret.jsonl`,
      ])
        await assert.rejects(own(path), refused(words), path);
      assert.equal(lab.provider.requests({ kind: 'upload' }).length, 0);
    });

    it('is refused where it is no file', async () => {
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      await mkdir(join(folder, 'sub'));
      await assert.rejects(own(join(folder, 'pipe')), refused(/pipe is no file/));
      await assert.rejects(own(join(folder, 'sub')), refused(/sub is no file/));
      await assert.rejects(own(join(folder, 'none')), refused(/none cannot be read .*ENOENT/));
    });
  });

  it('is for nobody else to read', async () => {
    lab.provider.setFaults(({ method }) => (method === 'POST' ? 'hang' : undefined));
    const surroundings = environment();
    const labelled = input({ from: 'labelled', ref, times: 1 });
    const running = surroundings.run(lab.activities.uploadTrainingFile, labelled);
    await lab.provider.untilRequest({ kind: 'upload' });
    const [made] = await readdir(scratch);
    const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
    assert.equal(await modeOf(join(scratch, made!)), 0o700);
    assert.equal(await modeOf(join(scratch, made!, 'train.jsonl')), 0o600);
    surroundings.cancel();
    await assert.rejects(running, CancelledFailure);
  });

  describe('leaves nothing behind', () => {
    afterEach(async () => assert.deepEqual(await readdir(scratch), []));

    it('when it has been uploaded', async () => {
      await upload({ from: 'labelled', ref, times: 1 });
    });

    it('when the upload fails', async () => {
      lab.provider.setFaults(({ method }) => (method === 'POST' ? { status: 500 } : undefined));
      await assert.rejects(upload({ from: 'labelled', ref, times: 1 }), /answered 500/);
    });

    it('when its rows cannot be read', async () => {
      const missing = { ...ref, dataset: 'another' };
      await assert.rejects(upload({ from: 'labelled', ref: missing, times: 1 }), /another/);
    });

    it('when it is cancelled', async () => {
      lab.provider.setFaults(({ method }) => (method === 'POST' ? 'hang' : undefined));
      const surroundings = environment();
      const labelled = input({ from: 'labelled', ref, times: 1 });
      const running = surroundings.run(lab.activities.uploadTrainingFile, labelled);
      await lab.provider.untilRequest({ kind: 'upload' });
      assert.equal((await readdir(scratch)).length, 1);
      surroundings.cancel();
      await assert.rejects(running, CancelledFailure);
    });
  });
});
