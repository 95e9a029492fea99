import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { atEnd } from './children.ts';

export interface RedisOptions {
  password?: string;
  /** Keeps what was acknowledged over a kill: an append-only file, synchronised with every write. @default false */
  appendonly?: boolean;
  /** Paths of PEM files: speaks TLS instead of plain TCP. */
  tls?: { certificate: string; key: string };
  /** The port; for a server that is to come where nobody answered before. @default a free one */
  port?: number;
  /** Further arguments of redis-server. */
  args?: string[];
}

/** A real redis-server of its own, in its own temporary directory. */
export interface RedisServer extends AsyncDisposable {
  url: string;
  port: number;
  /** Of the running process. */
  readonly pid: number | undefined;
  /** Ends it, whatever state it is in, and deletes its directory. */
  stop(): Promise<void>;
  /** Ends it at once, as a power failure would. */
  kill(): Promise<void>;
  /** Starts it again on the same port and directory. */
  restart(): Promise<void>;
  /** Holds the process: connections stand, nothing is answered. */
  pause(): void;
  resume(): void;
}

/** Resolves when the server answers. Rejects with what to do when there is no redis-server. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const { password, appendonly = false, tls, args = [] } = options;
  const port = options.port ?? (await freePort());
  const directory = await mkdtemp(join(tmpdir(), 'spacedock-redis-'));
  const settings = [
    ...['--bind', '127.0.0.1', '--dir', directory, '--save', ''],
    ...(appendonly ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']),
    ...(password ? ['--requirepass', password] : []),
    ...(tls
      ? ['--port', '0', '--tls-port', `${port}`, '--tls-cert-file', tls.certificate, '--tls-key-file', tls.key]
      : ['--port', `${port}`]),
    ...(tls ? ['--tls-auth-clients', 'no'] : []),
    ...args,
  ];
  let server: ChildProcess | null = null;
  // A test run that is cut short leaves nothing behind either.
  const { forget } = atEnd(() => {
    server?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  async function restart(): Promise<void> {
    server = await launch(settings);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = server;
    server = null;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = once(ending, 'exit');
    ending.kill(signal);
    // A held process takes no other signal than SIGKILL.
    ending.kill('SIGCONT');
    await exited;
  }

  async function stop(): Promise<void> {
    await end('SIGTERM');
    forget();
    await rm(directory, { recursive: true, force: true });
  }

  try {
    await restart();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `${tls ? 'rediss' : 'redis'}://${password ? `:${encodeURIComponent(password)}@` : ''}127.0.0.1:${port}`,
    port,
    get pid() {
      return server?.pid;
    },
    stop,
    kill: () => end('SIGKILL'),
    restart,
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    [Symbol.asyncDispose]: stop,
  };
}

async function launch(settings: string[]): Promise<ChildProcess> {
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  createInterface(server.stderr!).on('line', (line) => said.push(line));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      reject(missing ? new Error('The tests need redis-server 7.0 or newer: apt-get install -y redis-server') : error);
    });
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${said.join('\n')}`)));
    createInterface(server.stdout!).on('line', (line) => {
      said.push(line);
      if (line.includes('Ready to accept connections')) resolve();
    });
  });
  return server;
}

/** A port of this machine that nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
