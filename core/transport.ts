import type { AnswerStage } from './answer.ts';
import type { Transport } from './usage.ts';

/** What a spec may say of how requests are sent. */
export const TRANSPORT_CHOICES = ['direct', 'batch', 'auto'] as const;
export type TransportChoice = Transport | 'auto';

/** What a round asks models for, each with a transport of its own. */
export const ASKED = ['collaborate', 'justify', 'judge', 'evaluate'] as const;
export type Asked = (typeof ASKED)[number];

/** The transports of a run, and what `auto` goes by. */
export interface Transports extends Record<Asked, TransportChoice> {
  /** Fewer requests than this are worth no batch. */
  atLeast: number;
  /** Hours within which answers are wanted; undefined where that does not matter. */
  withinHours?: number | undefined;
}

/** What a stage asks for. */
export function askedIn(stage: AnswerStage): Asked {
  if (stage === 'group' || stage.startsWith('judge-')) return 'judge';
  if (stage.startsWith('evaluate-')) return 'evaluate';
  return stage === 'justify' || stage.endsWith('-justify') ? 'justify' : 'collaborate';
}

/** Whether any request may go by batch. Specs of before batches say nothing. */
export const mayGoByBatch = (transports: Transports | undefined): transports is Transports =>
  transports !== undefined && ASKED.some((asked) => transports[asked] !== 'direct');

/** What is known of the requests that may go by batch. */
export interface Load {
  requests: number;
  /** Hours that the endpoint takes for a batch, at the most; undefined where it takes none. */
  windowHours: number | undefined;
  /** US dollars per million tokens of prompts and answers together; undefined where unknown. */
  price: Partial<Record<Transport, number>>;
}

/** A transport, and why it is this one, for people. */
export interface ChosenTransport {
  transport: Transport;
  why: string;
}

/** By which transport requests go: as the spec says, and with `auto` by size, deadline and price. */
export function transportFor(
  asked: Asked,
  { atLeast, withinHours, ...choices }: Transports,
  { requests, windowHours, price }: Load,
): ChosenTransport {
  const choice = choices[asked];
  if (choice !== 'auto') return { transport: choice, why: 'the spec says so' };
  const direct = (why: string): ChosenTransport => ({ transport: 'direct', why });
  if (windowHours === undefined) return direct('its endpoint takes no batches');
  if (requests < atLeast) return direct(`${requests} requests are fewer than ${atLeast}`);
  if (withinHours !== undefined && withinHours < windowHours)
    return direct(
      `a batch may take ${windowHours} h, and answers are wanted within ${withinHours}`,
    );
  if (price.direct !== undefined && price.batch !== undefined && price.batch >= price.direct)
    return direct('a batch costs no less');
  return { transport: 'batch', why: `${requests} requests may wait for ${windowHours} h` };
}
