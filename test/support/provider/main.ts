import { parseArgs } from 'node:util';
import { startProvider } from './provider.ts';

/** The stand-in as a process of its own: prints its base URL and runs until it is killed. */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'latency-ms': { type: 'string', default: '0' },
    capacity: { type: 'string' },
    'hold-jobs': { type: 'boolean', default: false },
  },
});
const provider = await startProvider({
  port: Number(values.port),
  latencyMs: Number(values['latency-ms']),
  capacity: values.capacity === undefined ? undefined : Number(values.capacity),
  holdJobs: values['hold-jobs'],
});
console.log(provider.baseURL);
