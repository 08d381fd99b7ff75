import type { OpenAI } from 'openai';

/** What a batch is made of, whatever the wire. */
export interface BatchParams {
  fileId: string;
  /** What its requests are for: `/v1/chat/completions`. */
  path: string;
  windowHours: number;
  /** For metadata, where the wire has any. */
  key: string;
}

/** What is wrong with an input file. */
export interface InputError {
  code: string;
  /** From 1; undefined where it is not about one. */
  line?: number | undefined;
}

/** A batch as a provider shows it, whatever the wire. */
export interface RemoteBatch {
  id: string;
  /** The provider's own word. */
  status: string;
  /** Epoch seconds. */
  createdAt: number;
  /** From its metadata. */
  key?: string | undefined;
  inputFileId?: string | undefined;
  outputFileId?: string | undefined;
  errorFileId?: string | undefined;
  /** Requests that have been dealt with, of `total`. */
  done?: number | undefined;
  total?: number | undefined;
  errors: InputError[];
  message?: string | undefined;
}

/**
 * How batches are spoken of at a provider. What it cannot read it throws as an `UnreadableAnswer`.
 */
export interface BatchWire {
  /** What files of requests are uploaded for. */
  purpose: string;
  /** Where they are posted to, and what is said of one beside its purpose. */
  upload: { path: string; fields(name: string): Record<string, string> };
  create(client: OpenAI, params: BatchParams): Promise<RemoteBatch>;
  /** All there are, of the account. */
  list(client: OpenAI): AsyncIterable<RemoteBatch>;
  retrieve(client: OpenAI, id: string, signal?: AbortSignal): Promise<RemoteBatch>;
  cancel(client: OpenAI, id: string): Promise<unknown>;
}
