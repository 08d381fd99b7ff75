import { parseArgs } from 'node:util';
import { SetupError } from './environment.ts';
import { startEngine } from './gateway.ts';
import { DEFAULTS } from './settings.ts';
import { ensureEngine } from './setup.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: String(DEFAULTS.port) },
    state: { type: 'string', default: DEFAULTS.stateFolder },
  },
});

// What it keeps is its user's alone: training files hold the texts of examples.
process.umask(0o077);
const log = (line: string) => console.error(line);

try {
  await ensureEngine({ onProgress: log });
  const engine = await startEngine({ port: Number(values.port), stateFolder: values.state, log });
  console.log(`Engine at ${engine.url}`);
  const stop = async () => {
    await engine.close();
    process.exit(0);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
} catch (error) {
  console.error(error instanceof SetupError ? error.message : (error as Error).message);
  process.exit(1);
}
