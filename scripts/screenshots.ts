import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { type Browser, chromium, type Page } from 'playwright-core';
import { SemiEvolClient } from '../client/client.ts';
import { defineConfig } from '../config/config.ts';
import { ensureEngine, temporalBinary } from '../engine/setup.ts';
import { portForLater } from '../test/support/port.ts';
import { quiet, writeTask } from '../test/support/stack.ts';
import { startProvider } from '../testing/provider.ts';
import { SemiEvolPlugin } from '../workers/plugin.ts';

/**
 * Takes the pictures of docs/operating.md: `npm run screenshots`. Runs are brought into each of the
 * states on a server of their own, with stand-ins for providers; the pages of Temporal's UI are
 * opened in Chromium, what they should say is asserted, and they are written to docs/images.
 */
const images = fileURLToPath(new URL('../docs/images/', import.meta.url));
const LARGEST_BYTES = 200_000;
const SHOWN_MS = 60_000;
/** Without the navigation on the left. */
const SHOWN = { x: 260, y: 70, width: 1340, height: 880 };

interface Scene {
  name: string;
  workflowId: string;
  /** What the page has to say. */
  says: RegExp[];
}

/** The system's Chromium. @throws Error where there is none */
function chromiumPath(): string {
  const { CHROMIUM } = process.env;
  const places = CHROMIUM ? [CHROMIUM] : ['/usr/bin/chromium', '/usr/bin/chromium-browser'];
  const found = places.find((path) => existsSync(path));
  if (!found)
    throw new Error(
      `no Chromium at ${places.join(' or ')}: install it ("apt-get install chromium"), or name it by the variable CHROMIUM`,
    );
  return found;
}

const executablePath = chromiumPath();
quiet();
await ensureEngine();
const uiPort = await portForLater();
const temporal = await TestWorkflowEnvironment.createLocal({
  server: {
    executable: { type: 'existing-path', path: temporalBinary() },
    log: { format: 'pretty', level: 'error' },
    ui: true,
    extraArgs: ['--ui-port', `${uiPort}`],
  },
});
const folder = await mkdtemp(join(tmpdir(), 'semievol-screenshots-'));
const busy = await startProvider({ latencyMs: 400 });
const queueing = await startProvider({ holdJobs: true });
const away = await startProvider({ latencyMs: 100 });
const paused = await startProvider({ latencyMs: 300 });
const stood = [busy, queueing, away, paused];

const prices = {
  'smollm2-135m-instruct': { input: 0.1, output: 0.4, training: 3 },
  'all-minilm-l6-v2': { input: 0.01 },
};
const endpoint = ({ baseURL }: typeof busy, more: object = {}) => ({
  ...{ baseURL, pollSeconds: 0.5, maxInFlight: 16, prices },
  ...more,
});
const config = defineConfig({
  store: { uri: join(folder, 'store') },
  endpoints: {
    'gpu-box': endpoint(busy),
    together: endpoint(queueing),
    openai: endpoint(away),
    azure: endpoint(paused, { maxInFlight: 8 }),
  },
});
const client = new SemiEvolClient(temporal.client, config);

async function start(name: string, at: string): Promise<void> {
  const sizes = { labelled: 40, unlabelled: 600, test: 60 };
  const spec = await writeTask(await mkdtemp(join(folder, 'data-')), name, sizes, {
    model: { endpoint: at },
    embedding: { endpoint: at },
    batch: { size: 50, window: 2 },
    rounds: 2,
  });
  await client.start(spec);
}

const textOf = async (workflowId: string): Promise<string> => {
  const metadata = await temporal.client.workflow
    .getHandle(workflowId)
    .query<{ currentDetails?: string }>('__temporal_workflow_metadata')
    .catch(() => undefined);
  return metadata?.currentDetails ?? '';
};

async function untilDetails(workflowId: string, expected: RegExp): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (let said = ''; !expected.test(said); said = await textOf(workflowId))
    if (Date.now() > deadline)
      throw new Error(`${workflowId} does not say ${expected}, but: ${said}`);
}

/** The UI shows Markdown in frames of their own. */
const textsOn = (page: Page): Promise<(string | null)[]> =>
  Promise.all(
    page.frames().map((frame) =>
      frame
        .locator('body')
        .textContent({ timeout: 1_000 })
        .catch(() => null),
    ),
  );

async function untilShown(page: Page, text: RegExp): Promise<void> {
  const deadline = Date.now() + SHOWN_MS;
  while (!(await textsOn(page)).some((shown) => text.test(shown ?? '')))
    if (Date.now() > deadline) throw new Error(`the page does not say ${text}`);
}

async function take(browser: Browser, { name, workflowId, says }: Scene): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1600, height: 950 } });
  try {
    const { runId } = await temporal.client.workflow.getHandle(workflowId).describe();
    await page.goto(
      `http://127.0.0.1:${uiPort}/namespaces/default/workflows/${encodeURIComponent(workflowId)}/${runId}/user-metadata`,
    );
    for (const text of says) await untilShown(page, text);
    const path = join(images, `${name}.png`);
    await page.screenshot({ path, clip: SHOWN });
    const { size } = await stat(path);
    if (size > LARGEST_BYTES) throw new Error(`${path} is too large: ${size} bytes`);
    console.log(`${path}: ${size} bytes`);
  } catch (error) {
    console.error(`${name}: the page says\n${(await textsOn(page)).join('\n')}`);
    throw error;
  } finally {
    await page.close();
  }
}

async function scenes(browser: Browser): Promise<void> {
  await start('tickets-queued', 'together');
  await start('tickets-away', 'openai');
  await start('tickets-paused', 'azure');
  await start('tickets', 'gpu-box');

  await untilDetails('tickets', /propagate, [1-9]\d* of 600/);
  await take(browser, {
    name: 'run',
    workflowId: 'tickets',
    says: [/tickets, round 1 of 2: propagate/, /agreement/, /prompt/],
  });
  await take(browser, {
    name: 'round',
    workflowId: 'tickets/round-1',
    says: [/Round 1: propagate/, /about/, /lets the collaborators answer/],
  });

  for (const { id } of queueing.jobs.all()) queueing.jobs.finish(id, 'queued');
  await untilDetails('tickets-queued/round-1/warm-up', /queued, since/);
  await take(browser, {
    name: 'fine-tune',
    workflowId: 'tickets-queued/round-1/warm-up',
    says: [/waiting for the job/, /ftjob-/, /together/, /queued, since/],
  });

  away.setFaults(({ path }) =>
    path === '/chat/completions'
      ? { status: 402, body: { error: { message: 'Insufficient balance', type: 'billing' } } }
      : undefined,
  );
  await untilDetails('tickets-away', /answered 402/);
  await take(browser, {
    name: 'endpoint-away',
    workflowId: 'tickets-away',
    says: [/answered 402/, /held back since/],
  });

  await untilDetails('tickets-paused', /propagate, [1-9]\d* of 600/);
  await client.get('tickets-paused').pause();
  await untilDetails('tickets-paused', /Paused since/);
  await take(browser, {
    name: 'paused',
    workflowId: 'tickets-paused',
    says: [/Paused since/, /semievol resume tickets-paused/],
  });
}

await mkdir(images, { recursive: true });
await client.setUpNamespace();
const worker = await Worker.create({
  connection: temporal.nativeConnection,
  taskQueue: config.temporal.taskQueue,
  plugins: [new SemiEvolPlugin(config)],
});
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  await worker.runUntil(() => scenes(browser));
} finally {
  await browser.close();
  for (const provider of stood) await provider.close();
  await temporal.teardown();
  await rm(folder, { recursive: true, force: true });
}
