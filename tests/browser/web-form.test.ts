import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ask } from '../help/client.ts';
import { newUser, signIn, withAccounts } from '../help/people.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { openBrowser, visit } from './chromium.ts';
import { card, createSpace, isAccessible } from './web.ts';

vi.setConfig({ testTimeout: 180_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const parameter = (page: Page, name: string) => page.locator(`[data-parameter="${name}"]`);
const submitButton = (page: Page) => page.getByRole('button', { name: 'Submit' });
const cards = (page: Page) => page.locator('article[data-job]');
const QUEUE = { whenOffline: 'QUEUE' };

/** A space that takes these parameters alone. */
const takes = (server: TestServer, id: string, schema: object, more: object = {}) =>
  createSpace(server, {
    id,
    inputs: { prompt: false, parameters: { type: 'object', additionalProperties: false, ...schema }, ...more },
    policy: QUEUE,
  });

const change = (server: TestServer, id: string, properties: object) =>
  ask(server, 'mutation ($input: UpdateSpaceInput!) { updateSpace(input: $input) { id } }', {
    input: { id, inputs: { parameters: { type: 'object', additionalProperties: false, properties } } },
  });

/** What the jobs of a space were given, oldest first. */
async function parametersIn(server: TestServer, space: string): Promise<unknown[]> {
  const { jobs } = await ask<{ jobs: { nodes: { input: { parameters: unknown } }[] } }>(
    server,
    'query ($space: ID) { jobs(space: $space) { nodes { input { parameters } } } }',
    { space },
  );
  return jobs.nodes.map(({ input }) => input.parameters).reverse();
}

const isSeen = (of: Locator) =>
  of.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 56 && Math.min(bottom, top + 40) <= innerHeight;
  });

const focusIsSeen = async (page: Page) => isSeen(page.locator(':focus'));

