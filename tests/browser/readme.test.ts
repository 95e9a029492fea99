import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf, where } from '../docs/documents.ts';
import { newToken, serve, signIn, withAccounts } from '../help/people.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { openBrowser, visit } from './chromium.ts';

const root = join(import.meta.dirname, '../..');
const IMPORTS = {
  '@urql/core': '/node_modules/@urql/core/dist/urql-core.mjs',
  graphql: '/node_modules/graphql/index.mjs',
  'graphql-ws': '/node_modules/graphql-ws/dist/index.js',
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

const README = 'README.md';
const FRONT_END = 'docs/front-end.md';
const APPS = 'docs/apps.md';

/** What a document tells pages to do, against this server, with this token (null: it needs none): the one block that begins so. */
function script(document: string, { url }: TestServer, token: string | null, begin: string): string {
  const blocks = blocksOf(document).filter(({ language, text }) => language === 'js' && text.startsWith(begin));
  expect(blocks.map(where)).toHaveLength(1);
  const text = blocks[0]!.text.replaceAll('127.0.0.1:4000', new URL(url).host);
  return token === null ? text : text.replace('TOKEN', token);
}

interface Said {
  id?: string;
  status?: string;
  result?: unknown;
}

/** Opens the code as a page; resolves with what it has said on its console as soon as something fits. */
async function said<T = Said>(
  code: string,
  fits: (value: T) => boolean | Promise<boolean>,
  meanwhile?: (value: T) => Promise<unknown>,
): Promise<T[]> {
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
    const values: T[] = [];
    const found = Promise.withResolvers<void>();
    guest.page.on('console', (message) => {
      void message
        .args()[0]
        ?.jsonValue()
        .then(async (value: T | undefined) => {
          if (!value) return;
          values.push(value);
          if (await fits(value)) found.resolve();
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

test('what the README shows of urql works in a page: report, report an error, watch, read', async () => {
  await using server = await startServer(withAccounts());
  const reporter = await newToken(server, await signIn(server), { role: 'REPORTER' });
  const values = await said(script(README, server, reporter.secret, 'import { Client'), ({ result }) => result != null);
  expect(values).toContainEqual({ status: 'COMPLETED', result: { frames: 100 } });
  expect(values).toContainEqual({ status: 'COMPLETED', stage: 'complete', progress: 1, message: 'Job completed' });
  expect(await reporter.ask('{ job(id: "render-43") { status error { code message } } }')).toEqual({
    job: { status: 'FAILED', error: { code: 'NO_MEMORY', message: 'Out of memory' } },
  });
});

test('what the README shows of EventSource works in a page, for who is not signed in', async () => {
  await using server = await startServer(withAccounts());
  const reporter = await newToken(server, await signIn(server), { role: 'REPORTER' });
  const job = 'render-42';
  const report = (name: string, input: object) =>
    reporter.ask(`mutation ($input: Report${name}Input!) { report${name}(input: $input) { id } }`, { input });
  await report('Progress', { job, stage: 'rendering', progress: 0.5 });
  const values = await said(
    script(README, server, null, 'const query ='),
    ({ status }) => status === 'COMPLETED',
    () => report('Complete', { job }),
  );
  expect(values).toMatchObject([{ status: 'RUNNING', stage: 'rendering', progress: 0.5 }, { status: 'COMPLETED' }]);
});

/** A space that the guides submit to, and its app. */
async function openSpace(server: TestServer, id = 'words', inputs: object = {}) {
  const admin = await signIn(server);
  const input = { id, title: 'Word statistics', inputs };
  await admin.ask('mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', { input });
  const app = await newToken(server, admin, { role: 'APP', spaces: [id] });
  return { admin, app, user: await newToken(server, admin, { role: 'USER' }) };
}

test('what the guide shows of urql with graphql-ws submits, and watches to the end', async () => {
  await using server = await startServer(withAccounts());
  const { app, user } = await openSpace(server);
  await using serving = await serve(app, { spaces: ['words'] });
  const work = serving.request().then((held) =>
    app.ask('mutation ($input: ReportCompleteInput!) { reportComplete(input: $input) { id } }', {
      input: { ...held, result: { words: 3 } },
    }),
  );
  const values = await said(
    script(FRONT_END, server, user.secret, 'import { Client, cacheExchange'),
    ({ status }) => status === 'COMPLETED',
  );
  await work;
  expect(values.at(-1)).toMatchObject({ status: 'COMPLETED', progress: 1, result: { words: 3 }, error: null });
});

test('what the guide shows of graphql-ws alone tells a visitor how a space is', async () => {
  await using server = await startServer(withAccounts());
  const { app } = await openSpace(server);
  await using serving = await serve(app, { spaces: ['words'], capacity: 2 });
  expect(serving.registered.__typename).toBe('AppRegistered');
  const [value] = await said(
    script(FRONT_END, server, null, 'import { createClient'),
    ({ status }) => status === 'CONNECTED',
  );
  expect(value).toEqual({ status: 'CONNECTED', running: 0, capacity: 2, queued: 0 });
});

test('what the guide shows of files sends one by POST and one as a part', async () => {
  await using server = await startServer(withAccounts());
  const { app, user } = await openSpace(server, 'notes', { files: { accept: ['text/*'] } });
  await using _serving = await serve(app, { spaces: ['notes'] });
  const [value] = await said(
    script(FRONT_END, server, user.secret, 'import { Client, fetchExchange'),
    ({ id }) => id !== undefined,
  );
  const files = ['uploaded.txt', 'part.txt'].map((name) => ({ name, type: 'text/plain', url: expect.any(String) }));
  expect(value).toMatchObject({ input: { files } });
});

test('what the guide shows of an app with graphql-ws is one', async () => {
  await using server = await startServer(withAccounts());
  const { app, user } = await openSpace(server);
  const values = await said<string>(script(APPS, server, app.secret, 'import { createClient'), async (event) => {
    if (event !== 'AppRegistered') return false;
    const { submitInference } = await user.ask<{ submitInference: { id: string } }>(
      'mutation { submitInference(input: { space: "words", prompt: "hello out there" }) { id } }',
    );
    await using watcher = await user.socket();
    const query =
      'subscription ($id: ID!) { jobUpdates(id: $id) { status result confidence outputLength app { name } } }';
    const updates = await watcher.subscribe<Said>(query, { id: submitInference.id }).rest();
    expect(updates.at(-1)).toEqual({
      status: 'COMPLETED',
      result: 'HELLO OUT THERE',
      confidence: 1,
      outputLength: 15,
      app: { name: 'capitals' },
    });
    return true;
  });
  expect(values).toEqual(['AppRegistered', 'RequestAssigned']);
});
