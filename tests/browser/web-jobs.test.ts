import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newUser, type Person, signIn, withAccounts } from '../help/people.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { openBrowser, visit } from './chromium.ts';
import { card, says } from './web.ts';

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
