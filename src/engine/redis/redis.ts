import type { Engine } from '../engine.ts';
import { busOf } from './bus.ts';
import { createClock } from './clock.ts';
import { openConnection } from './connection.ts';
import { documentsOf } from './documents.ts';
import { jobsOf } from './jobs.ts';
import { keysOf } from './keys.ts';
import { inspectLayout } from './layout.ts';
import { type Log, reason, SILENT } from './log.ts';
import { outputOf } from './output.ts';
import { presenceOf } from './presence.ts';
import { recordsOf } from './records.ts';
import { openSubscriber } from './subscriber.ts';

export interface RedisEngineOptions {
  /** `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. Redis 7.0 or newer. */
  url: string;
  /** What all keys and channels begin with; processes with the same one work together. @default 'spacedock' */
  prefix?: string;
  /** PEM of an authority to trust with `rediss://`. @default those that Node.js trusts */
  ca?: string;
  /** How long an operation waits for an answer, or for Redis to come back, before it rejects. @default 5000 */
  timeoutMs?: number;
  /** How often it is tested that messages still arrive; after two misses the subscriptions are made anew. @default 5000 */
  heartbeatMs?: number;
  /** How often the clock is compared with the one of Redis. @default 2000 */
  clockMs?: number;
  /** @default nothing is logged */
  log?: Log;
}

/**
 * Keeps state in Redis, for any number of processes. Resolves at once, whether Redis answers or not: `health` and `onReady` tell when
 * it does, and it is tried for ever. State is as durable as that Redis is configured to be (turn AOF on). A command in flight when the
 * connection breaks is sent again, so it may happen although it was reported as failed; each of them is harmless when repeated.
 */
export async function openRedis(options: RedisEngineOptions): Promise<Engine> {
  const { url, prefix = 'spacedock', ca, timeoutMs = 5000, heartbeatMs = 5000, clockMs = 2000, log = SILENT } = options;
  const keys = keysOf(prefix);
  const inspect = inspectLayout(keys, databaseOf(url));
  const handlers: (() => void)[] = [];
  let ready = false;

  const connection = openConnection(
    { url, ca, timeoutMs, log },
    async (send) => {
      const found = await inspect(send);
      // The first replies of a connection are often slow, and the quickest counts.
      for (let n = 0; n < 3 && found === null; n++) await clock.sample(send);
      return found;
    },
    changed,
  );
  const subscriber = openSubscriber({ url, ca, timeoutMs, log, heartbeatMs }, keys, connection, changed);
  const clock = createClock();
  const sampling = setInterval(() => clock.sample(connection.send).catch(() => {}), clockMs);
  sampling.unref();

  function changed(): void {
    const was = ready;
    ready = connection.problem === null && subscriber.problem === null;
    if (ready && !was) handlers.forEach(tell);
  }

  function tell(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      log.error(`An onReady handler failed: ${reason(error)}`);
    }
  }

  const jobs = jobsOf(connection, keys);
  return {
    name: 'redis',
    now: clock.now,
    health: () => ({ ready, problem: connection.problem ?? subscriber.problem }),
    onReady(handler) {
      handlers.push(handler);
      if (ready) queueMicrotask(() => tell(handler));
    },
    nextSession: () => connection.run<number>('session', keys.sessions),
    documents: documentsOf(connection, keys, clock),
    records: recordsOf(connection, keys, clock),
    jobs,
    output: outputOf(connection, keys),
    presence: presenceOf(connection, keys),
    bus: busOf(subscriber, connection, keys, { read: jobs.read, timeoutMs, log }),
    async close() {
      clearInterval(sampling);
      await Promise.all([connection.close(), subscriber.close()]);
    },
  } satisfies Engine;
}

function databaseOf(url: string): number {
  const { protocol, pathname } = new URL(url);
  const database = Number(pathname.slice(1));
  if (!/^rediss?:$/.test(protocol) || !Number.isInteger(database)) {
    throw new Error('the Redis URL must be redis://[[user]:password@]host[:port][/database], or rediss:// for TLS');
  }
  return database;
}
