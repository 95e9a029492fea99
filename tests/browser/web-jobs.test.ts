import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PNG, upload } from '../help/files.ts';
import { cancel, submit as submitTo } from '../help/jobs.ts';
import { newUser, type Person, signIn, withAccounts } from '../help/people.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { openWorker } from '../help/worker.ts';
import { openBrowser, visit } from './chromium.ts';
import { card, createSpace, report, says } from './web.ts';

// On a busy machine axe takes seconds for a page.
vi.setConfig({ testTimeout: 180_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const newSpace = (admin: Person, input: Record<string, unknown>) =>
  admin.ask('mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', {
    input: { title: 'Desk', policy: { whenOffline: 'QUEUE' }, ...input },
  });

/** Signs in by the page for it, and is where that leads. */
async function signInHere(page: Page, server: TestServer, name: string, password: string): Promise<void> {
  await page.bringToFront();
  await page.goto(`${server.url}/sign-in?return=/account`);
  await page.getByLabel('Name').fill(name);
  await page.locator('[name=password]').fill(password);
  await page.keyboard.press('Enter');
  await page.getByText(`Signed in as ${name}.`).waitFor();
}

/** The browser is somebody's, and no page of it hears of that. */
const become = (context: BrowserContext, server: TestServer, { secret }: Person) =>
  context.addCookies([{ name: 'spacedock_session', value: secret!, url: server.url, httpOnly: true }]);

const submit = async (who: Person, input: Record<string, unknown>) =>
  (
    await who.ask<{ submitInference: { id: string } }>(
      'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }',
      { input },
    )
  ).submitInference.id;

describe('the jobs of a space', () => {
  it('are an administrator’s own too, however many others have submitted since', async () => {
    await using server = await startServer(withAccounts());
    const admin = await signIn(server);
    await newSpace(admin, { id: 'desk' });
    const bob = await newUser(server, admin, 'bob');
    const own = await submit(admin, { space: 'desk', prompt: 'of the administrator' });
    for (let n = 0; n < 21; n++) await submit(bob, { space: 'desk', prompt: `of bob ${n}` });
    await using tab = await visit(browser);
    const { page } = tab;
    await become(page.context(), server, admin);
    await page.goto(`${server.url}/spaces/desk`);
    await card(page, own).getByRole('button', { name: 'Cancel' }).click();
    await says(card(page, own), 'CANCELLED');
    expect(await page.locator('[data-job]').count()).toBe(1);
    expect(tab.complaints).toEqual([]);
  });
});

describe('a job', () => {
  it('shows an answer once, all of a long prompt, pictures that browsers know, and of others what they are', async () => {
    await using server = await startServer();
    await createSpace(server, { id: 'desk', policy: { whenOffline: 'QUEUE' } });
    await using worker = await openWorker(server, 'desk');
    const prompt = Array.from({ length: 30 }, (_, line) => `Line ${line} of the question`).join('\n');
    const { id } = await submitTo(server, 'desk', { prompt });
    const work = await worker.work();
    const text = 'The answer is 42.';
    await report(server, 'Output', { job: id, lease: work.lease, offset: 0, text: `${text}\n` });
    const svg = await upload(server, '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'plot.svg');
    const png = await upload(server, PNG, 'dot.png');
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/jobs/${id}`);
    const written = card(page, id).locator('[data-output-bytes]');
    await written.getByText(text).waitFor();
    await work.complete({ result: text, files: [svg.id, png.id] });
    await written.waitFor({ state: 'detached' });
    const answer = card(page, id).locator('[data-result] .text-view');
    await answer.getByText(text).waitFor();
    await card(page, id).getByRole('img', { name: 'dot.png' }).waitFor();
    expect(await card(page, id).getByRole('img').count()).toBe(1);
    const link = card(page, id).getByRole('link', { name: 'Download plot.svg' });
    expect(await link.textContent()).toBe(`plot.svg (image/svg+xml, ${svg.size} bytes)`);

    const prompted = card(page, id).locator('.prompt');
    const isSeen = () =>
      prompted.evaluate((element) => element.scrollHeight <= (element.parentElement?.parentElement?.clientHeight ?? 0));
    expect(await isSeen()).toBe(false);
    await page.getByRole('button', { name: 'Show all of it' }).click();
    await page.getByRole('button', { name: 'Show less' }).waitFor();
    await vi.waitUntil(isSeen, 10_000);
    expect(await page.getByText('Job completed').count()).toBe(0);
    expect(tab.complaints).toEqual([]);
  });

  it('has each part of its page as a place of its own name, and no progress where it never began', async () => {
    await using server = await startServer();
    await createSpace(server, { id: 'desk', policy: { whenOffline: 'QUEUE' } });
    await report(server, 'Progress', {
      job: 'render',
      stage: 'rendering',
      progress: 0.5,
      metadata: { host: 'farm-3' },
    });
    const { id } = await submitTo(server, 'desk');
    await cancel(server, id);
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${server.url}/jobs/render`);
    await page.getByText('farm-3').waitFor();
    const { violations } = await new AxeBuilder({ page }).withRules(['landmark-unique']).analyze();
    expect(violations).toEqual([]);
    expect(await page.getByRole('progressbar').count()).toBe(1);
    await page.goto(`${server.url}/jobs/${id}`);
    await says(card(page, id), 'CANCELLED');
    expect(await page.getByRole('progressbar').count()).toBe(0);
  });

  it('that took too long tells its submitter whom to ask, and an administrator what to do; in their lists, too', async () => {
    await using server = await startServer(withAccounts());
    const admin = await signIn(server);
    await newSpace(admin, { id: 'desk', policy: { whenOffline: 'QUEUE', maxQueueSeconds: 1 } });
    await newSpace(admin, { id: 'other', title: 'Elsewhere' });
    const bob = await newUser(server, admin, 'bob');
    const id = await submit(bob, { space: 'desk', prompt: 'in vain' });
    await submit(admin, { space: 'other', prompt: 'of the administrator' });
    await using his = await visit(browser);
    await become(his.page.context(), server, bob);
    await his.page.goto(`${server.url}/jobs/${id}`);
    await says(card(his.page, id), 'TIMED_OUT');
    const why = 'It waited for longer than this space allows.';
    await card(his.page, id).getByText(`${why} If it needs more time, ask an administrator.`).waitFor();
    await his.page.getByRole('cell', { name: why }).waitFor();
    expect(await his.page.getByText('spacedock space update').count()).toBe(0);
    await his.page.goto(`${server.url}/jobs`);
    await his.page.locator(`[data-job="${id}"]`).getByText(why).waitFor();
    expect(await his.page.getByRole('combobox', { name: 'By', exact: true }).count()).toBe(0);

    await using theirs = await visit(browser);
    await become(theirs.page.context(), server, admin);
    await theirs.page.goto(`${server.url}/jobs`);
    const row = theirs.page.locator(`[data-job="${id}"]`);
    await row.getByText(why).waitFor();
    await row.getByText('Desk', { exact: true }).waitFor();
    await row.getByText('from bob').waitFor();
    await theirs.page.locator('.job-row').getByText('of the administrator').waitFor();
    await theirs.page.getByRole('combobox', { name: 'By' }).click();
    await theirs.page.getByRole('option', { name: 'bob' }).click();
    await theirs.page.waitForFunction(() => document.querySelectorAll('.job-row').length === 1);
    await row.click();
    await card(theirs.page, id).getByText('spacedock space update desk --max-queue-seconds').waitFor();
    expect([...his.complaints, ...theirs.complaints]).toEqual([]);
  });
});

describe('the page of the spaces', () => {
  it('has those first that an app is connected to, then in the order of their names; many can be searched', async () => {
    await using server = await startServer();
    for (let n = 1; n <= 10; n++) await createSpace(server, { id: `s${n}`, title: `Space ${n}` });
    await using _worker = await openWorker(server, 's7');
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(server.url);
    await page.locator('[data-connection=CONNECTED]').waitFor();
    const titles = () => page.locator('.space-card a').allTextContents();
    expect(await titles()).toEqual([7, 1, 2, 3, 4, 5, 6, 8, 9, 10].map((n) => `Space ${n}`));
    await page.getByLabel('Search the spaces').fill('space 1');
    expect(await titles()).toEqual(['Space 1', 'Space 10']);
    await page.getByLabel('Search the spaces').fill('nothing');
    await page.getByText('No space fits this.').waitFor();
    expect(tab.complaints).toEqual([]);
  });
});

describe('the tabs of a browser', () => {
  it('all show who has signed in, or that nobody has, as soon as one does', async () => {
    await using server = await startServer(withAccounts());
    const admin = await signIn(server);
    await newSpace(admin, { id: 'desk', visitors: true });
    await newUser(server, admin, 'bob');
    await using tab = await visit(browser);
    const { page } = tab;
    const account = await page.context().newPage();
    const space = await page.context().newPage();
    await account.goto(`${server.url}/account`);
    await space.goto(`${server.url}/spaces/desk`);
    await space.getByRole('link', { name: 'Sign in' }).waitFor();
    await signInHere(page, server, 'bob', 'password of bob');
    await account.getByText('Signed in as bob.').waitFor();
    await space.getByRole('button', { name: 'bob' }).waitFor();
    await page.getByRole('button', { name: 'bob' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await account.getByText('You are not signed in.').waitFor();
    await space.getByRole('link', { name: 'Sign in' }).waitFor();
    await signInHere(page, server, 'bob', 'password of bob');
    await space.getByRole('button', { name: 'bob' }).waitFor();
    expect(tab.complaints).toEqual([]);
    // Not by any tab.
    await admin.ask('mutation { disableUser(name: "bob") { id } }');
    await space.getByRole('link', { name: 'Sign in' }).waitFor();
    await page.getByText('You are not signed in.').waitFor();
  });

  it('submit nothing in the name of anybody but whom they show', async () => {
    await using server = await startServer(withAccounts());
    const admin = await signIn(server);
    await newSpace(admin, { id: 'desk', visitors: true });
    const bob = await newUser(server, admin, 'bob');
    await using tab = await visit(browser);
    const { page } = tab;
    await become(page.context(), server, bob);
    await page.goto(`${server.url}/spaces/desk`);
    await page.getByRole('button', { name: 'bob' }).waitFor();
    await page.getByLabel('Prompt').fill('of bob');
    await become(page.context(), server, admin);
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('button', { name: 'admin' }).waitFor();
    const { jobs } = await admin.ask<{ jobs: { nodes: unknown[] } }>('{ jobs { nodes { id } } }');
    expect(jobs.nodes).toEqual([]);
  });
});
