import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startChildApp } from '../help/child-app.ts';
import { ask } from '../help/client.ts';
import { newUser, signIn, withAccounts } from '../help/people.ts';
import { startProcess } from '../help/process.ts';
import { startServer } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openWorker } from '../help/worker.ts';
import { openBrowser, visit } from './chromium.ts';
import { card, createSpace, idOf, isAccessible, keepValues, kept, root, says, startOcr } from './web.ts';

/** One of each kind of field. */
const PARAMETERS = {
  text: { type: 'string' },
  share: { type: 'number', minimum: 0, maximum: 1 },
  loud: { type: 'boolean' },
  style: { enum: ['short', 'long'] },
  stops: { type: 'array', items: { type: 'string' } },
  extra: { type: 'object' },
};
const samples = join(root, 'client/examples/ocr/samples');
const normal = (text: string | null) => (text ?? '').trim().replace(/\s+/g, ' ');

// On a busy machine axe takes seconds for a page.
vi.setConfig({ testTimeout: 180_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const submitButton = (page: Page) => page.getByRole('button', { name: 'Submit' });

async function submit(page: Page, prompt: string): Promise<string> {
  const before = await page.locator('article[data-job]').count();
  await page.getByLabel('Prompt').fill(prompt);
  await page.keyboard.press('Control+Enter');
  await page.waitForFunction((count) => document.querySelectorAll('article[data-job]').length > count, before);
  return idOf(card(page));
}

describe('a space', () => {
  it('reads an image that somebody sends in its form, with progress, text and confidence, over two processes', async () => {
    await using server = await startServer({ engine: 'redis' });
    await using second = await server.second();
    await createSpace(server, {
      id: 'ocr',
      title: 'Read images',
      inputs: {
        prompt: false,
        files: { accept: ['image/*'], maxBytes: 2e6, maxCount: 2 },
        parameters: JSON.parse(readFileSync(join(root, 'client/examples/ocr/parameters.json'), 'utf8')),
      },
    });
    await using tab = await visit(browser);
    const { page } = tab;
    await keepValues(page, 'data-progress');
    await page.goto(`${second.url}/spaces/ocr`);
    await page.locator('[data-connection=DISCONNECTED]').waitFor();
    expect(await submitButton(page).isDisabled()).toBe(true);
    await page.getByText('No app is connected, so nothing can be submitted now.').waitFor();

    await using _app = await startOcr(server.url);
    await page.locator('[data-connection=CONNECTED]').waitFor();
    await page.getByText('image/* · up to 2 files of up to 2 MB each').waitFor();
    const large = { name: 'large.png', mimeType: 'image/png', buffer: Buffer.alloc(2_000_001) };
    const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no image') };
    await page.setInputFiles('input[type=file]', [large, text]);
    await page.getByText('Not sent: it is larger than 2 MB.').waitFor();
    await page.getByText('Not sent: this is not among the accepted types (image/*).').waitFor();
    await page.setInputFiles('input[type=file]', join(samples, 'clean-scan.png'));
    await page.locator('[data-upload=sent] img').waitFor();
    expect(await page.locator('[data-upload]').count()).toBe(1);
    await isAccessible(page);

    await submitButton(page).click();
    await says(card(page), 'COMPLETED');
    const result = await card(page).locator('[data-result] .text-view').textContent();
    expect(normal(result)).toContain(normal(readFileSync(join(samples, 'clean-scan.txt'), 'utf8')).slice(0, 120));
    expect(await card(page).locator('[data-fact=confidence]').textContent()).toMatch(/^Confidence 9\d%$/);
    expect((await kept(page, 'data-progress')).length).toBeGreaterThan(1);
    expect(await page.locator('[data-upload]').count()).toBe(0);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      card(page).getByRole('link', { name: 'Download text.txt' }).click(),
    ]);
    expect(normal(readFileSync(await download.path(), 'utf8'))).toBe(normal(result));
    await isAccessible(page);
    expect(tab.complaints).toEqual([]);
    expect(tab.outside).toEqual([]);
  });

  it('gives three people at once each their own result, in the order in which they asked', async () => {
    await using server = await startServer(withAccounts());
    const admin = await signIn(server);
    await admin.ask('mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', {
      input: { id: 'desk', title: 'Desk', visitors: true, policy: { whenOffline: 'QUEUE' } },
    });
    await using one = await visit(browser);
    await using two = await visit(browser);
    await using three = await visit(browser);
    const people = [one, two, three];
    await Promise.all(people.map(({ page }) => page.goto(`${server.url}/spaces/desk`)));
    await Promise.all(people.map(({ page }) => page.getByText('what you submit will wait for one').waitFor()));
    for (const [index, { page }] of people.entries()) {
      await submit(page, `question ${index}`);
      await card(page)
        .getByText(`Number ${index + 1} in the queue`)
        .waitFor();
    }
    await using worker = await openWorker(server, 'desk', { connection: { connectionParams: admin.headers } });
    for (const index of people.keys()) {
      const work = await worker.work();
      expect(work.input.prompt).toBe(`question ${index}`);
      await says(card(people[index]!.page), 'RUNNING');
      await work.complete({ result: `answer ${index}` });
      await card(people[index]!.page).getByText(`answer ${index}`).waitFor();
    }
    for (const { page, complaints } of people) {
      expect(await page.locator('article[data-job]').count()).toBe(1);
      expect(complaints).toEqual([]);
    }
  });

  it('tells when its app is lost, gone and back, and takes nothing while it is gone', async () => {
    await using server = await startServer({ env: { KEEPALIVE_SECONDS: '1', RECONNECT_GRACE_SECONDS: '2' } });
    await createSpace(server, { id: 'workshop' });
    const options = { url: server.url, spaces: ['workshop'], instance: 'one' };
    await using tab = await visit(browser);
    const { page } = tab;
    await keepValues(page, 'data-connection');
    {
      await using app = await startChildApp(options);
      await page.goto(`${server.url}/spaces/workshop`);
      await page.locator('[data-connection=CONNECTED]').waitFor();
      expect(await submitButton(page).isDisabled()).toBe(false);
      await page.getByLabel('Prompt').fill('kept');
      const killed = Date.now();
      await app.kill();
      await page.locator('[data-connection=RECONNECTING]').waitFor();
      expect(Date.now() - killed).toBeLessThan(2000);
    }
    await page.locator('[data-connection=DISCONNECTED]').waitFor();
    expect(await submitButton(page).isDisabled()).toBe(true);
    await page.getByText('No app is connected, so nothing can be submitted now.').waitFor();
    await page.getByLabel('Prompt').press('Control+Enter');
    await page.reload();
    expect(await page.getByLabel('Prompt').inputValue()).toBe('kept');
    await page.locator('[data-connection=DISCONNECTED]').waitFor();
    expect(await kept(page, 'data-connection')).toEqual(['DISCONNECTED']);
    await using _again = await startChildApp(options);
    await page.locator('[data-connection=CONNECTED]').waitFor();
    await submitButton(page).click();
    await says(card(page), 'COMPLETED');
    expect(await page.getByLabel('Prompt').inputValue()).toBe('');
    expect(await page.locator('[data-job]').count()).toBe(1);
    expect(tab.complaints).toEqual([]);
  });

  it('shows where a job stands after the server was restarted in the middle of it, and after the page was loaded anew', async () => {
    await using server = await startProcess();
    const graphql = `${server.url}/graphql`;
    await createSpace({ graphql }, { id: 'workshop', policy: { maxRunSeconds: 300 } });
    await using app = await startChildApp({ url: server.url, spaces: ['workshop'] });
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/spaces/workshop`);
    await page.locator('[data-connection=CONNECTED]').waitFor();
    const id = await submit(page, 'hold');
    await app.event('working');
    await says(card(page, id), 'RUNNING');
    await server.kill();
    await page.getByText('The connection to the server is lost. Reconnecting…').waitFor();
    // What is pressed meanwhile is not done, and nobody says that it will be; that is over with the outage.
    const unreached = page.getByText('The server cannot be reached. Try again when the connection is back.');
    await card(page, id).getByRole('button', { name: 'Cancel' }).click();
    await card(page, id).locator(unreached).waitFor();
    await page.getByLabel('Prompt').fill('while it is away');
    await submitButton(page).click();
    const unanswered = page.locator('form').getByText('The server did not answer. Submit once more');
    await unanswered.waitFor();
    await server.restart();
    await page.getByText('The connection to the server is lost').waitFor({ state: 'detached' });
    for (const words of [unreached, unanswered]) await words.waitFor({ state: 'detached' });
    await says(card(page, id), 'RUNNING');
    await page.reload();
    await says(card(page, id), 'RUNNING');
    app.finish(id);
    await says(card(page, id), 'COMPLETED');
    await page.reload();
    await says(card(page, id), 'COMPLETED');
    // While it was away the browser said that it could not be reached.
    expect(tab.complaints.filter((text) => !/WebSocket|ERR_CONNECTION_REFUSED/.test(text))).toEqual([]);
  });

  it('cancels a running job and shows how far that has come; runs it again', async () => {
    await using server = await startServer();
    await createSpace(server, { id: 'workshop' });
    await using app = await startChildApp({ url: server.url, spaces: ['workshop'] });
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/spaces/workshop`);
    await page.locator('[data-connection=CONNECTED]').waitFor();
    const id = await submit(page, 'hold');
    await app.event('working');
    await card(page, id).getByRole('button', { name: 'Cancel' }).click();
    await says(card(page, id), 'CANCELLED');
    await app.event('aborted');
    const state = await card(page, id).locator('[data-cancellation]').textContent();
    expect(state).toMatch(/^Cancel requested at .+ → delivered to the app at .+ → stopped at .+$/);
    await card(page, id).getByRole('button', { name: 'Run again' }).click();
    await page.waitForFunction(() => document.querySelectorAll('article[data-job]').length === 2);
    const again = await idOf(card(page));
    expect(again).not.toBe(id);
    await says(card(page, again), 'RUNNING');
    app.finish(again);
    await says(card(page, again), 'COMPLETED');
    expect(tab.complaints).toEqual([]);
  });

  it('goes on over events where a proxy lets no WebSocket through', async () => {
    await using server = await startServer();
    await createSpace(server, { id: 'workshop' });
    await using _app = await startChildApp({ url: server.url, spaces: ['workshop'] });
    await using proxy = await startProxy(server.url);
    proxy.refuseUpgrades(true);
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${proxy.url}/spaces/workshop`);
    await page.locator('[data-connection=CONNECTED]').waitFor();
    await submit(page, 'anything');
    await says(card(page), 'COMPLETED');
    expect(tab.complaints.filter((text) => !text.includes('WebSocket'))).toEqual([]);
  });
});

describe('who may not submit', () => {
  it('is told why, can sign in, and is back at the page; a user reads what is missing', async () => {
    await using server = await startServer(withAccounts());
    const admin = await signIn(server);
    await admin.ask('mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', {
      input: {
        id: 'desk',
        title: 'Desk',
        inputs: { files: { accept: ['*/*'] }, parameters: { type: 'object', properties: PARAMETERS } },
        policy: { whenOffline: 'QUEUE' },
      },
    });
    await newUser(server, admin, 'ada');
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/spaces/desk`);
    await page.getByText('Sign in to submit to this space.').waitFor();
    expect(await submitButton(page).isDisabled()).toBe(true);
    // Before anything is filled in: it is said first, and nothing can be.
    expect(await page.locator('form').innerText()).toMatch(/^Sign in to submit/);
    for (const control of await page.locator('form').locator('textarea:visible, input:visible').all()) {
      expect(await control.isDisabled()).toBe(true);
    }
    await page.locator('form').getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('Name').fill('ada');
    await page.locator('[name=password]').fill('wrong password');
    await page.keyboard.press('Enter');
    await page.getByText('The name or the password is not right.').waitFor();
    await page.getByText('UNAUTHENTICATED').waitFor();
    await page.locator('[name=password]').fill('password of ada');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${server.url}/spaces/desk`);
    const id = await submit(page, 'from Ada');
    await card(page, id).getByText('Number 1 in the queue').waitFor();

    // Theirs alone: somebody else neither finds nor opens it.
    await using other = await visit(browser);
    await other.page.goto(`${server.url}/jobs/${id}`);
    await other.page.getByText('There is no such job, or it is not yours to see.').waitFor();

    await page.goto(`${server.url}/account`);
    await page.locator('[name=current]').fill('password of ada');
    await page.locator('[name=new]').fill('another password');
    await page.locator('[name=again]').fill('another passwort');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('This is not the same as the new password.').waitFor();
    await page.locator('[name=again]').fill('another password');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password is changed').waitFor();
    await signIn(server, 'ada', 'another password');
    expect(await ask<{ viewer: { role: string } }>(server, '{ viewer { role } }')).toMatchObject({
      viewer: { role: 'ANONYMOUS' },
    });
  });
});
