import { existsSync } from 'node:fs';
import { join, normalize, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { anchorsOf, documents, linksOf, ROOT, where } from './documents.ts';

/** What is wrong with a link, or null. */
function problem({ document, target }: { document: string; target: string }): string | null {
  // What is elsewhere may be away while this runs.
  if (/^(https?|mailto):/.test(target)) return null;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : normalize(join(document, '..', decodeURI(path)));
  if (relative(ROOT, resolve(ROOT, file)).startsWith('..')) return 'leads out of the repository';
  if (!existsSync(join(ROOT, file))) return `there is no ${file}`;
  if (anchor === undefined) return null;
  if (!documents.includes(file)) return `${file} is no document, and has no #${anchor}`;
  return anchorsOf(file).has(anchor) ? null : `${file} has no heading for #${anchor}`;
}

test.for(documents)('every link of %s leads somewhere', (document) => {
  const links = linksOf(document);
  const wrong = links.flatMap((link) => {
    const what = problem(link);
    return what === null ? [] : [`${where(link)}: ${link.target}: ${what}`];
  });
  expect(wrong).toEqual([]);
});

test('every guide is found from the README: by links alone', () => {
  const found = new Set(['README.md']);
  for (const document of found) {
    for (const { target } of linksOf(document)) {
      if (/^(https?|mailto):|^#/.test(target)) continue;
      const file = normalize(join(document, '..', target.split('#')[0]!)).replace(/\/$/, '');
      for (const each of [file, join(file, 'README.md')]) if (documents.includes(each)) found.add(each);
    }
  }
  expect(documents.filter((document) => !found.has(document))).toEqual([]);
});
