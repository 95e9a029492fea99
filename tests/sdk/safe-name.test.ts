import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeName } from '../../client/sdk/downloads.ts';

test.each([
  ['scan.png', 'scan.png'],
  ['Prüfbericht Nr. 7.pdf', 'Prüfbericht Nr. 7.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\x\\a.txt', 'a.txt'],
  ['..', 'file'],
  ['.bashrc', 'bashrc'],
  ['', 'file'],
  ['a\u0000b\n.txt', 'a_b_.txt'],
  ['what?.txt', 'what_.txt'],
])('%j is kept as %j', (name, safe) => {
  expect(safeName(name)).toBe(safe);
});

test('no name leaves the directory or is too long for a file system', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (name) => {
      const path = join('/directory', safeName(name));
      expect(path).toMatch(/^\/directory\/[^/\\]+$/);
      expect(Buffer.byteLength(path)).toBeLessThan(255 + '/directory/'.length);
    }),
  );
});
