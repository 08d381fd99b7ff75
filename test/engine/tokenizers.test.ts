import assert from 'node:assert/strict';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { engineConfig } from '../../engine/config.ts';
import { engineTokenizers } from '../../engine/tokenizers.ts';
import { useFolder } from '../support/suite.ts';

const STAND_IN = join(import.meta.dirname, '../fixtures/stand-in-tokenizer');

describe("the tokenizers of the engine's models", () => {
  const files = useFolder('test');
  afterEach(() => {
    delete process.env.HF_HUB_CACHE;
  });

  it('lie in folders that the configuration names, or in the local cache', async () => {
    process.env.HF_HUB_CACHE = files.path;
    const cached = join(files.path, 'models--some--model', 'snapshots', 'abc');
    await mkdir(cached, { recursive: true });
    await cp(STAND_IN, cached, { recursive: true });
    const { models } = engineConfig.parse({
      models: {
        own: { folder: STAND_IN },
        cached: { repository: 'some/model' },
        gone: { repository: 'no/model' },
      },
    });
    const found = engineTokenizers({ models });
    assert.equal(found.own, STAND_IN);
    assert.equal(found.cached, cached);
    assert.ok(!('gone' in found), 'it is estimated');
  });
});
