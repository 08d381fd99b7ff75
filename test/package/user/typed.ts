import { type Config, defineConfig, SemiEvolError, SemiEvolPlugin } from 'semievol';
import { type RunHandle, SemiEvolClient } from 'semievol/client';
import schema from 'semievol/run-spec.schema.json' with { type: 'json' };
import { startProvider } from 'semievol/testing';
import type { evolve } from 'semievol/workflows';

export const config: Config = defineConfig();
export const plugin: SemiEvolPlugin = new SemiEvolPlugin(config);
export const pause = async (run: RunHandle): Promise<void> => run.pause();
export const isOurs = (error: unknown): boolean => error instanceof SemiEvolError;
export const type: string = schema.type;
export { SemiEvolClient, startProvider };
// @ts-expect-error: a run is named by a text
export const wrong: Parameters<typeof evolve>[0]['run'] = 1;
