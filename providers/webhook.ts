import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { passingFailure } from '../core/failures.ts';
import { whyUnreachable } from './connection.ts';

/** How long an answer is waited for, in milliseconds. */
const PATIENCE_MS = 15_000;

/** An address that is told, and by which secret it knows us. */
export const webhookConfig = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'give an address, http://… or https://…' })
    .describe('What happened is sent here, as JSON (POST). It is not shown anywhere.'),
  secretEnv: z
    .string()
    .regex(
      /^[A-Z_][A-Z0-9_]*$/,
      'give the name of an environment variable, in capitals, not the secret itself',
    )
    .default('SEMIEVOL_WEBHOOK_SECRET')
    .describe("Name of the worker's environment variable that holds the secret of signatures."),
});

export type WebhookConfig = z.output<typeof webhookConfig>;

/** What is told. */
export interface WebhookEvent {
  /** Always the same of one event, so that whoever is told twice can know it. */
  id: string;
  type: string;
  /** When it happened; ISO 8601. */
  timestamp: string;
  data: object;
}

/**
 * Tells an event, signed as Standard Webhooks has it (headers `webhook-id`, `webhook-timestamp`,
 * `webhook-signature`), which libraries of most languages verify.
 * @throws ApplicationFailure `NotAnnounced`, which passes, unless the answer is a success
 */
export async function sendWebhook(
  { url, secretEnv }: WebhookConfig,
  { id, ...event }: WebhookEvent,
  signal: AbortSignal,
): Promise<void> {
  const secret = process.env[secretEnv];
  if (!secret)
    throw notAnnounced(`${secretEnv} is not set in the environment of this worker: set it there`);
  const body = JSON.stringify(event);
  const seconds = `${Math.floor(Date.now() / 1000)}`;
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${signature(secret, `${id}.${seconds}.${body}`)}`,
  };
  const within = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const sending = { method: 'POST', headers, body, signal: within, redirect: 'manual' } as const;
  const { ok, status } = await fetch(url, sending).catch((error: Error) => {
    const why = whyUnreachable(error) ?? (within.aborted ? 'no answer in time' : error.name);
    throw notAnnounced(`it cannot be reached (${why})`);
  });
  if (!ok) throw notAnnounced(`it answered ${status}`);
}

/** A secret as it is, or `whsec_` and its bytes in base64, as generators of such secrets write it. */
function signature(secret: string, content: string): string {
  const PREFIX = 'whsec_';
  const key = secret.startsWith(PREFIX)
    ? Buffer.from(secret.slice(PREFIX.length), 'base64')
    : secret;
  return createHmac('sha256', key).update(content).digest('base64');
}

/** @param why never the address, which may be a secret itself */
const notAnnounced = (why: string) =>
  passingFailure(
    'NotAnnounced',
    `the webhook (announce.webhook in temporal.config.ts) was not told: ${why}`,
  );
