import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { openRedis, type RedisEngineOptions } from '../../src/engine/redis/redis.ts';
import { type RedisServer, startRedis } from '../help/redis.ts';
import { ear } from './fixtures.ts';

const closing: (() => Promise<unknown>)[] = [];
const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);

/** Closes after each test of the file what it opened, and fails it if a rejection went unhandled. */
export function cleanUp(): void {
  beforeEach(() => {
    process.on('unhandledRejection', note);
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    process.off('unhandledRejection', note);
    expect(unhandled.splice(0)).toEqual([]);
  });
}

/** Closed after the test. */
export function opened<T extends AsyncDisposable>(what: T): T {
  closing.push(() => Promise.resolve(what[Symbol.asyncDispose]()));
  return what;
}

export const start = async (options?: Parameters<typeof startRedis>[0]): Promise<RedisServer> =>
  opened(await startRedis(options));

/** An engine that may still look for its Redis. */
export async function open(options: RedisEngineOptions): Promise<Engine> {
  const engine = await openRedis(options);
  closing.push(() => engine.close());
  return engine;
}

/** An engine that answers. */
export async function openReady(options: RedisEngineOptions): Promise<Engine> {
  const engine = await open(options);
  await ready(engine);
  return engine;
}

/** A client beside the engine. */
export function client(url: string): Redis {
  const redis = new Redis(url);
  closing.push(async () => redis.disconnect());
  return redis;
}

export const ready = (engine: Engine): Promise<void> => new Promise((resolve) => engine.onReady(resolve));

/** Resolves when the engine, ready now, was away and has come back. */
export async function back(engine: Engine): Promise<void> {
  const calls = ear<void>();
  engine.onReady(() => calls.hear());
  // The first call says that it is ready now.
  await calls.until(2);
}

/** A log and what is warned of in it. */
export function warnings() {
  const { hear, until, heard } = ear<string>();
  return { log: { info() {}, warn: hear, error: hear }, until, heard };
}
