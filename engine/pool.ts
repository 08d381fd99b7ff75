import { ApiError, badRequest } from './errors.ts';
import { type BaseModel, gigabytes } from './models.ts';
import {
  clientGone,
  type Message,
  type PythonService,
  type RequestOptions,
} from './pythonProcess.ts';

/** What finds no room beside a training may ask again after so long. */
const RETRY_SECONDS = 15;

/** A process that has a model in memory from its start, or its first request, until it is closed. */
type Service = Pick<PythonService, 'request' | 'close'> & { start(): void };

/** A model that is in memory. */
interface Place {
  model: BaseModel;
  service: Service;
  /** Requests under way. */
  busy: number;
  /** Makes room for what waits: it takes nothing new, and goes when it is idle. */
  leaving: boolean;
}

/** What waits for room. */
interface Waiting {
  model: BaseModel;
  use: 'serve' | 'train';
  /** Called once it has its room. */
  enter: () => void;
  refuse: (error: Error) => void;
}

/**
 * Models in memory, a process each. Their weights and those of models under training weigh at most `limit` bytes together:
 * where there is no room, those that were used least recently go, once they are idle. What waits gets room in the
 * order in which it came, and all that waits for one model at once.
 */
export class ModelPool {
  readonly #limit: number;
  readonly #serve: (model: BaseModel) => Service;
  /** By name, the least recently used first. */
  readonly #places = new Map<string, Place>();
  readonly #closing = new Map<Promise<void>, BaseModel>();
  readonly #training = new Set<BaseModel>();
  #waiting: Waiting[] = [];

  /** @param serve gives the process that is to have a model in memory, not started yet */
  constructor(limit: number, serve: (model: BaseModel) => Service) {
    this.#limit = limit;
    this.#serve = serve;
  }

  /** Loads a model ahead of its first request, where there is room. */
  start(model: BaseModel): void {
    if (model.bytes <= this.#free()) this.#place(model).service.start();
  }

  /**
   * Sends a request to a model, which is loaded first where it has to be.
   * @throws ApiError as PythonService does; 429 when a training leaves no room for the model
   */
  async request(model: BaseModel, payload: object, options: RequestOptions = {}): Promise<Message> {
    const place = this.#isOpen(model)
      ? this.#use(model)
      : await this.#room(model, 'serve', () => this.#use(model), options.signal);
    try {
      return await place.service.request(payload, options);
    } finally {
      place.busy -= 1;
      this.#admit();
    }
  }

  /**
   * Makes room for the training of a model, or for merging one, and gives back what ends that.
   * @throws ApiError when the model is too large for any
   */
  beginTraining(model: BaseModel): Promise<() => void> {
    return this.#room(model, 'train', () => {
      this.#training.add(model);
      return () => {
        this.#training.delete(model);
        this.#admit();
      };
    });
  }

  /** Ends every process; what waits is refused. */
  async close(): Promise<void> {
    for (const { refuse } of this.#waiting) refuse(new ApiError(503, 'The engine stops.'));
    this.#waiting = [];
    for (const place of this.#places.values()) this.#evict(place);
    await Promise.all(this.#closing.keys());
  }

  #isOpen({ name }: BaseModel): boolean {
    return this.#places.get(name)?.leaving === false;
  }

  #place(model: BaseModel): Place {
    const place = { model, service: this.#serve(model), busy: 0, leaving: false };
    this.#places.set(model.name, place);
    return place;
  }

  #use(model: BaseModel): Place {
    const place = this.#places.get(model.name) ?? this.#place(model);
    this.#places.delete(model.name);
    this.#places.set(model.name, place);
    place.busy += 1;
    return place;
  }

  /** What `enter` gives, called as soon as the model has its room. */
  #room<T>(
    model: BaseModel,
    use: Waiting['use'],
    enter: () => T,
    signal?: AbortSignal,
  ): Promise<T> {
    return new Promise((resolve, refuse) => {
      const waiting = { model, use, enter: () => resolve(enter()), refuse };
      signal?.addEventListener('abort', () => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        refuse(clientGone());
        this.#admit();
      });
      this.#waiting.push(waiting);
      this.#admit();
    });
  }

  #admit(): void {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const { model, use } = first;
      const refusal = this.#refusal(first);
      const isThere = use === 'serve' && this.#places.has(model.name);
      if (!refusal && !isThere && !this.#makeRoom(model.bytes)) return;
      // Whoever was to make room for it and did not have to stays.
      for (const place of this.#places.values()) place.leaving = false;
      const alike = (one: Waiting) =>
        one === first || (use === 'serve' && one.use === use && one.model === model);
      const admitted = this.#waiting.filter(alike);
      this.#waiting = this.#waiting.filter((one) => !alike(one));
      for (const { enter, refuse } of admitted) refusal ? refuse(refusal) : enter();
    }
  }

  /** Why something gets no room, however long it waits for others to be idle. */
  #refusal({ model: { name, bytes }, use }: Waiting): ApiError | undefined {
    const sizes = `it takes ${gigabytes(bytes)}, engine.memoryGB leaves ${gigabytes(this.#limit)}`;
    if (bytes > this.#limit)
      return badRequest(
        `The model '${name}' has no room: ${sizes}; raise that.`,
        'model',
        'no_room',
      );
    const training = [...this.#training];
    if (use === 'train' || bytes + total(training) <= this.#limit) return undefined;
    const names = training.map((model) => `'${model.name}'`).join(', ');
    return new ApiError(
      429,
      `The model '${name}' has no room beside the training of ${names} (${sizes}). It answers again when that has ended; raise engine.memoryGB where there is more memory.`,
      { code: 'no_room', param: 'model', retryAfterSeconds: RETRY_SECONDS },
    );
  }

  /** Whether there is room. Where there is none yet, those go that have to, or leave when they are idle. */
  #makeRoom(bytes: number): boolean {
    let expected = this.#free() + total(this.#closing.values());
    for (const place of [...this.#places.values()]) {
      if (expected >= bytes) break;
      expected += place.model.bytes;
      place.leaving = true;
      if (place.busy === 0) this.#evict(place);
    }
    return this.#free() >= bytes;
  }

  #evict({ model, service }: Place): void {
    this.#places.delete(model.name);
    const closed = service.close().then(() => {
      this.#closing.delete(closed);
      this.#admit();
    });
    this.#closing.set(closed, model);
  }

  #free(): number {
    const served = [...this.#places.values()].map(({ model }) => model);
    return this.#limit - total([...served, ...this.#closing.values(), ...this.#training]);
  }
}

const total = (models: Iterable<BaseModel>): number =>
  [...models].reduce((sum, { bytes }) => sum + bytes, 0);
