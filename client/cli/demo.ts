import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
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
  errorCode,
  type Json,
  submitInferenceMutation,
} from '../sdk/index.ts';
import { watchToEnd } from './follow.ts';
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
  const server = connect({ url });
  const children: NodeChild[] = [];
  try {
    const work = showOneJob(server, { children, dataDir, signal: stop.signal });
    const stopped = once(stop.signal, 'abort').then(() => stop.signal.throwIfAborted());
    await Promise.race([work, stopped]);
    if (options.once) return;
    process.stdout.write(whatNext(url));
    await Promise.race([stopped, ...children.map(failure)]);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await server.close();
    // The app first, so that it can say goodbye.
    for (const child of children.reverse()) await child.stop();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  }
}

interface Stage {
  /** Gets what was started, to be ended by the caller. */
  children: NodeChild[];
  dataDir: string;
  signal: AbortSignal;
}

async function showOneJob(server: Connection, { children, dataDir, signal }: Stage): Promise<void> {
  say('Starting a server at', server.url);
  const environment = {
    HOST: '127.0.0.1',
    PORT: new URL(server.url).port,
    DATA_DIR: dataDir,
    REDIS_URL: '',
    LOG_LEVEL: 'warn',
  };
  const serverProcess = startNodeChild(MAIN, ['serve'], environment);
  children.push(serverProcess);
  await Promise.race([untilReady(server.url, signal), failure(serverProcess)]);

  say('Making the space', SPACE);
  await makeSpace(server);
  const app = startApp(server.url);
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

function startApp(url: string): NodeChild {
  if (['tesseract.js', '@tesseract.js-data/eng'].every(isInstalled)) {
    say('Starting the app that reads images', relative(process.cwd(), OCR_APP));
    return startNodeChild(OCR_APP, ['--host', url, '--space', SPACE]);
  }
  say('tesseract.js is not installed, so nothing is really read: starting', 'the simulated demo app');
  return startNodeChild(MAIN, ['app', '--host', url, '--spaces', SPACE]);
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

function whatNext(url: string): string {
  const command = `node ${relative(process.cwd(), MAIN)}`;
  const target = url === 'http://127.0.0.1:4000' ? '' : ` --url ${url}`;
  return `Now try:
  ${paint('bold', `${url}/graphql`)}  the API, to play with
  ${paint('bold', `${command} submit ${SPACE} --file YOUR.png --watch${target}`)}  an image of yours
  ${paint('bold', `${command} status ${SPACE} --watch${target}`)}  who serves the space
  ${paint('bold', `${command} check${target}`)}  whether all is well
Ctrl-C ends the demo.
`;
}
