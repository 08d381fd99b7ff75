import assert from 'node:assert/strict';
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, it } from 'mocha';
import { fetcherOfTexts } from '../../providers/fetch.ts';

const fetchText = fetcherOfTexts(60_000);

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
setFlagsFromString('--no-expose-gc');

/** Bytes in buffers that somebody holds: when others are freed is chance. */
function bytesHeld(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

describe('fetchText', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  /** @returns the server's address */
  async function serve(listener: RequestListener): Promise<string> {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const post = { method: 'POST', headers: { 'x-asked': 'yes' }, body: '"ü?"' };

  /** Answers with what it was asked. */
  const echo: RequestListener = async (request, response) => {
    const body = (await request.setEncoding('utf8').toArray()).join('');
    const { method, url, headers } = request;
    response.writeHead(201, { 'x-answer': headers['x-asked'], 'content-type': 'text/plain' });
    response.end(`${method} ${url} ${headers['content-length']} ${body}`);
  };

  it('sends a text and gives status, headers and text of the answer', async () => {
    const answer = await fetchText(`${await serve(echo)}/there`, post);
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('x-answer'), 'yes');
    assert.equal(await answer.text(), 'POST /there 5 "ü?"');
  });

  it('takes an answer of which nothing more comes for one that broke off', async () => {
    const address = await serve((_, response) => void response.write('half of '));
    const answer = await fetcherOfTexts(50)(address, post);
    await assert.rejects(answer.text(), /broke off/);
  });

  it('follows a redirection with method and body, as fetch does', async () => {
    const address = await serve((request, response) => {
      if (request.url === '/there') return echo(request, response);
      response.writeHead(307, { location: '/there' }).end();
    });
    const answer = await fetchText(address, post);
    assert.equal(await answer.text(), 'POST /there 5 "ü?"');
  });

  it('sends a blob with its size, and keeps nothing of what it has sent', async () => {
    const size = 128 * 2 ** 20;
    const folder = await mkdtemp(join(tmpdir(), 'semievol-fetch-'));
    const file = join(folder, 'large');
    await writeFile(file, '');
    await truncate(file, size);
    let kept = 0;
    const address = await serve(async (request, response) => {
      const before = bytesHeld();
      let taken = 0;
      for await (const chunk of request) taken += (chunk as Buffer).length;
      kept = bytesHeld() - before;
      response.end(`${taken} of ${request.headers['content-length']}`);
    });
    try {
      const answer = await fetchText(address, { method: 'POST', body: await openAsBlob(file) });
      assert.equal(await answer.text(), `${size} of ${size}`);
      assert.ok(kept < size / 2, `${kept} bytes are kept of ${size}`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('leaves what has no text to fetch', async () => {
    const answer = await fetchText(new URL(await serve(echo)), { headers: post.headers });
    assert.match(await answer.text(), /^GET \/ /);
  });

  it('tells an answer that breaks off as fetch does', async () => {
    const address = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half of ');
      setImmediate(() => response.destroy());
    });
    const answer = await fetchText(address, post);
    await assert.rejects(answer.text(), TypeError);
  });

  for (const which of ['signal', 'deadline'])
    it(`ends by its ${which}, before and after the answer has begun`, async () => {
      const address = await serve((request, response) => {
        if (request.url === '/begins') response.writeHead(200).write('and ');
      });
      const waiting = new AbortController();
      const unanswered = fetchText(address, { ...post, [which]: waiting.signal });
      await once(server!, 'request');
      waiting.abort();
      await assert.rejects(unanswered, { name: 'AbortError' });
      const reading = new AbortController();
      const begun = await fetchText(`${address}/begins`, { ...post, [which]: reading.signal });
      reading.abort();
      await assert.rejects(begun.text());
      await assert.rejects(fetchText(address, { ...post, [which]: reading.signal }));
    });

  it('says when nobody is there', async () => {
    const address = await serve(echo);
    server!.close();
    await once(server!, 'close');
    await assert.rejects(fetchText(address, post), { code: 'ECONNREFUSED' });
  });
});
