import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, type Visit, visit } from '../browser/chromium.ts';
import { freshId } from '../help/jobs.ts';
import { newToken, type Person, signIn, withAccounts } from '../help/people.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { useServer } from '../help/use-server.ts';
import { type Program, startModule } from './python.ts';

const DIRECTORY = join(import.meta.dirname, '../../client/examples/html');

let browser: Browser;
let files: Program;
/** Where the page is, served as its README says. */
let origin: string;
beforeAll(async () => {
  browser = await openBrowser();
  files = startModule('http.server', '--bind', '127.0.0.1', '--directory', DIRECTORY, '0');
  origin = /http:\/\/[\d.:]+/.exec(await files.said(/\(http:\S+\)/))![0];
});
afterAll(async () => {
  await browser.close();
  await files[Symbol.asyncDispose]();
});

const address = (server: { url: string }, job: string) =>
  `${origin}/watch.html?server=${encodeURIComponent(server.url)}&job=${encodeURIComponent(job)}`;

const reporters = new Map<TestServer, Promise<Person>>();

/** A report by the name of its mutation, of somebody who may: who watches is a visitor. */
async function report(server: TestServer, name: string, input: Record<string, unknown>): Promise<void> {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const reporter = reporters.get(server) ?? newToken(server, await signIn(server), { role: 'REPORTER' });
  reporters.set(server, reporter);
  await (await reporter).ask(`mutation ($input: ${type}!) { ${name}(input: $input) { id } }`, { input });
}

/** Resolves when the page shows the text there. */
const shows = (page: Page, selector: string, text: string | RegExp) =>
  page.locator(selector).filter({ hasText: text, visible: true }).waitFor();

/** In a page, before its own script: what it opens is in `sources`. */
const KEEP_SOURCES = `globalThis.sources = [];
EventSource = class extends EventSource {
  constructor(...given) {
    super(...given);
    sources.push(this);
  }
};`;

