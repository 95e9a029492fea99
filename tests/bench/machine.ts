import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Time that the threads of a process have run so far, in µs, as the kernel's scheduler counts it. */
export async function cpuOf(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  const threads = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(threads.map((id) => readFile(`/proc/${pid}/task/${id}/schedstat`, 'utf8')));
  return times.reduce((sum, text) => sum + Number(text.split(' ')[0]) / 1000, 0);
}

/** Resident memory of a process, in bytes. */
export async function memoryOf(pid: number): Promise<number> {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kilobytes) * 1024;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}`);
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export interface Served extends AsyncDisposable {
  pid: number;
  /** `ws://…/graphql` */
  url: string;
}

/** A server program of this repository on a port of its own, answering when this resolves. */
export async function serve(entry: string, env: Record<string, string>, flags: string[] = []): Promise<Served> {
  const port = await freePort();
  const server = spawn(process.execPath, [...flags, join(root, entry)], {
    // All watchers and all jobs come from this one machine.
    env: {
      ...process.env,
      PORT: String(port),
      LOG_LEVEL: 'warn',
      MAX_SOCKETS_PER_ADDRESS: '100000',
      MAX_QUEUED_PER_VIEWER: '1000000',
      ...env,
    },
    stdio: 'inherit',
  });
  await answering(`http://127.0.0.1:${port}/ready`, server);
  return {
    pid: server.pid!,
    url: `ws://127.0.0.1:${port}/graphql`,
    async [Symbol.asyncDispose]() {
      if (server.exitCode !== null) return;
      server.kill('SIGTERM');
      await once(server, 'exit');
    },
  };
}

export const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
/** Of sorted values. */
export const quantile = (sorted: number[], q: number): number => sorted[Math.floor(sorted.length * q)]!;
