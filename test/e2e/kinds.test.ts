import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { before, describe, it } from 'mocha';
import { readRunSpec } from '../../cli/specFile.ts';
import { runSpec } from '../../core/registry.ts';
import type { RunSpec } from '../../core/spec.ts';
import { startEngine } from '../../engine/gateway.ts';
import { ensureEngine } from '../../engine/setup.ts';
import type { Provider } from '../../testing/provider.ts';
import { writeLayout } from '../examples/layouts.ts';
import { Bench } from '../support/stack.ts';
import { use, useFolder, useTemporal } from '../support/suite.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../examples');
const LIMITS = { labelled: 6, unlabelled: 4, test: 3 };

/** Rounds of each kind of task, tiny, on the real engine: nothing but the numbers is small. */
describe('on the engine, a whole round', function () {
  this.timeout(600_000);
  const temporal = useTemporal();
  const files = useFolder('suite');
  const state = useFolder('suite');
  const bench = use(
    'suite',
    async () => {
      await ensureEngine();
      const engine = await startEngine({ port: 0, stateFolder: state.path });
      const place = { baseURL: engine.url, close: () => engine.close() } as Provider;
      return Bench.open(temporal, place);
    },
    (opened) => opened.close(),
  );

  before(() => bench.startWorker());

  /** Runs a spec, small. @returns its report */
  async function reportOf(spec: RunSpec, folder: string) {
    const small = {
      ...spec,
      name: `e2e-${spec.name}`,
      training: { epochs: 2 },
      collaborators: [
        { name: 'no-shots', shots: 0 },
        { name: 'nearest', shots: 1 },
        ...spec.collaborators.filter(({ type }) => type !== 'model'),
      ],
      selection: { ...spec.selection, percentile: 100 },
      data: { ...spec.data, limits: LIMITS },
    };
    const run = await bench.client.start(small, { folder });
    await run.result();
    const [report] = (await run.reports()).rounds;
    assert.deepEqual(report!.examples, LIMITS);
    assert.equal(report!.task, spec.task.type);
    const { semievol } = report!.metrics[0]!.values;
    assert.ok(semievol.of > 0 && semievol.got >= 0, JSON.stringify(semievol));
    const { trainedTokens } = report!.usage.find(({ phase }) => phase === 'warm-up')!;
    assert.ok(trainedTokens > 0);
    return report!;
  }

  for (const [kind, name] of [
    ['classification', 'tickets'],
    ['extraction', 'invoices'],
    ['free-form', 'passages'],
  ] as const)
    it(`of ${kind}, by a daily example`, async () => {
      const spec = await readRunSpec(join(EXAMPLES, 'daily', `${name}.yaml`));
      assert.equal(spec.task.type, kind);
      await reportOf(spec, join(EXAMPLES, 'daily', name));
    });

  for (const [kind, name] of [
    ['classification', 'fpb'],
    ['multiple-choice', 'arc'],
    ['numeric', 'convfinqa'],
  ] as const)
    it(`of ${kind}, by a spec of the paper's`, async () => {
      await writeLayout(files, name, { labeled: 6, unlabeled: 4, test: 3 });
      const spec = await readRunSpec(join(EXAMPLES, 'paper', `${name}.yaml`));
      assert.equal(spec.task.type, kind);
      await reportOf(spec, files.path);
    });

  it('of multi-label', async () => {
    const labels = ['red', 'green', 'blue'];
    const rows = (count: number, word: string) =>
      Array.from({ length: count }, (_, n) => {
        const answer = labels.filter((_, place) => (n + 1) & (1 << place));
        return JSON.stringify({
          question: `${word} ${n}: ${answer.join(' paint, ')} paint`,
          answer,
        });
      }).join('\n');
    await files.write('labelled.jsonl', rows(6, 'Wall'));
    await files.write('unlabelled.jsonl', rows(4, 'Door'));
    await files.write('test.jsonl', rows(3, 'Gate'));
    const spec = runSpec.parse({
      name: 'paints',
      task: { type: 'multi-label', instruction: 'Which colours are named?', labels },
      data: { labelled: 'labelled.jsonl', unlabelled: 'unlabelled.jsonl', test: 'test.jsonl' },
    });
    await reportOf(spec, files.path);
  });
});
