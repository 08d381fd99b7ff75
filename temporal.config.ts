import { defineConfig } from './workers/config.ts';

/** How this project talks to Temporal, where it stores, and which endpoints it may ask. */
export default defineConfig({
  temporal: { taskQueue: 'semievol' },
  store: { uri: '.semievol/store' },
  endpoints: {
    // The embedded engine (`semievol dev`). A hosted endpoint is one more entry, for example
    // openai: { baseURL: 'https://api.openai.com/v1', apiKeyEnv: 'OPENAI_API_KEY' },
    local: { baseURL: 'http://127.0.0.1:8090/v1', pollSeconds: 1, maxInFlight: 32 },
  },
});
