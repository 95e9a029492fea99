import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorCodes } from '../../src/domain/refusal.ts';
import { parse, ROOT } from './documents.ts';

// docs/troubleshooting.md quotes the product: what stands in it as **`words`** is said by it, word for word, and so is every code.

const DOCUMENT = 'docs/troubleshooting.md';

/** All that the product may say, as the document writes it: what is filled in is a `…`. */
const said = ['src/**/*.ts', 'client/{cli,sdk,web}/**/*.{ts,tsx}', 'schema.graphql']
  .flatMap((pattern) => globSync(pattern, { cwd: ROOT, exclude: (path) => path.endsWith('/gql') }))
  .map((file) => filledIn(readFileSync(join(ROOT, file), 'utf8')))
  .join('\n');

/** `${…}` of a template and `{{…}}` of a page's text, whatever is nested in it; what is said within is said as well. */
function filledIn(source: string): string {
  const within: string[] = [];
  let text = '';
  for (let at = 0; at < source.length; at++) {
    if (!source.startsWith('${', at) && !source.startsWith('{{', at)) {
      text += source[at];
      continue;
    }
    const begin = at + 2;
    for (let depth = 0; at < source.length; at++) {
      if (source[at] === '{') depth++;
      if (source[at] === '}' && --depth === 0) break;
    }
    text += '…';
    within.push(filledIn(source.slice(begin, at)));
  }
  return [text.replaceAll("\\'", "'").replaceAll(/…+/g, '…'), ...within].join('\n');
}

/** What ends with a `…` goes on, in the product. */
const isSaid = (quote: string): boolean => said.includes(quote.endsWith(' …') ? quote.slice(0, -2) : quote);

const prose = parse(DOCUMENT).prose;

test('every message is one of the product', () => {
  const quotes = prose.flatMap((line, number) =>
    [...line.matchAll(/\*\*`([^`]+)`\*\*/g)].map(([, quote]) => ({ line: number + 1, quote: quote! })),
  );
  expect(quotes.length).toBeGreaterThan(80);
  const unknown = quotes.filter(({ quote }) => !isSaid(quote));
  expect(unknown).toEqual([]);
});

test('every code is one of the product, and every code of the API is told of', () => {
  const codes = new Set(prose.flatMap((line) => [...line.matchAll(/`([A-Z][A-Z_]+[A-Z])`/g)].map(([, code]) => code!)));
  expect([...codes].filter((code) => !new RegExp(`\\b${code}\\b`).test(said))).toEqual([]);
  expect(errorCodes.filter((code) => !prose.some((line) => line.startsWith(`| \`${code}\` |`)))).toEqual([]);
});
