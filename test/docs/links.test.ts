import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, it } from 'mocha';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGES = globSync(['*.md', '{bench,demo,docs,examples,test}/**/*.md'], {
  cwd: ROOT,
  exclude: ['docs/api'],
});

/** Files of this repository that a page of Markdown links to or shows. */
function targetsIn(page: string): string[] {
  const links = readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\((?!\w+:)([^)#\s]+)/g);
  return [...links].map(([, target]) => join(dirname(page), target!));
}

describe('the documentation', () => {
  it('links to what is there', () => {
    assert.ok(PAGES.includes('README.md') && PAGES.includes(join('docs', 'promises.md')));
    const missing = PAGES.flatMap((page) =>
      targetsIn(page)
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${page}: ${target}`),
    );
    assert.deepEqual(missing, []);
  });

  it('names tests and measurements that are there', () => {
    const promises = readFileSync(join(ROOT, 'docs/promises.md'), 'utf8');
    const named = [...promises.matchAll(/`((?:test|bench|providers|core)\/[\w./-]+)`/g)];
    assert.ok(named.length > 10);
    for (const [, path] of named) assert.ok(existsSync(join(ROOT, path!)), path);
  });
});
