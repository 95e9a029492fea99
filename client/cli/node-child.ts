import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { EXIT, Problem } from './problem.ts';

/** Another Node program that this one started. */
export interface NodeChild {
  /** Resolves when it printed that line; rejects, with the end of what it said, when it ended without. */
  printed(line: string): Promise<void>;
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL if it is still there after five seconds. */
  stop(): Promise<void>;
}

/** Ends with its parent, even when that is killed: the channel between the two closes in every case. */
const END_WITH_PARENT = `data:text/javascript,${encodeURIComponent(
  `process.once('disconnect', () => process.kill(process.pid, 'SIGTERM')); process.channel?.unref();`,
)}`;

const TAIL_LINES = 20;

/** Starts a script with this Node. It is kept out of the terminal's Ctrl-C, so that the caller decides who ends first. */
export function startNodeChild(script: string, args: string[], env: Record<string, string> = {}): NodeChild {
  const child: ChildProcess = spawn(process.execPath, ['--import', END_WITH_PARENT, script, ...args], {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const tail: string[] = [];
  const waiting = new Map<string, () => void>();
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      waiting.get(line)?.();
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(`${script} ended (${signal ?? code})\n${tail.join('\n')}`));
  });

  return {
    ended,
    async printed(line) {
      const seen = new Promise<true>((resolve) => waiting.set(line, () => resolve(true)));
      const ending = await Promise.race([seen, ended]);
      if (ending !== true) throw new Problem(ending, { exitCode: EXIT.failed });
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exit;
      clearTimeout(timer);
    },
  };
}
