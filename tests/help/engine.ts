import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../src/engine/engine.ts';
import { openRedis } from '../../src/engine/redis/redis.ts';
import { openSqlite } from '../../src/engine/sqlite.ts';
import { startRedis } from './redis.ts';
import type { EngineName } from './server.ts';

export interface TestEngine extends AsyncDisposable {
  engine: Engine;
  /** Another process's handle where the engine can have one, else the same. */
  other: Engine;
}

/** An engine of its own with nothing in it. */
export async function openEngine(name: EngineName): Promise<TestEngine> {
  if (name === 'sqlite') {
    const directory = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
    const engine = await openSqlite({ directory });
    return {
      engine,
      other: engine,
      async [Symbol.asyncDispose]() {
        await engine.close();
        await rm(directory, { recursive: true });
      },
    };
  }
  const redis = await startRedis();
  const open = async () => {
    const engine = await openRedis({ url: redis.url });
    await new Promise<void>((resolve) => engine.onReady(resolve));
    return engine;
  };
  const [engine, other] = await Promise.all([open(), open()]);
  return {
    engine,
    other,
    async [Symbol.asyncDispose]() {
      await Promise.all([engine.close(), other.close()]);
      await redis.stop();
    },
  };
}
