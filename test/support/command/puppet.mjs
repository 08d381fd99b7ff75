/**
 * Stands in for a tool that trains: prints, writes and ends as a test tells it over the socket at
 * PUPPETEER, a JSON instruction a line, each of them answered once it is done.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'yaml';

const config = parse(readFileSync(process.argv[2], 'utf8'));
const socket = connect(process.env.PUPPETEER);
const tell = (what) => socket.write(`${JSON.stringify(what)}\n`);

/** Weights in the form of safetensors: one tensor of a byte. */
function weights() {
  const header = Buffer.from('{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.from([7])]);
}

const write = (name, content) => {
  mkdirSync(config.adapter_path, { recursive: true });
  writeFileSync(join(config.adapter_path, name), content);
};

const does = {
  print: (text) => process.stdout.write(text),
  /** Only as far as a part of the file, as when it is killed meanwhile. */
  write: ({ name, part = 1 }) => {
    const all = weights();
    write(name, all.subarray(0, Math.floor(part * all.length)));
  },
  save: () => {
    write('adapters.safetensors', weights());
    const adapter = { peft_type: 'LORA', base_model_name_or_path: config.model };
    write('adapter_config.json', JSON.stringify(adapter));
  },
  /** A process of its own that would go on for ever. */
  bear: () => spawn('sleep', ['100000'], { stdio: 'ignore' }).pid,
  /** Does not end when it is asked to. */
  harden: () => {
    process.on('SIGTERM', () => tell({ heard: 'SIGTERM' }));
  },
};

tell({ pid: process.pid, config, env: process.env.CUDA_VISIBLE_DEVICES });
for await (const line of createInterface({ input: socket })) {
  const [[what, given]] = Object.entries(JSON.parse(line));
  if (what === 'exit') process.exit(given);
  tell({ done: what, result: does[what](given) });
}
process.exit(3);
