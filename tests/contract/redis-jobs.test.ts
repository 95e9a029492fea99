import { describe, expect, test } from 'vitest';
import { ALICE, BOB, claimed, completed, connected, newSpace, queued } from './fixtures.ts';
import { cleanUp, client, openReady, start } from './redis-fixtures.ts';

cleanUp();

describe('what Redis keeps', () => {
  test('no list is left of a submitter whose jobs are gone', async () => {
    const server = await start();
    const engine = await openReady({ url: server.url });
    const redis = client(server.url);
    const space = await newSpace(engine);
    await connected(engine, space, 'app');
    const [done, waiting] = [await queued(engine, space), await queued(engine, space, { submitter: BOB })];
    await engine.jobs.commit(completed(await claimed(engine, space, 'app'), engine.now()));
    const lists = async () => (await redis.keys('*:own:*')).toSorted();
    expect(await lists()).toEqual([
      `spacedock:{${space}}:own:COMPLETED:${ALICE.id}`,
      `spacedock:{${space}}:own:QUEUED:${BOB.id}`,
    ]);
    for (const { id } of [done, waiting]) await engine.jobs.remove(id);
    expect(await lists()).toEqual([]);
  });

  test('records that are over leave nothing, and a kind that gets no more goes with its last', async () => {
    const server = await start();
    const engine = await openReady({ url: server.url });
    const redis = client(server.url);
    const add = (id: string, keptMs: number) => engine.records.add('a', id, {}, engine.now() + keptMs, 150);
    const [records, expiry] = ['spacedock:{r:a}:records', 'spacedock:{r:a}:expiry'] as const;
    const sizes = async () => [await redis.zcard(records), await redis.zcard(expiry)];
    // More than one addition drops.
    for (let n = 1000; n < 1200; n++) await add(`${n}`, 60_000);
    expect(await sizes()).toEqual([150, 150]);
    for (let n = 2000; n < 2010; n++) await add(`${n}`, 0);
    expect((await engine.records.newest(['a'], null, 1))[0]!.id).toBe('1199');
    expect(await sizes()).toEqual([150, 150]);
    for (const key of [records, expiry]) {
      expect(await redis.pttl(key)).toBeGreaterThan(50_000);
      expect(await redis.pttl(key)).toBeLessThanOrEqual(60_000);
    }
  });

  test('index entries of expired documents go when others are stored, also of a kind that nobody lists', async () => {
    const server = await start();
    const engine = await openReady({ url: server.url });
    const redis = client(server.url);
    const now = engine.now();
    for (let n = 0; n < 10; n++) await engine.documents.put('upload', `old-${n}`, 1, 0, now - 120_000);
    await engine.documents.put('upload', 'just', 1, 0, now - 1000);
    await engine.documents.put('upload', 'forever', 1, 0);
    await engine.documents.put('upload', 'kept', 1, 0, now + 60_000);
    const entries = await redis.zrangebyscore('spacedock:docs:upload', '-inf', '+inf');
    expect(entries).toEqual(['just', 'kept', 'forever']);
  });

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
