import type { Hosting } from '../hosting.ts';
import { moment } from './format.ts';
import { factTable } from './progress.ts';
import type { Section } from './section.ts';

/** What is known of a hosted model. */
export interface HostStatus {
  endpoint: string;
  model: string;
  hosting: Hosting;
  /** When it was asked last; epoch milliseconds. */
  usedAt: number;
  idleMinutes: number;
  /** Workflows that it is asked for. */
  users: readonly string[];
}

/** The page of a hosted model. @param now epoch milliseconds */
export function hostingSection(status: HostStatus, now: number): Section {
  const { endpoint, model, hosting, usedAt, idleMinutes, users } = status;
  const { state, detail, message, servedAs, since } = hosting;
  return {
    title: `Hosting ${model}: ${state}`,
    blocks: [
      ...(message ? [`⚠ ${message}`] : []),
      factTable('', [
        ['endpoint', endpoint],
        ['status', `${detail}, since ${moment(since)}`],
        ['asked as', servedAs],
        ['asked last', moment(usedAt)],
        ['taken down', `${idleMinutes} min after it was asked last, or when nobody needs it`],
        ['needed by', users.join(', ')],
      ]),
      `As of ${moment(now)}.`,
    ],
  };
}
