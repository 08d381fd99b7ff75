import {
  type JournalEntry,
  kindOf,
  type ProviderRequest,
  type RequestBody,
  type RequestFilter,
  type RequestOf,
} from './requests.ts';
import { Shelf } from './shelf.ts';
import { digest } from './wire.ts';

/** Every request in order, and a way to await what it will hold. */
export class Journal {
  readonly #requests: ProviderRequest[];
  readonly #shelf: Shelf<JournalEntry>;
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Set<{
    isDone: () => boolean;
    resolve: () => void;
    reject: (error: Error) => void;
  }>();

  /** @param folder keeps the journal, without bodies; without one it is in memory only */
  constructor(folder?: string) {
    this.#shelf = new Shelf(folder, 'journal');
    this.#requests = this.#shelf.values() as ProviderRequest[];
    for (const { digest: key, attempt } of this.#requests) this.#seen.set(key, attempt);
  }

  record(
    method: string,
    url: string,
    path: string,
    body: RequestBody | null | undefined,
  ): ProviderRequest {
    const key = digest(method, url, body);
    const attempt = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, attempt);
    const { model, seed, n, metadata } = (body ?? {}) as Partial<JournalEntry>;
    const request = {
      kind: kindOf(method, path, body),
      index: this.#requests.length + 1,
      ...{ method, path, digest: key, attempt, model, seed, n, metadata },
      arrivedAt: Date.now(),
      // A copy: a quirk may change what the handler sees.
      body: body && { ...body },
    } as ProviderRequest;
    this.#requests.push(request);
    this.changed(request);
    return request;
  }

  /** All that there is of them without bodies. */
  entries(): JournalEntry[] {
    return this.#requests.map(entryOf);
  }

  requests<Kind extends ProviderRequest['kind']>(filter: RequestFilter<Kind>): RequestOf<Kind>[] {
    const wanted = Object.entries(filter).filter(([, value]) => value !== undefined);
    const fits = (request: ProviderRequest) =>
      wanted.every(([field, value]) => request[field as keyof RequestFilter] === value);
    return this.#requests.filter(fits) as RequestOf<Kind>[];
  }

  /** Resolves once the condition holds; it is looked at after every request and every answer. */
  until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ isDone, resolve, reject });
      this.#notify();
    });
  }

  /** To be called when a request has been added or has changed. */
  changed(request: ProviderRequest): void {
    this.#shelf.set(String(request.index), entryOf(request));
    this.#notify();
  }

  /** Fails whoever still waits. */
  close(): void {
    for (const one of this.#waiting) one.reject(new Error('The provider was closed.'));
    this.#waiting.clear();
  }

  #notify(): void {
    for (const one of this.#waiting)
      if (one.isDone()) {
        this.#waiting.delete(one);
        one.resolve();
      }
  }
}

function entryOf({ body: _, ...entry }: ProviderRequest): JournalEntry {
  return entry;
}
