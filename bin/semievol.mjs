#!/usr/bin/env -S node --max-semi-space-size=64
// A clone runs its sources and needs no build; the published package holds only what was built of them.
import { existsSync } from 'node:fs';

const SOURCE = new URL('../cli/semievol.ts', import.meta.url);
const isClone = existsSync(SOURCE);
if (isClone && !process.features.typescript) {
  console.error(
    `error: Node ${process.versions.node} runs no TypeScript, as a clone of semievol needs: use Node 22.18 or newer, or the one that "npm run setup" installs, as "npx semievol" in the clone does`,
  );
  process.exit(2);
}
await import(isClone ? SOURCE : new URL('../dist/cli/semievol.js', import.meta.url));
