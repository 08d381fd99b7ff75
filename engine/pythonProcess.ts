import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { ApiError } from './errors.ts';
import { PYTHON_EXECUTABLE } from './settings.ts';

/** A line of a process's stderr to keep for the message when it dies. */
const KEPT_LINES = 8;

export interface PythonOptions {
  program: string;
  args?: string[];
  env: Record<string, string>;
}

/**
 * Starts one of the engine's Python programs.
 *
 * `lastLines` gives the end of what it wrote to stderr; `onMessage` gets each JSON line of its stdout. The program
 * exits when its stdin closes, so it never outlives the gateway, even one that is killed. One that writes anything else
 * to its stdout is killed.
 */
export const startPython = (
  { program, args = [], env }: PythonOptions,
  onMessage: (message: Message) => void,
): { child: ChildProcessWithoutNullStreams; lastLines: () => string } => {
  const child = spawn(PYTHON_EXECUTABLE, [program, ...args], { env: { ...process.env, ...env } });
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => {
    if (line.trim()) lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  });
  createInterface(child.stdout).on('line', (line) => {
    const message = parseMessage(line);
    if (message) return onMessage(message);
    lines.push(`It wrote what is no message: ${line.slice(0, 200)}`);
    child.kill('SIGKILL');
  });
  // A write to a process that has just died is reported by its exit.
  child.stdin.on('error', () => {});
  return { child, lastLines: () => lines.join('\n') };
};

const parseMessage = (line: string): Message | undefined => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/** One JSON line from a Python program. */
export interface Message {
  id?: string;
  ready?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: each program documents its own messages.
  [field: string]: any;
}

export interface RequestOptions {
  /** When aborted, the request is dropped from the program's queue. */
  signal?: AbortSignal;
  /** Gets the parts of a streamed answer. */
  onDelta?: (delta: Message) => void;
}

/** What becomes of a request whose client has gone. */
export const clientGone = (): ApiError => new ApiError(499, 'The client closed the request.');

interface Pending {
  resolve: (result: Message) => void;
  reject: (error: Error) => void;
  onDelta?: (delta: Message) => void;
}

/**
 * A long-lived Python program that answers requests by id. It is started at the first request, and again at the next
 * one after it has died; requests it was working on then fail with status 503.
 */
export class PythonService {
  readonly #options: PythonOptions;
  readonly #log: (line: string) => void;
  readonly #pending = new Map<string, Pending>();
  #running?: ReturnType<typeof startPython>;

  constructor(options: PythonOptions, log: (line: string) => void) {
    this.#options = options;
    this.#log = log;
  }

  /** Starts the program ahead of the first request. */
  start(): ReturnType<typeof startPython> {
    if (this.#running) return this.#running;
    const running = startPython(this.#options, (message) => this.#receive(message));
    const ended = (reason: string) => {
      if (this.#running !== running) return; // closed on purpose
      this.#running = undefined;
      const detail = running.lastLines() || reason;
      this.#log(`${this.#options.program} ended (${reason}): ${detail}`);
      for (const { reject } of this.#pending.values()) {
        reject(new ApiError(503, `The engine's model process ended: ${detail}`));
      }
      this.#pending.clear();
    };
    running.child.on('error', (error) => ended(error.message));
    running.child.on('close', (code, signal) => ended(signal ?? `exit code ${code}`));
    this.#running = running;
    return running;
  }

  /**
   * Sends a request and gives its result.
   * @throws ApiError 400 when the program refuses the request, 503 when it dies.
   */
  request(payload: object, { signal, onDelta }: RequestOptions = {}): Promise<Message> {
    const { child } = this.start();
    const id = randomUUID();
    const answer = new Promise<Message>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onDelta });
      signal?.addEventListener('abort', () => {
        if (!this.#pending.delete(id)) return;
        child.stdin.write(`${JSON.stringify({ id, op: 'cancel' })}\n`);
        reject(clientGone());
      });
    });
    child.stdin.write(`${JSON.stringify({ id, ...payload })}\n`);
    return answer;
  }

  async close(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    const closed = new Promise((resolve) => running.child.once('close', resolve));
    running.child.kill('SIGKILL');
    await closed;
  }

  #receive(message: Message): void {
    const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
    if (!pending || message.id === undefined) return;
    if (message.delta) {
      pending.onDelta?.(message.delta);
      return;
    }
    this.#pending.delete(message.id);
    if (message.error) {
      const { message: text, param, code } = message.error;
      pending.reject(new ApiError(400, text, { param, code }));
    } else pending.resolve(message.result);
  }
}
