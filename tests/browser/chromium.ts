import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Addresses on other machines that the page asked for. None was let through. */
  readonly outside: string[];
  /** What the page complained of: warnings and errors of its console, and what it threw. */
  readonly complaints: string[];
}

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** A browser of the distribution. `CHROMIUM` names one that is elsewhere. The caller closes it. */
export function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: ARGUMENTS }).catch((cause: Error) => {
    throw new Error('These tests need Chromium: apt-get install chromium', { cause });
  });
}

/** A person's first visit: one empty page, nothing remembered, cut off from everything but this machine. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  const outside: string[] = [];
  const complaints: string[] = [];
  await staysHere(context, outside);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, outside, complaints, [Symbol.asyncDispose]: () => context.close() };
}

async function staysHere(context: BrowserContext, outside: string[]): Promise<void> {
  const here = ({ protocol, hostname }: URL) =>
    ['data:', 'blob:'].includes(protocol) || ['127.0.0.1', 'localhost'].includes(hostname);
  await context.route(
    (url) => !here(url),
    async (route) => {
      outside.push(route.request().url());
      await route.abort();
    },
  );
  await context.routeWebSocket(
    (url) => !here(url),
    async (socket) => {
      outside.push(socket.url());
      await socket.close();
    },
  );
}
