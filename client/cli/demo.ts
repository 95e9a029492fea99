import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import {
  type Connection,
  connect,
  createSpaceMutation,
  createTokenMutation,
  errorCode,
  type Json,
  submitInferenceMutation,
} from '../sdk/index.ts';
import { atUrl } from './caller.ts';
import { watchToEnd } from './follow.ts';
import { tokenFor } from './login.ts';
import { type NodeChild, startNodeChild } from './node-child.ts';
import { wholeNumber } from './options.ts';
import { EXIT, Problem } from './problem.ts';
import { paint } from './style.ts';

interface DemoOptions {
  once?: boolean;
  port?: number;
  dataDir?: string;
}

const FIRST_PORT = 4000;
const SPACE = 'ocr';
const SAMPLE = 'client/examples/ocr/samples/clean-scan.png';
const PARAMETERS = 'client/examples/ocr/parameters.json';
const START_SECONDS = 30;
const ADMIN = 'admin';
const SIGN_IN_TRIES = 10;

/** The same command line, as it was started: from source in a clone, compiled where it was installed. */
const EXTENSION = extname(import.meta.filename);
const MAIN = join(import.meta.dirname, `main${EXTENSION}`);
const PACKAGE = dirname(findPackageJSON('..', import.meta.url) as string);
const OCR_APP = join(import.meta.dirname, `../examples/ocr/main${EXTENSION}`);

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('a server, a real OCR app and a job, all on this machine')
    .option('--once', 'leave after the result')
    .option(
      '--port <number>',
      `port of the server (else the first free one from ${FIRST_PORT})`,
      wholeNumber(1, 65_535),
    )
    .option('--data-dir <dir>', 'keep what happens there (else in a temporary directory)')
    .action(runDemo);
}

async function runDemo(options: DemoOptions): Promise<void> {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGPIPE', interrupt);

  const port = await freePort(options.port ?? FIRST_PORT);
  if (options.port !== undefined && port !== options.port) {
    throw new Problem(`Another program listens on port ${options.port}. Choose another --port, or none.`);
  }
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'spacedock-demo-')));
  const url = `http://127.0.0.1:${port}`;
  const password = await passwordIn(dataDir);
  const children: NodeChild[] = [];
  try {
    const work = showOneJob(url, { children, dataDir, password, signal: stop.signal });
    const stopped = once(stop.signal, 'abort').then(() => stop.signal.throwIfAborted());
    await Promise.race([work, stopped]);
    if (options.once) return;
    process.stdout.write(whatNext(url, password));
    await Promise.race([stopped, ...children.map(failure)]);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    // The app first, so that it can say goodbye.
    for (const child of children.reverse()) await child.stop();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  }
}

interface Stage {
  /** Gets what was started, to be ended by the caller. */
  children: NodeChild[];
  dataDir: string;
  /** Of its administrator. */
  password: string;
  signal: AbortSignal;
}

async function showOneJob(url: string, { children, dataDir, password, signal }: Stage): Promise<void> {
  say('Starting a server at', url);
  const environment = {
    HOST: '127.0.0.1',
    PORT: new URL(url).port,
    DATA_DIR: dataDir,
    REDIS_URL: '',
    ACCESS: 'accounts',
    ADMIN_PASSWORD: password,
    LOG_LEVEL: 'warn',
  };
  const serverProcess = startNodeChild(MAIN, ['serve'], environment);
  children.push(serverProcess);
  // Should another program have taken the port meanwhile, that one may answer in its place.
  await Promise.race([failure(serverProcess), showJobAt(url, { children, password, signal })]);
}

async function showJobAt(url: string, { password, ...stage }: Omit<Stage, 'dataDir'>): Promise<void> {
  await untilReady(url, stage.signal);
  say('Signing in as its administrator,', ADMIN);
  const server = connect({ url, token: await signIn(url, password, stage.signal) });
  try {
    await submitOne(server, stage);
  } finally {
    await server.close();
  }
}

