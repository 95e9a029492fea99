import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

// Every promise of docs/architecture.md, and everything that users of comparable systems suffered and that must not happen here, has
// a test with its tag in the name: `[promise 3] …`. promises.json lists them.

const promises: Record<string, string | { planned: string }> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'promises.json'), 'utf8'),
);

const tests = globSync('**/*.ts', { cwd: import.meta.dirname })
  .filter((file) => file !== 'promises.test.ts')
  .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
  .join('\n');
const tags = new Set([...tests.matchAll(/\[((?:promise|lesson) [^\]\n]+)\]/g)].map(([, tag]) => tag!));

describe('what is promised', () => {
  test.for(Object.entries(promises))('%s', ([tag, promise]) => {
    const planned = typeof promise === 'object';
    // What is planned has no test yet; as soon as it has one, it is promised.
    expect(tags.has(tag), planned ? `${tag} has a test: say in promises.json what it promises` : promise).toBe(
      !planned,
    );
  });

  test('no test names a promise that nobody made', () => {
    expect([...tags].filter((tag) => !(tag in promises))).toEqual([]);
  });

  test('the map of the house lists the same promises', () => {
    const page = readFileSync(join(import.meta.dirname, '../docs/architecture.md'), 'utf8');
    const listed = [...page.matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => `promise ${number}`);
    expect(listed).toEqual(Object.keys(promises).filter((tag) => tag.startsWith('promise ')));
  });
});
