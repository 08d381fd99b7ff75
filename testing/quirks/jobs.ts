import type { OpenAI } from 'openai';
import type { Job } from '../jobs.ts';
import { changed, instead, type Quirk, type QuirkMaker } from './quirk.ts';

const CREATE = /^POST \/fine_tuning\/jobs$/;
const LIST = /^GET \/fine_tuning\/jobs$/;
const JOBS = /^(GET|POST) \/fine_tuning\/jobs(\/[^/]+(\/cancel)?)?$/;
/** How long after it was first asked for a new model is not there yet. */
const LATE_MS = 2_000;

type CreateParams = OpenAI.FineTuning.JobCreateParams;

/** Jobs, alone and in lists, in another form. */
const shown = (change: (job: Job) => object) =>
  changed<Job | { data: Job[] }>(JOBS, (answer) =>
    'data' in answer ? { ...answer, data: answer.data.map(change) } : change(answer),
  );

/** Takes metadata and forgets it; lists all jobs, whatever is asked for. */
const forgetful: QuirkMaker = () => ({
  before({ route, body, query }) {
    if (CREATE.test(route)) delete (body as CreateParams).metadata;
    if (LIST.test(route))
      for (const name of Object.keys(query)) if (name.startsWith('metadata[')) delete query[name];
    return undefined;
  },
});

const refusingMetadata = instead<CreateParams>(CREATE, ({ metadata }) =>
  metadata
    ? { status: 422, body: { detail: [{ type: 'extra_forbidden', loc: ['body', 'metadata'] }] } }
    : undefined,
);

/** A tuned model answers some time after its job has succeeded. */
const modelLater: QuirkMaker = () => {
  const asked = new Map<string, number>();
  return {
    before({ route, body }) {
      const model = String((body as { model?: string } | undefined)?.model);
      if (route !== 'POST /chat/completions' || !model.startsWith('ft:')) return undefined;
      const first = asked.get(model) ?? Date.now();
      asked.set(model, first);
      if (Date.now() - first >= LATE_MS) return undefined;
      const message = `The model \`${model}\` does not exist or you do not have access to it.`;
      return { status: 404, body: { error: { message, code: 'model_not_found' } } };
    },
  };
};

export const JOB_QUIRKS = {
  'no-tuning': instead(/^(GET|POST) \/(files|fine_tuning)/, () => ({
    status: 404,
    body: { detail: 'Not Found' },
  })),
  'job-no-metadata': forgetful,
  'job-metadata-refused': (): Quirk => ({ ...forgetful(), ...refusingMetadata() }),
  'job-completed': shown((job) => ({
    ...job,
    status: job.status === 'succeeded' ? 'completed' : job.status,
  })),
  'job-SUCCESS': shown((job) => ({
    ...job,
    status: job.status === 'succeeded' ? 'SUCCESS' : job.status.toUpperCase(),
  })),
  'job-canceled': shown((job) =>
    ['succeeded', 'cancelled'].includes(job.status)
      ? { ...job, status: 'canceled', fine_tuned_model: null }
      : job,
  ),
  'model-later': modelLater,
} satisfies Record<string, QuirkMaker>;
