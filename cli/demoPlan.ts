import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { count, roughly } from '../core/report/format.ts';
import type { RunSpec } from '../core/spec.ts';
import type { DemoSizes } from '../demo/data.ts';
import { type DemoForecast, forecastIn, totalOfRounds } from '../demo/estimate.ts';
import type { DemoRun } from './demoRuns.ts';

/** What a run of the demo is about, and how long it takes. */
export interface DemoPlan {
  line: string;
  /** Of the phases of a round; undefined where the speed of the machine is not known. */
  forecast?: (round: number) => DemoForecast;
}

/** @param speed tokens a second, of prompts and answers, that the machine does, as far as it is known */
export function planOfDemo(spec: RunSpec, sizes: DemoSizes, speed: number | undefined): DemoPlan {
  const { labelled, unlabelled, test, rounds = 1 } = sizes;
  const amounts = `${count(labelled)} labelled, ${count(unlabelled)} unlabelled and ${count(test)} test examples`;
  const parts = rounds > 1 ? `, the unlabelled in ${rounds} parts, one before each round` : '';
  const line = `${amounts}${parts}`;
  if (speed === undefined) return { line };
  const total = roughly(totalOfRounds(spec, sizes, speed));
  return {
    line: `${line}: about ${total} in all on this machine`,
    forecast: (round) => forecastIn(round, spec, sizes, speed),
  };
}

/** Beside the data of a run: one that goes on is at work again before its command could measure anew. */
const fileOf = ({ folder }: DemoRun) => join(folder, 'speed.json');

/** Keeps the speed at which the machine was measured before a run. */
export const keepSpeed = (run: DemoRun, speed: number): Promise<void> =>
  writeFile(fileOf(run), JSON.stringify(speed));

/** That speed; undefined where it was not kept. */
export async function keptSpeed(run: DemoRun): Promise<number | undefined> {
  const text = await readFile(fileOf(run), 'utf8').catch(() => '');
  return Number(text) || undefined;
}