describe('a parameter', () => {
  it('that is a number is sent as it was typed, or not at all', async () => {
    await using server = await startServer();
    const range = { type: 'number', minimum: 0, maximum: 1 };
    await takes(server, 'numbers', { properties: { n: { type: 'number' }, share: range, extra: { type: 'object' } } });
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/spaces/numbers`);
    const n = parameter(page, 'n');
    for (const [typed, words] of [
      ['0,5', 'This is not a number.'],
      ['12345678901234567890', 'A number here is too large'],
      ['1.0000000000000001', 'A number here is too large'],
    ] as const) {
      await n.fill('');
      await n.pressSequentially(typed);
      await page.getByText(words).waitFor();
      await n.press('Tab');
      expect(await n.inputValue()).toBe(typed);
    }
    await submitButton(page).click();
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-parameter') === 'n');
    await page.reload();
    expect(await n.inputValue()).toBe('1.0000000000000001');
    await n.fill('');
    await n.pressSequentially('1e-5');
    await parameter(page, 'share').fill('5e-1');
    expect(await page.getByRole('slider').getAttribute('aria-valuenow')).toBe('0.5');
    await parameter(page, 'extra').fill('{"id": 12345678901234567890}');
    await page.getByText('A number here is too large').waitFor();
    await parameter(page, 'extra').fill('{"id": 1}');
    await isAccessible(page);
    await submitButton(page).click();
    await card(page).waitFor();
    await parameter(page, 'share').press('ArrowDown');
    await submitButton(page).click();
    await cards(page).nth(1).waitFor();
    expect(await parametersIn(server, 'numbers')).toEqual([
      { n: 1e-5, share: 0.5, extra: { id: 1 } },
      { n: 1e-5, share: 0.49, extra: { id: 1 } },
    ]);
    expect(tab.complaints).toEqual([]);
  });

  it('that is wrong is told with all others, in the language of the page, before and after it is sent', async () => {
    await using server = await startServer({ env: { MAX_PROMPT_BYTES: '1000' } });
    const properties = {
      count: { type: 'integer', minimum: 1, title: '数量' },
      code: { type: 'string', pattern: '^[A-Z]{3}$', maxLength: 3 },
      words: { type: 'string', pattern: '^(\\w+ ?)+$' },
      nested: { type: 'object', properties: { a: { type: 'integer' } } },
      agree: { type: 'boolean' },
      level: { type: 'array', items: { enum: [1, 2, 3] } },
    };
    await takes(server, 'words', { properties, required: ['agree', 'code'] }, { prompt: true });
    await using tab = await visit(browser, { locale: 'zh-CN' });
    const { page } = tab;
    await page.goto(`${server.url}/spaces/words`);
    await page.getByText('整数 · 不小于 1').waitFor();
    await page.getByText('最多 3 个字符 · 匹配 ^[A-Z]{3}$ 的文本').waitFor();
    await page.getByText('JSON · 对象').waitFor();
    await page.locator('[name=prompt]').fill('字'.repeat(400));
    await page.getByText(/内容超出上限 200 ?字节/).waitFor();
    await parameter(page, 'count').fill('0');
    await parameter(page, 'nested').fill('{"a": "b"}');
    await parameter(page, 'words').fill('!');
    await page.getByRole('button', { name: '提交' }).click();
    for (const words of ['要求：不小于 1。', '请填写此项。', 'a 的要求：整数。']) await page.getByText(words).waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'prompt');
    await page.locator('[name=prompt]').fill('字');
    await parameter(page, 'count').fill('2');
    await parameter(page, 'nested').fill('{"a": 1}');
    await parameter(page, 'code').fill('ABC');
    await parameter(page, 'level').click();
    await page.getByRole('option', { name: '2' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: '提交' }).click();
    // The server alone tells this.
    await page.getByText('要求：匹配 ^(\\w+ ?)+$ 的文本。').waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-parameter') === 'words');
    await parameter(page, 'words').fill('one two');
    await page.getByRole('button', { name: '提交' }).click();
    await card(page).waitFor();
    expect(await parametersIn(server, 'words')).toEqual([
      { count: 2, code: 'ABC', words: 'one two', nested: { a: 1 }, agree: false, level: [2] },
    ]);
    expect(tab.complaints).toEqual([]);
  });

  it('is of the schema as it is now, whatever was typed for one before', async () => {
    await using server = await startServer();
    await takes(server, 'changing', {
      properties: { old: { type: 'string', default: 'x' }, text: { type: 'string' } },
    });
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/spaces/changing`);
    await parameter(page, 'old').fill('typed');
    await parameter(page, 'text').fill('kept');
    const count = { type: 'integer', default: 7 };
    await change(server, 'changing', { text: { type: 'string' }, count });
    await submitButton(page).click();
    await page.getByText('If it has just been changed, the form has changed with it').waitFor();
    await page.waitForFunction(() => document.activeElement?.id === 'problem');
    await page.getByText('"old"').waitFor();
    await parameter(page, 'count').waitFor();
    expect(await parameter(page, 'old').count()).toBe(0);
    await submitButton(page).click();
    await card(page).waitFor();

    // A default of later holds for who has typed before.
    await change(server, 'changing', { text: { type: 'string' }, count: { ...count, default: 8 } });
    await page.reload();
    await submitButton(page).click();
    await cards(page).nth(1).waitFor();
    expect(await parametersIn(server, 'changing')).toEqual([
      { text: 'kept', count: 7 },
      { text: 'kept', count: 8 },
    ]);
    expect(tab.complaints).toEqual([]);
  });
});

