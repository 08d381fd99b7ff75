import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';

/** What a chat is answered with. @param adapter folder of the adapter; undefined for the base */
export type Answering = (body: ChatBody, adapter?: string) => Promise<unknown>;

export interface ChatBody {
  model: string;
  [field: string]: unknown;
}

export interface VllmOptions {
  /** The name that the base is served under, and the path or name that `vllm serve` was given. */
  base: { name: string; path: string };
  answer: Answering;
  /** `VLLM_LORA_RESOLVER_CACHE_DIR`. */
  resolver?: string;
  /** Of an adapter that it takes. */
  isAdapter?: (folder: string) => boolean;
  port?: number;
  /** Has a hand in its server before that listens. */
  attach?: (app: FastifyInstance) => void;
}

interface Adapter {
  path: string;
  name: string;
}

/**
 * vLLM's front as its sources have it, with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING: which
 * adapters are loaded, how they are listed, and what it says to calls that cannot be. What it answers
 * is somebody else's.
 */
export class Vllm {
  readonly baseURL: string;
  readonly port: number;
  /** Calls to load and unload, in order, with their statuses. */
  readonly calls: { path: string; name: string; status: number }[] = [];
  readonly #adapters: Map<string, Adapter>;
  readonly #close: () => Promise<void>;

  static async start({
    base,
    answer,
    resolver,
    isAdapter = (folder) => existsSync(join(folder, 'adapter_config.json')),
    port = 0,
    attach = () => {},
  }: VllmOptions): Promise<Vllm> {
    const app = fastify({ forceCloseConnections: true });
    attach(app);
    const adapters = new Map<string, Adapter>();
    const calls: Vllm['calls'] = [];

    app.get('/v1/models', async () => ({
      object: 'list',
      data: [
        card(base.name, base.path, null),
        ...[...adapters.values()].map(({ name, path }) => card(name, path, base.name)),
      ],
    }));
    app.post<{ Body: { lora_name?: string; lora_path?: string } }>(
      '/v1/load_lora_adapter',
      async ({ body }, reply) => {
        const { lora_name: name = '', lora_path: path = '' } = body;
        const said = (status: number, type: string, message: string) => {
          calls.push({ path: 'load', name, status });
          return refuse(reply, status, type, message);
        };
        if (!name || !path)
          return said(
            400,
            'InvalidUserInput',
            "Both 'lora_name' and 'lora_path' must be provided.",
          );
        if (adapters.has(name))
          return said(
            400,
            'InvalidUserInput',
            `The lora adapter '${name}' has already been loaded.`,
          );
        if (!isAdapter(path))
          return said(
            404,
            'NotFoundError',
            `Loading lora ${name} failed: No adapter found for ${path}`,
          );
        adapters.set(name, { name, path });
        calls.push({ path: 'load', name, status: 200 });
        return reply.type('text/plain').send(`Success: LoRA adapter '${name}' added successfully.`);
      },
    );
    app.post<{ Body: { lora_name?: string } }>(
      '/v1/unload_lora_adapter',
      async ({ body: { lora_name: name = '' } }, reply) => {
        const isThere = adapters.delete(name);
        calls.push({ path: 'unload', name, status: isThere ? 200 : 404 });
        return isThere
          ? reply.type('text/plain').send(`Success: LoRA adapter '${name}' removed successfully.`)
          : refuse(reply, 404, 'NotFoundError', `The lora adapter '${name}' cannot be found.`);
      },
    );
    app.post<{ Body: ChatBody }>('/v1/chat/completions', async ({ body }, reply) => {
      const { model } = body;
      if (model === base.name) return answer(body);
      const path = resolver && join(resolver, model);
      if (path && !adapters.has(model) && isResolved(path, base.path))
        adapters.set(model, { name: model, path: resolve(path) });
      const adapter = adapters.get(model);
      if (!adapter)
        return refuse(reply, 404, 'NotFoundError', `The model \`${model}\` does not exist.`);
      return answer(body, adapter.path);
    });

    await app.listen({ host: '127.0.0.1', port });
    const address = app.server.address() as { port: number };
    return new Vllm(address.port, { adapters, calls, close: () => app.close() });
  }

  private constructor(
    port: number,
    parts: { adapters: Map<string, Adapter>; calls: Vllm['calls']; close: () => Promise<void> },
  ) {
    this.port = port;
    this.baseURL = `http://127.0.0.1:${port}/v1`;
    this.calls = parts.calls;
    this.#adapters = parts.adapters;
    this.#close = parts.close;
  }

  /** Names of the adapters that are loaded. */
  get loaded(): string[] {
    return [...this.#adapters.keys()];
  }

  close(): Promise<void> {
    return this.#close();
  }
}

const card = (id: string, root: string, parent: string | null) => ({
  ...{ id, object: 'model', created: 1_700_000_000, owned_by: 'vllm', root, parent },
  ...(parent === null && { max_model_len: 8192 }),
});

const refuse = (reply: FastifyReply, code: number, type: string, message: string) =>
  reply.code(code).send({ error: { message, type, param: null, code } });

/** The resolver takes an adapter of PEFT's alone, over the very model that the server was started with. */
function isResolved(folder: string, base: string): boolean {
  const config = join(folder, 'adapter_config.json');
  if (!existsSync(config)) return false;
  const { peft_type, base_model_name_or_path } = JSON.parse(readFileSync(config, 'utf8'));
  return peft_type === 'LORA' && base_model_name_or_path === base;
}
