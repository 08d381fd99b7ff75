#!/usr/bin/env -S node --max-semi-space-size=64
// A clone runs its sources and needs no build; the published package holds only what was built of them.
import { existsSync } from 'node:fs';

const SOURCE = new URL('../cli/semievol.ts', import.meta.url);
await import(existsSync(SOURCE) ? SOURCE : new URL('../dist/cli/semievol.js', import.meta.url));
