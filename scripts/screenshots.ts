/**
 * Pictures of every page, as people see them: light, dark and on a phone. Builds the pages, starts a server with apps and jobs of its
 * own, and writes into `screenshots/` (or the directory that is named).
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import {
  connect,
  connectRemoteApp,
  createProgressReporter,
  createSpaceMutation,
  type Json,
  submitInferenceMutation,
  watchJob,
} from '../client/sdk/index.ts';

const root = join(import.meta.dirname, '..');
const target = process.argv[2] ?? join(root, 'screenshots');
mkdirSync(target, { recursive: true });
execFileSync('npm', ['run', '--silent', 'build:web'], { cwd: root, stdio: 'inherit' });

const samples = join(root, 'client/examples/ocr/samples');
const STORY = readFileSync(join(root, 'client/examples/stream/book.txt'), 'utf8');
const MARKDOWN = `## What a space is\n\nA **space** is a named place that people submit to:\n\n- it has *inputs*, a policy and a queue\n- apps serve it from behind any firewall\n\n| engine | processes |\n| --- | --- |\n| SQLite | one |\n| Redis | any number |\n\n\`\`\`sh\nspacedock app --space chat\n\`\`\`\n`;

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => listener.once('listening', listening));
  const { port } = listener.address() as { port: number };
  await new Promise((closed) => listener.close(closed));
  return port;
}

const PASSWORD = 'correct horse battery';
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const DATA_DIR = mkdtempSync(join(tmpdir(), 'spacedock-screenshots-'));
const server = spawn(process.execPath, [join(root, 'src/main.ts')], {
  env: {
    ...process.env,
    PORT: `${port}`,
    DATA_DIR,
    ACCESS: 'accounts',
    ADMIN_PASSWORD: PASSWORD,
    LOG_LEVEL: 'warn',
    RECONNECT_GRACE_SECONDS: '2',
  },
  stdio: 'inherit',
});
const closers: (() => unknown)[] = [
  () => server.kill('SIGTERM'),
  () => rmSync(DATA_DIR, { recursive: true, force: true }),
];

async function ready(): Promise<void> {
  while (!(await fetch(`${url}/ready`).catch(() => null))?.ok) await sleep(100);
}

/** A mutation in words, for what the SDK has no document of. */
async function ask<R>(query: string, variables: object, token?: string): Promise<R> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: R; errors?: unknown };
  if (!data || errors) throw new Error(JSON.stringify(errors));
  return data;
}

const SPACES = [
  {
    id: 'ocr',
    title: 'Read images',
    description: 'Send photos or scans, get the text in them.',
    inputs: {
      prompt: false,
      files: { accept: ['image/*'], maxBytes: 20e6, maxCount: 10 },
      parameters: JSON.parse(readFileSync(join(root, 'client/examples/ocr/parameters.json'), 'utf8')) as Json,
    },
    visitors: true,
  },
  {
    id: 'chat',
    title: 'Ask the model',
    description: 'A language model on a machine under somebody’s desk. Answers stream in as they are written.',
    inputs: {
      prompt: true,
      parameters: {
        type: 'object',
        required: ['style'],
        properties: {
          style: { enum: ['short', 'thorough'], default: 'short', title: 'Style' },
          temperature: {
            type: 'number',
            minimum: 0,
            maximum: 2,
            default: 0.7,
            title: 'Temperature',
            description: 'Higher is more surprising.',
          },
          maxTokens: { type: 'integer', title: 'Length', description: 'Tokens at most.', examples: [512] },
          stop: { type: 'array', items: { type: 'string' }, title: 'Stop at' },
          sources: { type: 'boolean', default: true, title: 'Name sources' },
        },
      },
    },
    policy: { maxRunSeconds: 600 },
    visitors: true,
  },
  {
    id: 'render',
    title: 'Render a scene',
    description: 'Blender files in, video out. Takes a while.',
    inputs: { prompt: false, files: { accept: ['.blend', '.zip'], maxBytes: 500e6, maxCount: 1 } },
    policy: { whenOffline: 'QUEUE' },
    visibility: 'PRIVATE',
  },
];

async function login(name: string, password: string): Promise<string> {
  const query = 'mutation ($name: String!, $password: String!) { login(name: $name, password: $password) { token } }';
  return (await ask<{ login: { token: string } }>(query, { name, password })).login.token;
}

