import { describe, expect, test } from 'vitest';
import type { RawApp } from '../help/raw-app.ts';
import { engines } from '../help/server.ts';
import { openScene, SPACE } from './scene.ts';

const goodbyes: [how: string, say: (app: RawApp) => void][] = [
  ['Complete', (app) => app.goodbye()],
  ['close code 1000', (app) => app.close(1000)],
];
const losses: [how: string, lose: (app: RawApp) => void][] = [
  ['a cut connection', (app) => app.cut()],
  ['a close with another code than 1000', (app) => app.close(4000)],
];

describe.each(engines)('%s', (engine) => {
  test('a space shows who is there, from the first look on', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    expect(await state.next()).toMatchObject({ status: 'DISCONNECTED', apps: [], capacity: 0, lastConnectedAt: null });
    const app = await scene.app({ capacity: 2 });
    const { name } = (await app.registered).app;
    const there = await state.next(({ status }) => status === 'CONNECTED');
    expect(there).toMatchObject({ apps: [{ name, status: 'CONNECTED', capacity: 2, running: 0 }], capacity: 2 });
    expect(there.lastConnectedAt).not.toBeNull();
    // Who looks later sees the same at once.
    const later = scene.person.look(SPACE);
    expect(await later.next()).toMatchObject({ status: 'CONNECTED', apps: [{ name }] });
  });

  test.each(losses)(
    '[promise 10] after %s the app is RECONNECTING for its grace, then gone, and its job queued again',
    async (_, lose) => {
      await using scene = await openScene({ engine });
      const state = scene.person.look(SPACE);
      const app = await scene.app();
      const { id } = await scene.person.submit(SPACE, 'half done');
      const watched = scene.person.watch(id);
      const request = await app.request();
      await app.progress(request, 'drawing', 0.5);
      await state.next(({ running }) => running === 1);

      lose(app);
      const reconnecting = await state.next(({ status }) => status === 'RECONNECTING');
      expect(reconnecting).toMatchObject({ apps: [{ status: 'RECONNECTING' }], capacity: 0, running: 1, queued: 0 });
      expect(await scene.person.job(id)).toMatchObject({ status: 'RUNNING', attempt: 1, stage: 'drawing' });
      const gone = await state.next(({ status }) => status === 'DISCONNECTED');
      expect(gone.apps).toEqual([]);
      expect(Date.parse(gone.changedAt)).toBeGreaterThanOrEqual(Date.parse(reconnecting.changedAt));

      const queued = await watched.next(({ status, attempt }) => status === 'QUEUED' && attempt === 1);
      expect(queued).toMatchObject({ stage: null, progress: 0, queuePosition: 1 });
      const other = await scene.app();
      const again = await other.request();
      expect(again.job).toMatchObject({ id, attempt: 2 });
      expect(await other.complete(again, 'by the other')).toMatchObject({ status: 'COMPLETED' });
      expect(await scene.person.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 2, result: 'by the other' });
    },
  );

  test.each(goodbyes)('a goodbye by %s gives the work to others at once', async (_, say) => {
    // A grace that no test would live to see the end of.
    await using scene = await openScene({ engine, env: { RECONNECT_GRACE_SECONDS: '3600' } });
    const state = scene.person.look(SPACE);
    const leaving = await scene.app();
    const { id } = await scene.person.submit(SPACE, 'not mine any more');
    const request = await leaving.request();
    await leaving.progress(request, 'drawing', 0.5);
    const other = await scene.app();
    await state.next(({ apps }) => apps.length === 2);

    say(leaving);
    const again = await other.request();
    expect(again.job).toMatchObject({ id, attempt: 2 });
    await state.next(({ apps }) => apps.length === 1);
    expect(await other.complete(again, 'mine')).toMatchObject({ status: 'COMPLETED' });
    other.goodbye();
    expect(await state.next(({ status }) => status !== 'CONNECTED')).toMatchObject({
      status: 'DISCONNECTED',
      apps: [],
    });
  });

  test('a presence that ran out is forgotten, not only hidden', async () => {
    await using scene = await openScene({ engine });
    const { bus, presence } = scene.server.engine;
    const { promise: forgotten, resolve } = Promise.withResolvers<void>();
    const look = () => presence.list(SPACE).then(({ apps }) => apps.length === 0 && resolve());
    const app = await scene.app();
    const unlisten = await bus.listenSpace(SPACE, ({ type }) => void (type === 'presence' && look()));
    expect((await presence.list(SPACE)).apps).toHaveLength(1);
    app.cut();
    await forgotten;
    unlisten();
  });

  test('the last attempt of a job whose app is lost fails with APP_LOST', async () => {
    await using scene = await openScene({ engine, policy: { maxAttempts: 1 } });
    const app = await scene.app();
    const { id } = await scene.person.submit(SPACE, 'only once');
    await app.progress(await app.request(), 'drawing');
    app.cut();
    const end = await scene.person.end(id);
    expect(end).toMatchObject({ status: 'FAILED', attempt: 1, error: { code: 'APP_LOST' } });
  });

  test('a space that rejects while offline takes submits during the grace, and none after it', async () => {
    await using scene = await openScene({ engine, policy: { whenOffline: 'REJECT' } });
    const state = scene.person.look(SPACE);
    const app = await scene.app();
    app.cut();
    await state.next(({ status }) => status === 'RECONNECTING');
    await scene.person.submit(SPACE, 'it will be back');
    await state.next(({ status }) => status === 'DISCONNECTED');
    await expect(scene.person.submit(SPACE, 'nobody')).rejects.toMatchObject({ code: 'SPACE_NOT_CONNECTED' });
  });
});

test('[promise 8] [lesson hatchet #4254] an app on one process is seen on the other at once, as it comes, works, is lost and goes', async () => {
  // Nothing of this would show by time alone before the test is over.
  const env = { KEEPALIVE_SECONDS: '60', RECONNECT_GRACE_SECONDS: '60' };
  await using scene = await openScene({ engine: 'redis', env });
  const { server: b, person: onB } = await scene.second();
  const state = onB.look(SPACE);
  await state.next(({ status }) => status === 'DISCONNECTED');

  const app = await scene.app({ instance: 'far', capacity: 4 });
  expect(await state.next()).toMatchObject({ status: 'CONNECTED', capacity: 4, apps: [{ name: 'far' }] });
  expect(await onB.apps()).toMatchObject([{ name: 'far', status: 'CONNECTED' }]);
  const { id } = await onB.submit(SPACE, 'over there');
  const request = await app.request();
  await state.next(({ running, queued }) => running === 1 && queued === 0);

  app.cut();
  expect(await state.next(({ status }) => status !== 'CONNECTED')).toMatchObject({ status: 'RECONNECTING' });
  const back = await scene.app({ instance: 'far', capacity: 4, resume: null }, { at: b });
  expect((await back.registered).kept).toEqual([id]);
  await state.next(({ status }) => status === 'CONNECTED');
  expect(await back.complete(request, 'done')).toMatchObject({ status: 'COMPLETED' });
  await state.next(({ running }) => running === 0);
  back.goodbye();
  expect(await state.next(({ status }) => status !== 'CONNECTED')).toMatchObject({ status: 'DISCONNECTED', apps: [] });
  expect(await onB.apps()).toEqual([]);
});
