import { readFile } from 'node:fs/promises';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { defineTrainer, type Job, type TunedModel } from '../../../workers/index.ts';
import type { Tuning } from './gym.ts';

const STATES = {
  WAITING: 'pending',
  LIFTING: 'running',
  STRONG: 'succeeded',
  HURT: 'failed',
  SENT_HOME: 'cancelled',
} as const;

/** What a user would write who trains at the gym. */
export default defineTrainer({
  spec: z.strictObject({
    type: z.literal('gym').describe('Lifts weights.'),
    address: z.url().describe('Where the gym is.'),
    coach: z.string().default('Kim').describe('Who watches.'),
  }),
  create: ({ apiKey }, { address, coach }) => {
    async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal) {
      const type = typeof body === 'string' ? 'application/jsonl' : 'application/json';
      const response = await fetch(`${address}${path}`, {
        ...{ method, signal: signal ?? null },
        headers: { ...(body !== undefined && { 'content-type': type }), 'x-member': apiKey ?? '' },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      if (response.status === 404) return undefined;
      if (!response.ok)
        throw ApplicationFailure.retryable(`the gym says ${response.status}`, 'GymClosed');
      return (await response.json()) as T;
    }
    const of = async (key: string) =>
      (await ask<Tuning[]>('GET', `/tunings?label=${encodeURIComponent(key)}`))!;
    const isGoing = ({ phase }: Tuning) => phase === 'WAITING' || phase === 'LIFTING';
    const told = (tuning: Tuning): Job<TunedModel> => ({
      id: tuning.id,
      state: STATES[tuning.phase],
      detail: tuning.phase,
      ...(tuning.athlete && { result: { model: tuning.athlete, trainedTokens: 0 } }),
      ...(tuning.said && { message: tuning.said }),
      isRecognisable: true,
      ...{ mark: String(tuning.lifted), step: tuning.lifted, totalSteps: tuning.of },
    });

    return {
      preflight: async () =>
        coach === 'nobody' ? 'the gym lets nobody train without a coach: name one' : undefined,
      async upload({ path }, name, signal) {
        await ask('PUT', `/files/${name}`, await readFile(path, 'utf8'), signal);
        return name;
      },
      async adoptOrCreate({ request, key, name, fileId }) {
        const all = await of(key);
        const known = all.find((one) => isGoing(one) || one.athlete);
        if (known) return told(known);
        // The same id whoever asks: of two that do, the gym makes one.
        const id = `${name}-${all.length}`;
        const { model, training, seed } = request;
        const plan = { label: key, model, ...training, seed, file: fileId, coach };
        return told((await ask<Tuning>('PUT', `/tunings/${id}`, plan))!);
      },
      async poll(id, _, signal) {
        const tuning = await ask<Tuning>('GET', `/tunings/${id}`, undefined, signal);
        if (tuning) return told(tuning);
        return { id, state: 'vanished', detail: 'unknown', isRecognisable: true };
      },
      isListed: async (id, { key }) => (await of(key)).some((one) => one.id === id),
      async cancel({ key }) {
        const going = (await of(key)).filter(isGoing);
        for (const { id } of going) await ask('DELETE', `/tunings/${id}`);
        return going.length;
      },
    };
  },
});
