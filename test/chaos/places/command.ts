import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { CHANGES } from './gateway.ts';
import type { Place } from './place.ts';
import { standIn } from './standIn.ts';

const BASE = { name: 'smollm2-135m-instruct', path: 'stand-in/smollm2-135m-instruct' };
/** Share of the trainings that are killed once. */
const CRASHES = 0.5;
const trainingIn = (folder: string) => join(folder, 'training');

/** A machine that trains by a command, and serves what comes of it: both are killed, and its workers. */
export const command: Place = {
  about: 'a command that trains, which crashes, and a vLLM that forgets what it has loaded',
  changes: { ...CHANGES, embedding: { endpoint: 'helper', name: 'all-minilm-l6-v2' } },
  stands: (surroundings) => {
    const { folder, seed, latencyMs, faultRate } = surroundings;
    const state = join(folder, 'provider');
    mkdirSync(state, { recursive: true });
    const program = new URL('../programs/lora.ts', import.meta.url).pathname;
    const trainer = {
      ...{ type: 'command', tool: 'mlx-lm', folder: trainingIn(folder) },
      command: [process.execPath, program, '{{config}}'],
      values: { saveSteps: 3 },
      models: { [BASE.name]: BASE.path },
      env: { LORA_STATE: state, LORA_CRASHES: faultRate > 0 ? `${CRASHES}` : '0' },
      serving: { type: 'vllm', load: 'call' },
    };
    return [
      {
        ...{ endpoint: 'local', name: 'vllm', file: 'test/chaos/programs/vllm.ts', state },
        args: (port) => [
          ...['--port', `${port}`, '--state', state, '--base', BASE.name, '--path', BASE.path],
          ...['--seed', `${seed}`, '--latency-ms', `${latencyMs}`],
          ...['--fault-rate', `${faultRate}`],
        ],
        isReady: (line) => line.startsWith('http'),
        config: () => ({ maxInFlight: 4, trainer }),
      },
      standIn(surroundings, { endpoint: 'helper', name: 'helper', state: 'helper' }),
    ];
  },
  async left(folder, [address]) {
    const { stdout } = await execa('ps', ['-eo', 'args']);
    const commands = stdout.split('\n').filter((line) => line.includes(trainingIn(folder)));
    const loaded = await fetch(new URL('/__loaded', address));
    return [...commands, ...((await loaded.json()) as string[]).map((name) => `adapter ${name}`)];
  },
};
