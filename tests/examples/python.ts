import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { endsWithUs } from '../help/children.ts';
import { sse } from '../help/client.ts';
import type { TestServer } from '../help/server.ts';

const EXAMPLES = join(import.meta.dirname, '../../client/examples/python');

/** The interpreter that the distribution's packages are for; another python3 may come first in PATH. */
const PYTHON = process.env.PYTHON ?? '/usr/bin/python3';

/** An example that runs, as a user starts it. */
export interface Program extends AsyncDisposable {
  /** Resolves with all it has said, on stdout and stderr, when that fits; rejects when it ended without. */
  said(pattern: RegExp): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<{ code: number | null; output: string }>;
}

export const startPython = (file: string, ...args: string[]): Program => start([join(EXAMPLES, file), ...args]);

/** With these variables in its environment. */
export const startPythonWith = (env: Record<string, string>, file: string, ...args: string[]): Program =>
  start([join(EXAMPLES, file), ...args], env);

/** A module of the standard library. */
export const startModule = (module: string, ...args: string[]): Program => start(['-u', '-m', module, ...args]);

function start(args: string[], more: Record<string, string> = {}): Program {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...more };
  const child = endsWithUs(spawn(PYTHON, args, { env, stdio: ['ignore', 'pipe', 'pipe'] }));
  let output = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const check of waiting) check();
    });
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });

  return {
    ended,
    signal: (signal) => void child.kill(signal),
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!pattern.test(output)) return;
          waiting.delete(check);
          resolve(output);
        };
        waiting.add(check);
        check();
        ended.then(() => {
          if (waiting.delete(check)) reject(new Error(`It ended without ${pattern}:\n${output}`));
        }, reject);
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** All streamed output of the present attempt, once the job has ended. */
export async function outputOf(
  server: Pick<TestServer, 'graphql'>,
  id: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const query = 'subscription ($id: ID!) { jobOutput(id: $id) { text } }';
  const flow = await sse<{ text: string }>(server, query, { id }, headers);
  return (await flow.rest()).map(({ text }) => text).join('');
}
