import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { connectClient } from '../../client/client.ts';
import { type Config, defineConfig } from '../../config/config.ts';
import { connectWorker } from '../../workers/connection.ts';

const VARIABLES = ['TEMPORAL_ADDRESS', 'TEMPORAL_CONFIG_FILE', 'TEMPORAL_NAMESPACE'];

/** Where nobody listens: no server that asks for a free port is given this one. */
const nowhere = '127.0.0.1:1';

describe('a Temporal server that is not there', () => {
  const before: Record<string, string | undefined> = {};
  beforeEach(() => {
    for (const name of VARIABLES) before[name] = process.env[name];
  });
  afterEach(() => {
    for (const name of VARIABLES)
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
  });

  const unreachable = () => ({
    name: 'TemporalUnreachable',
    message: new RegExp(`at ${nowhere}: .*semievol dev.*TEMPORAL_ADDRESS`),
  });

  it('is told by client and worker, with its address and what to do', async () => {
    const config = defineConfig({ temporal: { address: nowhere } });
    await Promise.all([
      assert.rejects(connectClient(config), unreachable()),
      assert.rejects(connectWorker(config), unreachable()),
    ]);
  });

  it('is looked for where the variable says', async () => {
    process.env.TEMPORAL_ADDRESS = nowhere;
    await assert.rejects(connectWorker(defineConfig()), unreachable());
  });

  it("is looked for where the profile of Temporal's own command line says", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semievol-profile-'));
    try {
      process.env.TEMPORAL_CONFIG_FILE = join(folder, 'temporal.toml');
      await writeFile(
        process.env.TEMPORAL_CONFIG_FILE,
        `[profile.there]\naddress = "${nowhere}"\n`,
      );
      const config = defineConfig({ temporal: { profile: 'there' } });
      await assert.rejects(connectWorker(config), unreachable());
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a Temporal server that refuses', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function listen(made: Server): Promise<Config> {
    server = made.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return defineConfig({ temporal: { address, namespace: 'team-a.acct' } });
  }

  /** Answers every call of gRPC with this status. */
  function refusing(code: number, details: string): Promise<Config> {
    const http2 = createHttp2Server().on('stream', (stream) =>
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': code,
          'grpc-message': details,
        },
        { endStream: true },
      ),
    );
    return listen(http2);
  }

  const cases: [what: string, code: number, details: string, said: RegExp][] = [
    ['the key', 16, 'invalid key', /refuses access.*team-a\.acct.*invalid key.*TEMPORAL_API_KEY/],
    ['what it may do', 7, 'unauthorized', /refuses access to namespace "team-a\.acct"/],
    ['the namespace', 5, 'Namespace team-a.acct is not found.', /has no namespace "team-a\.acct"/],
  ];
  for (const [what, code, details, message] of cases)
    it(`${what} is told by client and worker as what it is`, async () => {
      const config = await refusing(code, details);
      const refused = { name: 'TemporalRefused', message };
      await assert.rejects(connectClient(config), refused);
      await assert.rejects(connectWorker(config), refused);
    });

  it('is told apart from a server that wants TLS, and from one that wants none', async () => {
    const config = await listen(createServer((socket) => socket.on('error', () => {}).end()));
    await assert.rejects(connectClient(config), { message: /without TLS.*TEMPORAL_TLS=true/ });
    process.env.TEMPORAL_TLS = 'true';
    try {
      await assert.rejects(connectClient(config), { message: /over TLS.*TEMPORAL_TLS=false/ });
    } finally {
      delete process.env.TEMPORAL_TLS;
    }
  });
});
