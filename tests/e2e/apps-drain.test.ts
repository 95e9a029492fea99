import { describe, expect, test } from 'vitest';
import { startChildApp } from '../help/child-app.ts';
import { connectPerson } from '../help/person.ts';
import { startProcess } from '../help/process.ts';
import { rawInput, startRawApp } from '../help/raw-app.ts';
import { startRedis } from '../help/redis.ts';
import { engines } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openScene, SPACE } from './scene.ts';

describe.each(engines)('%s', (engine) => {
  test('a server that goes away tells its apps, completes nothing, and closes with 1001', async () => {
    await using scene = await openScene({ engine });
    const app = await scene.app();
    await scene.person.submitMany(SPACE, 2);
    const request = await app.request();
    await app.progress(request, 'drawing', 0.5);
    const closing = scene.server.server.close();
    const { deadline } = await app.event('ServerDraining');
    expect(Date.parse(deadline)).toBeGreaterThan(Date.now());
    expect(await app.closed).toEqual({ code: 1001, reason: 'Going away' });
    await closing;
    const completed = await Promise.race([app.ended, Promise.resolve('nothing')]);
    expect(completed).toBe('nothing');
    expect(app.events.all.map(({ __typename }) => __typename)).toEqual([
      'AppRegistered',
      'RequestAssigned',
      'ServerDraining',
    ]);
    // The lease has its grace, and nothing was requeued.
    const { engine: store } = scene.server;
    expect(await store.jobs.read(request.job.id)).toMatchObject({ status: 'RUNNING', attempt: 1 });
    expect((await store.jobs.leaseExpiry(request.job.id))! - store.now()).toBeGreaterThan(0);
    expect((await store.presence.list(SPACE)).apps).toMatchObject([{ status: 'RECONNECTING' }]);
  });
});

test('[promise 8] [promise 10] an app of a process that drains finishes its work on another, and the watcher sees the end', async () => {
  await using scene = await openScene({ engine: 'redis', env: { RECONNECT_GRACE_SECONDS: '10' } });
  const { server: b, person: onB } = await scene.second();
  const onA = await scene.app({ instance: 'a' });
  const { id } = await onB.submit(SPACE, 'half done');
  const watched = onB.watch(id);
  const request = await onA.request();
  await onA.progress(request, 'drawing', 0.5);
  const closing = scene.server.server.close();
  await onA.event('ServerDraining');
  await onA.closed;
  await using moved = await startRawApp(b.socket, rawInput([SPACE], { instance: 'a', resume: null }));
  expect(await moved.registered).toMatchObject({ kept: [id], lost: [] });
  expect(await moved.complete(request, 'whole')).toMatchObject({ status: 'COMPLETED' });
  await watched.next(({ status, attempt }) => status === 'COMPLETED' && attempt === 1);
  await closing;
});

test('[promise 1] SIGTERM to a real server under work: its app and its watcher go on at another, and it exits with 0', async () => {
  await using redis = await startRedis();
  await using a = await startProcess({ redis, env: { RECONNECT_GRACE_SECONDS: '10' } });
  await using b = await startProcess({ redis, dataDir: a.dataDir, env: { RECONNECT_GRACE_SECONDS: '10' } });
  await using way = await startProxy(a.url);
  await using person = connectPerson(way.url);
  await person.space(SPACE);
  await using app = await startChildApp({ url: way.url, spaces: [SPACE], name: 'moves' });
  const { id } = await person.submit(SPACE, 'hold');
  const watched = person.watch(id);
  await app.event('working');
  way.to(b.url);
  expect(await a.terminate()).toBe(0);
  expect(await app.event('disconnected')).toMatchObject({ code: 1001, retryInMs: 0 });
  expect(await app.event('registered')).toMatchObject({ kept: [id], lost: [] });
  app.finish(id);
  await watched.next(({ status, attempt }) => status === 'COMPLETED' && attempt === 1);
  expect(a.crash).toEqual([]);
  expect(a.log.all.filter(({ level }) => level >= 50)).toEqual([]);
});
