import { defineConfig } from 'semievol';

const baseURL = process.env.SEMIEVOL_ENGINE_URL;

export default defineConfig({ endpoints: { local: { baseURL, pollSeconds: 0.05 } } });
