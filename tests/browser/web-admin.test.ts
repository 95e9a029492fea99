import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN } from '../cli/command.ts';
import { endsWithUs } from '../help/children.ts';
import { post } from '../help/client.ts';
import { ADMIN_PASSWORD, newToken, newUser, type Person, person, signIn, withAccounts } from '../help/people.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { openWorker, type Worker } from '../help/worker.ts';
import { openBrowser, visit } from './chromium.ts';

let browser: Browser;
/** Where the command line is found as `spacedock`. */
let bin: string;
beforeAll(async () => {
  browser = await openBrowser();
  bin = await mkdtemp(join(tmpdir(), 'spacedock-bin-'));
  await writeFile(join(bin, 'spacedock'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  await chmod(join(bin, 'spacedock'), 0o755);
});
afterAll(async () => {
  await browser.close();
  await rm(bin, { recursive: true, force: true });
});

/** Runs what a person pasted into a terminal. */
function paste(command: string): ChildProcess & AsyncDisposable {
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  // The shell becomes the command: one process to end.
  const child = endsWithUs(spawn('sh', ['-c', `exec env ${command}`], { env, stdio: 'ignore' }));
  const ended = once(child, 'exit');
  return Object.assign(child, {
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  });
}

async function signInAt(page: Page, url: string, name = 'admin', password = ADMIN_PASSWORD): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.locator('input[name=name]').fill(name);
  await page.locator('input[name=password]').fill(password);
  await page.locator('form button[type=submit]').click();
  await page.waitForURL((to) => to.pathname === '/');
}

const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true }).waitFor();
const place = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Pages of the administration' }).getByRole('link', { name, exact: true });
const figure = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const number = (page: Page, name: string) => page.getByRole('group', { name, exact: true });
/** The words of what has the focus. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const { activeElement: here } = document;
    return (here as HTMLInputElement).labels?.[0]?.innerText ?? here?.ariaLabel ?? here?.textContent ?? '';
  });

/** What it says that somebody must read, as rules of WCAG that matter. */
async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found
    .filter(({ id, impact }) => impact === 'serious' || impact === 'critical' || id === 'landmark-unique')
    .map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`,
    );
}

describe('an administrator, at two processes', () => {
  it('makes a space and a token, starts an app with it, sees it work and go, and reads it all in the log', async () => {
    await using one = await startServer(withAccounts({ engine: 'redis' }));
    const two = await one.second();
    const admin = await signIn(one);
    await using tab = await visit(browser);
    const { page } = tab;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await signInAt(page, one.url);

    // A space.
    await page.getByRole('link', { name: 'Administration' }).first().click();
    await place(page, 'Spaces').click();
    await page.getByText('No space yet').waitFor();
    await page.getByRole('link', { name: 'New space' }).click();
    await page.getByLabel('Title').fill('Word statistics');
    expect(await page.getByLabel('Id', { exact: false }).first().inputValue()).toBe('word-statistics');
    await page.getByRole('switch', { name: 'Parameters' }).check();
    const schema = page.getByLabel('JSON Schema', { exact: true });
    await schema.fill('{"type": "object", "properties": {');
    await page.getByText('This is no JSON').waitFor();
    await button(page, 'Save').click();
    expect(await focused(page)).toBe('JSON Schema');
    await schema.fill('{"type": "object", "properties": {"top": {"enum": "none"}}}');
    await page.getByText('"enum" of "top" is not what JSON Schema has there.').waitFor();
    await schema.fill('{"type": "object", "properties": {"top": {"type": "integer", "title": "How many words"}}}');
    await figure(page, 'What people will see').getByText('How many words').waitFor();
    await button(page, 'Save').click();
    await heading(page, 'Space word-statistics');

    // A token for its app, and the command that starts it.
    await page.getByRole('link', { name: 'Make a token for its app' }).click();
    await page.getByLabel('Name').fill('GPU box');
    await button(page, 'Make the token').click();
    await heading(page, 'The token is ready');
    const state = figure(page, 'Its spaces now');
    await state.getByText('Not connected').waitFor();
    await figure(page, 'Demo app').getByRole('button', { name: 'Copy' }).click();
    await button(page, 'Copied').waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    expect(command).toMatch(/^SPACEDOCK_TOKEN=sdt_\S{60} spacedock app --url http:\S+ --spaces word-statistics$/);
    await page.evaluate(() => Object.assign(globalThis, { sameVisit: true }));
    await using app = paste(command);
    await state.getByText('Connected', { exact: true }).waitFor();
    expect(await page.evaluate(() => 'sameVisit' in globalThis)).toBe(true);

    // It works; at another process one sees so.
    await page.goto(`${two.url}/admin/apps`);
    await row(page, 'demo app').getByText('Connected', { exact: true }).waitFor();
    await row(page, 'demo app').getByText('0 of 1').waitFor();
    await admin.ask('mutation { submitInference(input: { space: "word-statistics", prompt: "Hi" }) { id } }');
    await row(page, 'demo app').getByText('1 of 1').waitFor();
    await row(page, 'demo app').getByText('0 of 1').waitFor();
    await place(page, 'Dashboard').click();
    await number(page, 'Jobs a minute').getByText('1', { exact: true }).first().waitFor();
    await number(page, 'Processes').getByText('2', { exact: true }).waitFor();
    await number(page, 'Run time')
      .getByText(/\d sec/)
      .first()
      .waitFor();

    // Other rules.
    await page.goto(`${one.url}/admin/spaces/word-statistics`);
    await page.getByLabel('Longest run').fill('300');
    await page.getByText('There are changes that are not saved').waitFor();
    await button(page, 'Save').click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    const { space } = await admin.ask<{ space: { policy: object } }>(
      '{ space(id: "word-statistics") { policy { maxRunSeconds maxQueued } } }',
    );
    expect(space.policy).toEqual({ maxRunSeconds: 300, maxQueued: 1000 });

    // A user comes and goes.
    await place(page, 'Users').click();
    await button(page, 'Add a user').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('ada');
    await button(page, 'Suggest one').click();
    const password = await dialog.getByRole('textbox', { name: 'Password' }).inputValue();
    await dialog.getByRole('button', { name: 'Add a user' }).click();
    await page.getByText('ada can sign in now.').waitFor();
    await signIn(one, 'ada', password);
    await button(page, 'Disable: ada').click();
    await dialog.getByRole('button', { name: 'Disable' }).click();
    await row(page, 'ada').getByText('Disabled').waitFor();
    await expect(signIn(two, 'ada', password)).rejects.toThrow('UNAUTHENTICATED');

    // The token ends, at the process that the app is not at, and with it the app.
    await page.goto(`${two.url}/admin/tokens`);
    await row(page, 'GPU box').getByText('App', { exact: true }).waitFor();
    await row(page, 'GPU box')
      .getByText(/now|ago/)
      .waitFor();
    const left = once(app, 'exit');
    await button(page, 'Revoke: GPU box').click();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('No tokens yet').waitFor();
    expect((await left)[0]).not.toBe(0);
    await place(page, 'Apps').click();
    await page.getByText('No app is connected.').waitFor();

    // All of it is written down.
    await place(page, 'Audit log').click();
    for (const words of [
      'admin signed in',
      'admin created the space word-statistics',
      'admin made the token “GPU box”',
      'The app “demo app” connected with the token “GPU box”',
      'admin changed the space word-statistics',
      'admin added the user ada',
      'ada signed in',
      'admin disabled the user ada',
      'A sign-in as ada was refused',
      'admin revoked the token “GPU box”',
    ]) {
      await page.getByText(words, { exact: true }).first().waitFor();
    }
    await page.getByText('changed: policy.maxRunSeconds').waitFor();
    await page.getByRole('combobox', { name: 'Only of these kinds' }).click();
    await page.getByRole('option', { name: 'Revoked tokens' }).click();
    await page.getByText('admin created the space').first().waitFor({ state: 'detached' });
    const revoked = [expect.stringContaining('revoked the token')];
    expect(await page.getByRole('listitem').allInnerTexts()).toEqual(revoked);
    expect(page.url()).toMatch(/\/admin\/audit\?kind=TOKEN_REVOKED$/);
    await page.reload();
    await page.getByText('admin revoked the token “GPU box”').waitFor();
    expect(await page.getByRole('listitem').allInnerTexts()).toEqual(revoked);
    expect(tab.complaints).toEqual([]);
    expect(tab.outside).toEqual([]);
  });
});

describe('the administration', () => {
  let server: TestServer;
  let admin: Person;
  let worker: Worker;
  beforeAll(async () => {
    server = await startServer(withAccounts());
    admin = await signIn(server);
    const input = {
      id: 'ocr',
      title: 'Read text',
      inputs: {
        files: { accept: ['image/*'] },
        parameters: { type: 'object', properties: { fast: { type: 'boolean' } } },
      },
      policy: { whenOffline: 'QUEUE', maxRunSeconds: 3600 },
    };
    await admin.ask('mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', { input });
    await newToken(server, admin, { role: 'REPORTER', name: 'nightly', prefix: 'render-', expiresInDays: 30 });
    const token = await newToken(server, admin, { role: 'APP', name: 'lab', spaces: ['ocr'] });
    worker = await openWorker(server, 'ocr', { connection: { connectionParams: token.headers } });
    await newUser(server, admin, 'grace');
    await submit();
  });
  afterAll(async () => {
    await worker[Symbol.asyncDispose]();
    await server.close();
  });

  const submit = () => admin.ask('mutation { submitInference(input: { space: "ocr", prompt: "Hi" }) { id } }');

  const PAGES = ['', '/spaces', '/spaces/ocr', '/spaces/new', '/apps', '/tokens', '/tokens/new', '/users', '/audit'];

  it.each(['light', 'dark'] as const)(
    'can be read by everybody, in %s colours',
    async (colorScheme) => {
      await using tab = await visit(browser);
      const { page } = tab;
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await signInAt(page, server.url);
      for (const path of PAGES) {
        await page.goto(`${server.url}/admin${path}`);
        await page.getByRole('heading', { level: 2 }).waitFor();
        expect([path, await violations(page)]).toEqual([path, []]);
      }
      await page.goto(`${server.url}/admin/users`);
      await button(page, 'Add a user').click();
      await page.getByRole('dialog').waitFor();
      // A dialog of Mantine has a header of its own.
      expect((await violations(page)).filter((text) => !/^landmark.*AppShell-header/.test(text))).toEqual([]);
      expect(tab.complaints).toEqual([]);
    },
    120_000,
  );

  it('fits on a phone, in Chinese too', async () => {
    await using tab = await visit(browser);
    const { page } = tab;
    await page.setViewportSize({ width: 360, height: 740 });
    await signInAt(page, server.url);
    for (const language of ['en', 'zh']) {
      await page.evaluate((code) => localStorage.setItem('spacedock-language', code), language);
      for (const path of PAGES) {
        await page.goto(`${server.url}/admin${path}`);
        await page.getByRole('heading', { level: 2 }).waitFor();
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([path, over]).toEqual([path, 0]);
      }
    }
    await heading(page, '审计日志');
    await page.getByText('admin 新建了空间 ocr', { exact: true }).waitFor();
    expect(await page.locator('main').innerText()).not.toMatch(/admin\.|\{\{/);
    expect(await violations(page)).toEqual([]);
    expect(tab.complaints).toEqual([]);
  });

  it('is closed to others, in words, and the server gives them nothing either', async () => {
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/admin/tokens`);
    await heading(page, 'For administrators');
    await page.getByText('Sign in as an administrator').waitFor();
    expect(await violations(page)).toEqual([]);
    await signInAt(page, server.url, 'grace', 'password of grace');
    await page.goto(`${server.url}/admin`);
    await page.getByText('You are signed in as grace').waitFor();
    expect(await page.getByRole('link', { name: 'Administration' }).count()).toBe(0);
    expect(tab.complaints).toEqual([]);
    const { errors } = await post(server, '{ stats { engine } }', {});
    expect(errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('says at the field what the server refuses', async () => {
    await using tab = await visit(browser);
    const { page } = tab;
    await signInAt(page, server.url);
    await page.goto(`${server.url}/admin/spaces/new`);
    await page.getByLabel('Title').fill('ocr');
    await page.getByRole('switch', { name: 'Parameters' }).check();
    await button(page, 'Save').click();
    await page.getByText('There is a space "ocr" already').waitFor();
    await page.getByLabel('Id', { exact: false }).first().fill('other');
    const schema = page.getByLabel('JSON Schema', { exact: true });
    await schema.fill('{"type": "object", "properties": {"a": {"type": "textt"}}}');
    await button(page, 'Save').click();
    await page.getByText(/is no valid JSON Schema/).waitFor();
    expect(await schema.getAttribute('aria-invalid')).toBe('true');
    expect(tab.complaints).toEqual([]);
  });

  it('takes no rule that is none, tells what it takes, and asks before changes are left unsaved', async () => {
    await using tab = await visit(browser);
    const { page } = tab;
    await signInAt(page, server.url);
    await page.goto(`${server.url}/admin/spaces`);
    await page.getByRole('link', { name: 'Read text', exact: true }).click();
    const kept = page.getByLabel('Kept after the end');
    expect(await kept.inputValue()).toBe('3,600');
    await page.getByText('= 1 hour. From 60 to 31,536,000.').waitFor();
    for (const [typed, shown, words] of [
      ['', '', 'Please fill this in.'],
      ['1', '1', 'This is not within the range.'],
    ] as const) {
      await kept.fill(typed);
      await kept.press('Tab');
      expect(await kept.inputValue()).toBe(shown);
      await page.getByText(words).waitFor();
      await button(page, 'Save').click();
      await expect.poll(() => focused(page)).toMatch(/^Kept after the end/);
    }
    await kept.fill('7200');
    await page.getByText('= 2 hours.').waitFor();
    const dialog = page.getByRole('dialog');
    await place(page, 'Users').click();
    await dialog.getByText('What you changed here is lost.').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await kept.inputValue()).toBe('7,200');
    await page.evaluate(() => history.back());
    await dialog.getByRole('button', { name: 'Leave' }).click();
    await page.waitForURL(/\/admin\/spaces$/);
    await page.goForward();
    expect(await kept.inputValue()).toBe('3,600');
    await kept.fill('7200');
    // What goes to another document is for the browser to ask.
    const asked = once(page as never, 'dialog');
    void page.reload().catch(() => {});
    const [native] = await asked;
    expect(native.type()).toBe('beforeunload');
    await native.dismiss();
    await button(page, 'Save').click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    await place(page, 'Users').click();
    await heading(page, 'Users');
    const { space } = await admin.ask<{ space: object }>('{ space(id: "ocr") { policy { retentionSeconds } } }');
    expect(space).toEqual({ policy: { retentionSeconds: 7200 } });
    expect(tab.complaints).toEqual([]);
  });

  it('shows the field that has the focus whole, however low the window is, and says of a switch once what it is', async () => {
    await using tab = await visit(browser);
    const { page } = tab;
    await signInAt(page, server.url);
    for (const height of [600, 400]) {
      await page.setViewportSize({ width: 1000, height });
      await page.goto(`${server.url}/admin/spaces/ocr`);
      await page.getByLabel('Title').focus();
      for (let count = 0; count < 25; count++) {
        await page.keyboard.press('Tab');
        const covered = await page.evaluate(() => {
          const { activeElement: here } = document;
          const bar = document.querySelector('.admin-save')!;
          const { top, bottom } = here!.getBoundingClientRect();
          // What is nearly as high as the window cannot be seen whole.
          const fits = bottom - top < innerHeight / 3 && here!.closest('main') && !bar.contains(here);
          const box = bar.getBoundingClientRect();
          return Boolean(fits) && (top < 56 || (bottom > box.top && top < box.bottom));
        });
        expect([height, await focused(page), covered]).toEqual([height, expect.anything(), false]);
      }
    }
    const files = page.getByRole('switch', { name: 'Files', exact: true });
    await files.waitFor();
    const description = await files.getAttribute('aria-describedby');
    expect(await page.locator(`[id="${description}"]`).innerText()).toMatch(/^Images/);
    expect(tab.complaints).toEqual([]);
  });

  it('has the focus of a dialog at its first field, or where nothing is lost, and gives it back', async () => {
    await using tab = await visit(browser);
    const { page } = tab;
    await signInAt(page, server.url);
    const dialog = page.getByRole('dialog');
    for (const [path, opener, first] of [
      ['spaces', 'Delete: Read text', /^Type ocr to confirm/],
      ['tokens', 'Revoke: nightly', /^Cancel$/],
      ['users', 'Disable: grace', /^Cancel$/],
      ['users', 'New password: grace', /^Password/],
      ['users', 'Add a user', /^Name/],
    ] as const) {
      await page.goto(`${server.url}/admin/${path}`);
      await button(page, opener).press('Enter');
      await expect.poll(() => focused(page)).toMatch(first);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await expect.poll(() => focused(page)).toBe(opener);
    }
    expect(tab.complaints).toEqual([]);
  });

  it('gives a user another password, and lets one who was disabled in again', async () => {
    await using tab = await visit(browser);
    const { page } = tab;
    const ada = await newUser(server, admin, 'ada');
    await signInAt(page, server.url);
    await page.goto(`${server.url}/admin/users`);
    await button(page, 'New password: ada').click();
    const dialog = page.getByRole('dialog');
    await button(page, 'Suggest one').click();
    const password = await dialog.getByRole('textbox', { name: 'Password' }).inputValue();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('ada has the new password.').waitFor();
    expect(await ada.refusal('{ tokens { id } }')).toBe('UNAUTHENTICATED');
    await signIn(server, 'ada', password);
    await button(page, 'Disable: ada').click();
    await dialog.getByRole('button', { name: 'Disable' }).click();
    await button(page, 'Enable: ada').click();
    await row(page, 'ada').getByText('Can sign in').waitFor();
    await signIn(server, 'ada', password);
    // Whoever shut themselves out could not let themselves in again.
    expect(await button(page, 'Disable: admin').isDisabled()).toBe(true);
    expect(await button(page, 'Make user: admin').isDisabled()).toBe(true);
    await button(page, 'Make administrator: ada').click();
    await dialog.getByText('They may then do everything here').waitFor();
    await dialog.getByRole('button', { name: 'Make administrator' }).click();
    await row(page, 'ada').getByText('Administrator', { exact: true }).waitFor();
    await (await signIn(server, 'ada', password)).ask('{ users { id } }');
    await button(page, 'Make user: ada').click();
    await dialog.getByRole('button', { name: 'Make user' }).click();
    await row(page, 'ada').getByText('User', { exact: true }).waitFor();
    await page.goto(`${server.url}/admin/audit?kind=ROLE_CHANGED`);
    await page.getByText('admin changed the role of ada').nth(1).waitFor();
    expect(tab.complaints).toEqual([]);
  });

  it('leaves users tokens of their own, at their account', async () => {
    await using tab = await visit(browser);
    const { page } = tab;
    await signInAt(page, server.url, 'grace', 'password of grace');
    await page.goto(`${server.url}/account`);
    await page.getByText('A script that submits or watches needs one.').waitFor();
    await page.getByRole('link', { name: 'New token' }).click();
    await page.getByLabel('Name').fill('cron');
    // Of others than scripts of their own only administrators make some.
    expect(await page.getByRole('radio').count()).toBe(0);
    await button(page, 'Make the token').click();
    await heading(page, 'The token is ready');
    expect(await page.title()).toBe('The token is ready · Account · Spacedock');
    const secret = (await figure(page, 'Secret').getByRole('code').innerText()).trim();
    const command = await figure(page, 'Command line').getByRole('code').innerText();
    expect(command).toMatch(/^SPACEDOCK_TOKEN=sdt_\S+ spacedock submit ocr --prompt 'Hello' --watch --url http:\S+$/);
    expect(await violations(page)).toEqual([]);
    const script = person(server, secret);
    expect(await script.ask('{ viewer { name role } }')).toEqual({ viewer: { name: 'grace', role: 'USER' } });
    await page.getByRole('link', { name: 'Done' }).click();
    await button(page, 'Revoke: cron').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('A script that submits or watches needs one.').waitFor();
    expect(await script.refusal('{ viewer { id } }')).toBe('UNAUTHENTICATED');
    expect(tab.complaints).toEqual([]);
  });

  it('says why a name is locked, and until when', async () => {
    const login = 'mutation { login(name: "heidi", password: "a wrong one") { token } }';
    for (let count = 0; count < 10; count++) await person(server, null).refusal(login);
    await using tab = await visit(browser);
    const { page } = tab;
    for (const [language, words] of [
      ['en', /Too many wrong passwords for this name, .+ Try again after \d+:\d\d:\d\d [AP]M\./],
      ['zh', /次数过多，请在 \d\d:\d\d:\d\d 之后重试。/],
    ] as const) {
      await page.goto(`${server.url}/sign-in`);
      await page.evaluate((code) => localStorage.setItem('spacedock-language', code), language);
      await page.reload();
      await page.locator('input[name=name]').fill('heidi');
      await page.locator('input[name=password]').fill('whatever it is');
      await page.locator('form button[type=submit]').click();
      await page.getByRole('alert').getByText(words).waitFor();
      await page.getByRole('alert').getByText('RATE_LIMITED', { exact: true }).waitFor();
    }
    expect(tab.complaints).toEqual([]);
  });

  it('disconnects an app', async () => {
    const token = await newToken(server, admin, { role: 'APP', spaces: ['ocr'] });
    await using idle = await openWorker(server, 'ocr', { connection: { connectionParams: token.headers } });
    await using tab = await visit(browser);
    const { page } = tab;
    await signInAt(page, server.url);
    await page.goto(`${server.url}/admin/apps`);
    await row(page, '0 of 1').getByRole('button', { name: 'Disconnect' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('its work goes back to the queue').waitFor();
    await dialog.getByRole('button', { name: 'Disconnect' }).click();
    await row(page, '0 of 1').waitFor({ state: 'detached' });
    await row(page, '1 of 1').waitFor();
    await idle.flow.rest().catch(() => {});
    await admin.ask(`mutation { revokeToken(id: "${token.id}") }`);
    expect(tab.complaints).toEqual([]);
  });

  it('shows the audit log page by page', async () => {
    const at = Date.now() - 3_600_000;
    for (let second = 0; second < 60; second++) {
      const entry = {
        at: at + second * 1000,
        actor: null,
        address: '192.0.2.1',
        subject: `old-${second}`,
        detail: null,
      };
      const id = uuidv7({ msecs: entry.at });
      await server.engine.records.add('audit-SPACE_DELETED', id, { ...entry, count: 1 }, at + 86_400_000, 1000);
    }
    await using tab = await visit(browser);
    const { page } = tab;
    await signInAt(page, server.url);
    await page.goto(`${server.url}/admin/audit?kind=SPACE_DELETED`);
    await page.getByText('Somebody deleted the space old-59').waitFor();
    expect(await page.getByRole('listitem').count()).toBe(50);
    await button(page, 'Show older').click();
    await page.getByText('Somebody deleted the space old-0', { exact: true }).waitFor();
    const said = await page.getByRole('listitem').allInnerTexts();
    expect(new Set(said.filter((text) => text.includes('old-')).map((text) => text.split('\n')[0])).size).toBe(60);
    expect(await button(page, 'Show older').count()).toBe(0);
    expect(tab.complaints).toEqual([]);
  });

  it('says what goes with a space before it is deleted, and deletes none that works', async () => {
    await using tab = await visit(browser);
    const { page } = tab;
    const work = await worker.work();
    await signInAt(page, server.url);
    await page.goto(`${server.url}/admin/spaces`);
    await button(page, 'Delete: Read text').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('1 job with its results and files').waitFor();
    await dialog.getByText('1 token names it').waitFor();
    await dialog.getByText('Worker').waitFor();
    await dialog.getByText('1 job is being worked on').waitFor();
    const confirm = dialog.getByRole('button', { name: 'Delete' });
    expect(await confirm.isDisabled()).toBe(true);
    await work.complete({ result: 1 });
    // It hears of the end by itself.
    await dialog.getByText('1 job is being worked on').waitFor({ state: 'detached' });
    await dialog.getByLabel('Type ocr to confirm').fill('oc');
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel('Type ocr to confirm').fill('ocr');
    await confirm.click();
    await page.getByText('No space yet').waitFor();
    expect(tab.complaints).toEqual([]);
  });

  it('draws the minutes before it was opened, as lines and as a table', async () => {
    await admin.ask('mutation { reportComplete(input: { job: "early" }) { id } }');
    await admin.ask('mutation { reportFailure(input: { job: "broken", error: "It broke" }) { id } }');
    const history = async () => {
      const { stats } = await admin.ask<{ stats: { total: { history: { failed: number }[] } } }>(
        '{ stats { total { history { failed } } } }',
      );
      return stats.total.history;
    };
    await expect.poll(async () => (await history()).some(({ failed }) => failed > 0), { timeout: 20_000 }).toBe(true);
    // More than the newest few that come with every event.
    await expect.poll(async () => (await history()).length, { timeout: 50_000 }).toBeGreaterThan(6);
    await using tab = await visit(browser);
    const { page } = tab;
    await signInAt(page, server.url);
    await page.goto(`${server.url}/admin`);
    await number(page, 'Failures').getByText('1', { exact: true }).waitFor();
    const chart = page.getByRole('region', { name: 'Jobs a minute' }).filter({ has: page.locator('svg') });
    expect(await chart.getByRole('img').getAttribute('aria-label')).toMatch(/^Jobs a minute: Completed \d+, Failed/);
    expect(await chart.locator('path').first().getAttribute('d')).toMatch(/^M[\d.]+ [\d.]+/);
    await chart.getByText('As a table').click();
    await chart.getByRole('row').first().waitFor();
    // Sooner than as many could come one by one.
    await chart.getByRole('row').nth(7).waitFor({ timeout: 5000 });
    expect(await violations(page)).toEqual([]);
    expect(tab.complaints).toEqual([]);
  }, 120_000);
});
