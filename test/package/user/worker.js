import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { SemiEvolPlugin } from 'semievol';
import config from './config.js';

const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS });
const worker = await Worker.create({
  connection,
  taskQueue: 'mine',
  workflowsPath: fileURLToPath(import.meta.resolve('./workflows.js')),
  activities: { greet: async (name) => `Good day, ${name}.` },
  plugins: [new SemiEvolPlugin(config)],
});
await worker.run();
await connection.close();
