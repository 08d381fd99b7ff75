import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { checkBeforeStart } from '../../client/check.ts';
import { type Config, defineConfig } from '../../config/config.ts';
import { WARM_UPS } from '../../core/modelNames.ts';
import { builtIn, runSpec } from '../../core/registry.ts';
import { startProvider } from '../../testing/provider.ts';
import { useFolder, useProvider } from '../support/suite.ts';

const KEY = 'SEMIEVOL_TEST_PREFLIGHT_KEY';

const data = { labelled: '', unlabelled: '', test: '' };
const spec = (changes: object = {}) =>
  runSpec.parse({
    name: 'run',
    task: { type: 'multiple-choice' },
    data,
    ...changes,
  });

const check = (given: ReturnType<typeof spec>, config: Config) =>
  checkBeforeStart(given, '.', { config, registry: builtIn });

describe('the check of a run before it starts', () => {
  const provider = useProvider('suite', { apiKey: 'right' });
  const files = useFolder('suite');
  const write = (split: string, length = 8) => {
    const rows = Array.from({ length }, (_, row) => `${split} ${row}?,"[""a"", ""b""]",A\n`);
    return files.write(`${split}-${length}.csv`, `question,options,answer\n${rows.join('')}`);
  };
  before(async () => {
    for (const split of ['labelled', 'unlabelled', 'test'] as const)
      data[split] = await write(split);
  });
  after(() => {
    delete process.env[KEY];
  });

  const config = (endpoint: object = {}) =>
    defineConfig({
      endpoints: { local: { baseURL: provider.baseURL, apiKeyEnv: KEY, ...endpoint } },
    });
  const refusal = (changes?: object, endpoint?: object) =>
    check(spec(changes), config(endpoint)).then(
      () => assert.fail('nothing was wrong'),
      (error: Error) => error.message,
    );

  it('passes where key and models are right, and spends nothing', async () => {
    process.env[KEY] = 'right';
    const found = await check(spec(), config());
    assert.deepEqual(found.counts, { labelled: 8, unlabelled: 8, test: 8 });
    assert.deepEqual(
      provider.requests().filter(({ method }) => method !== 'GET'),
      [],
    );
  });

  it('names the endpoint that is not there, and the one that was meant', async () => {
    process.env[KEY] = 'right';
    const said = await refusal({ model: { endpoint: 'locl' } });
    assert.match(said, /no endpoint "locl".*did you mean "local"\?.*add it/);
  });

  it('names the fields of an endpoint that is not there', async () => {
    const said = await refusal({
      collaborators: [{ name: 'a' }, { name: 'b', endpoint: 'cloud', model: 'm' }],
      justification: { endpoint: 'cloud', model: 'm' },
    });
    assert.match(
      said,
      /^justification\.endpoint, collaborators\[1\]\.endpoint: no endpoint "cloud"/,
    );
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

  it('counts the labelled examples that selection needs', async () => {
    process.env[KEY] = 'right';
    const collaborators = [{ name: 'a', shots: 0 }];
    const said = await refusal({ collaborators, selection: { rule: 'calibrated' } });
    assert.match(said, /^selection\.rule needs 127 labelled .*\(39 of them held out.*there are 8/);
    const auto = { rule: 'paper', score: 'auto' };
    await check(spec({ collaborators, selection: auto }), config());
  });

  describe('notes what cross-fitting costs', () => {
    const warmUps = (count: number) =>
      WARM_UPS.slice(0, count).map((model) => ({ name: model, model, shots: 0 }));
    const plan = '"semievol plan" says what that costs';
    const cases: [what: string, changes: object, note?: string][] = [
      [
        'of one warm-up that is asked twice',
        { collaborators: [{ name: 'a' }, { name: 'b', skip: 3 }] },
        'cross-fitting trains 2 further models and asks for 200 further answers',
      ],
      [
        'of four warm-ups',
        { collaborators: warmUps(4) },
        'cross-fitting trains 8 further models and asks for 400 further answers',
      ],
      [
        'of models that need no training',
        {
          collaborators: [{ name: 'a', model: 'base', samples: 3, shots: 0 }],
          justification: { model: 'base' },
        },
        'cross-fitting asks for 300 further answers',
      ],
      [
        'where the score is chosen',
        {
          ...{ collaborators: warmUps(1), resolution: 'vote' },
          selection: { rule: 'paper', score: 'auto' },
        },
        'cross-fitting trains 2 further models and asks for 100 further answers',
      ],
      [
        'of those that are not held out',
        {
          ...{ collaborators: [{ name: 'a' }, ...warmUps(2)], resolution: 'vote', audit: true },
          selection: { rule: 'calibrated', share: 0.4, error: 0.1 },
        },
        'cross-fitting trains 4 further models and asks for 180 further answers',
      ],
      [
        'in the first of several rounds',
        { collaborators: warmUps(2), rounds: 2 },
        'cross-fitting trains 4 further models and asks for 200 further answers in the first round',
      ],
      [
        'where labelled examples grade',
        { resolution: 'vote', data: { test: undefined }, gate: { folds: 3 } },
        'cross-fitting trains 6 to 9 further models',
      ],
      ['of nothing where the spec says how', { resolution: 'vote' }],
      ['of nothing where labels are too few', { data: { limits: { labelled: 99 } } }],
    ];
    for (const [what, { data: otherwise, ...changes }, note] of cases as [
      string,
      { data?: object },
      string?,
    ][])
      it(what, async () => {
        process.env[KEY] = 'right';
        const labelled = await write('labelled', 100);
        const given = spec({ ...changes, data: { ...data, labelled, ...otherwise } });
        const { notes } = await check(given, config());
        assert.deepEqual(notes, note === undefined ? [] : [`${note}: ${plan}`]);
      });
  });

  it('says that nothing answers at the address', async () => {
    process.env[KEY] = 'right';
    const closed = await startProvider();
    await closed.close();
    const said = await refusal({}, { baseURL: closed.baseURL });
    assert.match(said, /"local" does not answer at http:\/\/127.*semievol dev/);
  });

  it('asks a model that is not listed itself', async () => {
    const quirky = await startProvider({ quirks: ['models-403'] });
    const known = config({ baseURL: quirky.baseURL, apiKeyEnv: undefined });
    await check(spec(), known);
    await assert.rejects(check(spec({ model: { name: 'none' } }), known), /no model "none"/);
    await quirky.close();
  });

  it('warns of a model that is shut down', async () => {
    const listing = await startProvider({ quirks: ['models-facts'] });
    const { warnings } = await check(
      spec({ retrieval: { mode: 'bm25' } }),
      config({ baseURL: listing.baseURL, apiKeyEnv: undefined }),
    );
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /"local" shuts down model "smollm2-135m-instruct" on 2031-05-01/);
    await listing.close();
  });

  it('asks for no model to embed with where there are no vectors', async () => {
    process.env[KEY] = 'right';
    const embedding = { name: 'none' };
    const byText = spec({ embedding, retrieval: { mode: 'bm25' } });
    await check(byText, config());
    assert.match(await refusal({ embedding }), /no model "none"/);
  });

  it('finds out that an endpoint has no fine-tuning', async () => {
    const server = await startProvider({ quirks: ['no-tuning'] });
    const said = await refusal({}, { baseURL: server.baseURL, apiKeyEnv: undefined });
    assert.match(said, /"local" has no fine-tuning .*model\.endpoint/);
    await server.close();
  });

  it('names what is to go by batch where the endpoint declares none', async () => {
    process.env[KEY] = 'right';
    const transport = { evaluate: 'batch', collaborate: 'auto' };
    const said = await refusal({ transport });
    assert.match(said, /transport\.evaluate is batch.*"local" declares no batches.*batches: true/);
    assert.doesNotMatch(said, /transport\.collaborate/);
    await check(spec({ transport }), config({ batches: true }));
  });

  it('tells every problem at once', async () => {
    process.env[KEY] = 'right';
    const missing = `${data.labelled}.none`;
    const said = await refusal({
      data: { ...data, labelled: missing, limits: { labelled: 5 } },
      model: { endpoint: 'gone' },
    });
    assert.match(said, /need 6 neighbours, but data\.limits\.labelled is 5: raise/);
    assert.ok(said.includes(missing));
    assert.match(said, /no endpoint "gone"/);
  });
});
