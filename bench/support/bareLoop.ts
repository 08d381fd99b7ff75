import { fork } from 'node:child_process';
import { once } from 'node:events';
import OpenAI from 'openai';
import pLimit from 'p-limit';
import type { ChatMessage } from '../../core/types.ts';

export interface BareLoop {
  baseURL: string;
  model: string;
  /** Asked in turn, again from the first after the last. */
  prompts: ChatMessage[][];
  inFlight: number;
}

/**
 * What anybody would write who only wants answers: the bare `openai` client and a limit. In a
 * process of its own, as a worker is one.
 */
export function startBareLoop(loop: BareLoop): {
  run(requests: number): Promise<void>;
  stop(): void;
} {
  const child = fork(import.meta.filename, { execArgv: [] });
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the bare loop ended with exit code ${code}`);
  });
  exited.catch(() => {}); // told by `run`
  child.send(loop);
  return {
    async run(requests) {
      child.send(requests);
      await Promise.race([once(child, 'message'), exited]);
    },
    stop: () => child.kill(),
  };
}

async function ask(client: OpenAI, loop: BareLoop, requests: number): Promise<void> {
  const { model, prompts, inFlight } = loop;
  await pLimit(inFlight).map(Array.from({ length: requests }), (_, index) =>
    client.chat.completions.create({
      model,
      messages: prompts[index % prompts.length]!,
      temperature: 0,
      max_tokens: 16,
      seed: index,
      logprobs: true,
    }),
  );
}

if (import.meta.main) {
  const [loop] = (await once(process, 'message')) as [BareLoop];
  const client = new OpenAI({ baseURL: loop.baseURL, apiKey: 'none' });
  process.on('message', async (requests: number) => {
    await ask(client, loop, requests);
    process.send!('done');
  });
}
