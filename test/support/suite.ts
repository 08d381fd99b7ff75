import { rm } from 'node:fs/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { after, afterEach, before, beforeEach, type Context, type Suite } from 'mocha';
import { openStore, type Store } from '../../store/store.ts';
import { type Provider, type ProviderOptions, startProvider } from '../../testing/provider.ts';
import { type Folder, temporaryFolder } from './folder.ts';
import { Bench, startTemporal } from './stack.ts';

/** For how long something is there: for all tests of the suite, or for each anew. */
export type Scope = 'suite' | 'test';

let shared: Promise<TestWorkflowEnvironment> | undefined;

/**
 * A Temporal server for the suite that calls this. All suites of the process share it: what they
 * start there needs names, and a task queue, of its own.
 */
export function useTemporal(): TestWorkflowEnvironment {
  return use('suite', () => (shared ??= startTemporal()));
}

/** A stand-in provider. */
export function useProvider(scope: Scope, options: ProviderOptions = {}): Provider {
  return use(
    scope,
    () => startProvider(options),
    (provider) => provider.close(),
  );
}

/** A Temporal server that nobody else uses. */
export function useOwnTemporal(scope: Scope): TestWorkflowEnvironment {
  return use(scope, startTemporal, (temporal) => temporal.teardown());
}

/** A bench, on the shared Temporal server unless on another. @param endpoint its configuration */
export function useBench(
  scope: Scope,
  provider: ProviderOptions = {},
  endpoint: object = {},
  temporal = useTemporal(),
): Bench {
  const open = async () => Bench.open(temporal, await startProvider(provider), endpoint);
  return use(scope, open, (bench) => bench.close());
}

/** A folder that is empty. */
export function useFolder(scope: Scope): Folder {
  return use(scope, temporaryFolder, ({ path }) => rm(path, { recursive: true, force: true }));
}

/** A store in a folder of its own, for the suite. */
export function useStore(): Store {
  const folder = useFolder('suite');
  const open = () => openStore({ uri: folder.path });
  return use('suite', open, async (store) => store.close());
}

/** What is to be closed after a suite, and after each test of one. */
const closing = { suite: new WeakMap<Suite, Close[]>(), test: new WeakMap<Suite, Close[]>() };
type Close = () => Promise<unknown>;

/**
 * Opens something before the suite or each of its tests, and closes it after: last what was first.
 * @returns it, as if it were there already; it is not to be touched before its suite runs
 */
export function use<T extends object>(
  scope: Scope,
  open: () => Promise<T>,
  close: (opened: T) => Promise<unknown> = async () => {},
): T {
  const [first, last] = scope === 'suite' ? [before, after] : [beforeEach, afterEach];
  const stackOf = ({ test }: Context) => {
    const stack = closing[scope].get(test!.parent!) ?? [];
    closing[scope].set(test!.parent!, stack);
    return stack;
  };
  let current: T | undefined;
  first(async function () {
    const opened = await open();
    current = opened;
    stackOf(this).push(() => close(opened));
  });
  last(async function () {
    for (const closeOne of stackOf(this).splice(0).reverse()) await closeOne();
  });
  const there = (name: PropertyKey): T => {
    if (current) return current;
    throw new Error(`${String(name)} is not there before its suite runs.`);
  };
  return new Proxy({} as T, {
    get(_, name) {
      const value: unknown = Reflect.get(there(name), name);
      return typeof value === 'function' ? value.bind(current) : value;
    },
    set: (_, name, value) => Reflect.set(there(name), name, value),
  });
}
