import { runSpecSchema } from '../specFile.ts';

export default function schema(): void {
  process.stdout.write(`${JSON.stringify(runSpecSchema(), null, 2)}\n`);
}
