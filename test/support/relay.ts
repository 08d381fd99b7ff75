import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** Stands in front of a server: as a proxy, or with TLS. */
export interface Relay {
  port: number;
  /** The hosts that were asked for, in order. */
  hosts: string[];
  close(): Promise<void>;
}

/** Passes on whatever it is asked to `target`. @param tls certificate and key, to speak TLS */
export async function startRelay(
  target: string,
  tls?: { cert: Buffer; key: Buffer },
): Promise<Relay> {
  const hosts: string[] = [];
  const pass = async (asked: IncomingMessage, answer: ServerResponse) => {
    const { method, headers, url } = asked;
    hosts.push(headers.host!);
    // A proxy is asked for a whole address, a server for a path.
    const { pathname, search } = new URL(url!, target);
    const passed = request(new URL(`${pathname}${search}`, target), { method, headers });
    passed.on('response', (got) => {
      answer.writeHead(got.statusCode!, got.headers);
      got.pipe(answer);
    });
    await pipeline(asked, passed);
  };
  const server = (tls ? createSecureServer(tls, pass) : createServer(pass)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hosts,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
