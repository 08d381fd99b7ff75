import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CHAT_QUIRKS } from './chat.ts';
import { EMBEDDING_QUIRKS } from './embeddings.ts';
import { JOB_QUIRKS } from './jobs.ts';
import { LIES } from './lies.ts';
import { MODEL_QUIRKS } from './models.ts';
import type { Asked, Quirk } from './quirk.ts';

const QUIRKS = {
  ...CHAT_QUIRKS,
  ...LIES,
  ...EMBEDDING_QUIRKS,
  ...MODEL_QUIRKS,
  ...JOB_QUIRKS,
};

/** An oddity of servers, by its name. */
export type QuirkName = keyof typeof QUIRKS;

/** All names of oddities. */
export const QUIRK_NAMES = Object.keys(QUIRKS) as QuirkName[];

/** What servers do that speak the wire with an accent; several at a time. */
export class Quirks {
  #quirks: Quirk[] = [];

  constructor(names: QuirkName[]) {
    this.set(names);
  }

  /** From now on it has these, and no others. */
  set(names: QuirkName[]): void {
    this.#quirks = names.map((name) => QUIRKS[name]());
  }

  /** Gives its quirks to an API. @param base path of the API */
  attach(api: FastifyInstance, base: string): void {
    const handled = new WeakMap<FastifyRequest, Asked>();
    api.addHook('preHandler', async (request, reply) => {
      const path = new URL(request.url, 'http://localhost').pathname.slice(base.length);
      const asked: Asked = {
        route: `${request.method} ${path}`,
        body: request.body,
        query: request.query as Record<string, string>,
      };
      for (const quirk of this.#quirks) {
        const answer = quirk.before?.(asked);
        if (answer) return reply.code(answer.status).send(answer.body);
      }
      handled.set(request, asked);
      return undefined;
    });
    api.addHook('preSerialization', async (request, reply, payload) => {
      const asked = handled.get(request);
      if (!asked || reply.statusCode !== 200) return payload;
      return this.#quirks.reduce(
        (answer, quirk) => quirk.after?.(answer, asked) ?? answer,
        payload as object,
      );
    });
    api.addHook('onSend', async (request, _, payload) =>
      handled.has(request) && typeof payload === 'string'
        ? this.#quirks.reduce((text, quirk) => quirk.sent?.(text) ?? text, payload)
        : payload,
    );
  }
}