describe('what somebody types', () => {
  it('is theirs: gone with them, and not for who signs in next', async () => {
    await using server = await startServer(withAccounts());
    const admin = await signIn(server);
    await admin.ask('mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', {
      input: { id: 'lab', title: 'Lab', inputs: { files: { accept: ['*/*'] } }, policy: QUEUE },
    });
    await newUser(server, admin, 'ada');
    await newUser(server, admin, 'bob');
    await using tab = await visit(browser);
    const { page } = tab;
    async function enter(name: string): Promise<void> {
      await page.goto(`${server.url}/sign-in?return=/spaces/lab`);
      await page.getByLabel('Name').fill(name);
      await page.locator('[name=password]').fill(`password of ${name}`);
      await page.keyboard.press('Enter');
      await page.waitForURL(`${server.url}/spaces/lab`);
    }
    await enter('ada');
    await page.getByLabel('Prompt').fill('the diary of Ada');
    const file = { name: 'diary.txt', mimeType: 'text/plain', buffer: Buffer.from('Dear diary') };
    await page.setInputFiles('input[type=file]', file);
    await page.locator('[data-upload=sent]').waitFor();
    // Somebody else comes, and Ada is back: nobody has signed out.
    await enter('bob');
    expect(await page.getByLabel('Prompt').inputValue()).toBe('');
    expect(await page.locator('[data-upload]').count()).toBe(0);
    await enter('ada');
    expect(await page.getByLabel('Prompt').inputValue()).toBe('the diary of Ada');
    await page.getByRole('button', { name: 'ada' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    expect(tab.complaints).toEqual([]);
  });

  it('and is submitted again, edited, after an answer was lost, is a job of its own; the first one shows as well', async () => {
    await using server = await startServer();
    await createSpace(server, { id: 'lossy', policy: QUEUE });
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/spaces/lossy`);
    await page.getByLabel('Prompt').fill('first');
    let lost = 0;
    await page.route('**/graphql', async (route) => {
      if (lost === 2 || !route.request().postData()?.includes('submitInference')) return route.fallback();
      lost++;
      await route.fetch();
      await route.abort();
    });
    for (const _ of [1, 2]) {
      await submitButton(page).click();
      await page.getByText('The server did not answer. Submit once more').waitFor();
    }
    await card(page).getByText('first').waitFor();
    await page.getByLabel('Prompt').fill('second');
    await submitButton(page).click();
    await card(page).getByText('second').waitFor();
    expect(await cards(page).count()).toBe(2);
    expect(tab.complaints.filter((text) => !text.includes('ERR_FAILED'))).toEqual([]);
  });
});

describe('a form that is longer than the window', () => {
  it('shows what is wrong in it, and the job that came of it', async () => {
    await using server = await startServer();
    const properties = Object.fromEntries(
      Array.from({ length: 16 }, (_, index) => [
        `p${index}`,
        index === 0 ? { type: 'integer', minimum: 0, maximum: 10 } : { type: 'string' },
      ]),
    );
    await takes(server, 'long', { properties }, { prompt: true, files: { accept: ['.txt'] } });
    await using tab = await visit(browser, { viewport: { width: 1300, height: 700 } });
    const { page } = tab;
    await page.goto(`${server.url}/spaces/long`);
    await page.getByLabel('Prompt').fill('anything');
    await parameter(page, 'p0').fill('99');
    await submitButton(page).click();
    await page.getByText('Expected: at most 10.').waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-parameter') === 'p0');
    expect(await focusIsSeen(page)).toBe(true);
    await parameter(page, 'p0').fill('9');

    const file = { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('some text') };
    await page.setInputFiles('input[type=file]', file);
    await page.locator('[data-upload=sent]').waitFor();
    await page.route('**/graphql', async (route) => {
      if (!route.request().postData()?.includes('submitInference')) return route.fallback();
      const extensions = { code: 'FILE_TYPE_NOT_ACCEPTED', field: 'input.files.0' };
      await route.fulfill({ json: { errors: [{ message: 'input.files.0: no', extensions }] } });
    });
    await submitButton(page).click();
    await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'files');
    expect(await focusIsSeen(page)).toBe(true);
    await page.locator('[data-upload=refused]').waitFor();
    await page.unroute('**/graphql');
    await page.getByRole('button', { name: 'Remove a.txt' }).click();

    await submitButton(page).click();
    await card(page).waitFor();
    await page.waitForFunction(() => {
      const { top = -1 } = document.querySelector('article[data-job]')?.getBoundingClientRect() ?? {};
      return top >= 56 && top < innerHeight - 100;
    });
    expect(tab.complaints).toEqual([]);
  });
});

it('a space that is deleted while somebody looks at it says so', async () => {
  await using server = await startServer();
  await createSpace(server, { id: 'brief', policy: QUEUE });
  await using tab = await visit(browser);
  const { page } = tab;
  await page.goto(`${server.url}/spaces/brief`);
  await page.locator('[data-connection]').waitFor();
  await ask(server, 'mutation { deleteSpace(id: "brief") }');
  await page.getByText('There is no such space, or it is not yours to see.').waitFor();
  expect(tab.complaints).toEqual([]);
});

it('the size of a file reads the same for who sets it and for who sends it', async () => {
  await using server = await startServer();
  await createSpace(server, { id: 'sizes', inputs: { files: { accept: ['*/*'], maxBytes: 100_000 } } });
  await using tab = await visit(browser);
  const { page } = tab;
  await page.goto(`${server.url}/admin/spaces/sizes`);
  await page.getByText('up to 10 files of up to 100 kB each').waitFor();
  expect(await page.getByLabel('Largest file').inputValue()).toBe('0.1 MB');
  await page.getByLabel('Largest file').fill('2.5');
  await page.getByText('up to 10 files of up to 2.5 MB each').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await page.goto(`${server.url}/spaces/sizes`);
  await page.getByText('up to 10 files of up to 2.5 MB each').waitFor();
  expect(tab.complaints).toEqual([]);
});
