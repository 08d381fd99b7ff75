import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What the endpoint can take at a time; what is more gets 429, with a Retry-After of a second. */
export type Capacity =
  /** A token bucket: so many requests a second, and `burst` of them at once after a pause. */
  | { perSecond: number; burst: number }
  /** So many requests at the same time. */
  | { slots: number };

export interface EndpointOptions {
  /** How long a chat or embedding request takes, in milliseconds. Default 0: answered at once. */
  latencyMs?: number;
  /** Spread of the latency, which is then uniform in latencyMs ± jitterMs. Default 0. */
  jitterMs?: number;
  /** For chat and embeddings. Default: no limit. */
  capacity?: Capacity;
  /** Share of prompts whose answer differs from that of other prompts of a question. Default 0.1. */
  dissent?: number;
}

/** Sums over the answered requests of one path (`/chat/completions`, `/embeddings`). */
export interface PathStats {
  requests: number;
  promptTokens: number;
  completionTokens: number;
}

export interface EndpointStats {
  /** When the first window began, in milliseconds since 1970. */
  startedAt: number;
  /** Chat and embedding requests accepted in each window of 100 ms, by the time they came. */
  accepted: number[];
  /** The same for those refused with 429. */
  refused: number[];
  /** Most that were answered at the same time. */
  mostInFlight: number;
  paths: Record<string, PathStats>;
}

export interface BenchEndpoint {
  /** With `/v1`, as the client wants it. */
  baseURL: string;
  /** The counters until now. */
  stats(): Promise<EndpointStats>;
  /** Changes the capacity, from the moment the promise is resolved at the latest. */
  setCapacity(capacity: Capacity): Promise<void>;
  close(): Promise<void>;
}

/** Length of a window of `EndpointStats`, in milliseconds. */
export const WINDOW_MS = 100;

/** What the process is asked, one at a time. */
export type Command = { do: 'stats' } | { do: 'setCapacity'; capacity: Capacity };

/**
 * Starts an OpenAI-compatible endpoint that costs as little as possible, as a process of its own on
 * 127.0.0.1: models, chat (`n`, log-probabilities), embeddings (384 dimensions), files, batches, and
 * fine-tuning jobs that succeed at once. Answers follow from the prompt: a label or option that
 * hangs on the question, and for a share of prompts (`dissent`) its neighbour. For faults, job
 * states and a model that learns see testing/.
 */
export async function startEndpoint(options: EndpointOptions = {}): Promise<BenchEndpoint> {
  const child = fork(
    fileURLToPath(import.meta.resolve('./endpointProcess.ts')),
    [JSON.stringify(options)],
    { execArgv: [] },
  );
  const exited = once(child, 'exit');
  const reply = async () => {
    const [message] = await Promise.race([
      once(child, 'message'),
      exited.then(([code]) => {
        throw new Error(`the bench's endpoint ended with exit code ${code}`);
      }),
    ]);
    return message;
  };
  const baseURL: string = await reply();

  let last: Promise<unknown> = Promise.resolve();
  const ask = <T>(command: Command): Promise<T> => {
    const answer = last.then(() => {
      child.send(command);
      return reply();
    });
    last = answer;
    return answer;
  };
  return {
    baseURL,
    stats: () => ask({ do: 'stats' }),
    setCapacity: (capacity) => ask({ do: 'setCapacity', capacity }),
    async close() {
      // Killed it would leave its files behind.
      child.disconnect();
      await exited;
    },
  };
}
