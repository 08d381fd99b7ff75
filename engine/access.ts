import type { FastifyInstance } from 'fastify';
import { ApiError } from './errors.ts';

/**
 * Refuses what does not come from a program of this machine: a page in a browser could send
 * requests, and where its host's name is given the address of this machine, read the answers.
 */
export const refuseForeigners = (app: FastifyInstance): void => {
  app.addHook('onRequest', async ({ headers }) => {
    const { host, origin } = headers;
    if (!isLoopback(`http://${host}`))
      throw refusal(`The host '${host}' is not this machine: use 127.0.0.1 or localhost.`);
    if (origin !== undefined && !isLoopback(origin))
      throw refusal(`Pages of the origin '${origin}' may not use this engine.`);
  });
};

const isLoopback = (url: string): boolean => {
  const hostname = URL.parse(url)?.hostname ?? '';
  return ['localhost', '[::1]'].includes(hostname) || /^127(\.\d+){3}$/.test(hostname);
};

const refusal = (message: string): ApiError => new ApiError(403, message, { code: 'forbidden' });
