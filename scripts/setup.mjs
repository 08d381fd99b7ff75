// Brings a fresh clone to where everything runs: npm packages, then the engine's Python environment.
// Runs under any Node from 20 on with nothing installed; does nothing, silently, when all is in place.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MODULES = path.join(ROOT, 'node_modules');
const MARKER = path.join(MODULES, '.semievol-lock');

const fail = (message) => {
  console.error(message);
  process.exit(1);
};

const installPackages = () => {
  const lock = readFileSync(path.join(ROOT, 'package-lock.json'));
  const wanted = createHash('sha256').update(lock).digest('hex');
  if (existsSync(MARKER) && readFileSync(MARKER, 'utf8') === wanted) return;
  console.log('npm packages (about half a minute)');
  // The versions of the lock file, which stays as it is. Not `npm ci`: it refuses a lock file that lacks other
  // platforms' optional binaries, as one made from a partial registry mirror does.
  const packages = ['install', '--no-save', '--include=dev'];
  const { status, error, stdout, stderr } = spawnSync('npm', packages, {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (error) fail(`npm could not be started: ${error.message}. Install Node.js with npm.`);
  if (status !== 0) fail(`npm install failed:\n${stdout}${stderr}`);
  writeFileSync(MARKER, wanted);
};

const setUpEngine = () => {
  const node = path.join(MODULES, '.bin', 'node');
  const { status } = spawnSync(node, [path.join('engine', 'setup.ts')], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
};

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Node ${process.versions.node} is too old: install Node 20 or newer.`);
}
installPackages();
setUpEngine();
