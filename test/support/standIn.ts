import multipart from '@fastify/multipart';
import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { Book, type State } from '../../testing/book.ts';
import type { FaultPlan } from '../../testing/faults.ts';
import { Journal } from '../../testing/journal.ts';
import { observe } from '../../testing/observe.ts';
import type { ProviderRequest, RequestFilter } from '../../testing/requests.ts';
import { Refusal } from '../../testing/wire.ts';

/** What provider speaks a wire of its own, and how it words an error. */
interface Wire {
  /** The one key that it takes. */
  apiKey: string;
  errorBody(status: number, refusal: Pick<Refusal, 'message' | 'code' | 'param'>): object;
  /** Paths that take no key: what is signed for by its address. */
  isOpen(path: string): boolean;
}

/** A server on 127.0.0.1 in the place of a hosted provider, with its requests on record. */
export class StandIn {
  readonly app: FastifyInstance;
  /** Without a path. */
  address = '';
  readonly #journal = new Journal();
  #plan: FaultPlan | undefined;

  constructor({ apiKey, errorBody, isOpen }: Wire) {
    this.app = fastify({ bodyLimit: 2 ** 26, forceCloseConnections: true });
    this.app.register(multipart);
    // Clients say that nothing at all is JSON.
    this.app.addContentTypeParser('application/json', { parseAs: 'string' }, (_, body, done) => {
      try {
        done(null, body === '' ? undefined : JSON.parse(String(body)));
      } catch (error) {
        done(error as Error);
      }
    });
    // What is put into a storage may be of any type, or of none.
    this.app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    this.app.setErrorHandler((error: FastifyError | Refusal, _, reply) => {
      const status = error instanceof Refusal ? error.status : (error.statusCode ?? 500);
      const param = error instanceof Refusal ? error.param : null;
      return reply
        .code(status)
        .headers(error instanceof Refusal ? error.headers : {})
        .send(errorBody(status, { message: error.message, code: error.code, param }));
    });
    observe(this.app, '', this.#journal, (seen) => this.#plan?.(seen));
    this.app.addHook('preHandler', async ({ url, headers }) => {
      if (isOpen(url)) {
        // A storage takes what is signed, and nothing that claims to be somebody besides.
        if (headers.authorization)
          throw new Refusal(400, 'InvalidArgument', 'Only one auth mechanism allowed.');
      } else if (headers.authorization !== `Bearer ${apiKey}`)
        throw new Refusal(401, 'invalid_api_key', 'Invalid API key provided.');
    });
  }

  async listen(): Promise<void> {
    this.address = await this.app.listen({ host: '127.0.0.1', port: 0 });
  }

  /** The requests so far, in order of arrival; `path` is without the query. */
  requests(filter: RequestFilter = {}): ProviderRequest[] {
    return this.#journal.requests(filter);
  }

  /** Waits until something is so; it is looked at after every request and every answer. */
  until(isSo: () => boolean): Promise<void> {
    return this.#journal.until(isSo);
  }

  /** From now on this goes wrong; undefined: nothing. */
  setFaults(plan?: FaultPlan): void {
    this.#plan = plan;
  }

  async close(): Promise<void> {
    this.#journal.close();
    await this.app.close();
  }
}

/** Work of a provider that walks on by its script each time it is looked at. */
export class Walk<T extends { id: string; status: string }> extends Book<T> {
  readonly #onEnter: (item: T) => Partial<T>;

  /** @param final statuses that nothing follows @param onEnter what changes with a new status */
  constructor(final: string[], onEnter: (item: T) => Partial<T> = () => ({})) {
    super(undefined, 'walk', final, false);
    this.#onEnter = onEnter;
  }

  protected override onEnter(item: T): Partial<T> {
    return this.#onEnter(item);
  }

  add(item: T, script: State<T>[]): T {
    return this.open(item, script);
  }

  /** `<prefix>-0`, `<prefix>-1`, …: one that there never was. */
  nextId(prefix: string): string {
    return this.newId(prefix);
  }

  /** From here on it goes this way. */
  lead(id: string, script: State<T>[]): void {
    this.follow(id, script);
  }

  has(id: string): boolean {
    return this.all().some((item) => item.id === id);
  }

  isOver(id: string): boolean {
    return this.isFinal(this.get(id).status);
  }
}
