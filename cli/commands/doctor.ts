import { constants } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import {
  type CapabilityOptions,
  type CapabilityView,
  viewCapabilities,
} from '../../client/capabilities.ts';
import { checkEndpoint, isLocal } from '../../client/check.ts';
import { forecastRun, type RunForecast } from '../../client/forecast.ts';
import type { Config } from '../../config/config.ts';
import { messagesOf } from '../../core/errors.ts';
import { type NeededModel, neededModels } from '../../core/neededModels.ts';
import { Registry } from '../../core/registry.ts';
import { capabilitySections } from '../../core/report/capabilities.ts';
import { count, money } from '../../core/report/format.ts';
import type { RunSpec } from '../../core/spec.ts';
import { isUrl } from '../../core/url.ts';
import { type Check, checkEngine } from '../../engine/checks.ts';
import { engineTokenizers } from '../../engine/tokenizers.ts';
import { isFree } from '../../stack/place.ts';
import { runningStack } from '../../stack/record.ts';
import { configOf, print, withClient } from '../context.ts';
import { EXIT_CODE } from '../errors.ts';
import { DEFAULT_PLACE } from '../options.ts';
import { readRunSpec } from '../specFile.ts';
import { terminal } from '../terminal.ts';

/** Below this a run on the embedded engine may fill the disk. */
const LOW_DISK_BYTES = 2 * 2 ** 30;

/** A check of what need not run yet: `semievol dev` starts it. */
type Finding = Check & { idle?: boolean };

interface Options {
  data?: string;
  fresh?: boolean;
  json?: boolean;
}

export default async function doctor(
  file: string | undefined,
  { data, fresh, json }: Options,
  command: Command,
): Promise<void> {
  const config = await configOf(command);
  const registry = new Registry(config.extensions);
  const spec = file === undefined ? undefined : await readRunSpec(file, registry);
  const needed = spec && neededModels(spec, registry.task(spec.task));
  const checks: Finding[] = (
    await Promise.all([
      checkEngine(config.engine),
      storeChecks(config),
      temporalChecks(config),
      endpointChecks(config, needed),
      portChecks(),
    ])
  ).flat();
  if (spec) {
    const folder = resolve(data ?? dirname(file!));
    checks.push(...(await planChecks(spec, { file: file!, folder, config, known: checks })));
  }
  // Of one that does not serve what is needed, its own check says why.
  const isServing = ({ endpoint }: NeededModel) =>
    checks.every(({ name, ok }) => ok || name !== checkOf(endpoint));
  const options = { needed: needed?.filter(isServing), isFresh: fresh };
  const { models, problems } = await capabilities(config, options);
  checks.push(...problems.map((detail) => ({ name: 'models', ok: false, detail })));
  const sections = capabilitySections(models);
  const lines = checks.map(line).join('\n');
  print(
    json,
    { checks, models },
    [lines, ...(sections.length ? [terminal(sections)] : [])].join('\n\n'),
  );
  if (checks.some(({ ok, idle }) => !ok && !idle)) process.exitCode = EXIT_CODE.failed;
}

/** What would keep a run from its start, beside what is known already, and what it would use. */
async function planChecks(
  spec: RunSpec,
  {
    file,
    folder,
    config,
    known,
  }: { file: string; folder: string; config: Config; known: readonly Finding[] },
): Promise<Finding[]> {
  const name = 'plan';
  const forecast = await forecastRun(spec, config, {
    folder,
    tokenizers: engineTokenizers(config.engine),
  });
  const told = new Set(known.map(({ detail }) => detail));
  const problems = forecast.problems.filter((problem) => !told.has(problem));
  if (problems.length > 0) return problems.map((detail) => ({ name, ok: false, detail }));
  return [{ name, ok: true, detail: `${usedIn(forecast)}; by phase: semievol plan ${file}` }];
}

function usedIn({ uses, cost }: RunForecast): string {
  const sum = (of: (use: RunForecast['uses'][number]) => number) =>
    count(Math.round(uses.reduce((total, use) => total + of(use), 0)));
  return [
    `about ${sum(({ requests }) => requests.likely)} requests`,
    `${sum(({ promptTokens, completionTokens }) => promptTokens.likely + completionTokens.likely)} tokens`,
    `${sum(({ trainedTokens }) => trainedTokens.likely)} trained`,
    ...(cost ? [`${money(cost.likely)} (at most ${money(cost.high)})`] : []),
  ].join(', ');
}

/** Where the store cannot be read, its own check says so. */
async function capabilities(config: Config, options: CapabilityOptions): Promise<CapabilityView> {
  try {
    return await viewCapabilities(config, options);
  } catch (error) {
    return { models: [], problems: [messagesOf(error)[0]!] };
  }
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

const checkOf = (endpoint: string) => `endpoint ${endpoint}`;

/** @param needed the models that have to be there, if any */
async function endpointChecks(
  { endpoints }: Config,
  needed: readonly NeededModel[] = [],
): Promise<Finding[]> {
  const checks = Object.entries(endpoints).map(async ([name, endpoint]): Promise<Finding[]> => {
    const models = needed.filter((model) => model.endpoint === name);
    const { problems, warnings } = await checkEndpoint(name, endpoint, { models });
    const check = { name: checkOf(name), idle: isLocal(endpoint.baseURL) };
    if (problems.length > 0) return problems.map((detail) => ({ ...check, ok: false, detail }));
    return [
      { ...check, ok: true, detail: endpoint.baseURL, remedy: warnings.join('\n  ') || undefined },
    ];
  });
  const names = [...new Set(needed.map(({ endpoint }) => endpoint))];
  const unknown = names.filter((name) => !Object.hasOwn(endpoints, name));
  const missing = unknown.map((name) => ({
    ...{ name: checkOf(name), ok: false, detail: 'is not in temporal.config.ts' },
    remedy: 'add it there, or name another in the spec',
  }));
  return [...(await Promise.all(checks)).flat(), ...missing];
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
