import { Command } from 'commander';
import { faultsByRate } from '../../../testing/faultsByRate.ts';
import { startProvider } from '../../../testing/provider.ts';
import { Azure } from '../../support/azure/azure.ts';

/** The stand-in for Azure as a process of its own; its deployments are gone when it is killed. */

const { port, state, seed, latencyMs, faultRate, expireAfter } = new Command('azure')
  .requiredOption('--port <number>', 'where it listens', Number)
  .requiredOption('--state <folder>', 'keeps all but deployments there')
  .option('--seed <number>', 'of answers and faults', Number, 0)
  .option('--latency-ms <ms>', 'of chat and embedding requests', Number, 0)
  .option('--fault-rate <share>', 'of requests that go wrong', Number, 0)
  .option('--expire-after <requests>', 'to a deployment, after which it is gone', Number, Infinity)
  .parse()
  .opts();
const provider = await startProvider({
  ...{ state, seed, latencyMs, answers: { jobs: 'queues' } },
  faults: faultRate > 0 ? faultsByRate({ rate: faultRate, seed }) : undefined,
});
const azure = await Azure.start({ port }, provider);
const asked = new Map<string, number>();
azure.onChat = (name) => {
  const times = (asked.get(name) ?? 0) + 1;
  asked.set(name, times);
  if (times % expireAfter === 0) azure.remove(name);
};
console.log(azure.address);
