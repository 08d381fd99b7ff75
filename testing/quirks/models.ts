import { changed, instead, type QuirkMaker } from './quirk.ts';

interface List {
  object: 'list';
  data: { id: string }[];
}

const LIST = /^GET \/models$/;
const ANY = /^GET \/models/;

export const MODEL_QUIRKS = {
  'models-array': changed<List>(LIST, ({ data }) => data),
  'models-latest': changed<List>(LIST, ({ data, ...list }) => ({
    ...list,
    data: data.map((model) => ({ ...model, id: `${model.id}:latest` })),
  })),
  'models-deployments': changed<List>(LIST, (list) => ({
    ...list,
    data: [{ id: 'catalogue-model', object: 'model' }],
  })),
  'models-facts': changed<List>(LIST, ({ data, ...list }) => ({
    ...list,
    data: data.map((model) => ({ ...model, max_model_len: 8192, shutdown_date: '2031-05-01' })),
  })),
  'models-403': instead(ANY, () => ({ status: 403, body: { error: { message: 'Forbidden' } } })),
  'models-405': instead(ANY, () => ({ status: 405, body: { detail: 'Method Not Allowed' } })),
  'models-200-error': instead(ANY, () => ({
    status: 200,
    body: { error: 'Unexpected endpoint or method. (GET /v1/models). Returning 200 anyway' },
  })),
} satisfies Record<string, QuirkMaker>;
