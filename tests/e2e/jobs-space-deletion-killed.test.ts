import { describe, expect, test } from 'vitest';
import { createSpaceMutation, deleteSpaceMutation } from '../../client/sdk/index.ts';
import { post } from '../help/client.ts';
import { eventually, find, newSpace, read, submit, watch } from '../help/jobs.ts';
import { startProcess } from '../help/process.ts';
import { startRedis } from '../help/redis.ts';
import { engines } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';

const JOBS = 300;

describe.each(engines)('on %s', (engine) => {
  test('a space whose deletion was killed in the middle is gone in the end, each job before its watchers’ eyes', async () => {
    await using redis = engine === 'redis' ? await startRedis() : null;
    await using server = await startProcess(redis ? { redis } : {});
    const address = { graphql: `${server.url}/graphql`, socket: server.socket };
    const space = await newSpace(address);
    const first = await submit(address, space);
    const between = await Promise.all(Array.from({ length: JOBS - 2 }, () => submit(address, space)));
    // The newest job goes first.
    const last = await submit(address, space);
    const ids = [first, ...between, last].map(({ id }) => id);

    const socket = await openSocket(address);
    const watcher = watch(socket, last.id);
    await watcher.next();
    const deleting = post(address, deleteSpaceMutation, { id: space }).catch(() => 'cut off');
    await watcher.until(({ status }) => status === 'CANCELLED');
    await server.kill();
    expect(await deleting).toBe('cut off');
    await server.restart();

    await using again = await openSocket(address);
    expect(await read(address, first.id)).toMatchObject({ status: 'QUEUED' });
    const waiting = ids.slice(0, 50).map((id) => watch(again, id));
    const input = { id: space, title: 'New', policy: { whenOffline: 'QUEUE' } } as const;
    const create = () => post(address, createSpaceMutation, { input });
    expect((await create()).errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.id' });
    for (const flow of waiting) {
      expect((await flow.rest()).at(-1)).toMatchObject({ status: 'CANCELLED' });
      expect(await flow.ended).toBe('complete');
    }
    await eventually(async () => (await create()).data !== null);
    expect((await Promise.all(ids.map((id) => find(address, id)))).filter(Boolean)).toEqual([]);
    expect(await submit(address, space)).toMatchObject({ status: 'QUEUED', queuePosition: 1 });
  });
});
