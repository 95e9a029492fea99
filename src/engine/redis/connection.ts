import { Command, Redis } from 'ioredis';
import { cork } from '../cork.ts';
import { EngineUnavailable } from '../engine.ts';
import { type Log, reason } from './log.ts';
import { type ScriptName, scripts } from './scripts.ts';

export type Argument = string | number;

/** The connection that commands go over. It comes back by itself, for ever. */
export interface Connection {
  /** Null while commands are answered, else why not. */
  readonly problem: string | null;
  /** Runs a script on the key it works on: for all but documents the base of a partition. */
  run<T>(script: ScriptName, key: string, ...args: Argument[]): Promise<T>;
  send<T>(command: string, ...args: Argument[]): Promise<T>;
  /** A command whose answer is bytes that need not be text. */
  bytes(command: string, ...args: Argument[]): Promise<Buffer>;
  close(): Promise<void>;
}

export interface ConnectionOptions {
  /** `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. */
  url: string;
  /** PEM of an authority to trust with `rediss://`. Default: those that Node.js trusts. */
  ca?: string | undefined;
  /** How long a command may take, waiting for Redis to come back included. */
  timeoutMs: number;
  log: Log;
}

/** What a new connection is tried with before anybody may use it. Answers why it cannot be used, or null. */
export type Inspect = (send: Connection['send']) => Promise<string | null>;

/** A client that tries for ever and says why it cannot connect. */
export function createClient({ url, ca, timeoutMs }: ConnectionOptions, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    connectTimeout: timeoutMs,
    // A connection that is silent although something was asked is dead.
    socketTimeout: timeoutMs,
    // Never: what waits too long is refused here, and a refused SUBSCRIBE would end the process.
    maxRetriesPerRequest: null,
    maxLoadingRetryTime: 500,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 1000) * (0.75 + Math.random() / 2),
    ...(ca === undefined ? {} : { tls: { ca } }),
  });
  redis.on('error', (error) => {
    // A socket may fail twice (TLS: the refusal, then the alert that answers it); the client listens for the first alone.
    if (redis.stream?.listenerCount('error') === 0) redis.stream.on('error', () => {});
    onError(error);
  });
  return redis;
}

/** Where a URL leads, without its password. */
export function address(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || 6379}${pathname.length > 1 ? pathname : ''}`;
}

/** How often a connection that stands but could not be used is tried again. */
const TRY_OUT_MS = 1000;
/** How often the age of unanswered commands is looked at. */
const TICK_MS = 250;

/** `onChange` is called when `problem` has come or gone. */
export function openConnection(options: ConnectionOptions, inspect: Inspect, onChange: () => void): Connection {
  const { url, timeoutMs, log } = options;
  const where = `Redis at ${address(url)}`;
  const redis = createClient(options, (error) => {
    lastError = reason(error);
  });
  /** What was sent and not answered yet, oldest first, with the tick at which it is given up. */
  const unanswered = new Map<Command, number>();
  /** Who waits for the connection to open. */
  const waiting = new Set<() => void>();
  let problem: string | null = `not connected to ${where} yet`;
  let lastError: string | null = null;
  /** A connection that can not be used although it stands: nobody waits for it. */
  let refused = false;
  let closed = false;
  let connects = 0;
  let tick = 0;

  function change(next: string | null): void {
    if (next === problem) return;
    const changed = (next === null) !== (problem === null);
    problem = next;
    if (next !== null && !closed) log.warn(`${next}; trying again until it works`);
    if (changed) onChange();
  }

  redis.on('close', () => {
    connects++;
    refused = false;
    change(`${where}: ${lastError ?? 'the connection was lost'}`);
  });
  redis.on('ready', () => {
    lastError = null;
    void tryOut(++connects);
  });

  async function tryOut(connect: number): Promise<void> {
    const found = await inspect((name, ...args) => answer(issue(name, args))).catch(reason);
    if (connect !== connects || closed) return;
    refused = found !== null;
    change(found === null ? null : `${where}: ${found}`);
    if (found === null) log.info(`Connected to ${where}`);
    else setTimeout(tryOut, TRY_OUT_MS, connect).unref();
    for (const go of [...waiting]) go();
  }

  // Ticks, not times: a process that was held up has not waited for Redis.
  const ticking = setInterval(() => {
    tick++;
    for (const [command, last] of unanswered) {
      if (last > tick) break;
      unanswered.delete(command);
      command.reject(new EngineUnavailable(`${where} did not answer within ${timeoutMs} ms`));
    }
  }, TICK_MS);
  ticking.unref();

  /**
   * Sends a command as it is. All commands of one turn of the event loop leave in one write: that is what autopipelining is for,
   * but its second promise and its queue for each command cost twice as much, and it has only one batch under way at a time.
   */
  function issue(name: string, args: Argument[], replyEncoding: 'utf8' | null = 'utf8'): Command {
    const command = new Command(name, args, { replyEncoding });
    if (redis.status === 'ready') cork(redis.stream);
    unanswered.set(command, tick + timeoutMs / TICK_MS);
    redis.sendCommand(command);
    return command;
  }

  async function answer<T>(command: Command): Promise<T> {
    try {
      return (await command.promise) as T;
    } catch (error) {
      throw unavailable(error);
    } finally {
      unanswered.delete(command);
    }
  }

  function opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = () => reject(new EngineUnavailable(problem ?? `${where} is away`));
      if (refused || closed) return refuse();
      const go = () => {
        clearTimeout(timer);
        waiting.delete(go);
        if (problem === null) resolve();
        else refuse();
      };
      const timer = setTimeout(go, timeoutMs);
      waiting.add(go);
    });
  }

  return {
    get problem() {
      return problem;
    },
    async run<T>(script: ScriptName, key: string, ...args: Argument[]) {
      if (problem !== null) await opened();
      const { sha, text } = scripts[script];
      const command = issue('evalsha', [sha, '1', key, ...args]);
      try {
        return (await command.promise) as T;
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw unavailable(error);
      } finally {
        unanswered.delete(command);
      }
      // A restarted or flushed Redis knows no scripts; EVAL teaches it.
      return answer<T>(issue('eval', [text, '1', key, ...args]));
    },
    async send<T>(command: string, ...args: Argument[]) {
      if (problem !== null) await opened();
      return answer<T>(issue(command, args));
    },
    async bytes(command, ...args) {
      if (problem !== null) await opened();
      return answer<Buffer>(issue(command, args, null));
    },
    async close() {
      closed = true;
      clearInterval(ticking);
      await ended(redis);
      problem = `the connection to ${where} is closed`;
      for (const go of [...waiting]) go();
      for (const command of unanswered.keys()) command.reject(new EngineUnavailable(problem));
    },
  };
}

/** Errors of Redis that are about its state, by their first word; others say that a command was wrong. */
const STATES = new Set(
  'LOADING BUSY MASTERDOWN READONLY MISCONF OOM NOAUTH WRONGPASS NOPERM NOREPLICAS CLUSTERDOWN TRYAGAIN'.split(' '),
);

function unavailable(error: unknown): unknown {
  if (error instanceof EngineUnavailable || !(error instanceof Error)) return error;
  if (error.name === 'ReplyError' && !STATES.has(error.message.split(' ', 1)[0]!)) return error;
  return new EngineUnavailable(`Redis: ${error.message}`, { cause: error });
}

/** Ends a client; resolves when its socket is closed. */
export async function ended(redis: Redis): Promise<void> {
  const open = redis.status === 'connect' || redis.status === 'ready';
  const closed = open ? new Promise<void>((resolve) => redis.once('end', resolve)) : null;
  redis.disconnect();
  await closed;
}
