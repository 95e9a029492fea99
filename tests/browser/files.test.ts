import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contents } from '../help/contents.ts';
import { uploadForm } from '../help/files.ts';
import { newSpace, submit } from '../help/jobs.ts';
import { useServer } from '../help/use-server.ts';
import { openBrowser, visit } from './chromium.ts';

let browser: Awaited<ReturnType<typeof openBrowser>>;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** Says on the console that it ran, wherever it is. */
const SCRIPT = 'console.warn("it ran at " + location.origin); try { document.title = "it ran" } catch {}';
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>${SCRIPT}</script></svg>`;
const HTML = `<!doctype html><title>-</title><script>${SCRIPT}</script><img src="x:" onerror='${SCRIPT}'>`;
const XHTML = `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>${SCRIPT}</script></html>`;

describe('an uploaded file, opened in a browser', () => {
  const server = useServer({ engine: 'sqlite' });

  async function linkTo(content: string | Uint8Array<ArrayBuffer>, name: string, type: string): Promise<string> {
    const { id } = await uploadForm(server, content, name, type);
    const space = await newSpace(server, {}, { prompt: true, files: { accept: ['*/*'] } });
    return `${server.url}${(await submit(server, space, { files: [id] })).input!.files[0]!.url}`;
  }

  /** A page of this origin with no policy of its own, which would hide what a file may do. */
  async function ourPage(page: Page): Promise<void> {
    await page.route('**/ours.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
    await page.goto(`${server.url}/ours.html`);
  }

  it.each([
    [HTML, 'page.html', 'text/html'],
    [HTML, 'page.txt', 'text/plain'],
    [HTML, 'page.png', 'image/png'],
    [HTML, 'page', 'application/x-own'],
    [`GIF89a=1;${HTML}`, 'page.gif', 'image/gif'],
    [SVG, 'drawing.svg', 'image/svg+xml'],
    [SVG, 'drawing.png', 'image/png'],
    [`<?xml version="1.0"?>${SVG}`, 'drawing.xml', 'text/xml'],
    [XHTML, 'page.xhtml', 'application/xhtml+xml'],
    [SCRIPT, 'script.js', 'text/javascript'],
  ])('does not run what is in it: %s called %s and said to be %s', async (content, name, type) => {
    const url = await linkTo(content, name, type);
    await using guest = await visit(browser);
    const { page } = guest;
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));

    // As a page of its own: it is saved, or shown as text.
    const saved = page.waitForEvent('download').then((download) => download.suggestedFilename());
    saved.catch(() => undefined);
    const opened = await page.goto(url).catch(() => null);
    if (opened) expect(opened.headers()['content-type']).toBe('text/plain; charset=utf-8');
    else expect(await saved).toBe(name);
    expect(await page.title()).not.toBe('it ran');

    // In the pages of others, and in one of ours, in every way in which it could be taken for code.
    await ourPage(page);
    await page.setContent(
      `<iframe src="${url}"></iframe><object data="${url}"></object><embed src="${url}"><img src="${url}">
       <script src="${url}"></script><script type="module" src="${url}"></script><link rel="stylesheet" href="${url}">`,
      { waitUntil: 'load' },
    );
    const worker = (kind: string) =>
      page.evaluate(
        ([path, what]) =>
          what === 'service'
            ? navigator.serviceWorker.register(path!).then(
                () => 'runs',
                () => 'refused',
              )
            : new Promise((resolve) => {
                const made = new Worker(path!);
                made.onerror = () => resolve('refused');
                made.onmessage = () => resolve('runs');
              }),
        [url, kind],
      );
    expect(await worker('service')).toBe('refused');
    expect(await worker('dedicated')).toBe('refused');
    expect(said.filter((text) => text.includes('it ran'))).toEqual([]);
  });

  it('would have run it, were it served as what it is', async () => {
    await using guest = await visit(browser);
    await guest.page.route('**/page.html', (route) => route.fulfill({ contentType: 'text/html', body: HTML }));
    await guest.page.goto(`${server.url}/page.html`);
    expect(guest.complaints.some((text) => text.includes('it ran'))).toBe(true);
    expect(await guest.page.title()).toBe('it ran');
  });

  it('is shown where that is harmless: a picture, a text', async () => {
    await using guest = await visit(browser);
    const { page } = guest;
    await page.goto(await linkTo(contents.png, 'dot.png', ''));
    expect(await page.evaluate(() => document.images[0]?.naturalWidth)).toBe(1);
    await page.goto(await linkTo('Übergröße <b>', 'a.txt', 'text/plain'));
    expect(await page.textContent('body')).toBe('Übergröße <b>');
    // In a page of somebody else too.
    const picture = await linkTo(contents.png, 'dot.png', '');
    await ourPage(page);
    await page.setContent(`<img src="${picture}">`, { waitUntil: 'load' });
    expect(await page.evaluate(() => document.images[0]?.naturalWidth)).toBe(1);
  });

  it('plays in parts: a sound is asked for with Range', async () => {
    const seconds = 20;
    const samples = Buffer.alloc(8000 * seconds, 0x80);
    const head = Buffer.alloc(44);
    head.write('RIFF', 0);
    head.writeUInt32LE(36 + samples.length, 4);
    head.write('WAVEfmt ', 8);
    head.writeUInt32LE(16, 16);
    head.writeUInt16LE(1, 20);
    head.writeUInt16LE(1, 22);
    head.writeUInt32LE(8000, 24);
    head.writeUInt32LE(8000, 28);
    head.writeUInt16LE(1, 32);
    head.writeUInt16LE(8, 34);
    head.write('data', 36);
    head.writeUInt32LE(samples.length, 40);
    const url = await linkTo(Buffer.concat([head, samples]), 'tone.wav', 'audio/wav');
    await using guest = await visit(browser);
    const { page } = guest;
    await ourPage(page);
    const statuses: number[] = [];
    page.on('response', (response) => statuses.push(response.status()));
    const length = await page.evaluate(
      (src) =>
        new Promise<number>((resolve, reject) => {
          const audio = new Audio(src);
          audio.onloadedmetadata = () => resolve(audio.duration);
          audio.onerror = () => reject(new Error(audio.error?.message));
        }),
      url,
    );
    expect(length).toBeCloseTo(seconds, 1);
    expect(statuses).toContain(206);
    // And as a page of its own.
    await page.goto(url);
    await page.waitForFunction(() => (document.querySelector('video')?.duration ?? 0) > 1);
  });
});
