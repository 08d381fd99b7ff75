import { EventEmitter, on, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PUPPET = fileURLToPath(new URL('./puppet.mjs', import.meta.url));

/** A command that runs, and does as it is told. */
export class Puppet {
  readonly pid: number;
  /** What its configuration says. */
  readonly config: Record<string, unknown>;
  readonly env: string | undefined;
  readonly #socket: Socket;
  readonly #answers: AsyncIterator<string>;
  /** Resolves once it has ended, however that came about. */
  readonly ended: Promise<unknown>;

  static async of(socket: Socket): Promise<Puppet> {
    const ended = once(socket, 'close');
    socket.on('error', () => {});
    const lines: Interface = createInterface({ input: socket });
    const answers = lines[Symbol.asyncIterator]();
    const { value } = await answers.next();
    return new Puppet(JSON.parse(value as string), socket, answers, ended);
  }

  private constructor(
    { pid, config, env }: { pid: number; config: Record<string, unknown>; env?: string },
    socket: Socket,
    answers: AsyncIterator<string>,
    ended: Promise<unknown>,
  ) {
    this.pid = pid;
    this.config = config;
    this.env = env;
    this.#socket = socket;
    this.#answers = answers;
    this.ended = ended;
  }

  /** Prints steps as mlx-lm does. */
  async step(step: number, loss = 0.5): Promise<void> {
    await this.does(
      'print',
      `   ${step}    ${Number.isNaN(loss) ? 'nan' : loss} ▼    12      0.${step}k\n`,
    );
  }

  /** @returns what comes of it */
  async does(what: string, given: unknown = null): Promise<unknown> {
    this.#socket.write(`${JSON.stringify({ [what]: given })}\n`);
    const { value } = await this.#answers.next();
    return JSON.parse(value).result;
  }

  /** Waits for what it says by itself. */
  async heard(): Promise<unknown> {
    return JSON.parse((await this.#answers.next()).value).heard;
  }

  /** Has nothing more to say to it, which ends it. */
  drop(): void {
    this.#socket.destroy();
  }

  async exit(code: number): Promise<void> {
    this.#socket.write(`${JSON.stringify({ exit: code })}\n`);
    await this.ended;
  }
}

/** Where puppets get their instructions from. */
export class Puppeteer {
  /** The command that is a puppet, and its environment. */
  readonly command = [process.execPath, PUPPET, '{{config}}'] as const;
  readonly env: Record<string, string>;
  readonly puppets: Puppet[] = [];
  readonly #server: Server;
  readonly #changes = new EventEmitter();

  static async open(folder: string): Promise<Puppeteer> {
    const path = join(folder, 'puppeteer');
    const server = createServer().listen(path);
    await once(server, 'listening');
    return new Puppeteer(server, path);
  }

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.env = { PUPPETEER: path };
    server.on('connection', async (socket) => {
      this.puppets.push(await Puppet.of(socket));
      this.#changes.emit('puppet');
    });
  }

  /** The puppet of this number, the first one is 1, as soon as it is there. */
  puppet(number: number): Promise<Puppet> {
    return this.find((puppet) => puppet === this.puppets[number - 1]);
  }

  /** The first puppet that is so, as soon as it is there. */
  async find(isIt: (puppet: Puppet) => boolean): Promise<Puppet> {
    if (!this.puppets.some(isIt))
      for await (const _ of on(this.#changes, 'puppet')) if (this.puppets.some(isIt)) break;
    return this.puppets.find(isIt)!;
  }

  /** Ends all puppets that are left. */
  close(): Promise<void> {
    for (const puppet of this.puppets) puppet.drop();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
