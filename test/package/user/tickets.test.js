import assert from 'node:assert/strict';
import { NativeConnection, Worker } from '@temporalio/worker';
import { defineConfig, SemiEvolPlugin } from 'semievol';
import { connectClient } from 'semievol/client';
import { startProvider } from 'semievol/testing';

const teams = ['billing', 'delivery', 'technical', 'other'];

describe('our tickets', () => {
  it('are told apart by what they are about', async () => {
    const provider = await startProvider({
      answers: { chat: ({ text }) => teams.find((team) => text.includes(`on a ${team} matter`)) },
    });
    const config = defineConfig({
      temporal: { taskQueue: 'tested' },
      endpoints: { local: { baseURL: provider.baseURL, pollSeconds: 0.05 } },
    });
    const worker = await Worker.create({
      connection: await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS }),
      taskQueue: config.temporal.taskQueue,
      plugins: [new SemiEvolPlugin(config)],
    });
    const client = await connectClient(config);
    const { rounds } = await worker.runUntil(async () => {
      const run = await client.start({
        name: 'tested',
        task: { type: 'classification', instruction: 'Which team?', labels: teams },
        data: {
          labelled: 'labelled.csv',
          unlabelled: 'tickets.jsonl',
          test: 'test.csv',
          columns: { question: 'body', answer: 'team' },
        },
      });
      await run.result();
      return run.reports();
    });
    assert.equal(rounds[0].metrics[0].values.semievol.value, 1);
    for (const { body } of provider.requests({ kind: 'chat' }))
      assert.match(JSON.stringify(body.messages), /Which team/);
    await client.close();
    await provider.close();
  });
});
