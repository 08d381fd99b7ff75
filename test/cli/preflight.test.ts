import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { checkEndpoints } from '../../cli/preflight.ts';
import { runSpec } from '../../core/spec.ts';
import { defineConfig } from '../../workers/config.ts';
import { type Provider, startProvider } from '../support/provider/provider.ts';

const KEY = 'SEMIEVOL_TEST_PREFLIGHT_KEY';

const spec = (changes: object = {}) =>
  runSpec.parse({
    name: 'run',
    task: { type: 'multiple-choice' },
    data: { labelled: 'l', unlabelled: 'u', test: 't' },
    ...changes,
  });

describe('preflight of endpoints', () => {
  let provider: Provider;
  before(async () => {
    provider = await startProvider({ apiKey: 'right' });
  });
  after(async () => {
    delete process.env[KEY];
    await provider.close();
  });

  const config = (endpoint: object = {}) =>
    defineConfig({
      endpoints: { local: { baseURL: provider.baseURL, apiKeyEnv: KEY, ...endpoint } },
    });
  const refusal = (changes?: object, endpoint?: object) =>
    checkEndpoints(spec(changes), config(endpoint)).then(
      () => assert.fail('nothing was wrong'),
      (error: Error) => error.message,
    );

  it('passes where key and models are right, and spends nothing', async () => {
    process.env[KEY] = 'right';
    await checkEndpoints(spec(), config());
    assert.deepEqual(
      provider.journal.entries.filter((entry) => !entry.path.startsWith('/models')),
      [],
    );
  });

  it('names the endpoint that is not there, and the one that was meant', async () => {
    process.env[KEY] = 'right';
    const said = await refusal({ model: { endpoint: 'locl' } });
    assert.match(said, /no endpoint "locl".*did you mean "local"\?.*add it/);
  });

  it('names the variable of a key that is missing or wrong, never the key', async () => {
    delete process.env[KEY];
    assert.match(await refusal(), new RegExp(`${KEY}, which is not set`));
    process.env[KEY] = 'not-the-right-one';
    const said = await refusal();
    assert.match(said, new RegExp(`401.*${KEY}`));
    assert.doesNotMatch(said, /not-the-right-one/);
  });

  it('lists every model that the endpoint does not know', async () => {
    process.env[KEY] = 'right';
    const said = await refusal({
      model: { name: 'smollm2-135m-instuct' },
      collaborators: [{ name: 'a', model: 'unheard-of' }, { name: 'b' }],
    });
    assert.match(
      said,
      /no model "smollm2-135m-instuct" \(did you mean "smollm2-135m-instruct"\?\)/,
    );
    assert.match(said, /no model "unheard-of"/);
    assert.equal(said.split('\n').length, 2);
  });

  it('says that nothing answers at the address', async () => {
    process.env[KEY] = 'right';
    const closed = await startProvider();
    await closed.close();
    const said = await refusal({}, { baseURL: closed.baseURL });
    assert.match(said, /"local" does not answer at http:\/\/127.*semievol dev/);
  });
});
