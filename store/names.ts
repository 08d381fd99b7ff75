import { createHash } from 'node:crypto';

/**
 * A name that is safe for a table or a folder, on file systems that ignore case too: a plain
 * lower-case name as it is; any other made readable, with a hash so that no two collide.
 */
export function safeName(name: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,79}$/.test(name)) return name;
  const readable = name.toLowerCase().replace(/[^a-z0-9._-]+/g, '-');
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 12);
  return `n${hash}-${readable.slice(0, 60)}`;
}
