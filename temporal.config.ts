import { join } from 'node:path';
import { defineConfig } from './config/config.ts';

/** `semievol dev --state DIR` and `--engine-port` set these for the worker they start. */
const { SEMIEVOL_STATE = '.semievol', SEMIEVOL_ENGINE_URL = 'http://127.0.0.1:8090/v1' } =
  process.env;

/** How this project talks to Temporal, where it stores, and which endpoints it may ask. */
export default defineConfig({
  temporal: { taskQueue: 'semievol' },
  store: { uri: join(SEMIEVOL_STATE, 'store') },
  endpoints: {
    // The embedded engine (`semievol dev`). A hosted endpoint is one more entry, for example
    // openai: { baseURL: 'https://api.openai.com/v1', apiKeyEnv: 'OPENAI_API_KEY' },
    local: { baseURL: SEMIEVOL_ENGINE_URL, pollSeconds: 1, maxInFlight: 32 },
  },
});
