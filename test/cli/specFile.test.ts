import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, it } from 'mocha';
import { gridSchema, readRunSpec, runSpecSchema } from '../../cli/specFile.ts';
import { TASK_KINDS } from '../../core/tasks/index.ts';
import { useFolder } from '../support/suite.ts';
import { GOOD_SPEC } from './support.ts';

const ROOT = resolve(import.meta.dirname, '../..');

describe('run spec file', () => {
  const files = useFolder('suite');
  /** The lines of the complaint, without the file's name. */
  async function complaints(yaml: string): Promise<string[]> {
    const file = await files.write('spec.yaml', yaml);
    try {
      await readRunSpec(file);
    } catch (error) {
      return (error as Error).message.replaceAll(`${file}:`, '').split('\n');
    }
    assert.fail('the spec was accepted');
  }

  it('reads a spec and fills in the defaults', async () => {
    const spec = await readRunSpec(await files.write('good.yaml', GOOD_SPEC));
    assert.equal(spec.model.name, 'smollm2-135m-instruct');
    assert.equal(spec.collaborators.length, 4);
  });

  it('gives the line of an unknown field and the name that was meant', async () => {
    assert.deepEqual(await complaints(`${GOOD_SPEC}trainig:\n  epochs: 2\n`), [
      '9:1: unknown field trainig (did you mean "training"?)',
    ]);
  });

  it('finds unknown fields within lists and alternatives', async () => {
    const yaml = `${GOOD_SPEC}collaborators:\n  - name: a\n  - name: b\n    shot: 1\nselection:\n  rule: paper\n  percentil: 3\n`;
    assert.deepEqual(await complaints(yaml), [
      '12:5: unknown field collaborators[1].shot (did you mean "shots"?)',
      '15:3: unknown field selection.percentil (did you mean "percentile"?)',
    ]);
  });

  it('offers the fields of the kind that is named, not those of others', async () => {
    const yaml = `${GOOD_SPEC}collaborators:\n  - name: a\n    type: neighbours\n    shots: 3\n`;
    const misplaced = yaml.replace('labels:', 'tolerance: { relative: 0.1 }\n  labels:');
    assert.deepEqual(await complaints(misplaced), [
      '4:3: unknown field task.tolerance (known: type, instruction, labels)',
      '13:5: unknown field collaborators[0].shots (known: type, name, neighbours)',
    ]);
  });

  it('names the kinds of collaborators there are, a model first', async () => {
    const yaml = `${GOOD_SPEC}collaborators:\n  - type: neighbors\n    name: a\n`;
    assert.deepEqual(await complaints(yaml), [
      '10:11: collaborators[0].type must be "model" or "neighbours", not the text "neighbors"',
    ]);
  });

  it('lists the known fields when none is near', async () => {
    const [line] = await complaints(GOOD_SPEC.replace('  test:', '  limits:\n    zzz: 1\n  test:'));
    assert.equal(line, '9:5: unknown field data.limits.zzz (known: labelled, unlabelled, test)');
  });

  it('tells a missing field from a wrong one, in the order of the lines', async () => {
    const yaml = GOOD_SPEC.replace('name: good\n', '')
      .replace('  test: test.csv', '  test: 3')
      .replace('type: classification', 'type: regression');
    const kinds = TASK_KINDS.map(({ spec }) => `"${spec.shape.type.value}"`);
    const list = new Intl.ListFormat('en', { type: 'disjunction' }).format(kinds);
    assert.deepEqual(await complaints(`${yaml}seed: 1.5\n`), [
      '1:1: name is missing',
      `2:9: task.type must be ${list.replace(/, or/, ' or')}, not the text "regression"`,
      '7:9: data.test must be a text or a list, not 3. Put quotes around it: "3"',
      '8:7: seed must be a whole number, not 1.5',
    ]);
  });

  it('gives the line of a mistake in the YAML itself', async () => {
    const [line] = await complaints(`${GOOD_SPEC}seed: [1\n`);
    assert.match(line ?? '', /^\d+:\d+: Flow sequence/);
  });

  it('says to quote what YAML takes for a boolean or a number', async () => {
    assert.deepEqual(await complaints(GOOD_SPEC.replace('[up, down]', '[True, no, 0x1]')), [
      '4:12: task.labels[0] must be a text, not true. Put quotes around it: "True"',
      '4:22: task.labels[2] must be a text, not 1. Put quotes around it: "0x1"',
    ]);
    const numbers = await complaints(`${GOOD_SPEC}seed: "7"\n`);
    assert.deepEqual(numbers, [
      '9:7: seed must be a number, not the text "7". Write it without quotes',
    ]);
  });

  it('refuses a secret in a URL, with its line and without telling it', async () => {
    const yaml = GOOD_SPEC.replace('test.csv', '[a.csv, "https://me.example/t.csv?sig=SECRET"]');
    const [line, ...others] = await complaints(yaml);
    assert.match(
      line!,
      /^8:17: data\.test\[1\]: https:\/\/me\.example\/t\.csv: the query .*SEMIEVOL_DATA_QUERY/,
    );
    assert.doesNotMatch(line!, /SECRET/);
    assert.deepEqual(others, []);
  });

  it('names file and line of aliases that multiply, and of what is nested too deeply', async () => {
    const rows = Array.from(
      { length: 9 },
      (_, row) => `a${row + 1}: &a${row + 1} [${Array(9).fill(`*a${row}`)}]\n`,
    );
    const [bomb] = await complaints(`${GOOD_SPEC}a0: &a0 [x]\n${rows.join('')}`);
    assert.match(bomb!, /^10:10: the aliases .*Write the values out$/);
    const [deep] = await complaints('['.repeat(100_000));
    assert.match(deep!, /^1:\d+: lists are nested too deeply/);
  });

  it('takes no field for known that every object has', async () => {
    const [line] = await complaints(`${GOOD_SPEC}constructor: 1\n`);
    assert.match(line!, /^9:1: unknown field constructor/);
  });

  it('does not wait for a pipe', async () => {
    const pipe = join(files.path, 'pipe.yaml');
    await execa('mkfifo', [pipe]);
    await assert.rejects(readRunSpec(pipe), /pipe\.yaml is not a file\. Write the spec into one/);
  });

  it('says what to do about a missing file and a wrong encoding', async () => {
    await assert.rejects(readRunSpec(join(files.path, 'none.yaml')), /none\.yaml not found/);
    const latin1 = await files.write('latin1.yaml', Buffer.from('name: caf\xe9\n', 'latin1'));
    await assert.rejects(readRunSpec(latin1), /not UTF-8 text: save it as UTF-8/);
  });

  it('publishes the schemas that are checked', async () => {
    const published = [
      ['run-spec.schema.json', runSpecSchema(), 'schema'],
      ['grid.schema.json', gridSchema(), 'schema --grid'],
    ] as const;
    for (const [name, schema, command] of published)
      assert.deepEqual(
        JSON.parse(await readFile(join(ROOT, 'docs', name), 'utf8')),
        JSON.parse(JSON.stringify(schema)),
        `write it again: npx semievol ${command} > docs/${name} && npx biome format --write docs`,
      );
  });

  it('accepts every example', async () => {
    const files = await readdir(join(ROOT, 'examples'), { recursive: true });
    // Those that name kinds of their own are run by the test of the package; grids are no specs.
    const isOurs = (file: string) => file.endsWith('.yaml') && !/^own-task|grids/.test(file);
    const examples = files.filter(isOurs);
    for (const folder of ['paper/', 'daily/', 'own-endpoint'])
      assert.ok(
        examples.some((one) => one.startsWith(folder)),
        folder,
      );
    for (const example of examples) await readRunSpec(join(ROOT, 'examples', example));
  });
});
