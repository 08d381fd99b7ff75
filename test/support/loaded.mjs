// Preloaded into a process: writes what modules it has loaded to standard error when it ends.
import { registerHooks } from 'node:module';

const loaded = new Set();
registerHooks({
  load(url, context, next) {
    loaded.add(url);
    return next(url, context);
  },
});
process.on('exit', () => process.stderr.write(`\nloaded ${[...loaded].join(' ')}`));
