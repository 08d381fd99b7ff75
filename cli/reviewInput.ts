import { createInterface, emitKeypressEvents } from 'node:readline';
import type { ReviewInput } from './reviewing.ts';

interface Key {
  ctrl?: boolean;
  name?: string;
}

/** Key by key where there is a keyboard, else line by line. */
export const reviewInput = (stdin: NodeJS.ReadStream = process.stdin): ReviewInput =>
  stdin.isTTY ? keyboard(stdin) : lines(stdin);

function keyboard(stdin: NodeJS.ReadStream): ReviewInput {
  // Whoever knows the keys is quicker than what they say is stored.
  const pressed: (string | undefined)[] = [];
  let wanted: ((key: string | undefined) => void) | undefined;
  const press = (text: string | undefined, { ctrl, name }: Key) => {
    const isEnd = ctrl && (name === 'c' || name === 'd');
    pressed.push(isEnd ? undefined : (text ?? ''));
    if (wanted) wanted(pressed.shift());
    wanted = undefined;
  };
  const listen = () => {
    stdin.setRawMode(true);
    stdin.on('keypress', press);
    stdin.resume();
  };
  const leave = () => {
    stdin.off('keypress', press);
    stdin.setRawMode(false);
    stdin.pause();
  };
  emitKeypressEvents(stdin);
  listen();
  return {
    async key() {
      if (pressed.length > 0) return pressed.shift();
      return new Promise((resolve) => {
        wanted = resolve;
      });
    },
    async line(prompt) {
      leave();
      const asking = createInterface({ input: stdin, output: process.stderr });
      try {
        return await new Promise((resolve) => {
          asking.once('close', () => resolve(undefined));
          asking.question(prompt, resolve);
        });
      } finally {
        asking.close();
        listen();
      }
    },
    close: leave,
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
