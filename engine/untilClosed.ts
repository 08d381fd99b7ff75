import type { FastifyReply } from 'fastify';

/** Aborts when the client goes before the answer is complete. */
export const untilClosed = ({ raw }: FastifyReply): AbortSignal => {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller.signal;
};
