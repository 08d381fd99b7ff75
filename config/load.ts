import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import type { z } from 'zod';
import { sentenceOf } from '../core/issues.ts';
import { isUrl } from '../core/url.ts';
import { engineAt } from '../engine/config.ts';
import { pricesFile, withPricesOf } from '../providers/prices.ts';
import { type Config, defineConfig } from './config.ts';
import { ConfigError } from './errors.ts';
import { findConfig } from './find.ts';

/**
 * Loads a configuration module (`temporal.config.ts` of the working folder unless told otherwise);
 * local folders become absolute, seen from the module.
 * @throws ConfigError when the file is missing, cannot be run or has no usable default export.
 */
export async function loadConfig(file = 'temporal.config.ts'): Promise<Config> {
  const path = findConfig(file);
  const module = await importConfig(file, path);
  if (!module.default)
    throw new ConfigError(
      `${file} has no default export: write "export default defineConfig({…})"`,
    );
  return withPrices(atPlace(defineConfig(module.default), dirname(path)), dirname(path));
}

/** The configuration with its local folders as they are seen from a folder. */
function atPlace(config: Config, folder: string): Config {
  const { store, worker } = config;
  const trainingFolders = worker.trainingFolders.map((one) => resolve(folder, one));
  const endpoints = mapped(config.endpoints, (endpoint) => ({
    ...endpoint,
    tokenizers: mapped(endpoint.tokenizers, (one) => resolve(folder, one)),
  }));
  return {
    ...config,
    engine: engineAt(config.engine, folder),
    store: isUrl(store.uri) ? store : { ...store, uri: resolve(folder, store.uri) },
    endpoints,
    worker: { ...worker, trainingFolders },
  };
}

/** An object with the same keys. */
const mapped = <T, R>(of: Readonly<Record<string, T>>, map: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, map(value)]));

/** The configuration with the prices that its endpoints have in files. */
async function withPrices(config: Config, folder: string): Promise<Config> {
  const endpoints = Object.entries(config.endpoints).map(async ([name, endpoint]) => {
    const { pricesFile: file } = endpoint;
    if (file === undefined) return [name, endpoint];
    const prices = withPricesOf(endpoint.prices, await pricesIn(resolve(folder, file), file));
    return [name, { ...endpoint, prices }];
  });
  return { ...config, endpoints: Object.fromEntries(await Promise.all(endpoints)) };
}

/** @throws ConfigError naming each wrong field */
async function pricesIn(path: string, file: string): Promise<z.output<typeof pricesFile>> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new ConfigError(`prices cannot be read (${error.message}): correct pricesFile`);
  });
  let given: unknown;
  try {
    given = parse(text, { schema: 'core' });
  } catch (error) {
    throw new ConfigError(`${file} is no YAML: ${(error as Error).message}`, { cause: error });
  }
  const result = pricesFile.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map(
    (issue) => `  ${sentenceOf(issue, given, { showTexts: true })}`,
  );
  throw new ConfigError(`${file} cannot be used:\n${lines.join('\n')}`);
}

async function importConfig(file: string, path: string): Promise<{ default?: Config }> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    // It may use another copy of this package.
    if (error instanceof Error && error.name === 'ConfigError') throw error;
    const { message = String(error), stack = '' } = error instanceof Error ? error : {};
    if (isOfNode(error))
      throw new ConfigError(
        `${file} is TypeScript, which Node ${process.versions.node} does not run: use Node 22.18 or newer, or compile it and name the JavaScript with --config FILE`,
        { cause: error },
      );
    const place = lineIn(path, stack) ?? (error instanceof SyntaxError ? syntaxLine(path) : '');
    throw new ConfigError(`${file}${place} cannot be run (${message}): correct it there`, {
      cause: error,
    });
  }
}

/** Whether a module cannot be run since this Node runs no TypeScript. */
const isOfNode = (error: unknown): boolean =>
  !process.features.typescript &&
  error instanceof Error &&
  'code' in error &&
  error.code === 'ERR_UNKNOWN_FILE_EXTENSION';

/** `:LINE` of a file, where a text has it. */
function lineIn(path: string, text: string): string | undefined {
  const after = text.split(path, 2)[1] ?? '';
  return /^:\d+/.exec(after)?.[0];
}

/** Node tells the line of a syntax error in JavaScript only as it ends. */
function syntaxLine(path: string): string {
  const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8' });
  return lineIn(path, stderr) ?? '';
}