async function submitOne(server: Connection, { children, signal }: Pick<Stage, 'children' | 'signal'>): Promise<void> {
  say('Making the space', SPACE);
  await makeSpace(server);
  const { createToken } = await server.request(createTokenMutation, {
    input: { name: 'demo', role: 'APP', spaces: [SPACE] },
  });
  const app = startApp(server.url, createToken.secret);
  children.push(app);
  await app.printed('Registration successful');

  const sample = join(PACKAGE, SAMPLE);
  say('Submitting', relative(process.cwd(), sample));
  const file = await server.upload(sample);
  const { submitInference } = await server.request(submitInferenceMutation, { input: { space: SPACE, files: [file] } });
  const { result, status } = (await watchToEnd(server, submitInference.id, signal)).job;
  if (status !== 'COMPLETED') throw new Problem('The job of the demo did not complete.', { exitCode: EXIT.failed });
  const text = (result as { text?: unknown } | null)?.text;
  process.stdout.write(`\n${typeof text === 'string' ? text.trim() : JSON.stringify(result, null, 2)}\n\n`);
}

function startApp(url: string, token: string): NodeChild {
  const environment = { SPACEDOCK_TOKEN: token };
  if (['tesseract.js', '@tesseract.js-data/eng'].every(isInstalled)) {
    say('Starting the app that reads images', relative(process.cwd(), OCR_APP));
    return startNodeChild(OCR_APP, ['--host', url, '--space', SPACE], environment);
  }
  say('tesseract.js is not installed, so nothing is really read: starting', 'the simulated demo app');
  return startNodeChild(MAIN, ['app', '--host', url, '--spaces', SPACE], environment);
}

function isInstalled(name: string): boolean {
  try {
    return findPackageJSON(name, import.meta.url) !== undefined;
  } catch {
    return false;
  }
}

/** Made by an earlier demo on the same data, it stays as it is. */
async function makeSpace(server: Connection): Promise<void> {
  const input = {
    id: SPACE,
    title: 'Read images',
    description: 'Send an image, get the text in it.',
    visitors: true,
    inputs: {
      prompt: false,
      files: { accept: ['image/*'], maxBytes: 20e6, maxCount: 10 },
      parameters: JSON.parse(await readFile(join(PACKAGE, PARAMETERS), 'utf8')) as Json,
    },
  };
  await server.request(createSpaceMutation, { input }).catch((error) => {
    if (errorCode(error) !== 'ALREADY_EXISTS') throw error;
  });
}

/** Chosen once: what is kept in a directory of the user's own has the administrator of the first time. */
async function passwordIn(dataDir: string): Promise<string> {
  const path = join(dataDir, 'demo-password');
  await mkdir(dataDir, { recursive: true });
  await writeFile(path, `${randomBytes(9).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return (await readFile(path, 'utf8')).trim();
}

/** The administrator is made at the server's start, which may be a moment ago. */
async function signIn(url: string, password: string, signal: AbortSignal): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      return await tokenFor(url, ADMIN, password);
    } catch (error) {
      if (errorCode(error) !== 'UNAUTHENTICATED') throw error;
      if (tries === SIGN_IN_TRIES) {
        throw new Problem('The data of the demo belong to another administrator.', {
          hint: 'Choose another --data-dir, or none.',
        });
      }
      await sleep(200, undefined, { signal });
    }
  }
}

async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(START_SECONDS * 1000)]);
  while (!(await fetch(`${url}/ready`, { signal: deadline }).catch(() => undefined))?.ok) {
    await sleep(100, undefined, { signal: deadline });
  }
}

async function failure(child: NodeChild): Promise<never> {
  throw new Problem(await child.ended, { exitCode: EXIT.failed });
}

/** The first port from this one on that nobody listens on. */
async function freePort(port: number): Promise<number> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return freePort(port + 1);
  }
  await promisify(probe.close.bind(probe))();
  return port;
}

function say(what: string, detail: string): void {
  process.stdout.write(`${what} ${paint('cyan', detail)}\n`);
}

function whatNext(url: string, password: string): string {
  // In a clone that has a Node of its own, which the one on the PATH may be too old for.
  const node = existsSync('node_modules/.bin/node') ? 'npx node' : 'node';
  const command = `${node} ${relative(process.cwd(), MAIN)}`;
  const target = atUrl(url);
  return `Now try:
  ${paint('bold', `${url}/`)}  the pages, in a browser: the space, its queue and what is submitted
  ${paint('bold', `${url}/graphql`)}  the API, to play with
  ${paint('bold', `${command} submit ${SPACE} --file YOUR.png --watch${target}`)}  an image of yours
  ${paint('bold', `${command} login --name ${ADMIN}${target}`)}  sign in; the password is ${paint('bold', password)}
  ${paint('bold', `${command} status ${SPACE} --watch${target}`)}  who serves the space
  ${paint('bold', `${command} check${target}`)}  whether all is well, once you have signed in
Ctrl-C ends the demo.
`;
}
