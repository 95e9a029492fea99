import { readFile } from 'node:fs/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, reportOutputMutation, reportProgressMutation } from '../../client/sdk/index.ts';
import { startServer } from '../help/server.ts';
import { openBrowser, visit } from './chromium.ts';
import { report } from './web.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** From now on the page counts the updates that arrive, and how often progress was painted, by the frame in which that was. */
async function countPaints(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const paints = new Map<number, number>();
    Object.assign(globalThis, { paints, received: 0 });
    const Native = WebSocket;
    globalThis.WebSocket = class extends Native {
      constructor(...options: ConstructorParameters<typeof Native>) {
        super(...options);
        this.addEventListener('message', ({ data }) => {
          if (String(data).includes('"jobUpdates"')) (globalThis as unknown as { received: number }).received++;
        });
      }
    };
    // The first in every frame: it was asked for before anything of the page.
    let frame = 0;
    const tick = () => {
      frame++;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    new MutationObserver((mutations) => {
      if (!mutations.some(({ target }) => target instanceof Element && target.matches('[data-progress]'))) return;
      paints.set(frame, (paints.get(frame) ?? 0) + 1);
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-progress'] });
  });
}

const paints = (page: Page) =>
  page.evaluate(() => {
    const { paints, received } = globalThis as unknown as { paints: Map<number, number>; received: number };
    const counts = [...paints.values()];
    return { received, frames: counts.length, most: Math.max(0, ...counts) };
  });

/** What the page holds after everything that can go has gone. */
async function held(session: CDPSession): Promise<{ nodes: number; listeners: number; bytes: number }> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return { nodes: of('Nodes'), listeners: of('JSEventListeners'), bytes: of('JSHeapUsedSize') };
}

const MIB = 2 ** 20;

it('a job of 10,000 updates is painted at most once for each frame, and the page holds as much after them as after 1,000', async () => {
  await using server = await startServer({ env: { MAX_OPERATIONS_PER_SECOND: '100000' } });
  const job = 'flood';
  await report(server, 'Progress', { job, stage: 'counting', progress: 0 });
  await using tab = await visit(browser);
  const { page } = tab;
  await countPaints(page);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await page.goto(`${server.url}/jobs/${job}`);
  await page.locator('[data-progress]').waitFor();
  await using reporter = closing(connect({ url: server.url }));

  let sent = 0;
  async function send(until: number): Promise<void> {
    while (sent < until) {
      // Far more than a hundred in a second.
      const batch = Array.from({ length: 50 }, () => {
        const input = { job, stage: 'counting', progress: ++sent / 20_000, message: `${sent} counted` };
        return reporter.request(reportProgressMutation, { input });
      });
      await Promise.all(batch);
    }
    await page.getByText(`counting – ${sent} counted`).first().waitFor();
  }

  await send(1000);
  const before = await held(session);
  await send(10_000);
  const after = await held(session);
  const { received, frames, most } = await paints(page);
  expect(most).toBe(1);
  expect(frames).toBeGreaterThan(10);
  // Most of what arrived was never painted.
  expect(received).toBeGreaterThan(frames);
  expect(after.nodes).toBeLessThan(before.nodes * 1.2 + 200);
  expect(after.listeners).toBeLessThan(before.listeners * 1.2 + 50);
  expect(after.bytes - before.bytes).toBeLessThan(3 * MIB);
  await report(server, 'Complete', { job });
  await page.locator('[data-status=COMPLETED]').first().waitFor();
  expect(tab.complaints).toEqual([]);
}, 400_000);

it('of 10,000 pieces of output the end is on the page, and all of it is to be had', async () => {
  await using server = await startServer({ env: { MAX_OPERATIONS_PER_SECOND: '100000' } });
  const job = 'talk';
  await report(server, 'Progress', { job, stage: 'talking', progress: 0.5 });
  await using tab = await visit(browser);
  const { page } = tab;
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await page.goto(`${server.url}/jobs/${job}`);
  await using reporter = closing(connect({ url: server.url }));

  let offset = 0;
  let all = '';
  let pieces = 0;
  async function talk(until: number): Promise<void> {
    while (pieces < until) {
      // In order: operations of one socket are begun in the order in which they were sent.
      const batch = Array.from({ length: 20 }, () => {
        const text = `${++pieces}: somebody says that all is well – and goes on 🚀 saying it\n`;
        const input = { job, offset, text };
        offset += Buffer.byteLength(text);
        all += text;
        return reporter.request(reportOutputMutation, { input });
      });
      await Promise.all(batch);
    }
    await page.locator(`[data-output-bytes="${offset}"]`).waitFor();
  }

  await talk(2000);
  const before = await held(session);
  await talk(10_000);
  const after = await held(session);
  expect(after.bytes - before.bytes).toBeLessThan(3 * MIB);
  const shown = (await page.locator('[data-output-bytes] .text-view').textContent()) ?? '';
  expect(shown.length).toBeLessThan(50_000);
  expect(all.endsWith(shown)).toBe(true);
  await page.getByText(/^The first .+ are not shown\.$/).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('[data-output-bytes]').getByRole('button', { name: 'Download' }).click(),
  ]);
  expect((await readFile(await download.path(), 'utf8')) === all).toBe(true);
  await report(server, 'Complete', { job });
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.waitForFunction(
    (length) => document.querySelector('[data-output-bytes] .text-view')?.textContent?.length === length,
    all.length,
  );
  expect(tab.complaints).toEqual([]);
}, 400_000);

const closing = <T extends { close(): Promise<void> }>(what: T): T & AsyncDisposable =>
  Object.assign(what, { [Symbol.asyncDispose]: () => what.close() });
