import type { OpenAI } from 'openai';
import { isProbe } from './obedience.ts';

/** What is recorded of a request, and kept without its body. */
export interface JournalEntry {
  kind: 'chat' | 'embeddings' | 'job' | 'poll' | 'upload' | 'batch' | 'probe' | 'other';
  /** 1, 2, 3, … in order of arrival. */
  index: number;
  method: string;
  /** Without the base path and the query, e.g. `/chat/completions`. */
  path: string;
  /** Of method, URL and JSON body: the same request has the same digest. */
  digest: string;
  /** How often this digest has been seen, this time included. */
  attempt: number;
  model?: string;
  seed?: number;
  n?: number;
  metadata?: Record<string, string>;
  /** Of the answer that was made (and would be charged), also where its sending was cut. */
  status?: number;
  /** The tokens that its answer was charged with, also where an oddity hides them. */
  usage?: { promptTokens: number; cachedTokens: number; completionTokens: number };
  /** Name or status of the fault that was put in its way. */
  fault?: string;
  /** Whether the whole answer was sent before the client went away. */
  delivered?: boolean;
  /** Epoch milliseconds. */
  arrivedAt: number;
  answeredAt?: number;
}

/** A request for a chat completion. */
export interface ChatRequest extends JournalEntry {
  kind: 'chat';
  body: OpenAI.ChatCompletionCreateParamsNonStreaming & RequestBody;
}

/** A request for embeddings. */
export interface EmbeddingRequest extends JournalEntry {
  kind: 'embeddings';
  body: OpenAI.EmbeddingCreateParams & RequestBody;
}

/** A request that creates a fine-tuning job. */
export interface JobRequest extends JournalEntry {
  kind: 'job';
  body: OpenAI.FineTuning.JobCreateParams & RequestBody;
}

/**
 * Any other request: a `poll` looks at a fine-tuning job, an `upload` sends a file, a `batch` is
 * created, and a `probe` asks for next to nothing, to find out whether a model is there and how it
 * is asked.
 */
export interface OtherRequest extends JournalEntry {
  kind: 'poll' | 'upload' | 'batch' | 'probe' | 'other';
  /** Undefined where it is not JSON. */
  body: RequestBody | undefined;
}

/** A request as the provider saw it; its `kind` tells the type of its `body`. */
export type ProviderRequest = ChatRequest | EmbeddingRequest | JobRequest | OtherRequest;

/** The requests of a kind. */
export type RequestOf<Kind extends ProviderRequest['kind']> = ProviderRequest extends infer One
  ? One extends { kind: infer Kinds }
    ? Kind extends Kinds
      ? One
      : never
    : never
  : never;

/** What requests must have in common; a field that is left out may be anything. */
export interface RequestFilter<Kind extends ProviderRequest['kind'] = ProviderRequest['kind']>
  extends Partial<Pick<JournalEntry, 'method' | 'path' | 'model' | 'status'>> {
  kind?: Kind;
}

/** A JSON body. */
export type RequestBody = Record<string, unknown>;

/** The kind of a request. @param path without the base path and the query */
export function kindOf(
  method: string,
  path: string,
  body: RequestBody | null | undefined,
): JournalEntry['kind'] {
  if (method === 'GET' && /^\/fine_tuning\/jobs\/[^/]+$/.test(path)) return 'poll';
  if (method !== 'POST') return 'other';
  if (path === '/chat/completions') return isForNothing(body) ? 'probe' : 'chat';
  if (path === '/embeddings')
    return Array.isArray(body?.input) && `${body.input}` === 'yes' ? 'probe' : 'embeddings';
  return KINDS[path] ?? 'other';
}

/** One token is next to nothing; whoever finds out what a model is capable of says so. */
const isForNothing = (body: RequestBody | null | undefined) =>
  (body?.max_tokens ?? body?.max_completion_tokens) === 1 ||
  (Array.isArray(body?.messages) && isProbe({ messages: body.messages }));

const KINDS: Record<string, JournalEntry['kind']> = {
  '/files': 'upload',
  '/fine_tuning/jobs': 'job',
  '/batches': 'batch',
};
