import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startChildApp } from '../help/child-app.ts';
import { ask } from '../help/client.ts';
import { newToken, newUser, person, signIn, withAccounts } from '../help/people.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { openBrowser, visit } from './chromium.ts';
import { BUILT, card, createSpace, fits, isAccessible, report, says } from './web.ts';

// On a busy machine axe takes seconds for a page.
vi.setConfig({ testTimeout: 180_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const PARAMETERS = {
  type: 'object',
  required: ['style', 'author'],
  properties: {
    style: { enum: ['short', 'long'], title: 'Style' },
    author: { type: 'string', title: 'Author', examples: ['Ada'], pattern: '^[A-Z]' },
    notes: { type: 'string', title: 'Notes', maxLength: 2000 },
    heat: { type: 'number', title: 'Heat', minimum: 0, maximum: 2, default: 0.5 },
    count: { type: 'integer', title: 'Count', minimum: 1 },
    loud: { type: 'boolean', title: 'Loud', default: true },
    stops: { type: 'array', items: { type: 'string' }, title: 'Stops' },
    extra: { type: 'object', title: 'Extra' },
  },
};

/** Every page for people who use spaces, with something on it. */
async function furnish(server: TestServer): Promise<string[]> {
  await createSpace(server, {
    id: 'poems',
    title: 'Poems',
    description: 'Writes them.',
    inputs: { prompt: true, files: { accept: ['*/*'] }, parameters: PARAMETERS },
    policy: { whenOffline: 'QUEUE' },
  });
  await ask(server, 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }', {
    input: { space: 'poems', prompt: 'About the sea', parameters: { style: 'short', author: 'Ada' } },
  });
  const metadata = { host: 'farm-3', frames: [1, 2, 3] };
  await report(server, 'Progress', {
    job: 'render-7',
    stage: 'rendering',
    progress: 0.4,
    message: 'frame 4',
    metadata,
  });
  await report(server, 'Output', { job: 'render-7', offset: 0, text: '# Log\n\n- **one**\n- `two`\n' });
  await report(server, 'Failure', { job: 'render-8', error: 'Out of memory', code: 'OOM' });
  return [
    '/',
    '/spaces/poems',
    '/jobs',
    '/jobs/render-7',
    '/jobs/render-8',
    '/jobs/render-9',
    '/sign-in',
    '/account',
    '/nowhere',
  ];
}

