import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig } from '../../src/config.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { openRedis } from '../../src/engine/redis/redis.ts';
import { openSqlite } from '../../src/engine/sqlite.ts';
import { createLog, type Log } from '../../src/log.ts';
import { openServer, type Server } from '../../src/server.ts';
import { type RedisServer, startRedis } from './redis.ts';

export const engines = ['sqlite', 'redis'] as const;
export type EngineName = (typeof engines)[number];

export interface TestServer extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  url: string;
  /** `http://…/graphql` */
  graphql: string;
  /** `ws://…/graphql` */
  socket: string;
  server: Server;
  engine: Engine;
  config: Config;
  dataDir: string;
  redis: RedisServer | null;
  /** Another process's view: a second server on the same Redis and the same files. The first one's options, unless given. */
  second(env?: Record<string, string>): Promise<TestServer>;
  close(): Promise<void>;
}

export interface TestServerOptions {
  /** @default 'sqlite' */
  engine?: EngineName;
  /** Environment variables over those of a quick test server: short keepalive and grace. */
  env?: Record<string, string>;
  /** Share a redis-server that the test has started. */
  redis?: RedisServer;
  log?: Log;
  /** The proxies it trusts, where access is open: TRUST_PROXY is refused with that. */
  trustProxy?: string[];
  /** Hears of a first administrator whose password nobody chose. */
  firstAdmin?(name: string, password: string): void;
}

/** A quick server: its own port, data directory and redis-server, all gone when it is disposed of. */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
  const own = options.engine === 'redis' && !options.redis ? await startRedis() : null;
  const redis = options.redis ?? own;
  const server = await open(dataDir, redis, options);
  const close = async () => {
    await server.close();
    await own?.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...server, close, [Symbol.asyncDispose]: close };
}

async function open(dataDir: string, redis: RedisServer | null, options: TestServerOptions): Promise<TestServer> {
  const read = readConfig({
    PORT: '0',
    DATA_DIR: dataDir,
    LOG_LEVEL: process.env.TEST_LOG ?? 'silent',
    KEEPALIVE_SECONDS: '0.5',
    RECONNECT_GRACE_SECONDS: '1',
    APP_SILENCE_SECONDS: '4',
    DRAIN_SECONDS: '5',
    ACCESS: 'open',
    ...(redis ? { REDIS_URL: redis.url } : {}),
    ...options.env,
  });
  const config = options.trustProxy ? { ...read, trustProxy: options.trustProxy } : read;
  const log = options.log ?? createLog(config.logLevel);
  const engine = redis
    ? await openRedis({ url: redis.url, prefix: config.keyPrefix, log })
    : await openSqlite({ directory: dataDir, log });
  const firstAdmin = options.firstAdmin ?? (() => undefined);
  const server = await openServer(engine, config, log, { firstAdmin });
  let closed: Promise<void> | null = null;
  const close = () => {
    closed ??= server.close().then(() => engine.close());
    return closed;
  };
  return {
    url: server.url,
    graphql: `${server.url}/graphql`,
    socket: `${server.url.replace('http', 'ws')}/graphql`,
    server,
    engine,
    config,
    dataDir,
    redis,
    second: (env) => {
      if (!redis) throw new Error('The embedded engine serves one process');
      return open(dataDir, redis, { ...options, env: { ...options.env, ...env } });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
