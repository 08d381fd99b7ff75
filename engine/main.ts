import { parseArgs } from 'node:util';
import { engineConfig } from './config.ts';
import { SetupError } from './environment.ts';
import { startEngine } from './gateway.ts';
import { DEFAULTS } from './settings.ts';
import { ensureEngine } from './setup.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: String(DEFAULTS.port) },
    state: { type: 'string', default: DEFAULTS.stateFolder },
    // The section `engine` of a configuration, as JSON.
    config: { type: 'string', default: '{}' },
  },
});

// What it keeps is its user's alone: training files hold the texts of examples.
process.umask(0o077);
const log = (line: string) => console.error(line);

try {
  const config = engineConfig.parse(JSON.parse(values.config));
  await ensureEngine({ cuda: config.cuda, onProgress: log });
  const { port, state: stateFolder } = values;
  const engine = await startEngine({ port: Number(port), stateFolder, config, log });
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
