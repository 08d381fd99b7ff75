import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { defineConfig } from '../../config/config.ts';
import { ConfigError } from '../../config/errors.ts';
import { loadConfig } from '../../config/load.ts';
import { neighbours as vote } from '../../core/collaborators/neighbours.ts';
import { entropy } from '../../core/selection/scores/entropy.ts';
import { withModel } from '../../engine/config.ts';
import { rating } from '../extensions/own/rating.ts';
import { useFolder } from '../support/suite.ts';

const BASE_URL = 'https://models.test/v1';

describe("the engine's configuration", () => {
  it('takes a folder by its last part, or a name in the cache, and keeps settings that are there', () => {
    const { engine } = defineConfig({ engine: { models: { config: { folder: 'old', rank: 4 } } } });
    const more = ['test/config', 'Qwen/Qwen3-0.6B', './nowhere/'].reduce(withModel, engine);
    const places = Object.entries(more.models).map(([name, { folder, repository, rank }]) => [
      name,
      folder && relative('.', folder),
      repository,
      rank,
    ]);
    assert.deepEqual(places, [
      ['config', 'test/config', undefined, 4],
      ['Qwen/Qwen3-0.6B', undefined, 'Qwen/Qwen3-0.6B', 16],
      ['nowhere', 'nowhere', undefined, 16],
    ]);
  });
});

