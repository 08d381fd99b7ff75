import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { BASE_MODEL, mlxEnvironment, PYTHON_EXECUTABLE } from '../../../engine/settings.ts';
import type { Answering } from './vllm.ts';

/** Of one sample; tokens have their ids alone. */
interface MlxAnswer {
  choices: {
    index: number;
    message: { content: string };
    logprobs?: { content: { id: number }[] };
  }[];
}

/** A real mlx_lm.server, as what answers behind a front. */
export class MlxServer {
  readonly #process: ReturnType<typeof spawnServer>;
  readonly #address: string;

  /** Starts one, which listens once it is there. */
  static async start(port: number): Promise<MlxServer> {
    const server = spawnServer(port);
    for await (const line of createInterface({ input: server.stderr }))
      if (line.includes('Starting httpd')) break;
    server.stderr.resume();
    return new MlxServer(server, `http://127.0.0.1:${port}/v1/chat/completions`);
  }

  private constructor(process: ReturnType<typeof spawnServer>, address: string) {
    this.#process = process;
    this.#address = address;
  }

  /** Answers a chat by the base, or by an adapter over it. */
  readonly answer: Answering = async (body, adapter) => {
    const { messages, temperature = 0, top_p, logprobs, n = 1 } = body;
    const asked = {
      ...{ messages, temperature, top_p, logprobs, model: BASE_MODEL.folder },
      max_tokens: body.max_completion_tokens ?? body.max_tokens,
      ...(adapter && { adapters: adapter }),
    };
    const answers: MlxAnswer[] = [];
    for (let drawn = 0; drawn < Number(n); drawn++) answers.push(await this.#ask(asked));
    const choices = answers.map(({ choices: [choice] }, index) => ({ ...choice!, index }));
    for (const { logprobs } of choices)
      for (const token of logprobs?.content ?? []) Object.assign(token, { token: `${token.id}` });
    return { ...answers[0], model: body.model, choices };
  };

  /** Asks a model that lies in a folder. @returns what it says */
  async says(folder: string, messages: unknown[]): Promise<string> {
    const { choices } = await this.#ask({ messages, model: folder, max_tokens: 2, temperature: 0 });
    return choices[0]!.message.content;
  }

  async #ask(body: object): Promise<MlxAnswer> {
    const response = await fetch(this.#address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as MlxAnswer;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, 'exit');
  }
}

function spawnServer(port: number) {
  const args = ['-m', 'mlx_lm', 'server', '--host', '127.0.0.1', '--port', String(port)];
  const env = { ...mlxEnvironment(), PYTHONUNBUFFERED: '1' };
  return execa(PYTHON_EXECUTABLE, [...args, '--log-level', 'INFO'], {
    ...{ env, reject: false, stdin: 'ignore', stdout: 'ignore', buffer: false },
  });
}
