import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { endsWithUs } from '../help/children.ts';
import { ask } from '../help/client.ts';

export const root = join(import.meta.dirname, '../..');
export const BUILT = join(root, 'dist/web');
if (!existsSync(join(BUILT, 'index.html'))) throw new Error('These tests need the pages: npm run build:web');

type Server = { graphql: string };

export const createSpace = (server: Server, input: Record<string, unknown>) =>
  ask(server, 'mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', {
    input: { title: 'Workshop', ...input },
  });

/** A report on a tracked job, or one of its kind by name: Progress, Output, Complete, Failure. */
export const report = (server: Server, name: string, input: Record<string, unknown>) =>
  ask(server, `mutation ($input: Report${name}Input!) { report${name}(input: $input) { id } }`, { input });

/** The app of client/examples/ocr, as somebody starts it. Registered when this resolves. */
export async function startOcr(url: string, token?: string): Promise<AsyncDisposable> {
  const args = [join(root, 'client/examples/ocr/main.ts'), '--host', url, ...(token ? ['--token', token] : [])];
  const child = endsWithUs(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout!).on('line', (line) => line.startsWith('Registration') && resolve());
    child.once('exit', (code) => reject(new Error(`The app ended with ${code}`)));
  });
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
    },
  };
}

/** Nothing that axe calls serious or critical is on the page. */
export async function isAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const found = bad.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  );
  expect(found).toEqual([]);
}

/** Nothing is wider than the window. */
export async function fits(page: Page): Promise<void> {
  const { inside, outside } = await page.evaluate(() => ({
    inside: document.documentElement.scrollWidth,
    outside: document.documentElement.clientWidth,
  }));
  expect(inside).toBeLessThanOrEqual(outside);
}

/** The card of the newest job, or the one of this id. */
export const card = (page: Page, id?: string): Locator =>
  page.locator(id === undefined ? 'article[data-job]' : `article[data-job="${id}"]`).first();

/** Waits until a card says a status. */
export const says = (of: Locator, status: string): Promise<void> =>
  of.locator(`[data-status="${status}"]`).waitFor({ timeout: 30_000 });

export const idOf = async (of: Locator): Promise<string> => (await of.getAttribute('data-job')) ?? '';

/** From now on the page keeps every value that this attribute takes; to be read with `kept`. */
export async function keepValues(page: Page, attribute: string): Promise<void> {
  await page.addInitScript((name) => {
    const values: string[] = [];
    Object.assign(globalThis, { [`kept-${name}`]: values });
    const look = () => {
      const value = document.querySelector(`[${name}]`)?.getAttribute(name);
      if (value != null && values.at(-1) !== value) values.push(value);
    };
    new MutationObserver(look).observe(document, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: [name],
    });
  }, attribute);
}

export const kept = (page: Page, attribute: string): Promise<string[]> =>
  page.evaluate((name) => (globalThis as unknown as Record<string, string[]>)[`kept-${name}`] ?? [], attribute);
