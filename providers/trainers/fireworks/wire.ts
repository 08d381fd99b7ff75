import type { APIPromise, OpenAI } from 'openai';
import { z } from 'zod';
import { redacted } from '../../redacted.ts';
import { ifKnown } from '../../said.ts';
import type { TrainerEndpoint } from '../../trainer.ts';
import { answerOf } from '../../wire.ts';
import type { FireworksSpec } from './spec.ts';

/** What follows the address of Fireworks where models are asked. */
const INFERENCE = /\/inference\/v1\/?$/;

/** What an operation has come to; there is an error where the code is another than OK. */
export const status = z
  .looseObject({ code: z.string().nullish(), message: z.string().nullish() })
  .nullish();

/** What an operation failed for, in Fireworks' words; undefined where it did not. */
export function troubleIn(said: z.output<typeof status>): string | undefined {
  const code = said?.code;
  return code && code !== 'OK' ? redacted(said.message ?? '') || code : undefined;
}

/** An account at Fireworks' management, which stands beside the address where models are asked. */
export class Account {
  /** `accounts/ID` */
  readonly name: string;
  /** Whether the management can be found from the endpoint's address. */
  readonly isKnown: boolean;
  readonly client: OpenAI;
  /** For what is not sent again unseen. */
  readonly once: OpenAI;
  readonly #root: string;

  constructor({ client }: TrainerEndpoint, { account }: FireworksSpec) {
    this.client = client;
    this.once = client.withOptions({ maxRetries: 0 });
    this.name = `accounts/${account}`;
    this.isKnown = INFERENCE.test(client.baseURL);
    this.#root = client.baseURL.replace(INFERENCE, '');
  }

  /** The name of a resource of the account, such as `models` and an id; a whole name stays. */
  nameOf(kind: string, id: string): string {
    return id.startsWith('accounts/') ? id : `${this.name}/${kind}/${id}`;
  }

  /** The address of a resource, by what follows the account's, or by its whole name. */
  at(path: string): string {
    const name = path.startsWith('accounts/') ? path : `${this.name}${path && `/${path}`}`;
    return `${this.#root}/v1/${name}`;
  }

  /** A resource as `read` takes it; undefined where Fireworks itself says that there is none. */
  async find<T>(path: string, read: z.ZodType<T>, signal?: AbortSignal): Promise<T | undefined> {
    return found(this.client.get(this.at(path), { signal }), read);
  }

  /** All of a kind that fit the filter (AIP-160), each as `read` takes it. */
  async *list<T>(kind: string, filter: string, read: z.ZodType<T>): AsyncGenerator<T> {
    const page = z.object({
      [kind]: z.array(z.unknown()).nullish(),
      nextPageToken: z.string().nullish(),
    });
    let pageToken: string | undefined;
    do {
      const query = { filter, pageSize: '200', ...(pageToken && { pageToken }) };
      const asked = this.client.get(this.at(kind), { query });
      const got = await answerOf(asked, (body) => page.parse(body));
      for (const item of (got[kind] ?? []) as unknown[]) yield read.parse(item);
      pageToken = (got.nextPageToken as string | null | undefined) || undefined;
    } while (pageToken !== undefined);
  }
}

/** What is answered, as `read` takes it; undefined where there is no such thing. */
export async function found<T>(
  asked: APIPromise<unknown>,
  read: z.ZodType<T>,
): Promise<T | undefined> {
  return ifKnown(answerOf(asked, (body) => read.parse(body)));
}

/** An id as Fireworks takes them: small letters, digits and hyphens, a letter first. */
export const idFor = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^(?![a-z])/, 's');

/** The last part of a resource's name. */
export const idOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
