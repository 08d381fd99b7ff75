import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterEach, describe, it } from 'mocha';
import { stringify } from 'yaml';
import { LABELS } from '../../testing/task.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { testConfig, writeTask } from '../support/stack.ts';
import { useFolder, useOwnTemporal, useProvider } from '../support/suite.ts';
import { semievol, writeConfigOption } from './support.ts';

const CERTIFICATES = new URL('../fixtures/certificates/', import.meta.url);
const CERTIFICATE = new URL('certificate.pem', CERTIFICATES);

describe('semievol in a network', () => {
  const files = useFolder('suite');
  const temporal = useOwnTemporal('suite');
  const provider = useProvider('suite');
  let relay: Relay | undefined;

  afterEach(() => relay?.close());

  /** Starts a run whose endpoint is at `baseURL`; which asks Temporal and the endpoint. */
  async function run(name: string, baseURL: string, environment: Record<string, string>) {
    const { data } = await writeTask(files.path, name);
    const { labelled, unlabelled, test } = data;
    const task = { type: 'classification', labels: LABELS };
    const spec = await files.write(
      `${name}.yaml`,
      stringify({ name, task, data: { labelled, unlabelled, test } }),
    );
    const option = await writeConfigOption(files, testConfig(files.path, { baseURL }));
    return semievol(['run', spec, option], { TEMPORAL_ADDRESS: temporal.address, ...environment });
  }

  describe('with a proxy', () => {
    const forms: [what: string, variables: (proxy: string) => Record<string, string>][] = [
      ['HTTP_PROXY', (proxy) => ({ HTTP_PROXY: proxy })],
      ['http_proxy, NO_PROXY in capitals', (proxy) => ({ http_proxy: proxy, NO_PROXY: 'x.test' })],
      ['HTTP_PROXY, no_proxy in small', (proxy) => ({ HTTP_PROXY: proxy, no_proxy: 'x.test' })],
      ['ALL_PROXY', (proxy) => ({ ALL_PROXY: proxy })],
      ['no scheme', (proxy) => ({ HTTP_PROXY: proxy.replace('http://', '') })],
      ['others, of another kind', (proxy) => ({ http_proxy: proxy, ALL_PROXY: 'socks5://none' })],
    ];
    for (const [index, [what, variables]] of forms.entries())
      it(`asks the endpoint through it, and Temporal without it: ${what}`, async () => {
        relay = await startRelay(provider.baseURL);
        const proxy = `http://127.0.0.1:${relay.port}`;
        const { exitCode, stderr } = await run(`by-proxy-${index}`, 'http://models.test/v1', {
          ...variables(proxy),
        });
        assert.equal(exitCode, 0, stderr);
        assert.ok(relay.hosts.length > 0);
        assert.deepEqual([...new Set(relay.hosts)], ['models.test']);
      });

    it('asks what is on this machine, or named in NO_PROXY, without it', async () => {
      relay = await startRelay(provider.baseURL);
      const proxy = `http://127.0.0.1:${relay.port}`;
      const { exitCode, stderr } = await run('local', provider.baseURL, {
        HTTP_PROXY: proxy,
        https_proxy: proxy,
      });
      assert.equal(exitCode, 0, stderr);
      const excepted = await run('excepted', 'http://models.test/v1', {
        HTTP_PROXY: proxy,
        NO_PROXY: '.test',
      });
      assert.match(excepted.stderr, /does not answer.*models\.test/);
      assert.deepEqual(relay.hosts, []);
    });

    it('that is dead ends with what it tried', async () => {
      const { exitCode, stderr } = await run('dead', 'http://models.test/v1', {
        HTTP_PROXY: 'http://127.0.0.1:9',
      });
      assert.equal(exitCode, 2);
      assert.match(stderr, /does not answer.*ECONNREFUSED 127\.0\.0\.1:9/);
    });

    it('whose address is none is refused, without its password', async () => {
      const { exitCode, stderr } = await run('none', 'http://models.test/v1', {
        HTTPS_PROXY: 'socks5://me:secret@proxy.test',
      });
      assert.equal(exitCode, 2);
      assert.match(stderr, /HTTPS_PROXY is no address of an HTTP proxy: write http:\/\/HOST:PORT/);
      assert.doesNotMatch(stderr, /secret/);
    });
  });

  describe('with an endpoint that has a certificate of its own', () => {
    const secure = async () => {
      const [cert, key] = await Promise.all([
        readFile(CERTIFICATE),
        readFile(new URL('key.pem', CERTIFICATES)),
      ]);
      relay = await startRelay(provider.baseURL, { cert, key });
      return `https://localhost:${relay.port}/v1`;
    };

    for (const variable of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'])
      it(`asks it when ${variable} names it`, async () => {
        const environment = { [variable]: CERTIFICATE.pathname };
        const { exitCode, stderr } = await run(`by-${variable}`, await secure(), environment);
        assert.equal(exitCode, 0, stderr);
      });

    it('says that it is not trusted, and what to do', async () => {
      const { exitCode, stderr } = await run('untrusted', await secure(), {});
      assert.equal(exitCode, 2);
      assert.match(stderr, /certificate is not trusted here.*NODE_EXTRA_CA_CERTS/);
    });

    it('says that there is no TLS where there is none', async () => {
      const plain = provider.baseURL.replace('http:', 'https:');
      const { exitCode, stderr } = await run('plain', plain, {});
      assert.equal(exitCode, 2);
      assert.match(stderr, /does not speak TLS/);
    });

    it('refuses certificates that cannot be read', async () => {
      const { exitCode, stderr } = await run('unread', 'https://localhost:1', {
        SSL_CERT_FILE: '/no/file.pem',
      });
      assert.equal(exitCode, 2);
      assert.match(stderr, /SSL_CERT_FILE=\/no\/file\.pem cannot be read/);
    });
  });
});
