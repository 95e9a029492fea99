import { afterAll, beforeAll } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { openRedis } from '../../src/engine/redis/redis.ts';
import { type RedisServer, startRedis } from '../help/redis.ts';
import { engineContract } from './suite.ts';

let server: RedisServer;
let prefixes = 0;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

engineContract('Redis', async () => {
  const prefix = `contract-${++prefixes}`;
  const opened: Engine[] = [];
  const open = async () => {
    const engine = await openRedis({ url: server.url, prefix });
    opened.push(engine);
    await new Promise<void>((resolve) => engine.onReady(resolve));
    return engine;
  };
  const engine = await open();
  return {
    engine,
    async reopen() {
      await engine.close();
      return open();
    },
    second: open,
    async dispose() {
      await Promise.all(opened.map((handle) => handle.close()));
    },
  };
});
