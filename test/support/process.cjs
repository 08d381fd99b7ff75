const { spawnSync } = require('node:child_process');
const { mkdirSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

// Of a process that runs tests. Its number is there where several do at the same time.
const number = process.env.MOCHA_WORKER_ID;

if (number !== undefined) {
  // What mlx compiles lies among the temporary files, and two that compile the same get in each other's way.
  process.env.TMPDIR = join(tmpdir(), `semievol-tests-${number}`);
  mkdirSync(process.env.TMPDIR, { recursive: true });
}

// The programs that it starts are compiled once, not each time.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

// What it has started ends with it, however that ends.
process.on('exit', () => spawnSync('pkill', ['-P', `${process.pid}`]));
