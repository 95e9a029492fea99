import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { atEnd } from '../help/children.ts';
import { makeDesk } from './desk.ts';
import { type Block, ROOT, where } from './documents.ts';

/** Somebody who pastes the blocks of a document into terminals, one after the other. */
export interface Terminal extends AsyncDisposable {
  /** Resolves when all of it was done. Rejects with the line that failed and what was said. */
  run(block: Block): Promise<void>;
  /** As in a terminal of its own: resolves when it is ready, and leaves it running. Rejects when it ends before. */
  start(block: Block): Promise<void>;
  /** Ctrl-C to all that was left running; resolves when it has ended. Rejects if something of it had failed by itself. */
  leave(): Promise<void>;
}

export interface TerminalOptions {
  /** Where the document's server is, or will be: `127.0.0.1:port`. */
  host: string;
  /** Whether the document itself starts that server. */
  serves: boolean;
  /** A port that nobody listens on, for what a document serves on 8000. */
  otherPort: number;
  password: string;
  /** How many blocks will be left running. */
  staying: number;
}

/** More than anything in a document takes. */
const LONGEST_MS = 120_000;

/** What a command that goes on says when it is ready. Others are when they say anything, or what `stays=` has. */
const READY: [command: RegExp, said: RegExp][] = [
  [/\bspacedock serve\b/, /Spacedock is at /],
  [/\bspacedock app\b/, /Registration successful/],
];

/**
 * One bash for all blocks: what one sets is there in the next. An error ends it, and is told with its line in the document. What it
 * said before is known when the zero byte is: what was left running holds its streams open.
 */
const DRIVER = `set -eEu
exec 2>&1
trap 'code=$?; printf "\\0"; echo "gone $code" >&4' EXIT
trap 'echo "failed $? \${BASH_SOURCE[0]-}:$LINENO $BASH_COMMAND" >&4' ERR
while IFS=' ' read -r how fd file <&3; do
  case $how in
    run) . "$file" </dev/null; echo "done" >&4 ;;
    start) ( set -m; ( trap - ERR; trap 'echo "ended $fd $?" >&4' EXIT; . "$file" ) </dev/null >&"$fd" 2>&1 & echo "pid $fd $!" >&4 ) ;;
  esac
done`;
/** 3 tells bash what to do, 4 what came of it; then one for what each block says that is left running. */
const FIRST_FD = 5;

interface Staying {
  block: Block;
  text: string;
  begun: PromiseWithResolvers<number>;
  ready: PromiseWithResolvers<void>;
  ended: PromiseWithResolvers<number>;
  /** Undefined while it runs. */
  code?: number;
  /** Whether it was asked to end. */
  left?: true;
}