async function furnish() {
  await ready();
  let token = '';
  while (!token) token = await login('admin', PASSWORD).catch(() => '');
  const admin = connect({ url, token });
  closers.unshift(() => admin.close());
  for (const input of SPACES) await admin.request(createSpaceMutation, { input: input as never });

  const ocr = spawn(process.execPath, [join(root, 'client/examples/ocr/main.ts'), '--host', url, '--token', token], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closers.unshift(() => ocr.kill('SIGTERM'));
  await new Promise((registered) => ocr.stdout.once('data', registered));

  const app = connectRemoteApp({
    url,
    token,
    spaces: ['chat'],
    name: 'workstation',
    capacity: 1,
    drainOnSignals: false,
    async handler({ prompt }, { progress, write, signal }) {
      await progress('thinking', 0.1);
      if (prompt?.startsWith('Why')) throw new Error('Out of memory on device 0.');
      const text = prompt?.startsWith('What') ? MARKDOWN : STORY;
      const slow = prompt?.startsWith('Tell');
      for (const [index, word] of text.split(/(?<=\s)/).entries()) {
        write(word);
        if (index % 10 === 0) await progress('writing', Math.min(0.9, index / 200), `${index} words`);
        await sleep(slow ? 400 : 50, undefined, { signal });
      }
      return { result: null, confidence: 0.83 };
    },
  });
  closers.unshift(() => app.close());
  await app.registered;

  async function done(input: Parameters<typeof admin.request<unknown, never>>[1]): Promise<string> {
    const id = await begin(input);
    for await (const _ of watchJob(admin, id));
    return id;
  }
  async function begin(input: unknown): Promise<string> {
    const { submitInference } = await admin.request(submitInferenceMutation, { input: input as never });
    return submitInference.id;
  }

  const scan = await admin.upload(join(samples, 'clean-scan.png'));
  const jobs = {
    ocr: await done({ space: 'ocr', files: [scan] } as never),
    failed: await done({ space: 'chat', prompt: 'Why is the sky blue?', parameters: { style: 'short' } } as never),
    done: await done({ space: 'chat', prompt: 'What is a space?', parameters: { style: 'short' } } as never),
    running: await begin({
      space: 'chat',
      prompt: 'Tell me a story about a lighthouse.',
      parameters: { style: 'thorough' },
    }),
    queued: await begin({ space: 'chat', prompt: 'And one about a ferry.', parameters: { style: 'short' } }),
    tracked: 'nightly-render-118',
  };
  const reporter = createProgressReporter({ url, token });
  closers.unshift(() => reporter.close());
  await reporter.start(jobs.tracked, { title: 'Nightly render, shot 118' });
  await reporter.report(jobs.tracked, 'fetching assets', 0.05, '212 files', { host: 'farm-3', frames: 1440 });
  await sleep(1200);
  await reporter.report(jobs.tracked, 'rendering', 0.42, 'frame 604 of 1440', { host: 'farm-3', frames: 1440 });
  await reporter.reportOutput(jobs.tracked, '[12:03:11] frame 603 3.2 s\n[12:03:14] frame 604 3.1 s\n');
  await sleep(800);
  return { token, jobs };
}

async function makeToken(page: Page): Promise<void> {
  await page.locator('main input[maxlength="64"]').fill('Workstation');
  await page.locator('main form button[type=submit]').click();
  await page.getByRole('tablist').waitFor();
}

/** A job on the page is under way, with some output to show. */
async function farEnough(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    [...document.querySelectorAll<HTMLElement>('[data-progress]')].some(
      ({ dataset }) => Number(dataset.progress) >= 0.3,
    ),
  );
}

type Look = [name: string, options: BrowserContextOptions, language: string];
const LOOKS: Look[] = [
  ['light', { viewport: { width: 1280, height: 860 }, colorScheme: 'light' }, 'en'],
  ['dark', { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' }, 'en'],
  [
    'phone',
    { viewport: { width: 360, height: 740 }, colorScheme: 'light', deviceScaleFactor: 2, hasTouch: true },
    'en',
  ],
  ['zh', { viewport: { width: 1280, height: 860 }, colorScheme: 'light' }, 'zh'],
];

async function shoot(page: Page, look: string, name: string): Promise<void> {
  await page.waitForLoadState('networkidle').catch(() => {});
  await sleep(400);
  await page.screenshot({ path: join(target, `${name}-${look}.png`), fullPage: true });
}

try {
  const { token, jobs } = await furnish();
  const pages: [name: string, path: string, act?: (page: Page) => Promise<unknown>][] = [
    ['spaces', '/'],
    [
      'space-ocr',
      '/spaces/ocr',
      (page) => page.setInputFiles('input[type=file]', [join(samples, 'photo.jpg'), join(samples, 'photo.txt')]),
    ],
    ['space-chat', '/spaces/chat', farEnough],
    ['space-offline', '/spaces/render'],
    ['history', '/jobs'],
    ['job-tracked', `/jobs/${jobs.tracked}`],
    ['job-ocr', `/jobs/${jobs.ocr}`],
    ['job-failed', `/jobs/${jobs.failed}`],
    ['job-unknown', '/jobs/render-of-tomorrow'],
    ['account', '/account'],
    ['not-found', '/nowhere'],
    ['admin-dashboard', '/admin'],
    ['admin-spaces', '/admin/spaces'],
    ['admin-space', '/admin/spaces/chat'],
    ['admin-apps', '/admin/apps'],
    ['admin-tokens', '/admin/tokens'],
    ['admin-token', '/admin/tokens/new?space=chat', makeToken],
    ['admin-users', '/admin/users'],
    ['admin-audit', '/admin/audit'],
  ];
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  });
  closers.unshift(() => browser.close());
  for (const [look, options, language] of LOOKS) {
    const context = await browser.newContext({ ...options, locale: language === 'zh' ? 'zh-CN' : 'en-GB' });
    const page = await context.newPage();
    await page.goto(`${url}/sign-in`);
    await page.waitForSelector('[name=password]');
    await shoot(page, look, 'sign-in');
    await page.goto(`${url}/spaces/chat`);
    await shoot(page, look, 'space-visitor');
    await context.addCookies([{ name: 'spacedock_session', value: token, url }]);
    for (const [name, path, act] of pages) {
      await page.goto(url + path);
      await page.waitForSelector('h1');
      await act?.(page);
      await shoot(page, look, name);
    }
    await context.close();
  }
  console.log(`Pictures are in ${target}`);
} finally {
  for (const close of closers) await close();
}
