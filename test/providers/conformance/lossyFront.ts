import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Loss } from './under.ts';

/** Stands before a server, and loses what it is told to. */
export interface LossyFront {
  /** In the place of the server's. */
  address: string;
  lose(what: Loss): void;
  close(): Promise<void>;
}

/** Passes on what it is asked; of what changes something at `target` it may lose a part. */
export async function openFront(target: string): Promise<LossyFront> {
  let losing: Loss = 'none';
  const pass = async (asked: IncomingMessage, answer: ServerResponse) => {
    const { method, headers, url } = asked;
    const lost = method === 'GET' ? 'none' : losing;
    if (lost === 'requests') {
      asked.socket.destroy();
      return;
    }
    const passed = request(new URL(url!, target), { method, headers });
    passed.on('response', async (got) => {
      if (lost === 'answers') {
        // Done all the same.
        await got.resume().toArray();
        asked.socket.destroy();
        return;
      }
      answer.writeHead(got.statusCode!, got.headers);
      got.pipe(answer);
    });
    passed.on('error', () => asked.socket.destroy());
    await pipeline(asked, passed).catch(() => undefined);
  };
  const server = createServer(pass).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lose(what) {
      losing = what;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
