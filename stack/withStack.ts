import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { withModel } from '../engine/config.ts';
import { ensureEngine } from '../engine/setup.ts';
import { StackRefused } from './errors.ts';
import { INTERRUPTED, Interrupted, onInterrupt } from './interrupt.ts';
import { type StackPlace, stackEnvironment } from './place.ts';
import { runningStack } from './record.ts';
import { Stack, untilUsable } from './stack.ts';

export interface WithStackOptions {
  configFile: string;
  /** Models that the engine serves beside those of the configuration: folders, or names in the Hugging Face cache. */
  models?: readonly string[];
  /** Use the stack another process runs on the same folder, rather than refuse. */
  share?: boolean;
  say(line: string): void;
  output?(service: string, line: string): void;
  /** What to tell the user who interrupts. */
  interrupted: string;
}

/** What there is while the stack is up. */
export interface StackSession {
  config: Config;
  place: StackPlace;
  /** Another process runs it. */
  shared: boolean;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/**
 * Runs `body` while a stack is up, and stops the stack afterwards, whatever happens. Ctrl-C ends
 * the body through its signal; a second one ends the stack at once.
 * @throws Interrupted before the body was through; StackRefused, ServiceFailed when the stack cannot be had.
 */
export async function withStack(
  wanted: StackPlace,
  options: WithStackOptions,
  body: (session: StackSession) => Promise<void>,
): Promise<void> {
  const { configFile, say, output } = options;
  const running = options.share ? await runningStack(wanted.state) : undefined;
  const place = running ?? wanted;
  Object.assign(process.env, stackEnvironment(place));
  const loaded = await loadConfig(configFile);
  const config = { ...loaded, engine: (options.models ?? []).reduce(withModel, loaded.engine) };
  assertOwnServer(config);

  const stack = new Stack({ ...place, config, configFile, say, output });
  if (!running) {
    // Before gigabytes are fetched for a stack that could not start.
    await stack.assertFree();
    await ensureEngine({ cuda: config.engine.cuda, onProgress: say });
  }
  const { signal, release } = onInterrupt(() => {
    stack.kill();
    if (running) process.exit(INTERRUPTED);
  });
  try {
    if (running) await untilUsable(running, config, signal);
    else await stack.start(signal);
    await body({ config, place, shared: running !== undefined, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted(options.interrupted);
  } finally {
    if (signal.aborted && !running) say('stopping worker, engine and Temporal');
    await stack.stop();
    release();
  }
}

/** The worker would go to another server than the one started here. */
function assertOwnServer({ temporal: { address } }: Config): void {
  if (address && address !== process.env.TEMPORAL_ADDRESS)
    throw new StackRefused(
      `temporal.address in the configuration is ${address}, but this command runs a server of its own at ${process.env.TEMPORAL_ADDRESS}: leave the field out there and set TEMPORAL_ADDRESS or a profile instead`,
    );
}
