import type { APIPromise } from 'openai';
import { z } from 'zod';
import { UnreadableAnswer } from './errors.ts';
import { disguisedError } from './said.ts';

/** What is read of an endpoint's answers, checked: proxies and imitations send all sorts of things. */

/**
 * The body of an answer, as `read` takes it.
 * @throws UnreadableAnswer where it broke off, is not JSON, or `read` finds something else in it
 * (by a ZodError); APIError where it is an error under the status of a success
 */
export async function answerOf<T>(
  answer: APIPromise<unknown>,
  read: (body: unknown) => T,
): Promise<T> {
  const response = await answer.asResponse();
  const body = parsed(await textOf(response));
  const error = disguisedError(body, response.headers);
  if (error) throw error;
  try {
    return read(body);
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    throw new UnreadableAnswer(fault(cause), { cause });
  }
}

async function textOf(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    if ((cause as Error).name === 'AbortError') throw cause;
    throw new UnreadableAnswer('it broke off', { cause });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the parser's message, which quotes the text.
    const isPage = /^\s*</.test(text);
    throw new UnreadableAnswer(isPage ? 'it is a page of HTML' : 'it is not JSON', { isPage });
  }
}

/** What is wrong with which field; zod's messages quote no values. */
function fault({ issues: [issue] }: z.ZodError): string {
  return issue ? [...issue.path, issue.message].join(' ') : 'it is not what was asked for';
}

const listing = z.object({
  data: z.array(z.looseObject({ id: z.string() })),
  has_more: z.boolean().nullish(),
});

/**
 * The items of all pages of a list.
 * @param page asks for the page after the item of this id, the first where there is none
 * @throws UnreadableAnswer where an answer is no page, such as a proxy's excuse, which the client
 * takes for an empty one: what is not there would then be made a second time
 */
export async function* itemsOf<T extends { id: string }>(
  page: (after: string | undefined) => APIPromise<unknown>,
): AsyncGenerator<T> {
  let after: string | undefined;
  do {
    const { data, has_more } = await answerOf(page(after), (body) => listing.parse(body));
    yield* data as unknown as T[];
    after = has_more ? data.at(-1)?.id : undefined;
  } while (after !== undefined);
}

const made = z.looseObject({ id: z.string().min(1) });

/** What was made, which has an id. @throws ZodError where it has none */
export function withId<T extends { id: string }>(body: unknown): T {
  return made.parse(body) as unknown as T;
}

const job = z.looseObject({ id: z.string().min(1), status: z.string() });

/** @throws ZodError where it is no job */
export function jobIn<T extends { id: string; status: string }>(body: unknown): T {
  return job.parse(body) as unknown as T;
}
