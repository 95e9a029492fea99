import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserEnv, startIssuer, type TestIssuer } from '../help/issuer.ts';
import { signIn, withAccounts } from '../help/people.ts';
import { freePort } from '../help/redis.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { openBrowser, visit } from './chromium.ts';

/** Who the page's own requests come from. */
const whoIsIt = (page: Page) =>
  page.evaluate(async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ query: '{ viewer { name role } }' });
    const answer = await fetch('/graphql', { method: 'POST', headers, body });
    return (await answer.json()).data.viewer;
  });

/** Agrees, on the page of the issuer. */
const agree = (page: Page) => page.getByRole('link', { name: 'Sign in', exact: true }).click();

describe('a person in a browser', () => {
  let browser: Browser;
  let issuer: TestIssuer;
  let server: TestServer;
  // The issuer is at 127.0.0.1: to a browser, another site.
  let home: string;
  beforeAll(async () => {
    browser = await openBrowser();
    issuer = await startIssuer();
    issuer.asks = true;
    const port = await freePort();
    home = `http://localhost:${port}`;
    server = await startServer(withAccounts({ env: { ...browserEnv(issuer, home), PORT: `${port}` } }));
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await issuer[Symbol.asyncDispose]();
  });

  it('signs in at the issuer, is back at the page they wanted, and stays the same person', async () => {
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${home}/graphql`);
    expect(await whoIsIt(page)).toMatchObject({ role: 'ANONYMOUS' });
    await page.goto(`${home}/login/oidc?return=${encodeURIComponent('/graphql?wrap=off')}`);
    await agree(page);
    await page.waitForURL((url) => url.href === `${home}/graphql?wrap=off`);
    expect(await whoIsIt(page)).toEqual({ name: 'Ada', role: 'USER' });
    expect(issuer.asked['/token']).toBe(1);
    expect(await page.evaluate(() => document.cookie)).toBe('');
    // Back and again: what is used up is not used again, and they are still signed in.
    await page.goto(`${home}/login/oidc?return=/graphql`);
    await agree(page);
    await page.waitForURL((url) => url.href === `${home}/graphql`);
    expect(await whoIsIt(page)).toEqual({ name: 'Ada', role: 'USER' });
    await page.evaluate(() =>
      fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"query":"mutation { logout }"}',
      }),
    );
    expect(await whoIsIt(page)).toMatchObject({ role: 'ANONYMOUS' });
  });

  it('reads why they were not signed in, and can try again', async () => {
    await (await signIn(server)).ask('mutation { disableUser(name: "Ada") { enabled } }');
    await using tab = await visit(browser);
    const { page } = tab;
    await page.goto(`${home}/login/oidc`);
    const answer = page.waitForResponse((response) => response.url().includes('/callback'));
    await agree(page);
    expect((await answer).status()).toBe(403);
    expect(await page.locator('body').innerText()).toMatch(
      /Not signed in\s+This user is disabled; ask an administrator\s+FORBIDDEN/,
    );
    issuer.person = { sub: 'grace', preferred_username: 'Grace' };
    await page.getByRole('link', { name: 'Sign in again' }).click();
    await agree(page);
    await page.waitForURL(`${home}/`);
    expect(await whoIsIt(page)).toEqual({ name: 'Grace', role: 'USER' });
  });
});
