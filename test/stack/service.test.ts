import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { signalGroup } from '../../providers/processGroup.ts';
import { Service } from '../../stack/service.ts';
import { useFolder } from '../support/suite.ts';

const forever = new AbortController().signal;
const STUBBORN = `process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000);`;
const OBEDIENT = `console.log('up'); setInterval(() => {}, 1000);`;

describe('service', () => {
  const files = useFolder('suite');
  const services: Service[] = [];
  afterEach(() => {
    for (const service of services.splice(0)) service.kill();
  });

  /** A service that runs JavaScript, and is ready once it has printed "up". */
  function service(script: string, stopTimeoutMs = 5_000, log = `${services.length}.log`) {
    const seen = new EventEmitter();
    const pids: number[] = [];
    let up = false;
    seen.on('line', (text) => {
      up ||= text === 'up';
    });
    const made = new Service(
      {
        name: 'thing',
        command: [process.execPath, '-e', script],
        logFile: join(files.path, log),
        ready: async () => up,
        readyTimeoutMs: 10_000,
        stopTimeoutMs,
      },
      {
        started: (pid) => {
          pids.push(pid);
          seen.emit('started', pid);
        },
        ended: (pid) => seen.emit('ended', pid),
        line: (_, text) => seen.emit('line', text),
        crashed: (message) => seen.emit('crashed', message),
      },
    );
    services.push(made);
    return { made, seen, pids };
  }

  it('is started again when it crashes, and its last lines are told', async () => {
    const { made, seen, pids } = service(OBEDIENT);
    await made.start(forever);
    const crashed = once(seen, 'crashed');
    const restarted = once(seen, 'started');
    process.kill(pids[0]!, 'SIGKILL');
    assert.match(String(await crashed), /thing was killed by SIGKILL; its last lines:\n {2}up/);
    assert.notEqual((await restarted)[0], pids[0]);
    await made.stop();
    assert.ok(pids.every((pid) => !signalGroup(pid, 0)));
  });

  it('that ends before it is ready is reported with exit code and last lines', async () => {
    const { made } = service(`console.error('no such thing'); process.exit(3);`);
    await assert.rejects(
      made.start(forever),
      /thing ended with 3 before it was ready; its last lines:\n {2}no such thing\nlog: /,
    );
    assert.match(await readFile(join(files.path, '0.log'), 'utf8'), /no such thing/);
  });

  it('goes on without its log where that cannot be written', async () => {
    const nameTooLong = 'l'.repeat(300);
    const { made } = service(OBEDIENT, 5_000, nameTooLong);
    await made.start(forever);
    await made.stop();
  });

  it('that does not stop when asked is killed', async () => {
    const { made, pids } = service(STUBBORN, 200);
    await made.start(forever);
    await made.stop();
    assert.equal(signalGroup(pids[0]!, 0), false);
  });

  it('leaves no child of its own behind', async () => {
    const child = `spawn(process.execPath, ['-e', ${JSON.stringify(STUBBORN)}], { stdio: 'inherit' })`;
    const { made } = service(
      `const { spawn } = require('node:child_process'); ${child}; setInterval(() => {}, 1000);`,
    );
    await made.start(forever);
    // Waits for the end of the output, which the child holds open as long as it lives.
    await made.stop();
  });

  it('that is interrupted while it starts stops', async () => {
    const { made, seen, pids } = service('setInterval(() => {}, 1000)');
    const interrupt = new AbortController();
    seen.once('started', () => interrupt.abort());
    await assert.rejects(made.start(interrupt.signal));
    await made.stop();
    assert.equal(signalGroup(pids[0]!, 0), false);
  });
});

describe('guard', () => {
  it('ends what a killed stack leaves running', async () => {
    const left = spawn(process.execPath, ['-e', OBEDIENT], { detached: true });
    const guard = spawn(process.execPath, [join(import.meta.dirname, '../../stack/guard.ts')], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const ended = once(left, 'exit');
    await once(left.stdout, 'data');
    guard.stdin.end(`+${left.pid}\n`);
    assert.deepEqual(await ended, [null, 'SIGTERM']);
    assert.deepEqual(await once(guard, 'exit'), [0, null]);
  });
});
