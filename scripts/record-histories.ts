import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { temporalBinary } from '../engine/setup.ts';
import { startProvider } from '../test/support/provider/provider.ts';
import { Bench, startTemporal, writeTask } from '../test/support/stack.ts';

/**
 * Records histories of every workflow for test/workflows/replay.test.ts, named by the version:
 * `node scripts/record-histories.ts`. Those of earlier versions stay, and must go on replaying.
 */
const { default: project } = await import('../package.json', { with: { type: 'json' } });
const folder = new URL('../test/fixtures/histories/', import.meta.url).pathname;

/** Who recorded it, and where, is nobody's business. */
const hidden = new Set(['identity', 'stackTrace']);

async function save(name: string, workflowId: string, runId = ''): Promise<void> {
  const { stdout } = await execa(temporalBinary(), [
    ...['workflow', 'show', '--output', 'json', '--address', temporal.address],
    ...['--workflow-id', workflowId, '--run-id', runId],
  ]);
  const anonymous = JSON.stringify(
    JSON.parse(stdout),
    (key, value) => (hidden.has(key) ? '' : value),
    1,
  );
  await writeFile(join(folder, `${project.version}-${name}.json`), `${anonymous}\n`);
}

/** The workflows down to the job at which the run ended. */
async function saveTree(ending: string): Promise<void> {
  await save(`evolve-${ending}`, `recorded-${ending}`);
  await save(`round-${ending}`, `recorded-${ending}/round-1`);
  await save(`warm-up-${ending}`, `recorded-${ending}/round-1/warm-up`);
}

const temporal = await startTemporal();
const bench = await Bench.open(temporal, await startProvider({ latencyMs: 5 }));
try {
  const sizes = { labelled: 10, unlabelled: 20, test: 10 };
  const worker = await bench.worker();
  await worker.runUntil(async () => {
    const spec = await writeTask(bench.folder, 'recorded', sizes, { rounds: 2 });
    const run = await bench.start(spec);
    await run.result();
    await save('evolve-continued', 'recorded', run.firstExecutionRunId);
    await save('evolve-finished', 'recorded');
    await save('round-finished', 'recorded/round-1');
    for (const child of ['warm-up', 'propagate', 'evaluate-semievol'])
      await save(`${child}-finished`, `recorded/round-1/${child}`);

    bench.provider.jobs.hold();
    const cancelled = await bench.start({ ...spec, name: 'recorded-cancelled' });
    await bench.provider.journal.waitFor(() =>
      bench.provider.jobs.all().some((job) => job.metadata?.semievol_key?.includes('cancelled')),
    );
    await cancelled.cancel();
    await cancelled.result().catch(() => undefined);
    await saveTree('cancelled');

    bench.provider.jobs.release();
    bench.provider.setFaults(({ path, method }) =>
      path === '/fine_tuning/jobs' && method === 'POST' ? { status: 400 } : undefined,
    );
    const failed = await bench.start({ ...spec, name: 'recorded-failed' });
    await failed.result().catch(() => undefined);
    await saveTree('failed');
  });
} finally {
  await bench.close();
  await temporal.teardown();
}
