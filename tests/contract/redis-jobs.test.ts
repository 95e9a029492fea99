import { describe, expect, test } from 'vitest';
import { ALICE, BOB, claimed, connected, newSpace, queued } from './fixtures.ts';
import { cleanUp, client, openReady, start } from './redis-fixtures.ts';

cleanUp();

describe('what Redis keeps of jobs', () => {
  test('nothing is remembered of the turns of a submitter who has no job waiting', async () => {
    const server = await start();
    const engine = await openReady({ url: server.url });
    const redis = client(server.url);
    const space = await newSpace(engine);
    await connected(engine, space, 'app');
    const key = `spacedock:{${space}}:turns`;
    for (const submitter of [ALICE, ALICE, BOB]) await queued(engine, space, { submitter }, 'FAIR');
    expect(await redis.zcard(key)).toBe(3);
    for (let left = 2; left >= 0; left--) {
      await claimed(engine, space, 'app');
      expect(await redis.zcard(key)).toBe(left);
    }
  });
});
