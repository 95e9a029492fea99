import type { Browser, Page, WebSocket } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../help/server.ts';
import { openBrowser, visit } from './chromium.ts';

const SPACE = 'playground';

async function mutate(graphql: string, query: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(graphql, { method: 'POST', headers, body: JSON.stringify({ query }) });
  expect(await response.json()).not.toHaveProperty('errors');
}

const createSpace = (graphql: string) =>
  mutate(
    graphql,
    `mutation { createSpace(input: { id: "${SPACE}", title: "Playground", inputs: { prompt: true }, policy: { whenOffline: QUEUE } }) { id } }`,
  );

/** Opens the page and waits until it knows the schema. */
async function open(page: Page, url: string): Promise<void> {
  const introspected = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.goto(url);
  expect((await introspected).status()).toBe(200);
  await shows(page, '.graphiql-query-editor', 'query Hello');
}

/** Waits until an editor of the page shows a text. Monaco draws spaces as non-breaking ones. */
const shows = (page: Page, editor: string, text: string) =>
  page.waitForFunction(
    ([selector, wanted]) =>
      document.querySelector(selector)?.textContent?.replaceAll('\u00a0', ' ').includes(wanted) ?? false,
    [editor, text] as const,
  );

async function run(page: Page, operation: string): Promise<void> {
  await page.locator('.graphiql-execute-button').click();
  await page.getByRole('menuitem', { name: operation, exact: true }).click();
}

async function typeHeaders(page: Page, text: string): Promise<void> {
  await page.getByRole('button', { name: 'Headers', exact: true }).click();
  await page.locator('.graphiql-editor-tool .graphiql-editor:visible .view-lines').click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.insertText(text);
  await shows(page, '.graphiql-editor-tool', text);
}

/** The payload of the ConnectionInit that a socket opened with, once the server has acknowledged it. */
async function acknowledgedParams(socket: WebSocket): Promise<unknown> {
  const init = socket.waitForEvent('framesent', (frame) => String(frame.payload).includes('connection_init'));
  await socket.waitForEvent('framereceived', (frame) => String(frame.payload).includes('connection_ack'));
  return (JSON.parse(String((await init).payload)) as { payload: unknown }).payload;
}

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

describe('GraphiQL', () => {
  it('loads with nothing from elsewhere, nothing to complain of, and the examples in its first tab', async () => {
    await using server = await startServer();
    await using visitor = await visit(browser);
    const { page } = visitor;
    await open(page, `${server.url}/graphql`);
    await shows(page, '.graphiql-editor-tool', SPACE);
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByRole('link', { name: 'Subscription' }).click();
    await page.getByRole('link', { name: 'jobUpdates' }).waitFor();
    expect(visitor.complaints).toEqual([]);
    expect(visitor.outside).toEqual([]);
  });

  it('runs a query', async () => {
    await using server = await startServer();
    await using visitor = await visit(browser);
    await open(visitor.page, server.graphql);
    await run(visitor.page, 'Hello');
    await shows(visitor.page, '.result-window', '"engine": "sqlite"');
    expect(visitor.complaints).toEqual([]);
  });

  it("follows a subscription, with the Headers tab's token in connectionParams, until it is stopped", async () => {
    await using server = await startServer();
    await using visitor = await visit(browser);
    const { page } = visitor;
    await createSpace(server.graphql);
    await open(page, server.graphql);
    await typeHeaders(page, '{"Authorization": "Bearer of-this-test"}');

    const opened = page.waitForEvent('websocket');
    await run(page, 'SpaceConnection');
    const socket = await opened;
    expect(await acknowledgedParams(socket)).toEqual({ authorization: 'Bearer of-this-test' });
    await shows(page, '.result-window', '"queued": 0');
    await mutate(server.graphql, `mutation { submitInference(input: { space: "${SPACE}", prompt: "Hello" }) { id } }`);
    await shows(page, '.result-window', '"queued": 1');

    const closed = socket.waitForEvent('close');
    await page.locator('.graphiql-execute-button').click();
    await closed;
    expect(visitor.complaints).toEqual([]);
    expect(visitor.outside).toEqual([]);
  });

  it('shows the tab of the last visit again, and forgets the token', async () => {
    await using server = await startServer();
    await using visitor = await visit(browser);
    const { page } = visitor;
    await open(page, server.graphql);
    await typeHeaders(page, '{"authorization": "Bearer secret"}');
    await run(page, 'Hello');
    await shows(page, '.result-window', '"engine"');
    await open(page, server.graphql);
    await shows(page, '.graphiql-editor-tool', SPACE);
    expect(await page.getByRole('tab').count()).toBe(1);
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toMatch('secret');
  });

  it('is sent once: a browser that has it gets 304, one without gzip gets it plain, a program gets no page', async () => {
    await using server = await startServer();
    const ask = (headers: Record<string, string>) => fetch(server.graphql, { headers });
    const plain = await ask({ accept: 'text/html', 'accept-encoding': 'identity' });
    const etag = plain.headers.get('etag') ?? '';
    expect(plain.headers.get('content-encoding')).toBeNull();
    const packed = await ask({ accept: 'text/html', 'accept-encoding': 'gzip' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(await packed.text()).toBe(await plain.text());
    expect((await ask({ accept: 'text/html', 'if-none-match': etag })).status).toBe(304);
    const program = await ask({ accept: 'application/json' });
    expect(program.headers.get('content-type')).not.toMatch('text/html');
  });
});
