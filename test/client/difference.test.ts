import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { readRunSpec } from '../../cli/specFile.ts';
import { SemiEvolClient } from '../../client/client.ts';
import { defineConfig } from '../../config/config.ts';
import { GOOD_SPEC } from '../cli/support.ts';
import { useFolder, useTemporal } from '../support/suite.ts';

describe('a run that was started before', () => {
  const temporal = useTemporal();
  const files = useFolder('suite');

  it('is the same with the same files in another folder, and no other data or spec', async () => {
    const client = new SemiEvolClient(temporal.client, defineConfig());
    const written = await readRunSpec(await files.write('spec.yaml', GOOD_SPEC));
    const spec = { ...written, evaluation: { extraBody: { top_k: 5, min_p: 0.1 } } };
    for (const split of ['labelled', 'unlabelled', 'test'])
      await files.write(`${split}.csv`, `question,answer\n${split},up\n`);
    await client.start(spec, { folder: files.path });

    const folder = join(files.path, 'elsewhere');
    for (const split of ['labelled', 'unlabelled', 'test'])
      await cp(join(files.path, `${split}.csv`), join(folder, `${split}.csv`));
    assert.equal(await client.difference(spec, { folder }), undefined);
    const reordered = { ...spec, evaluation: { extraBody: { min_p: 0.1, top_k: 5 } } };
    assert.equal(await client.difference(reordered, { folder }), undefined);
    assert.equal(await client.difference({ ...spec, seed: 1 }, { folder }), 'spec');
    await files.write('elsewhere/test.csv', 'question,answer\ntest,down\n');
    assert.equal(await client.difference(spec, { folder }), 'data');
    await rm(folder, { recursive: true });
    assert.equal(
      await client.difference(spec, { folder }),
      undefined,
      'what is gone tells nothing',
    );
    await temporal.client.workflow.getHandle(spec.name).terminate();
  });
});
