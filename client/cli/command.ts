import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { leadGroup } from './group.ts';
import type { Ending } from './process-group.ts';

/** A command of the user's own that runs as if it were started from the shell. */
export interface RunningCommand {
  /** Settles when it has ended and its output was read. Never rejects. What it left in the background lives on. */
  readonly ended: Promise<Ending>;
  /** Hands a signal on to it and all that it started. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM to all of it, SIGKILL to what is left after the grace. */
  stop(): Promise<void>;
}

export interface CommandOptions {
  /** The program and its arguments: no shell reads them. */
  words: readonly string[];
  env: Record<string, string>;
  /** From SIGTERM to SIGKILL. */
  killAfterSeconds: number;
  /** Gets what it writes. The program may write on when the promise resolves. */
  onOutput(from: 'stdout' | 'stderr', bytes: Buffer): Promise<void>;
}

/** How long a program that ended is waited for by whoever still holds its output open. */
const HELD_MS = 1000;

/** Starts a command as the leader of its own process group; its stdin is ours. */
export function startCommand({ words, env, killAfterSeconds, onOutput }: CommandOptions): RunningCommand {
  const [file = '', ...args] = words;
  const child = spawn(file, args, {
    detached: true,
    env: { PYTHONUNBUFFERED: '1', ...process.env, ...env },
    stdio: ['inherit', 'pipe', 'pipe'],
  });
  const group = leadGroup(child);

  let stopping: Promise<void> | undefined;
  let busy = 0;

  async function read(from: 'stdout' | 'stderr', stream: Readable): Promise<void> {
    for await (const bytes of stream) {
      busy++;
      await onOutput(from, bytes as Buffer);
      busy--;
    }
  }
  // A stream that is given up is at its end for us.
  const reading = [read('stdout', child.stdout), read('stderr', child.stderr)].map((each) => each.catch(() => {}));

  /** A process in the background may hold a pipe open for ever; what the command itself has written is read before. */
  async function heldOpen(signal: AbortSignal): Promise<void> {
    do await sleep(HELD_MS, undefined, { signal });
    while (busy > 0);
    child.stdout.destroy();
    child.stderr.destroy();
  }

  const exited = new Promise<Ending>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const ended = exited.then(async (ending) => {
    const over = new AbortController();
    heldOpen(over.signal).catch(() => {});
    await Promise.all(reading);
    over.abort();
    // A cancel is over when all that the command started is gone.
    await stopping;
    group.release();
    return ending;
  });

  return {
    ended,
    signal: group.signal,
    stop() {
      stopping ??= group.stop(killAfterSeconds);
      return stopping;
    },
  };
}

/** The exit code by which a shell tells the same. */
export function shellCode({ code, signal, error }: Ending): number {
  if (error) return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 127 : 126;
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
