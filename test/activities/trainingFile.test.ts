import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { TrainingRows } from '../../activities/trainingFile.ts';
import { createTask } from '../../core/tasks.ts';
import { LABELS } from '../support/stack.ts';
import {
  attempt,
  environment,
  type Laboratory,
  one,
  openLaboratory,
  pool,
  ref,
} from './support.ts';

const task = createTask({
  type: 'classification',
  instruction: 'Classify the text.',
  labels: LABELS,
});
const lineage = { ...ref, role: 'other' } as const;
const threshold = { rule: 'paper', percentile: 50, cutoff: 0.2 } as const;
/** The gold answer of every unlabelled example, which is wrong and must never be trained on. */
const WRONG = 'artifact';
const unlabelled = pool('unlabelled', 5, { answer: WRONG });
const labelled = pool('labelled', 3, { answer: 'plant' });
/** Label and entropy of the pseudo-labels; those of the first, third and fifth are selected. */
const pseudo = [
  ['food', 0.1],
  ['food', 0.3],
  ['person', 0.2],
  [null, null],
  ['animal', 0],
] as const;

describe('a training file', () => {
  let lab: Laboratory;
  let scratch: string;
  const before = process.env.TMPDIR;
  beforeEach(async () => {
    lab = await openLaboratory({ examples: [...labelled, ...unlabelled] });
    await lab.tables.addPseudoLabels(
      pseudo.map(([label, entropy], ordinal) => ({
        round: 1,
        ordinal,
        exampleId: one('unlabelled', ordinal).id,
        label,
        agreed: true,
        entropy,
        votes: 1,
        collaborators: 1,
      })),
    );
    scratch = await mkdtemp(join(tmpdir(), 'semievol-scratch-'));
    process.env.TMPDIR = scratch;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await lab.close();
    await rm(scratch, { recursive: true });
  });

  const upload = (rows: TrainingRows) =>
    attempt(lab.activities.uploadTrainingFile, { endpoint: 'local', rows, lineage });
  async function contentOf(fileId: string): Promise<string> {
    return (await lab.endpoints.get('local').client.files.content(fileId)).text();
  }
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const expected = (rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const labelledRows = labelled.map((example) => task.trainingRow(example, 'plant'));

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
    assert.deepEqual(about, { sha256: sha256(content), count: 3 });
  });

  it('holds the labelled and the selected, and never a gold answer of the unlabelled', async () => {
    const { fileId, ...about } = await upload({ from: 'labelled-and-selected', ref, threshold });
    const content = await contentOf(fileId);
    const selected = [0, 2, 4].map((ordinal) =>
      task.trainingRow(unlabelled[ordinal]!, pseudo[ordinal]![0]!),
    );
    assert.equal(content, expected([...labelledRows, ...selected]));
    assert.deepEqual(about, { sha256: sha256(content), count: 6 });
    for (const line of content.trimEnd().split('\n'))
      assert.notEqual(JSON.parse(line).messages.at(-1).content, WRONG);
  });

  it('is uploaded once for the same rows', async () => {
    const rows = { from: 'labelled-and-selected', ref, threshold } as const;
    assert.deepEqual(await upload(rows), await upload(rows));
    assert.equal(lab.provider.journal.count('/files'), 1);
  });

  it("may be a user's own, whose lines stay as they are", async () => {
    const path = join(scratch, 'own.jsonl');
    const lines = ['{"messages": [{"content": "one\u2028line"}]}', '{"messages": []}'];
    await writeFile(path, `${lines[0]}\n\n${lines[1]}`);
    const { fileId, count } = await upload({ from: 'file', path });
    assert.equal(count, 2);
    assert.equal(await contentOf(fileId), `${lines.join('\n')}\n`);
    await assert.rejects(upload({ from: 'file', path: join(scratch, 'none') }), /none/);
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
      const running = surroundings.run(lab.activities.uploadTrainingFile, {
        endpoint: 'local',
        rows: { from: 'labelled' as const, ref, times: 1 },
        lineage,
      });
      await lab.provider.journal.waitFor((journal) => journal.count('/files') === 1);
      assert.equal((await readdir(scratch)).length, 1);
      surroundings.cancel();
      await assert.rejects(running, CancelledFailure);
    });
  });
});
