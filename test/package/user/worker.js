import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { SemiEvolPlugin } from 'semievol';
import config from './config.js';

const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS });
const worker = await Worker.create({
  connection,
  taskQueue: config.temporal.taskQueue,
  workflowsPath: fileURLToPath(import.meta.resolve('./workflows.js')),
  // Of the same name as one of SemiEvol's.
  activities: { embed: async (text) => `an embedding of ${text}` },
  plugins: [new SemiEvolPlugin(config)],
});
await worker.run();
await connection.close();
