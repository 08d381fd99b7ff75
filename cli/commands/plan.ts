import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { forecastRun } from '../../client/forecast.ts';
import { Registry } from '../../core/registry.ts';
import { forecastSections } from '../../core/report/forecast.ts';
import { engineTokenizers } from '../../engine/tokenizers.ts';
import { configOf, print } from '../context.ts';
import { EXIT_CODE } from '../errors.ts';
import { readRunSpec } from '../specFile.ts';
import { terminal } from '../terminal.ts';

interface Options {
  data?: string;
  probe?: boolean;
  json?: boolean;
}

export default async function plan(
  file: string,
  { data, probe, json }: Options,
  command: Command,
): Promise<void> {
  const config = await configOf(command);
  const spec = await readRunSpec(file, new Registry(config.extensions));
  const folder = resolve(data ?? dirname(file));
  const tokenizers = engineTokenizers(config.engine);
  const forecast = await forecastRun(spec, config, { folder, probe, tokenizers });
  print(json, forecast, terminal(forecastSections(forecast)));
  if (forecast.problems.length > 0) process.exitCode = EXIT_CODE.failed;
}
