import type { OpenAI } from 'openai';
import { z } from 'zod';
import { answerOf } from '../../wire.ts';

/** What is read of Together's answers; what else they hold is left alone. */

const text = z.string().nullish();

const job = z.looseObject({
  id: z.string().min(1),
  status: z.string(),
  created_at: text,
  updated_at: text,
  model: text,
  /** Lists have it; a job by itself does not. */
  suffix: text,
  /** Once it is there. */
  model_output_name: text,
  /** The weights in the project's registry: merged with the base, or the adapter alone. */
  model_object_id: text,
  adapter_object_id: text,
  token_count: z.number().nullish(),
});

/** A fine-tuning job. */
export type TogetherJob = z.output<typeof job>;

/** @throws ZodError where it is no job */
export const jobIn = (body: unknown): TogetherJob => job.parse(body);

const jobList = z.object({ data: z.array(job) });

/** All jobs of the account: they cannot be asked for otherwise, and are not paged. */
export async function allJobs(client: OpenAI, signal?: AbortSignal): Promise<TogetherJob[]> {
  const { data } = await answerOf(client.get('/fine-tunes', { signal }), (body) =>
    jobList.parse(body),
  );
  return data;
}

/** A job by its id. */
export const jobById = (client: OpenAI, id: string, signal?: AbortSignal): Promise<TogetherJob> =>
  answerOf(client.get(`/fine-tunes/${id}`, { signal }), jobIn);

/** An address under `/v2`, where deployments are, beside the `/v1` of everything else. */
export const v2 = ({ baseURL }: OpenAI, path: string): string =>
  `${baseURL.replace(/(\/v1)?\/?$/, '')}/v2${path}`;

const page = z.object({ data: z.array(z.unknown()), next_cursor: z.string().nullish() });

/** The items of all pages of a list under `/v2`, each as `read` takes it. */
export async function* itemsOf<T>(
  client: OpenAI,
  path: string,
  read: z.ZodType<T>,
  query: Record<string, string> = {},
): AsyncGenerator<T> {
  let after: string | undefined;
  do {
    const asked = client.get(v2(client, path), { query: { ...query, ...(after && { after }) } });
    const { data, next_cursor } = await answerOf(asked, (body) => page.parse(body));
    for (const item of data) yield read.parse(item);
    after = next_cursor || undefined;
  } while (after !== undefined);
}