/** The subscriptions that the page has asked for, by name, in order. */
function subscriptions({ page }: Visit): string[] {
  const asked: string[] = [];
  page.on('request', (request) => {
    const query = new URL(request.url()).searchParams.get('query');
    if (query) asked.push(/(\w+)\(id/.exec(query)![1]!);
  });
  return asked;
}

describe.each(engines)('watch.html on %s', (engine) => {
  const server = useServer(withAccounts({ engine }));

  it('shows a job from before its first report to its end, and asks for nothing more then', async () => {
    const job = freshId('page');
    await using visitor = await visit(browser);
    const { page } = visitor;
    const asked = subscriptions(visitor);
    await page.clock.install();
    await page.addInitScript(KEEP_SOURCES);
    await page.goto(address(server, job));
    await shows(page, '#message', 'Waiting for its first report');
    await report(server, 'startJob', { id: job, title: 'Nightly render' });
    await shows(page, '#title', 'Nightly render');
    await report(server, 'reportProgress', { job, stage: 'rendering', progress: 0.42, message: 'Frame 42 <b>' });
    await shows(page, '#message', 'Frame 42 <b>');
    await shows(page, '#percent', '42 %');
    expect(await page.locator('progress').evaluate((bar: HTMLProgressElement) => bar.value)).toBe(0.42);
    await report(server, 'reportOutput', { job, offset: 0, text: 'Größe 1\n' });
    await report(server, 'reportOutput', { job, offset: 10, text: 'two\n' });
    await shows(page, '#output', 'Größe 1\ntwo');
    await report(server, 'reportComplete', { job, result: { frames: 100 }, confidence: 0.9, message: 'Done' });
    await shows(page, '#status', 'completed');
    await shows(page, '#result', '"frames": 100');
    await shows(page, '#message', /Done · [\d.]+ s · 90 % sure/);
    expect(await page.title()).toBe('100 % completed – Nightly render');
    const log = await page.locator('#log li').allTextContents();
    expect(log).toEqual([
      expect.stringMatching(/^\d.*running$/),
      expect.stringMatching(/running · rendering · Frame 42 <b>$/),
      expect.stringMatching(/completed · complete · Done$/),
    ]);
    await page.waitForFunction('sources.every(({ readyState }) => readyState === EventSource.CLOSED)');
    await page.clock.fastForward(60_000);
    expect(await page.evaluate('sources.length')).toBe(2);
    expect(asked.sort()).toEqual(['jobOutput', 'jobUpdates']);
    expect(server.server.topics()).toBe(0);
    expect({ complaints: visitor.complaints, outside: visitor.outside }).toEqual({ complaints: [], outside: [] });
  });

  it('says that the connection is lost, tries again, and goes on without a hole or a repeat', async () => {
    const job = freshId('page');
    await using line = await startProxy(server.url);
    await using visitor = await visit(browser);
    const { page } = visitor;
    await report(server, 'reportProgress', { job, stage: 'before' });
    await report(server, 'reportOutput', { job, offset: 0, text: 'one ' });
    await page.goto(address(line, job));
    await shows(page, '#output', 'one ');
    line.to('http://127.0.0.1:9');
    line.cut();
    await shows(page, '#connection', /No connection. Trying again in \d+ s/);
    await report(server, 'reportProgress', { job, stage: 'after' });
    await report(server, 'reportOutput', { job, offset: 4, text: 'two ' });
    line.to(server.url);
    await shows(page, '#stage', 'after');
    await page.locator('#connection').waitFor({ state: 'hidden' });
    await shows(page, '#output', 'one two');
    await report(server, 'reportOutput', { job, offset: 8, text: 'three' });
    await shows(page, '#output', /^one two three$/);
  });

  it('begins the output anew with another attempt, also when that began while there was no connection', async () => {
    const id = freshId('page');
    await using line = await startProxy(server.url);
    await using visitor = await visit(browser);
    const { page } = visitor;
    await report(server, 'startJob', { id });
    await report(server, 'reportOutput', { job: id, offset: 0, text: 'first try' });
    await page.goto(address(line, id));
    await shows(page, '#output', 'first try');
    await report(server, 'startJob', { id, restart: true });
    await report(server, 'reportOutput', { job: id, offset: 0, text: 'second' });
    await shows(page, '#output', /^second$/);
    line.to('http://127.0.0.1:9');
    line.cut();
    await shows(page, '#connection', 'No connection');
    await report(server, 'startJob', { id, restart: true });
    await report(server, 'reportOutput', { job: id, offset: 0, text: 'third' });
    line.to(server.url);
    await shows(page, '#output', /^third$/);
    await shows(page, '#about', 'attempt 3');
  });

  it('shows why a job failed', async () => {
    const job = freshId('page');
    await using visitor = await visit(browser);
    await report(server, 'reportFailure', { job, error: 'No speech found', code: 'NO_SPEECH' });
    await visitor.page.goto(address(server, job));
    await shows(visitor.page, '#error', 'No speech found (NO_SPEECH)');
    await shows(visitor.page, '#status', 'failed');
  });
});

describe('watch.html', () => {
  it('asks for server and job, and shows a refusal', async () => {
    await using server = await startServer(withAccounts());
    await using visitor = await visit(browser);
    const { page } = visitor;
    await page.goto(`${origin}/watch.html`);
    await page.getByLabel('Server').fill(server.graphql);
    await page.getByLabel('Job').fill('words.none');
    await page.getByRole('button', { name: 'Watch' }).click();
    await shows(page, '#error', 'There is no job "words.none"');
  });

  it('is readable on a phone, and follows the colour scheme', async () => {
    await using server = await startServer(withAccounts());
    await using visitor = await visit(browser);
    const { page } = visitor;
    const job = 'x'.repeat(120);
    await report(server, 'reportOutput', { job, offset: 0, text: 'y'.repeat(500) });
    await page.setViewportSize({ width: 360, height: 640 });
    await page.goto(address(server, job));
    await shows(page, '#output', 'yyy');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    const grounds = new Set<string>();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      grounds.add(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'));
    }
    expect(grounds.size).toBe(2);
  });

  it('opened from a file it is refused, and says what to do', async () => {
    const warnings: string[] = [];
    const log = {
      debug() {},
      info() {},
      warn: (_: unknown, text?: string) => void warnings.push(text ?? ''),
      error: console.error,
    };
    await using server = await startServer({ log });
    await using context = await browser.newContext();
    const page = await context.newPage();
    const { search } = new URL(address(server, 'job'));
    await page.goto(`${pathToFileURL(join(DIRECTORY, 'watch.html'))}${search}`);
    await shows(page, '#connection', 'This page was opened from a file');
    expect(warnings[0]).toContain('Origin null is that of a page from a file');
  });
});
