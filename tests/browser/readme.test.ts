import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newToken, signIn, withAccounts } from '../help/people.ts';
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

/** What a page of the README says, against this server: the first block of code that begins so. */
async function script(url: string, begin: string): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const from = readme.indexOf(`\`\`\`js\n${begin}`);
  expect(from).toBeGreaterThan(0);
  return readme.slice(from + 6, readme.indexOf('```', from + 6)).replace('http://127.0.0.1:4000', url);
}

interface Said {
  status?: string;
  result?: unknown;
}

/** Opens the code as a page; resolves with what it has said on its console as soon as something fits. */
async function said(code: string, fits: (value: Said) => boolean, meanwhile?: (value: Said) => Promise<unknown>) {
  const page = `<!doctype html><script>${BUNDLER}</script><script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script><script type="module">${code}</script>`;
  const pages = createServer(async (request, response) => {
    const path = normalize(new URL(request.url!, 'http://host').pathname);
    if (path === '/') return response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    if (!path.startsWith('/node_modules/')) return response.writeHead(204).end();
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(await readFile(join(root, path)));
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  try {
    await using guest = await visit(browser);
    const values: Said[] = [];
    const found = Promise.withResolvers<void>();
    guest.page.on('console', (message) => {
      void message
        .args()[0]
        ?.jsonValue()
        .then(async (value: Said | undefined) => {
          if (!value) return;
          values.push(value);
          if (fits(value)) found.resolve();
          else await meanwhile?.(value);
        })
        .catch(found.reject);
    });
    await guest.page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
    await found.promise;
    expect(guest.complaints).toEqual([]);
    expect(guest.outside).toEqual([]);
    return values;
  } finally {
    pages.close();
  }
}

test('what the README shows of urql works in a page: report, watch, read', async () => {
  await using server = await startServer(withAccounts());
  const { secret } = await newToken(server, await signIn(server), { role: 'REPORTER' });
  const code = (await script(server.url, 'import { Client')).replace('TOKEN', secret!);
  const values = await said(code, ({ result }) => result != null);
  expect(values).toContainEqual({ status: 'COMPLETED', result: { frames: 100 } });
  expect(values).toContainEqual({ status: 'COMPLETED', stage: 'complete', progress: 1, message: 'Job completed' });
});

test('what the README shows of EventSource works in a page, for who is not signed in', async () => {
  await using server = await startServer(withAccounts());
  const reporter = await newToken(server, await signIn(server), { role: 'REPORTER' });
  const job = 'render-42';
  const report = (name: string, input: object) =>
    reporter.ask(`mutation ($input: Report${name}Input!) { report${name}(input: $input) { id } }`, { input });
  await report('Progress', { job, stage: 'rendering', progress: 0.5 });
  const values = await said(
    await script(server.url, 'const query ='),
    ({ status }) => status === 'COMPLETED',
    () => report('Complete', { job }),
  );
  expect(values).toMatchObject([{ status: 'RUNNING', stage: 'rendering', progress: 0.5 }, { status: 'COMPLETED' }]);
});
