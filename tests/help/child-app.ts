import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RemoteAppOptions } from '../../client/sdk/index.ts';
import { endsWithUs } from './children.ts';
import { createInbox, type Inbox } from './inbox.ts';
import type { ChildEvent } from './programs/child-app.ts';

/** A remote app on the SDK in a process of its own, which does what the prompts say: see programs/child-app.ts. */
export interface ChildApp extends AsyncDisposable {
  readonly events: Inbox<ChildEvent>;
  /** The next event of a type that nobody has taken. */
  event<T extends ChildEvent['type']>(type: T): Promise<Extract<ChildEvent, { type: T }>>;
  /** Lets the handler of a `hold` return. */
  finish(job: string): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP: it does nothing any more, and its socket stays open. */
  pause(): void;
  resume(): void;
  /** SIGTERM: it drains. Resolves with its exit code. */
  terminate(): Promise<number | null>;
}

const PROGRAM = join(import.meta.dirname, 'programs/child-app.ts');

/** Resolves when it is registered. */
export async function startChildApp(options: Omit<RemoteAppOptions, 'handler' | 'onEvent'>): Promise<ChildApp> {
  const child = endsWithUs(
    spawn(process.execPath, [PROGRAM, JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }),
  );
  child.stderr?.pipe(process.stderr, { end: false });
  const events = createInbox<ChildEvent>();
  child.on('message', (event) => events.put(event as ChildEvent));
  const exited = once(child, 'exit').then(([code]) => {
    events.end(`The app ended with ${code ?? child.signalCode}`);
    return code as number | null;
  });

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    child.kill(signal);
    // A held process takes no other signal than SIGKILL.
    child.kill('SIGCONT');
    return exited;
  }

  const event = <T extends ChildEvent['type']>(type: T) =>
    events.take((candidate): candidate is Extract<ChildEvent, { type: T }> => candidate.type === type);
  await event('registered');
  return {
    events,
    event,
    finish: (job) => void child.send({ finish: job }),
    kill: async () => void (await end('SIGKILL')),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    terminate: () => end('SIGTERM'),
    [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
  };
}