describe('the configuration', () => {
  it('has a default for everything', () => {
    const config = defineConfig();
    assert.equal(config.temporal.taskQueue, 'semievol');
    assert.equal(config.store.uri, '.semievol/store');
    assert.deepEqual(Object.keys(config.endpoints), ['local']);
    assert.match(config.endpoints.local!.baseURL, /^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    assert.ok(config.worker.maxConcurrentActivities > 0 && config.worker.shutdownGraceSeconds > 0);
  });

  it('fills in what an endpoint leaves out', () => {
    const { one } = defineConfig({ endpoints: { one: { baseURL: BASE_URL } } }).endpoints;
    assert.equal(one!.supportsN, true);
    assert.ok(one!.maxInFlight > 0 && one!.requestTimeoutSeconds > 0 && one!.pollSeconds > 0);
    assert.deepEqual(one!.prices, {});
  });

  it('stays as it is when it is checked again', () => {
    const config = defineConfig({ endpoints: { one: { baseURL: BASE_URL, maxInFlight: 3 } } });
    assert.deepEqual(defineConfig(config), config);
  });

  const mistakes: [string, object, RegExp][] = [
    ['an unknown field', { stoer: {} }, /unknown field stoer/],
    [
      'a model of no place',
      { engine: { models: { mine: {} } } },
      /engine\.models\.mine: give either folder or repository/,
    ],
    [
      'a built-in name',
      { engine: { models: { 'smollm2-135m-instruct': { folder: 'm' } } } },
      /engine\.models\.smollm2-135m-instruct.*: this is the name of a built-in model: choose another name/,
    ],
    [
      'a name with a colon',
      { engine: { models: { 'a:b': { folder: 'm' } } } },
      /engine\.models\.a:b: a name has up to 100 letters/,
    ],
    [
      'a schedule that is none',
      { engine: { models: { mine: { folder: 'm', schedule: 'step' } } } },
      /engine\.models\.mine\.schedule/,
    ],
    ['no endpoint', { endpoints: {} }, /endpoints: give at least one endpoint/],
    [
      'no address',
      { endpoints: { one: { baseURL: 'models' } } },
      /endpoints\.one\.baseURL cannot be that text: give an address/,
    ],
    [
      'another protocol',
      { endpoints: { one: { baseURL: 'ftp://a/v1' } } },
      /one\.baseURL cannot be/,
    ],
    [
      'none in flight',
      { endpoints: { one: { baseURL: BASE_URL, maxInFlight: 0 } } },
      /one\.maxInFlight must be .* 0/,
    ],
    [
      'a number in quotes',
      { endpoints: { one: { baseURL: BASE_URL, pollSeconds: '3' } } },
      /one\.pollSeconds must be a number, not the text "3"\. Write it without quotes/,
    ],
    [
      'a negative price',
      { endpoints: { one: { baseURL: BASE_URL, prices: { m: { input: -1 } } } } },
      /input/,
    ],
    ['half an activity', { worker: { maxConcurrentActivities: 0.5 } }, /maxConcurrentActivities/],
    ...['a.b', 'a:b', '__a', ''].map((name): [string, object, RegExp] => [
      `"${name}" for a deployment`,
      { worker: { deployment: { name } } },
      /worker\.deployment\.name cannot be .*Temporal takes no dot/,
    ]),
    ...[{}, rating.spec, { ...rating, spec: z.object({ kind: z.literal('a') }) }].map(
      (kind): [string, object, RegExp] => [
        'what is no kind of task',
        { extensions: { tasks: [rating, kind] } },
        /extensions\.tasks\[1\]: this is no kind of task: make it by defineTaskKind\(\{ spec/,
      ],
    ),
    ...[0, 2.5, '5'].map((neighbours): [string, object, RegExp] => [
      `a collaborator that sees ${JSON.stringify(neighbours)} neighbours`,
      { extensions: { collaborators: [{ ...vote, neighbours }] } },
      /extensions\.collaborators\[0\]: this is no kind of collaborator: make it by defineColl/,
    ]),
    [
      'the name that means a model',
      {
        extensions: { collaborators: [{ ...vote, spec: z.object({ type: z.literal('model') }) }] },
      },
      /extensions\.collaborators\[0\]: "model" is the name of what is built in: give another/,
    ],
    [
      'a task kind where a rule should be',
      { extensions: { rules: [rating] } },
      /extensions\.rules\[0\]: this is no selection rule: make it by defineSelectionRule/,
    ],
    [
      'half a score',
      { extensions: { scores: [{ name: 'half', of: () => 0 }] } },
      /extensions\.scores\[0\]: this is no score: make it by defineScore\(\{ name, description, m/,
    ],
    [
      'the name of a built-in kind',
      { extensions: { scores: [entropy] } },
      /extensions\.scores\[0\]: "entropy" is the name of what is built in: give another/,
    ],
    [
      'a name given twice',
      { extensions: { tasks: [rating, { ...rating }] } },
      /extensions\.tasks\[1\]: "rating" is the name of tasks\[0\]: give another/,
    ],
    ['a list', [], /the file must be fields with values, not an empty list/],
  ];
  for (const [what, config, said] of mistakes)
    it(`refuses ${what}, naming the field`, () => {
      assert.throws(
        () => defineConfig(config),
        (error) => error instanceof ConfigError && said.test(error.message),
      );
    });

  for (const secret of ['https://me:hidden@a.test/v1', 'https://a.test/v1?key=hidden'])
    it(`refuses an address with a secret, and does not repeat it: ${secret}`, () => {
      assert.throws(
        () => defineConfig({ endpoints: { one: { baseURL: secret } } }),
        ({ message }: Error) =>
          /one\.baseURL: .*apiKeyEnv/.test(message) && !/hidden/.test(message),
      );
    });

  it('refuses a webhook with its secret in place of a variable, and repeats neither', () => {
    const webhook = { url: 'ftp://hidden.test', secretEnv: 'whsec_hidden' };
    assert.throws(
      () => defineConfig({ announce: { webhook } }),
      ({ message }: Error) =>
        /announce\.webhook\.url .*http/.test(message) &&
        /announce\.webhook\.secretEnv .*environment variable/.test(message) &&
        !/hidden/.test(message),
    );
  });

  it('names every wrong field at once', () => {
    const config = {
      endpoints: { one: { baseURL: 'x', pollSeconds: 0 } },
      worker: { shutdown: 1 },
    };
    assert.throws(
      () => defineConfig(config as object),
      ({ message }: Error) =>
        ['baseURL', 'pollSeconds', 'worker'].every((one) => message.includes(one)),
    );
  });

  const keys = ['sk-proj-1234567890abcdef', 'fd8a0c1f9be24e5c8e3a7b6d5c4f3e2a', 'Bearer A1'];
  for (const key of keys)
    it(`refuses a key in the place of its variable, and does not repeat it: ${key.length}`, () => {
      for (const field of ['apiKeyEnv', 'apiKey'])
        assert.throws(
          () => defineConfig({ endpoints: { one: { baseURL: BASE_URL, [field]: key } } }),
          ({ message }: Error) => /apiKey/.test(message) && !message.includes(key),
        );
    });

  describe('is loaded from a file', () => {
    const folder = useFolder('suite');

    const module = new URL('../../config/config.ts', import.meta.url);
    async function load(name: string, text: string) {
      const file = join(folder.path, name);
      await writeFile(file, `import { defineConfig } from '${module}';\n${text}`);
      return loadConfig(file);
    }

    it('with local folders that are seen from there, whatever the working folder', async () => {
      const config = await load(
        'folder.ts',
        "export default defineConfig({ store: { uri: 'data/store' }, temporal: { taskQueue: 'q' }, engine: { models: { a: { folder: 'a' }, b: { folder: '~/b' }, c: { repository: 'own/c' } } } });",
      );
      const { a, b, c } = config.engine.models;
      assert.equal(a!.folder, join(folder.path, 'a'));
      assert.equal(b!.folder, join(homedir(), 'b'));
      assert.deepEqual([c!.folder, c!.repository], [undefined, 'own/c']);
      assert.equal(config.store.uri, join(folder.path, 'data/store'));
      assert.deepEqual(config.worker.trainingFolders, [folder.path]);
      assert.equal(config.temporal.taskQueue, 'q');
      assert.notEqual(relative(process.cwd(), folder.path), '');
    });

    const broken: [what: string, name: string, text: string, said: RegExp][] = [
      [
        'TypeScript',
        'syntax.ts',
        'export default {\n  endpoints: {,\n};\n',
        /syntax\.ts:3 cannot be run/,
      ],
      [
        'JavaScript',
        'syntax.js',
        'export default {\n  endpoints: {,\n};\n',
        /syntax\.js:3 cannot be run/,
      ],
      [
        'what it does',
        'throws.ts',
        'const f = () => {\n  throw new Error("boom");\n};\nf();\n',
        /throws\.ts:3 cannot be run \(boom\)/,
      ],
      ['what it throws', 'text.ts', 'throw "boom";\n', /text\.ts cannot be run \(boom\)/],
      [
        'what it imports',
        'imports.ts',
        'import "./nowhere.ts";\n',
        /imports\.ts cannot be run \(Cannot find module/,
      ],
    ];
    for (const [what, name, text, message] of broken)
      it(`and is refused by its line for ${what}`, async () => {
        await assert.rejects(load(name, text), { name: 'ConfigError', message });
      });

    for (const uri of ['s3://bucket/path', 'gs://bucket', '/somewhere/else'])
      it(`with ${uri} as it stands`, async () => {
        const name = `${uri.replace(/\W/g, '')}.ts`;
        const { store } = await load(name, `export default { store: { uri: '${uri}' } };`);
        assert.equal(store.uri, uri);
      });

    it('and with prices of another file, under its own', async () => {
      const own = { mine: { input: 3 } };
      const endpoint = { baseURL: BASE_URL, prices: own, pricesFile: 'prices.yaml' };
      const file = join(folder.path, 'priced.ts');
      await writeFile(file, `export default ${JSON.stringify({ endpoints: { one: endpoint } })};`);
      const path = join(folder.path, 'prices.yaml');
      await writeFile(
        path,
        'asOf: 2026-11-27\nmodels:\n  mine: { input: 1 }\n  "ft:*": { output: 2 }\n',
      );
      const { endpoints } = await loadConfig(file);
      assert.deepEqual(endpoints.one!.prices, {
        ...own,
        'ft:*': { asOf: '2026-11-27', output: 2 },
      });
      await writeFile(path, 'models: { mine: { inptu: 1 } }');
      await assert.rejects(loadConfig(file), /^ConfigError: prices\.yaml cannot be used:\n.*inptu/);
      await writeFile(path, 'models: { mine: { input: -1 } }');
      await assert.rejects(loadConfig(file), /models\.mine\.input/);
    });

    it('and checked, also where it does not call defineConfig', async () => {
      await assert.rejects(load('bare.ts', 'export default { stoer: {} };'), ConfigError);
    });

    it('and a missing file or default export is told with the remedy', async () => {
      await assert.rejects(loadConfig(join(folder.path, 'none.ts')), {
        name: 'ConfigError',
        message: /none\.ts not found.*--config FILE/s,
      });
      await assert.rejects(load('named.ts', 'export const config = defineConfig();'), {
        name: 'ConfigError',
        message: /named\.ts has no default export.*export default defineConfig/s,
      });
    });
  });
});
