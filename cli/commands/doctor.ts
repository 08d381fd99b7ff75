import { constants } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import type { Command } from 'commander';
import pc from 'picocolors';
import { endpointProblems, isLocal } from '../../client/check.ts';
import type { Config } from '../../config/config.ts';
import { messagesOf } from '../../core/errors.ts';
import { isUrl } from '../../core/url.ts';
import { type Check, checkEngine } from '../../engine/checks.ts';
import { isFree } from '../../stack/place.ts';
import { runningStack } from '../../stack/record.ts';
import { configOf, print, withClient } from '../context.ts';
import { EXIT_CODE } from '../errors.ts';
import { DEFAULT_PLACE } from '../options.ts';

/** Below this a run on the embedded engine may fill the disk. */
const LOW_DISK_BYTES = 2 * 2 ** 30;

/** A check of what need not run yet: `semievol dev` starts it. */
type Finding = Check & { idle?: boolean };

export default async function doctor(
  { json }: { json?: boolean },
  command: Command,
): Promise<void> {
  const config = await configOf(command);
  const checks: Finding[] = (
    await Promise.all([
      checkEngine(),
      storeChecks(config),
      temporalChecks(config),
      endpointChecks(config),
      portChecks(),
    ])
  ).flat();
  print(json, checks, checks.map(line).join('\n'));
  if (checks.some(({ ok, idle }) => !ok && !idle)) process.exitCode = EXIT_CODE.failed;
}

function line({ name, ok, idle, detail, remedy }: Finding): string {
  const mark = ok ? pc.green('✔') : idle ? pc.dim('○') : pc.red('✘');
  return `${mark} ${name.padEnd(22)} ${detail}${remedy ? `\n  ${pc.yellow('→')} ${remedy}` : ''}`;
}

async function storeChecks({ store: { uri } }: Config): Promise<Check[]> {
  if (isUrl(uri))
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

async function temporalChecks(config: Config): Promise<Finding[]> {
  const { taskQueue, profile, address = process.env.TEMPORAL_ADDRESS } = config.temporal;
  const idle = !profile && (!address || isLocal(`http://${address}`));
  try {
    const [polled, namespace] = await withClient(config, async (client) => [
      await client.hasWorker(),
      client.temporal.options.namespace,
    ]);
    return [
      { name: 'Temporal', ok: true, detail: `namespace ${namespace}` },
      {
        name: 'worker',
        ok: polled,
        idle: true,
        detail: `${polled ? 'polls' : 'none polls'} task queue "${taskQueue}"`,
        remedy: polled ? undefined : 'start one with "semievol worker" (or "semievol dev")',
      },
    ];
  } catch (error) {
    return [{ name: 'Temporal', ok: false, idle, detail: messagesOf(error)[0]! }];
  }
}

function endpointChecks({ endpoints }: Config): Promise<Finding[]> {
  return Promise.all(
    Object.entries(endpoints).map(async ([name, endpoint]) => {
      const [problem] = await endpointProblems(name, endpoint, {
        models: [],
      });
      return {
        name: `endpoint ${name}`,
        ok: problem === undefined,
        idle: isLocal(endpoint.baseURL),
        detail: problem ?? endpoint.baseURL,
      };
    }),
  );
}

/** Whether `semievol dev` could start with its defaults. */
async function portChecks(): Promise<Finding[]> {
  const { state, ...ports } = DEFAULT_PLACE;
  if (await runningStack(state)) return [];
  const numbers = Object.values(ports);
  const free = await Promise.all(numbers.map(isFree));
  const taken = numbers.filter((_, index) => !free[index]);
  return [
    {
      name: 'ports of semievol dev',
      ok: taken.length === 0,
      idle: true,
      detail: taken.length === 0 ? `${numbers.join(', ')} are free` : `${taken.join(', ')} taken`,
      remedy:
        taken.length === 0
          ? undefined
          : 'end what has them, or choose others: --temporal-port, --ui-port, --engine-port',
    },
  ];
}
