/**
 * Starts what was built, as `npm start` does and as a package installed in another directory, and asks each for an answer.
 * Its one argument is an empty directory to work in.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_MS = 30_000;
const STOP_MS = 15_000;
const ADMIN_PASSWORD = 'correct horse battery';

const work = process.argv[2];
if (work === undefined) throw new Error('Which directory to work in?');
const root = join(import.meta.dirname, '..');

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port is free.');
  return address.port;
}

async function untilReady(url: string, ended: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([AbortSignal.timeout(READY_MS), ended]);
  while (true) {
    const ready = await fetch(`${url}/ready`, { signal: deadline }).catch(() => null);
    if (ready?.ok) return;
    deadline.throwIfAborted();
    await sleep(100);
  }
}

interface Answer<T> {
  data?: T | null;
  errors?: unknown;
}

async function ask<T>(url: string, query: string, headers: Record<string, string> = {}): Promise<Answer<T>> {
  const body = JSON.stringify({ query });
  const json = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { ...json, ...headers }, body });
  return (await response.json()) as Answer<T>;
}

/** As the administrator, who is made in the server's first moments. */
async function signIn(url: string): Promise<Record<string, string>> {
  const deadline = AbortSignal.timeout(READY_MS);
  const query = `mutation { login(name: "admin", password: "${ADMIN_PASSWORD}") { token } }`;
  while (true) {
    const { data, errors } = await ask<{ login: { token: string } }>(url, query);
    if (data) return { authorization: `Bearer ${data.login.token}` };
    if (deadline.aborted) throw new Error(`Nobody can sign in: ${JSON.stringify(errors)}`);
    await sleep(200);
  }
}

async function answer(url: string): Promise<void> {
  const headers = await signIn(url);
  const { data, errors } = await ask<{ viewer: { role: string }; stats: { engine: string } }>(
    url,
    '{ viewer { role } stats { engine } }',
    headers,
  );
  if (errors !== undefined || !data?.stats.engine || data.viewer.role !== 'ADMIN')
    throw new Error(`Not an answer: ${JSON.stringify({ data, errors })}`);
  for (const path of ['/health', '/schema.graphql', '/metrics']) {
    const { ok, status } = await fetch(url + path, { headers });
    if (!ok) throw new Error(`${path} answers ${status}.`);
  }
  const page = await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } });
  if (!(await page.text()).includes('renderYogaGraphiQL')) throw new Error('GraphiQL is missing.');
}

interface Running extends AsyncDisposable {
  /** Aborts when it ended, with how. */
  readonly ended: AbortSignal;
}

/** A program that is ended by SIGTERM, which must end it well. */
function start(name: string, command: string[], cwd: string, env: Record<string, string> = {}): Running {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' });
  const ended = new AbortController();
  child.once('exit', (code, signal) => ended.abort(new Error(`${name} ended (${signal ?? code}).`)));
  child.once('error', (error) => ended.abort(error));
  return {
    ended: ended.signal,
    async [Symbol.asyncDispose]() {
      ended.signal.throwIfAborted();
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      const [code, signal] = await exit;
      clearTimeout(killer);
      if (code !== 0) throw new Error(`${name} did not stop well (${signal ?? code}).`);
    },
  };
}

async function tryServer(name: string, command: string[], cwd: string, env: Record<string, string> = {}) {
  const PORT = String(await freePort());
  const DATA_DIR = join(work as string, `data-${name.replaceAll(' ', '-')}`);
  const url = `http://127.0.0.1:${PORT}`;
  const quick = { HOST: '127.0.0.1', PORT, DATA_DIR, LOG_LEVEL: 'warn', DRAIN_SECONDS: '2', ADMIN_PASSWORD };
  await using server = start(name, command, cwd, { ...quick, ...env });
  await untilReady(url, server.ended);
  await answer(url);
  console.log(`${name}: ready and answering`);
}

const built = [process.execPath, 'dist/src/main.js'];
await tryServer('built', built, root);
{
  const port = String(await freePort());
  await using _redis = start(
    'redis-server',
    ['redis-server', '--port', port, '--save', '', '--logfile', '/dev/null'],
    work,
  );
  await tryServer('built on Redis', built, root, { REDIS_URL: `redis://127.0.0.1:${port}` });
}

const [{ filename }] = JSON.parse(
  execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work], {
    cwd: root,
    encoding: 'utf8',
  }),
) as [{ filename: string }];
// As somebody elsewhere would: with the machine's own npm, whose settings may say how the registry is reached.
const paths = (process.env.PATH ?? '').split(delimiter).filter((path) => !path.startsWith(join(root, 'node_modules')));
const elsewhere = join(work, 'elsewhere');
mkdirSync(elsewhere);
// Not by --prefix: that would leave out the machine's settings, too.
writeFileSync(join(elsewhere, 'package.json'), '{}');
execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(work, filename)], {
  cwd: elsewhere,
  env: { ...process.env, PATH: paths.join(delimiter) },
  stdio: 'inherit',
});
const bin = join(elsewhere, 'node_modules', '.bin', 'spacedock');
await tryServer('packed', [bin, 'serve'], elsewhere);
console.log(`packed: spacedock ${execFileSync(bin, ['--version'], { cwd: elsewhere, encoding: 'utf8' }).trim()}`);
