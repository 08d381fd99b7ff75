import { EventEmitter, on } from 'node:events';
import fastify from 'fastify';

/** A tuning as the gym tells of it. */
export interface Tuning {
  id: string;
  label: string;
  phase: 'WAITING' | 'LIFTING' | 'STRONG' | 'HURT' | 'SENT_HOME';
  /** What it was asked for. */
  plan: Record<string, unknown>;
  lifted: number;
  of: number;
  /** Name of what came of it, once `STRONG`. */
  athlete?: string;
  said?: string;
}

/** A provider of fine-tuning that speaks a wire of its own: ids of tunings are the client's choice. */
export class Gym {
  readonly address: string;
  readonly tunings = new Map<string, Tuning>();
  readonly files = new Map<string, string>();
  /** `METHOD path` of every request, in order. */
  readonly requests: string[] = [];
  /** Whom the requests say to come from: the keys they carry. */
  readonly members = new Set<unknown>();
  /** Whether a POST of a tuning is answered; it is done in any case. */
  answersCreation = true;
  /** The model that comes of every new tuning at once; where there is none, they wait. */
  athlete?: string;
  readonly #changes = new EventEmitter();
  readonly #close: () => Promise<void>;

  static async open(): Promise<Gym> {
    const app = fastify({ bodyLimit: 2 ** 24, forceCloseConnections: true });
    app.addContentTypeParser('application/jsonl', { parseAs: 'string' }, (_, body, done) =>
      done(null, body),
    );
    const address = app.listen({ host: '127.0.0.1', port: 0 });
    let gym: Gym;
    app.addHook('onRequest', async ({ method, url, headers }) => {
      gym.members.add(headers['x-member']);
      gym.requests.push(`${method} ${url}`);
    });
    app.addHook('onResponse', async () => {
      gym.#changes.emit('change');
    });
    app.put<{ Params: { name: string }; Body: string }>('/files/:name', async (request) => {
      gym.files.set(request.params.name, request.body);
      return {};
    });
    app.get<{ Querystring: { label?: string } }>('/tunings', async ({ query }) =>
      [...gym.tunings.values()].filter(({ label }) => label === query.label),
    );
    app.put<{ Params: { id: string }; Body: Record<string, unknown> }>(
      '/tunings/:id',
      async ({ params, body }, reply) => {
        const { label, ...plan } = body;
        const fresh = { id: params.id, label: String(label), plan, lifted: 0, of: 10 };
        const { athlete } = gym;
        const phase = athlete ? 'STRONG' : 'WAITING';
        if (!gym.tunings.has(params.id))
          gym.tunings.set(params.id, { ...fresh, phase, ...(athlete && { athlete }) });
        if (!gym.answersCreation) return reply.hijack().raw.destroy();
        return gym.tunings.get(params.id);
      },
    );
    app.get<{ Params: { id: string } }>('/tunings/:id', async ({ params }, reply) => {
      return gym.tunings.get(params.id) ?? reply.code(404).send({});
    });
    app.delete<{ Params: { id: string } }>('/tunings/:id', async ({ params }) => {
      gym.change(params.id, { phase: 'SENT_HOME' });
      return {};
    });
    gym = new Gym(await address, async () => {
      await app.close();
    });
    return gym;
  }

  private constructor(address: string, close: () => Promise<void>) {
    this.address = address;
    this.#close = close;
  }

  change(id: string, change: Partial<Tuning>): void {
    this.tunings.set(id, { ...this.tunings.get(id)!, ...change });
  }

  /** Waits until something is so, looking after every request. */
  async until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    for await (const _ of on(this.#changes, 'change')) if (isSo()) return;
  }

  close(): Promise<void> {
    return this.#close();
  }
}
