import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { StoredExample } from '../core/types.ts';
import type { ChatSample } from '../providers/completion.ts';
import type { ChatRequest } from '../providers/form.ts';
import type { SharedAnswer } from '../store/sharedAnswers.ts';

/** A request to a model, with the name of its endpoint: all that an answer follows from. */
export interface SentRequest extends ChatRequest {
  endpoint: string;
}

/** Tells a request from every other: of two with one key the answers may stand for each other. */
export const requestKey = (sent: SentRequest): string => hashOf(sent);

/** A hash of all that a value holds, in its canonical form (RFC 8785); 64 hexadecimal digits. */
export const hashOf = (value: object): string =>
  createHash('sha256').update(canonicalize(value)!).digest('hex');

/** What was answered to a request, as others can take it over. @param paid where, and how it was sent */
export const sharedAnswer = (
  sent: SentRequest,
  { id: exampleId }: StoredExample,
  samples: readonly ChatSample[],
  paid: Pick<SharedAnswer, 'place' | 'transport'>,
): SharedAnswer => ({
  ...{ exampleId, request: requestKey(sent) },
  ...{ samples: JSON.stringify(samples), ...paid },
});
