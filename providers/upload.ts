import type { OpenAI } from 'openai';
import { fileForm } from './fileForm.ts';
import { answerOf, itemsOf, withId } from './wire.ts';

/** For the whole of a file, which may have 512 MB and a slow line; other requests are short. */
const TIMEOUT_MS = 4 * 3_600_000;

/** A file on disk, and the name that it is to have: of its content and of no other. */
interface NamedFile {
  path: string;
  bytes: number;
  name: string;
}

/** How a wire takes files. */
interface Taking {
  purpose: string;
  /** Where they are posted. Default: `/files`. */
  path?: string;
  /** What a form has beside the purpose. */
  fields?: Record<string, string>;
}

/**
 * Uploads a file over OpenAI's wire, unless one of this name and length is there. A file whose answer
 * was lost may be there all the same: it is never sent again unseen.
 * @returns its id
 */
export async function uploadOnce(
  client: OpenAI,
  { path, bytes, name }: NamedFile,
  { purpose, path: to = '/files', fields = {} }: Taking,
  signal?: AbortSignal,
): Promise<string> {
  const files = itemsOf<OpenAI.FileObject>((after) =>
    client.files.list({ purpose, after }, { signal }),
  );
  for await (const known of files)
    if (known.filename === name && known.bytes === bytes && known.status !== 'error')
      return known.id;
  const form = await fileForm(path, name, { purpose, ...fields });
  const once = client.withOptions({ maxRetries: 0 });
  const created = once.post<OpenAI.FileObject>(to, { ...form, signal, timeout: TIMEOUT_MS });
  return (await answerOf(created, withId)).id;
}