describe('every page', () => {
  it.each<[string, BrowserContextOptions]>([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['Chinese, on a phone', { locale: 'zh-CN', viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
  ])('%s: axe finds nothing serious, it fits, has a title of its own, and nothing complains', async (_, options) => {
    await using server = await startServer();
    const paths = await furnish(server);
    await using tab = await visit(browser, options);
    const { page } = tab;
    const titles = new Set<string>();
    for (const path of paths) {
      await page.goto(server.url + path);
      await page.locator('h1').waitFor();
      await page.waitForFunction(() => !document.querySelector('.mantine-Loader-root'));
      if (path === '/jobs/render-7') await page.locator('.markdown li').first().waitFor();
      await isAccessible(page);
      await fits(page);
      titles.add(await page.title());
      expect(await page.getAttribute('html', 'lang')).toBe(options.locale ?? 'en');
    }
    expect(titles.size).toBe(paths.length);
    expect(tab.complaints).toEqual([]);
    expect(tab.outside).toEqual([]);
  });

  it('speaks Chinese where somebody chooses it, and does the next time', async () => {
    await using server = await startServer();
    await furnish(server);
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/spaces/poems`);
    await page.getByRole('button', { name: 'Submit' }).waitFor();
    await page.getByRole('button', { name: 'Language and colours' }).click();
    await page.getByRole('menuitem', { name: '中文' }).click();
    await page.getByRole('button', { name: '提交' }).waitFor();
    await page.getByText('没有应用连接：提交的任务会排队等待。').waitFor();
    await card(page).getByText('队列第 1 位').waitFor();
    await page.reload();
    await page.getByRole('button', { name: '提交' }).waitFor();
    expect(await page.getAttribute('html', 'lang')).toBe('zh-CN');
    expect(tab.complaints).toEqual([]);
  });

  it('can be used by keyboard: past the menu to the content, and from page to page', async () => {
    await using server = await startServer();
    await furnish(server);
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(server.url);
    await page.getByRole('link', { name: 'Poems' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Poems');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/spaces\/poems$/);
    await page.waitForFunction(
      () => document.activeElement?.tagName === 'H1' && document.activeElement.textContent === 'Poems',
    );
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('prompt');
    // Wherever it goes, it can be seen.
    for (let count = 0; count < 30; count++) {
      await page.keyboard.press('Tab');
      const left = await page.evaluate(() => document.activeElement!.getBoundingClientRect().left);
      expect(left).toBeGreaterThanOrEqual(0);
    }
    expect(await page.getByRole('navigation').count()).toBe(1);
    expect(tab.complaints).toEqual([]);
  });

  it('has its menu behind a button on a phone, where a long name is cut short', async () => {
    await using server = await startServer(withAccounts());
    await using tab = await visit(browser, { viewport: { width: 320, height: 640 } });
    const { page } = tab;
    const name = 'maximilian.von-und-zu-hohenlohe';
    const user = await newUser(server, await signIn(server), name);
    await page.context().addCookies([{ name: 'spacedock_session', value: user.secret!, url: server.url }]);
    await page.goto(server.url);
    await page.getByRole('button', { name }).waitFor();
    await fits(page);
    const [shown, whole] = await page
      .getByText(name)
      .evaluate((element) => [element.clientWidth, element.scrollWidth, getComputedStyle(element).textOverflow]);
    expect(shown).toBeLessThan(whole as number);
    const menu = page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name: 'Pages' });
    await menu.press('Enter');
    await page.getByRole('menuitem', { name: 'My jobs' }).waitFor();
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Pages');
    await menu.click();
    await page.getByRole('menuitem', { name: 'My jobs' }).click();
    await page.waitForURL(/\/jobs$/);
    await page.getByRole('button', { name: 'EN – Language and colours' }).waitFor();
    expect(tab.complaints).toEqual([]);
  });

  it('is there with less than 250 KB of compressed scripts', async () => {
    await using server = await startServer();
    await furnish(server);
    for (const path of ['/', '/spaces/poems']) {
      await using tab = await visit(browser);
      const scripts: string[] = [];
      tab.page.on('response', (response) => {
        const { pathname } = new URL(response.url());
        if (pathname.endsWith('.js')) scripts.push(pathname);
      });
      await tab.page.goto(server.url + path, { waitUntil: 'networkidle' }).catch(() => {});
      await tab.page.locator('h1').waitFor();
      const bytes = scripts.map((script) => gzipSync(readFileSync(join(BUILT, script))).length);
      expect(scripts.length).toBeGreaterThan(2);
      expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(250_000);
    }
  });
});

describe('the form of a space', () => {
  const parameter = (page: Page, name: string) => page.locator(`[data-parameter="${name}"]`);

  it('has a field for each parameter, keeps what was typed, and shows refusals at the fields', async () => {
    await using server = await startServer();
    await furnish(server);
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/spaces/poems`);
    const fields = ['Prompt', 'Author', 'Notes', 'Count', 'Loud', 'Extra'];
    for (const name of fields)
      await page
        .getByLabel(name, { exact: true })
        .or(page.getByLabel(`${name} *`))
        .first()
        .waitFor();
    expect(await page.getByRole('slider', { name: 'Heat' }).getAttribute('aria-valuenow')).toBe('0.5');
    expect(await parameter(page, 'author').getAttribute('placeholder')).toBe('Ada');
    expect(await page.getByLabel('Loud').isChecked()).toBe(true);
    expect(await parameter(page, 'notes').evaluate((element) => element.tagName)).toBe('TEXTAREA');

    await page.getByLabel('Prompt').fill('About rain');
    await page.getByLabel('Prompt').press('Control+Enter');
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-parameter') === 'style');
    expect(await page.getByText('Please fill this in.').count()).toBe(2);
    await parameter(page, 'style').click();
    await page.getByRole('option', { name: 'long' }).click();
    await parameter(page, 'author').fill('Ada');
    await parameter(page, 'extra').fill('{"a": ');
    await page.getByText('This is not valid JSON.').waitFor();
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-parameter') === 'extra');
    await parameter(page, 'author').fill('ada');
    await parameter(page, 'extra').fill('{"a": [1]}');
    await parameter(page, 'stops').fill('the end');
    await parameter(page, 'stops').press('Enter');
    await page.getByRole('slider', { name: 'Heat' }).press('ArrowRight');

    await page.reload();
    expect(await page.getByLabel('Prompt').inputValue()).toBe('About rain');
    expect(await parameter(page, 'author').inputValue()).toBe('ada');
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByText('Expected: text that matches ^[A-Z].').waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-parameter') === 'author');
    await isAccessible(page);
    await parameter(page, 'author').fill('Ada');
    await page.getByRole('button', { name: 'Submit' }).click();
    await card(page).getByText('Number 2 in the queue').waitFor();
    const { jobs } = await ask<{ jobs: { nodes: { input: unknown }[] } }>(
      server,
      '{ jobs(space: "poems", first: 1) { nodes { input { prompt parameters } } } }',
    );
    expect(jobs.nodes[0]?.input).toEqual({
      prompt: 'About rain',
      parameters: { style: 'long', author: 'Ada', heat: 0.52, loud: true, stops: ['the end'], extra: { a: [1] } },
    });
    expect(tab.complaints).toEqual([]);
  });

  it('takes files that are dropped, and knows those it has sent after the page was loaded anew', async () => {
    await using server = await startServer();
    await createSpace(server, { id: 'files', inputs: { prompt: false, files: { accept: ['.txt'] } } });
    await using _app = await startChildApp({ url: server.url, spaces: ['files'] });
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/spaces/files`);
    await page.locator('[data-connection=CONNECTED]').waitFor();
    const dropped = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(['from the desktop'], 'dropped.txt', { type: 'text/plain' }));
      return data;
    });
    await page.locator('.drop-zone').dispatchEvent('drop', { dataTransfer: dropped });
    await page.locator('[data-upload=sent]').getByText('dropped.txt').waitFor();
    await page.reload();
    await page.locator('[data-upload=sent]').getByText('dropped.txt').waitFor();
    await page.locator('[data-connection=CONNECTED]').waitFor();
    await page.getByRole('button', { name: 'Submit' }).click();
    await says(card(page), 'COMPLETED');
    await card(page).getByRole('link', { name: 'Download dropped.txt' }).waitFor();
    expect(tab.complaints).toEqual([]);
  });
});

describe('jobs', () => {
  it('that nobody has reported on yet are waited for, by visitors too, and everything that happened is there for who comes late', async () => {
    await using server = await startServer(withAccounts());
    const admin = await signIn(server);
    const reporter = await newToken(server, admin, { role: 'REPORTER' });
    const tell = (name: string, input: object) =>
      person(server, reporter.secret).ask(
        `mutation ($input: Report${name}Input!) { report${name}(input: $input) { id } }`,
        { input },
      );
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/jobs/night-render`);
    await page.getByText('Nobody has reported on this job yet.').waitFor();
    await tell('Progress', { job: 'night-render', stage: 'fetching', progress: 0.1 });
    await page.getByText('fetching').first().waitFor();
    await tell('Progress', {
      job: 'night-render',
      stage: 'rendering',
      progress: 0.5,
      message: 'frame 9',
      metadata: { frames: 18 },
    });
    await page.waitForFunction(() => document.title.startsWith('50% · '));
    await using late = await visit(browser);
    await late.page.goto(`${server.url}/jobs/night-render`);
    for (const seen of [page, late.page]) {
      await seen.locator('.mantine-Timeline-item').getByText('fetching').waitFor();
      await seen.locator('.mantine-Timeline-item').getByText('rendering').waitFor();
      expect(await seen.locator('tbody tr').count()).toBe(3);
      await seen.getByText('frames:').waitFor();
      expect(await seen.getByRole('button', { name: 'Cancel' }).count()).toBe(0);
    }
    await tell('Complete', { job: 'night-render', result: { frames: 18 } });
    await says(card(page), 'COMPLETED');
    await page.waitForFunction(() => document.title.startsWith('Completed · '));
    expect(tab.complaints).toEqual([]);
  });

  it('are in the history: filtered, page by page, live, and found by their id', async () => {
    await using server = await startServer();
    await createSpace(server, { id: 'workshop', policy: { whenOffline: 'QUEUE' } });
    for (let index = 0; index < 30; index++) await report(server, 'Complete', { job: `done-${index}` });
    await report(server, 'Failure', { job: 'broken', error: 'It fell over' });
    await report(server, 'Progress', { job: 'live', stage: 'on it', progress: 0.5 });
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/jobs`);
    await page.locator('[data-job=live] [data-status=RUNNING]').waitFor();
    expect(await page.locator('.job-row').count()).toBe(25);
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.locator('[data-job=done-0]').waitFor();
    expect(await page.locator('.job-row').count()).toBe(32);
    // Who looks at one and comes back finds them as they were.
    await page.locator('[data-job=done-3]').click();
    await says(card(page, 'done-3'), 'COMPLETED');
    await page.goBack();
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-job') === 'done-3');
    expect(await page.locator('.job-row').count()).toBe(32);
    expect(await page.locator('[data-job=done-3]').isVisible()).toBe(true);
    await report(server, 'Complete', { job: 'live' });
    await page.locator('[data-job=live] [data-status=COMPLETED]').waitFor();
    await page
      .getByRole('textbox', { name: 'Status' })
      .or(page.getByRole('combobox', { name: 'Status' }))
      .first()
      .click();
    await page.getByRole('option', { name: 'Failed or timed out' }).click();
    await page.locator('[data-job=broken]').getByText('It fell over').waitFor();
    expect(await page.locator('.job-row').count()).toBe(1);
    await page.getByLabel('Find a job by its id').fill('done-7');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/jobs\/done-7$/);
    await says(card(page), 'COMPLETED');
    await page.goto(`${server.url}/jobs?space=nowhere`);
    await page.getByText('There is no space “nowhere”, or it is not yours to see.').waitFor();
    expect(await page.getByRole('combobox', { name: 'Space' }).inputValue()).toBe('nowhere');
    expect(tab.complaints).toEqual([]);
  });

  it('that stream Markdown show it as it looks, and nothing in it runs', async () => {
    await using server = await startServer();
    const text =
      '# Answer\n\n<img src=x onerror="document.title=1"><script>document.title=2</script>\n\n[go](javascript:alert(1)) ![](http://example.org/x.png)\n\n| a | b |\n| - | - |\n| 1 | 2 |\n';
    await report(server, 'Output', { job: 'writer', offset: 0, text });
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/jobs/writer`);
    await page.locator('.markdown table').waitFor();
    expect(await page.locator('.markdown script, .markdown img').count()).toBe(0);
    expect(await page.locator('.markdown a').first().getAttribute('href')).not.toMatch(/javascript/);
    await page.getByText('As it is').click();
    await page.locator('pre').getByText('<script>document.title=2</script>').waitFor();
    expect(tab.outside).toEqual([]);
    expect(tab.complaints).toEqual([]);
  });
});