export function openTerminal({ host, serves, otherPort, password, staying: count }: TerminalOptions): Terminal {
  const desk = makeDesk({ host, serves, password });
  const shell = spawn('bash', ['-c', DRIVER], {
    cwd: desk.directory,
    env: desk.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore', 'pipe', 'pipe', ...Array<'pipe'>(count).fill('pipe')],
  });
  const control = shell.stdio[3] as Writable;
  control.on('error', () => {});
  const closed = once(shell, 'close');
  const gone = Promise.withResolvers<number>();
  const flushed = Promise.withResolvers<void>();

  const groups = new Set([shell.pid!]);
  const tidy = () => {
    for (const group of groups) signal(group, 'SIGKILL');
    rmSync(desk.directory, { recursive: true, force: true });
  };
  const { forget } = atEnd(tidy);

  const staying: Staying[] = [];
  let output = '';
  let failed = '';
  let finished: () => void = () => {};

  shell.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (text.includes('\0')) flushed.resolve();
  });
  onLine(shell.stdio[4] as Readable, (line) => {
    const [what, first = '', second = ''] = line.split(' ');
    const one = staying[Number(first) - FIRST_FD];
    if (what === 'done') finished();
    else if (what === 'gone') gone.resolve(Number(first));
    else if (what === 'pid') one!.begun.resolve(Number(second));
    else if (what === 'ended') {
      one!.code = Number(second);
      one!.ended.resolve(one!.code);
    }
    // Bash goes on to tell it of each function and subshell around; of a list like `a && b` it does not tell the line.
    else if (failed === '' && !second.startsWith(':'))
      failed = `${second}: \`${line.split(' ').slice(3).join(' ')}\` ended with ${first}`;
  });

  /** In a file with the name and the line numbers of the document: bash tells both of what is wrong. */
  function write(block: Block): string {
    const text = block.text
      .replaceAll(/\b(127\.0\.0\.1|localhost):4000\b/g, host)
      .replaceAll(/https:\/\/spacedock\.example(\.org)?\b/g, `http://${host}`)
      .replaceAll(/\b8000\b/g, String(otherPort));
    const [before, after] = block.words.has('clone') ? [`pushd ${ROOT} >/dev/null`, 'popd >/dev/null\n'] : ['', ''];
    const file = join(desk.blocks, block.document.replaceAll('/', '∕'));
    writeFileSync(file, `${before}${'\n'.repeat(block.line - 1)}${text}${after}`);
    return file;
  }

  const failure = (block: Block, what: string, said: string): Error =>
    new Error(
      `${what}\n--- ${where(block)}\n${block.text}--- It said:\n${said}`
        .replaceAll(`${desk.blocks}/`, '')
        .replaceAll('∕', '/'),
    );

  /** What is awaited of a block, but not for ever. */
  async function within<T>(block: Block, wanted: Promise<T>, late: string, said: () => string): Promise<T> {
    const limit = Promise.withResolvers<never>();
    const timer = setTimeout(() => limit.reject(failure(block, `${where(block)}: ${late}`, said())), LONGEST_MS);
    const died = Promise.all([gone.promise, flushed.promise]).then(([code]) => {
      throw failure(block, failed || `${where(block)}: bash ended with ${code}`, output.replace('\0', ''));
    });
    died.catch(() => {});
    try {
      return await Promise.race([wanted, died, limit.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async run(block) {
      output = '';
      failed = '';
      const done = new Promise<void>((resolve) => {
        finished = resolve;
      });
      control.write(`run - ${write(block)}\n`);
      await within(block, done, 'it goes on: is it one that `stays`?', () => output);
    },

    async start(block) {
      const fd = FIRST_FD + staying.length;
      const one: Staying = {
        block,
        text: '',
        begun: Promise.withResolvers(),
        ready: Promise.withResolvers(),
        ended: Promise.withResolvers(),
      };
      staying.push(one);
      const isReady = readiness(block);
      (shell.stdio[fd] as Readable).setEncoding('utf8').on('data', (text: string) => {
        one.text += text;
        if (isReady(one.text)) one.ready.resolve();
      });
      control.write(`start ${fd} ${write(block)}\n`);
      const said = () => one.text;
      groups.add(await within(block, one.begun.promise, 'it does not begin', said));
      const endedBefore = one.ended.promise.then((code) => {
        if (code !== 0) throw failure(block, `${where(block)}: it ended with ${code}`, one.text);
      });
      await within(block, Promise.race([one.ready.promise, endedBefore]), 'it does not get ready', said);
    },

    async leave() {
      const running = staying.filter(({ left }) => !left);
      const early = running.find(({ code = 0 }) => code !== 0);
      if (early) throw failure(early.block, `${where(early.block)}: it ended by itself with ${early.code}`, early.text);
      for (const one of running.toReversed()) {
        one.left = true;
        signal(await one.begun.promise, 'SIGINT');
        await within(one.block, one.ended.promise, 'Ctrl-C does not end it', () => one.text);
        if (/^\{"level":[56]0/m.test(one.text)) {
          throw failure(one.block, `${where(one.block)}: it logged an error`, one.text);
        }
      }
    },

    async [Symbol.asyncDispose]() {
      tidy();
      forget();
      await closed;
    },
  };
}

function readiness({ words, text }: Block): (said: string) => boolean {
  const word = words.get('stays');
  if (word) return (said) => said.includes(word);
  const [, pattern = /\n/] = READY.find(([command]) => command.test(text)) ?? [];
  return (said) => pattern.test(said);
}

/** To a whole group of processes, if it is still there. */
function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function onLine(stream: Readable, heard: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) heard(line);
  });
}
