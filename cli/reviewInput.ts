import { createInterface, emitKeypressEvents } from 'node:readline';
import type { ReviewInput } from './reviewing.ts';

/** Key by key where there is a keyboard, else line by line. */
export const reviewInput = (): ReviewInput =>
  process.stdin.isTTY ? keyboard(process.stdin) : lines(process.stdin);

function keyboard(stdin: NodeJS.ReadStream): ReviewInput {
  emitKeypressEvents(stdin);
  return {
    async key() {
      stdin.setRawMode(true);
      stdin.resume();
      try {
        return await new Promise<string | undefined>((resolve) => {
          stdin.once(
            'keypress',
            (text: string | undefined, key: { ctrl?: boolean; name?: string }) =>
              resolve(
                key.ctrl && (key.name === 'c' || key.name === 'd') ? undefined : (text ?? ''),
              ),
          );
        });
      } finally {
        stdin.setRawMode(false);
        stdin.pause();
      }
    },
    line(prompt) {
      const asking = createInterface({ input: stdin, output: process.stderr });
      return new Promise((resolve) => {
        asking.once('close', () => resolve(undefined));
        asking.question(prompt, (text) => {
          resolve(text);
          asking.close();
        });
      });
    },
    close: () => stdin.pause(),
  };
}

function lines(stdin: NodeJS.ReadStream): ReviewInput {
  const reading = createInterface({ input: stdin });
  const all = reading[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await all.next();
    return done ? undefined : value.trim();
  };
  return { key: next, line: next, close: () => reading.close() };
}
