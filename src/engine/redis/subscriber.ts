import { randomUUID } from 'node:crypto';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import type { Redis } from 'ioredis';
import { cork } from '../cork.ts';
import { type Connection, type ConnectionOptions, createClient, ended } from './connection.ts';
import type { Keys } from './keys.ts';
import { reason } from './log.ts';

/** The connection that messages come in on. It comes back by itself, subscribed to the same channels. */
export interface Subscriber {
  /** Null while every message is heard, else why not. */
  readonly problem: string | null;
  /** Another number after each time that messages may have been missed. */
  readonly connects: number;
  /** Resolves when nothing later on the channel can be missed; waits as long as Redis is away. Once per channel at a time. */
  subscribe(channel: string, handler: (message: unknown) => void): Promise<number>;
  unsubscribe(subscription: number): void;
  close(): Promise<void>;
}

export interface SubscriberOptions extends ConnectionOptions {
  /** How often this process tells itself something over Redis, to know that it still hears. */
  heartbeatMs: number;
}

/** So many heartbeats in a row that were sent but not heard mean that the connection is dead. */
const MISSED_HEARTBEATS = 2;
const RETRY_MS = 1000;

/** `onChange` is called when `problem` has come or gone. */
export function openSubscriber(
  options: SubscriberOptions,
  keys: Keys,
  connection: Connection,
  onChange: () => void,
): Subscriber {
  const { heartbeatMs, log } = options;
  // What fails here fails on the other connection, too, and is told there.
  const redis = createClient(options, () => {});
  let problem: string | null = 'not subscribed yet';
  let connects = 0;
  let closed = false;

  function change(next: string | null): void {
    const changed = (next === null) !== (problem === null);
    problem = next;
    if (changed) onChange();
  }

  redis.on('close', () => {
    connects++;
    change('the subscriptions are down');
  });
  redis.on('ready', () => {
    const connect = ++connects;
    // The client subscribes again after this event; a PING sent behind that is answered behind it.
    setImmediate(() =>
      redis.ping().then(
        () => connect === connects && change(null),
        () => {},
      ),
    );
  });

  /**
   * What graphql-redis-subscriptions needs of a client. It awaits none of its UNSUBSCRIBEs, and a failed SUBSCRIBE rejects a promise
   * of its own that nobody holds: here neither fails, a subscription is tried until it works. It unsubscribes from a pattern of the
   * same name each time, which nothing here ever subscribed to.
   */
  const client = {
    on: (event: string, listener: (...args: unknown[]) => void) => redis.on(event, listener),
    subscribe,
    unsubscribe(channel: string): void {
      if (redis.status === 'ready') cork(redis.stream);
      redis.unsubscribe(channel).catch(() => {});
    },
    punsubscribe() {},
  };
  function subscribe(channel: string, done: (error: null) => void): void {
    if (redis.status === 'ready') cork(redis.stream);
    redis.subscribe(channel).then(
      () => done(null),
      (error) => {
        if (closed) return;
        // Otherwise the connection is what failed.
        if (redis.status === 'ready') log.warn(`Cannot subscribe to ${channel}: ${reason(error)}; trying again`);
        setTimeout(subscribe, RETRY_MS, channel, done).unref();
      },
    );
  }
  const pubsub = new RedisPubSub({ subscriber: client as unknown as Redis, publisher: client as unknown as Redis });

  let missed = 0;
  const own = keys.heartbeat(randomUUID());
  pubsub
    .subscribe(own, () => {
      missed = 0;
    })
    .catch(() => {});
  async function beat(): Promise<void> {
    if (problem !== null || connection.problem !== null) return;
    if (missed >= MISSED_HEARTBEATS) {
      missed = 0;
      log.warn('The subscriptions are silent; connecting again');
      change('the subscriptions are silent');
      redis.disconnect(true);
      return;
    }
    missed++;
    await connection.send('PUBLISH', own, 1).catch(() => {
      // It was not sent, so it is not missed.
      missed = 0;
    });
  }
  const beating = setInterval(beat, heartbeatMs);
  beating.unref();

  return {
    get problem() {
      return problem;
    },
    get connects() {
      return connects;
    },
    subscribe: (channel, handler) => pubsub.subscribe(channel, handler),
    unsubscribe: (subscription) => pubsub.unsubscribe(subscription),
    async close() {
      closed = true;
      clearInterval(beating);
      await ended(redis);
    },
  };
}
