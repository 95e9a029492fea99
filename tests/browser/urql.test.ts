import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../help/server.ts';
import { openBrowser, visit } from './chromium.ts';

const root = join(import.meta.dirname, '../..');
const IMPORTS = {
  '@urql/core': '/node_modules/@urql/core/dist/urql-core.mjs',
  wonka: '/node_modules/wonka/dist/wonka.mjs',
  '@0no-co/graphql.web': '/node_modules/@0no-co/graphql.web/dist/graphql.web.mjs',
};

/** What a bundler puts in for the libraries. */
const BUNDLER = "globalThis.process = { env: { NODE_ENV: 'production' } }";

let browser: Awaited<ReturnType<typeof openBrowser>>;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** The README's page with urql alone, against this server. */
async function script(url: string): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, code] = /```js\n(import \{ Client[\s\S]*?)```/.exec(readme)!;
  return code!.replace('http://127.0.0.1:4000', url);
}

test('what the README shows of urql works in a page: report, watch, read', async () => {
  await using server = await startServer();
  const code = await script(server.url);
  const page = `<!doctype html><script>${BUNDLER}</script><script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script><script type="module">${code}</script>`;
  const pages = createServer(async (request, response) => {
    const path = normalize(new URL(request.url!, 'http://host').pathname);
    if (path === '/') return response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    if (!path.startsWith('/node_modules/')) return response.writeHead(204).end();
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(await readFile(join(root, path)));
  }).listen(0, '127.0.0.1');
  try {
    await using guest = await visit(browser);
    const said: unknown[] = [];
    const read = Promise.withResolvers<void>();
    guest.page.on('console', (message) => {
      void message
        .args()[0]
        ?.jsonValue()
        .then((value: { result?: unknown } | undefined) => {
          said.push(value);
          if (value?.result) read.resolve();
        });
    });
    await new Promise((resolve) => (pages.listening ? resolve(null) : pages.once('listening', resolve)));
    await guest.page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
    await read.promise;
    expect(guest.complaints).toEqual([]);
    expect(said).toContainEqual({ status: 'COMPLETED', result: { frames: 100 } });
    expect(said).toContainEqual({ status: 'COMPLETED', stage: 'complete', progress: 1, message: 'Job completed' });
    expect(guest.outside).toEqual([]);
  } finally {
    pages.close();
  }
});
