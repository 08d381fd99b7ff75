import { constants } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import type { Command } from 'commander';
import pc from 'picocolors';
import { type Check, checkEngine } from '../../engine/checks.ts';
import type { Config } from '../../workers/config.ts';
import { connectClient } from '../../workers/temporal.ts';
import { configOf, print } from '../context.ts';
import { exitCode, messagesOf } from '../errors.ts';
import { endpointProblems } from '../preflight.ts';
import { isPolled } from '../task-queue.ts';

/** Below this a run on the embedded engine may fill the disk. */
const LOW_DISK_BYTES = 2 * 2 ** 30;
/** What `openai` and `@lancedb/lancedb` want. */
const MIN_NODE = 22;

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what is missing on this machine, and how to get it')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nEnds with 1 when something needed is missing. What only runs with "semievol dev" is noted, not\ncounted as missing.\n\nExample:\n  $ semievol doctor',
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const config = await configOf(command);
      const checks = (
        await Promise.all([
          [nodeCheck()],
          checkEngine(),
          storeChecks(config),
          temporalChecks(config),
          endpointChecks(config),
        ])
      ).flat();
      print(json, checks, checks.map(line).join('\n'));
      if (checks.some((check) => !check.ok)) process.exitCode = exitCode.failed;
    });
}

function line({ name, ok, detail, remedy }: Check): string {
  const mark = ok ? pc.green('✔') : pc.red('✘');
  return `${mark} ${name.padEnd(22)} ${detail}${remedy ? `\n  ${pc.yellow('→')} ${remedy}` : ''}`;
}

function nodeCheck(): Check {
  const ok = Number(process.versions.node.split('.')[0]) >= MIN_NODE;
  return {
    name: 'Node',
    ok,
    detail: process.version,
    remedy: ok
      ? undefined
      : 'run "npm install" here and start with "npx semievol": it brings its own Node',
  };
}

async function storeChecks({ store: { uri } }: Config): Promise<Check[]> {
  if (uri.includes('://'))
    return [{ name: 'store', ok: true, detail: `${uri} (checked when a worker starts)` }];
  try {
    await mkdir(uri, { recursive: true });
    await access(uri, constants.W_OK);
    const { bavail, bsize } = await statfs(uri);
    const free = bavail * bsize;
    const roomy = free >= LOW_DISK_BYTES;
    return [
      {
        name: 'store',
        ok: roomy,
        detail: `${uri}, ${(free / 2 ** 30).toFixed(1)} GiB free`,
        remedy: roomy ? undefined : 'free some disk space, or set store.uri to another disk',
      },
    ];
  } catch (error) {
    return [
      {
        name: 'store',
        ok: false,
        detail: messagesOf(error)[0]!,
        remedy: `make ${uri} writable, or set store.uri in temporal.config.ts to another folder`,
      },
    ];
  }
}

async function temporalChecks(config: Config): Promise<Check[]> {
  const { taskQueue } = config.temporal;
  try {
    const client = await connectClient(config);
    const polled = await isPolled(client, taskQueue).finally(() => client.connection.close());
    return [
      { name: 'Temporal', ok: true, detail: `namespace ${client.options.namespace}` },
      {
        name: 'worker',
        ok: polled,
        detail: `${polled ? 'polls' : 'none polls'} task queue "${taskQueue}"`,
        remedy: polled ? undefined : 'start one with "semievol worker" (or "semievol dev")',
      },
    ];
  } catch (error) {
    return [{ name: 'Temporal', ok: false, detail: messagesOf(error)[0]! }];
  }
}

function endpointChecks({ endpoints }: Config): Promise<Check[]> {
  return Promise.all(
    Object.entries(endpoints).map(async ([name, endpoint]) => {
      const [problem] = await endpointProblems(name, endpoint, []);
      return {
        name: `endpoint ${name}`,
        ok: problem === undefined,
        detail: problem ?? endpoint.baseURL,
      };
    }),
  );
}
