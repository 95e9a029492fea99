import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { endsWithUs } from '../help/children.ts';

export const MAIN = join(import.meta.dirname, '../../client/cli/main.ts');
const TERMINAL = join(import.meta.dirname, 'programs/terminal.py');

/** Nobody has signed in from here, whoever runs the tests. */
const HOME = join(tmpdir(), `spacedock-test-home-${process.pid}`);
afterAll(() => rm(HOME, { recursive: true, force: true }));

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCommand extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with all output of one kind as soon as it fits; rejects when the command ended without. */
  until(pattern: RegExp, from?: 'stdout' | 'stderr'): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  write(text: string | Uint8Array): void;
  /** Nothing more comes on stdin. */
  endInput(): void;
  readonly ended: Promise<Outcome>;
}

export interface CommandOptions {
  env?: Record<string, string>;
  /** Given on stdin, which then ends. Without it stdin stays open. */
  input?: string;
  /** Runs it in a pseudo-terminal, whose output is stdout. */
  terminal?: boolean;
  cwd?: string;
}

/** Starts the real command line. */
export const start = (args: string[], options?: CommandOptions): RunningCommand => startScript(MAIN, args, options);

/** Starts a script with this Node. */
export function startScript(
  script: string,
  args: string[],
  { env, input, terminal, cwd }: CommandOptions = {},
): RunningCommand {
  const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, SPACEDOCK_TOKEN: ____, ...inherited } = process.env;
  const command = terminal ? ['python3', TERMINAL, process.execPath, script] : [process.execPath, script];
  const [file, ...rest] = [...command, ...args] as [string, ...string[]];
  const options = {
    cwd,
    env: { ...inherited, TERM: 'xterm', SPACEDOCK_CONFIG_DIR: HOME, ...env },
    stdio: 'pipe' as const,
  };
  const child: ChildProcess = endsWithUs(spawn(file, rest, options));
  const output = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const check of waiting) check();
    });
  }
  child.stdin?.on('error', () => {});
  if (input !== undefined) child.stdin?.end(input);
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  });

  return {
    pid: child.pid as number,
    ended,
    signal: (signal) => void child.kill(signal),
    write: (text) => void child.stdin?.write(text),
    endInput: () => void child.stdin?.end(),
    until(pattern, from = 'stdout') {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (!pattern.test(output[from])) return;
          waiting.delete(check);
          resolve(output[from]);
        };
        waiting.add(check);
        check();
        ended.then(({ stdout, stderr }) => {
          if (waiting.delete(check)) reject(new Error(`It ended without ${pattern}:\n${stdout}\n${stderr}`));
        }, reject);
      });
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs the real command line to its end. */
export function run(args: string[], options: CommandOptions = {}): Promise<Outcome> {
  return start(args, { input: '', ...options }).ended;
}
