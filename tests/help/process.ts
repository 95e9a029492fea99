import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { createInbox, type Inbox } from './inbox.ts';
import type { RedisServer } from './redis.ts';

/** A line of the server's log. `level` as pino counts: 30 info, 40 warn, 50 error. */
export interface LogLine {
  level: number;
  msg: string;
  url?: string;
  err?: { message: string; stack: string };
}

/** A real server, as an operator starts it: `node src/main.ts` on a port of its own. */
export interface ServerProcess extends AsyncDisposable {
  /** `http://127.0.0.1:port`; the same after a restart. */
  readonly url: string;
  /** `ws://…/graphql` */
  readonly socket: string;
  readonly dataDir: string;
  /** What it logged, over all its lives. */
  readonly log: Inbox<LogLine>;
  /** What it said that is no line of its log: the words of a crash. */
  readonly crash: readonly string[];
  running(): boolean;
  /** Of the running process. */
  readonly pid: number | undefined;
  /** SIGKILL: gone at once, as by a power failure. */
  kill(): Promise<void>;
  /** SIGSTOP: it does nothing any more, and its sockets stay open. */
  pause(): void;
  resume(): void;
  /** What it holds when all that nobody needs is collected. Only of one that is `measured`. */
  holds(): Promise<Holdings>;
  /** SIGTERM: it drains. Resolves with its exit code. */
  terminate(): Promise<number | null>;
  /** Starts it again, on the same port and data. */
  restart(): Promise<void>;
}

export interface Holdings {
  /** Of JavaScript's heap and of buffers, in bytes. */
  memory: number;
  /** What keeps the process alive, by kind: sockets, timers. */
  resources: Record<string, number>;
}

export interface ServerProcessOptions {
  /** Whether it can be asked what it holds. @default false */
  measured?: boolean;
  /** Keeps state there. @default embedded */
  redis?: RedisServer;
  /** Shared with another process; the caller's to delete. @default its own, deleted with it */
  dataDir?: string;
  /** Over those of a quick test server: short keepalive and grace. */
  env?: Record<string, string>;
}

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');

/** A test run that is cut short, however hard, leaves no server behind: the channel between the two closes in every case. */
const END_WITH_PARENT = `data:text/javascript,${encodeURIComponent(
  `process.once('disconnect', () => process.kill(process.pid, 'SIGKILL')); process.channel.unref();`,
)}`;

const TELL_HOLDINGS = `data:text/javascript,${encodeURIComponent(
  `process.on('message', () => {
    gc();
    setImmediate(() => {
      gc();
      const { heapUsed, external } = process.memoryUsage();
      const resources = {};
      for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
      process.send({ memory: heapUsed + external, resources });
    });
  });
  process.channel.unref();`,
)}`;

/** Resolves when it listens. */
export async function startProcess(options: ServerProcessOptions = {}): Promise<ServerProcess> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'spacedock-process-')));
  const log = createInbox<LogLine>();
  const crash: string[] = [];
  let child: ChildProcess;
  let port = '0';
  const running = () => child.exitCode === null && child.signalCode === null;

  async function start(): Promise<string> {
    const measuring = options.measured ? ['--expose-gc', '--import', TELL_HOLDINGS] : [];
    child = spawn(process.execPath, [...measuring, '--import', END_WITH_PARENT, MAIN], {
      env: {
        PATH: process.env.PATH,
        LOG_LEVEL: 'info',
        KEEPALIVE_SECONDS: '0.5',
        RECONNECT_GRACE_SECONDS: '1',
        APP_SILENCE_SECONDS: '4',
        DRAIN_SECONDS: '5',
        ACCESS: 'open',
        ...(options.redis ? { REDIS_URL: options.redis.url } : {}),
        ...options.env,
        DATA_DIR: dataDir,
        PORT: port,
      },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    createInterface(child.stderr!).on('line', (line) => {
      if (line.startsWith('{')) log.put(JSON.parse(line) as LogLine);
      else crash.push(line);
    });
    const ended = once(child, 'close').then(() => {
      throw new Error(`The server ended at its start:\n${crash.join('\n')}`);
    });
    const { url } = await Promise.race([log.take((line): line is LogLine & { url: string } => 'url' in line), ended]);
    ended.catch(() => {});
    port = new URL(url).port;
    return url;
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (!running()) return child.exitCode;
    const exited = once(child, 'close');
    child.kill(signal);
    // A held process takes no other signal than SIGKILL.
    child.kill('SIGCONT');
    const [code] = (await exited) as [number | null];
    return code;
  }

  const url = await start();
  return {
    url,
    socket: `${url.replace('http', 'ws')}/graphql`,
    dataDir,
    log,
    crash,
    running,
    get pid() {
      return child.pid;
    },
    kill: async () => void (await end('SIGKILL')),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async holds() {
      child.send('what do you hold?');
      const [told] = (await once(child, 'message')) as [Holdings];
      return told;
    },
    terminate: () => end('SIGTERM'),
    restart: async () => void (await start()),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
