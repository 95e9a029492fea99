import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { leadGroup } from './group.ts';
import { createLineSplitter } from './lines.ts';

/** How a program ended. `error`: it could not be started at all. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  error?: Error;
}

/** The signal that ended it (out of memory, for one), be it seen by us or by the shell in between. */
export function fatalSignal({ code, signal }: Ending): string | null {
  const named = Object.entries(constants.signals).find(([, number]) => code === 128 + number);
  return signal ?? named?.[0] ?? null;
}

/** How a program ended, as a sentence for people, with the end of what it said. */
export function describeEnding(ending: Ending, stderr: string): string {
  const signal = fatalSignal(ending);
  const what = ending.error
    ? `The program could not be started: ${ending.error.message}`
    : signal
      ? `The program was ended by ${signal}`
      : `The program ended with exit code ${ending.code}`;
  return stderr ? `${what}: ${stderr}` : what;
}

/** What to do about a program that ended so; undefined where its own words are all there is. */
export function remedyFor({ code }: Ending): string | undefined {
  if (code === 127)
    return 'The shell found no such command: give its full path, or see that it is in the PATH of spacedock app.';
  if (code === 126)
    return 'The shell may not run this command: make it executable (chmod +x), or name the program that runs it.';
  return undefined;
}

export interface ProcessGroup {
  /** Writes to the program's stdin; a program that does not read it is no error. */
  write(text: string): void;
  endInput(): void;
  /** Settles once, when the program and everything it left in its group is gone and its output was read. Never rejects. */
  readonly ended: Promise<Ending>;
  /** SIGTERM to the whole group, SIGKILL to what is left after the grace. Resolves when it is gone. */
  stop(): Promise<void>;
  /** The end of what it wrote to stderr, trimmed. */
  stderrTail(): string;
}

export interface ProcessGroupOptions {
  /** Run by the shell exactly as the operator wrote it; nothing a user sent is ever part of it. */
  command: string;
  env?: Record<string, string>;
  /** From SIGTERM to SIGKILL. */
  killAfterSeconds: number;
  onLine(line: string, cut: boolean): void;
  /** Gets stdout as it comes, before its lines are cut. No more is read until the promise settles. @default not used */
  onText?(text: string): Promise<void>;
  /** Gets stderr as it comes. @default dropped, but for the tail */
  onStderr?(text: string): void;
  /** Longest line of output, in characters; longer ones are cut. @default 4 Mi */
  maxLineChars?: number;
}

export const STDERR_TAIL_CHARS = 2000;

/** Starts a command as the leader of its own process group, so that it and all it starts can be ended together. */
export function startProcessGroup(options: ProcessGroupOptions): ProcessGroup {
  const { command, env, killAfterSeconds, onLine, onText, onStderr, maxLineChars = 4 * 1024 * 1024 } = options;
  const child = spawn(command, { shell: true, detached: true, env: programEnvironment(env), stdio: 'pipe' });
  const group = leadGroup(child);

  const lines = createLineSplitter(onLine, maxLineChars);
  let over = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const taken = onText?.(text);
    lines.push(text);
    if (!taken || over) return;
    child.stdout.pause();
    const goOn = () => void child.stdout.resume();
    taken.then(goOn, goOn);
  });
  let tail = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-STDERR_TAIL_CHARS);
    onStderr?.(text);
  });
  child.stdin.on('error', () => {});

  const exited = new Promise<Ending>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const ended = exited.then(async (ending) => {
    over = true;
    child.stdout.resume();
    await group.stop(killAfterSeconds);
    await outputRead(child);
    group.release();
    lines.end();
    return ending;
  });

  return {
    write: (text) => void (child.stdin.writable && child.stdin.write(text)),
    endInput: () => void child.stdin.end(),
    ended,
    async stop() {
      void group.stop(killAfterSeconds);
      await ended;
    },
    stderrTail: () => tail.trim(),
  };
}

/** Waits for the pipes; one that a process outside the group still holds is left after a second. */
async function outputRead({ stdout, stderr }: ChildProcessWithoutNullStreams): Promise<void> {
  const open = [stdout, stderr].filter((stream) => !stream.closed);
  const closed = open.map((stream) => new Promise((resolve) => stream.once('close', resolve)));
  const timer = setTimeout(() => {
    for (const stream of open) stream.destroy();
  }, 1000);
  await Promise.all(closed);
  clearTimeout(timer);
}

/** The operator's own environment without Spacedock's credentials, and Python told to print lines as they come. */
function programEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { SPACEDOCK_TOKEN: _, ...own } = process.env;
  return { PYTHONUNBUFFERED: '1', ...own, ...extra };
}
