import { describe, expect, test } from 'vitest';
import { startChildApp } from '../help/child-app.ts';
import { connectPerson } from '../help/person.ts';
import { engines } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openScene, type Scene, SPACE } from './scene.ts';

/** Another app takes over what is queued again, and completes it after what happens meanwhile. */
async function takeOver(scene: Scene, id: string, meanwhile?: () => Promise<void>): Promise<void> {
  const other = await scene.app();
  const again = await other.request();
  expect(again.job).toMatchObject({ id, attempt: 2 });
  await meanwhile?.();
  expect(await other.complete(again, 'by the other')).toMatchObject({ status: 'COMPLETED' });
  expect(await scene.person.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 2, result: 'by the other' });
}

// Of these servers: two keepalives missed after 1 s, a grace of 1 s, silence borne for 4 s.
describe.concurrent.each(engines)('%s', (engine) => {
  test('[lesson inngest-py #384] kill -9 of an app in mid-job: RECONNECTING, queued again after the grace, completed by another', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    const app = scene.use(await startChildApp({ url: scene.server.url, spaces: [SPACE], name: 'killed' }));
    const { id } = await scene.person.submit(SPACE, 'hold');
    const watched = scene.person.watch(id);
    await app.event('working');
    await watched.next(({ stage }) => stage === 'working');
    await app.kill();
    await state.next(({ status }) => status === 'RECONNECTING');
    await state.next(({ status }) => status === 'DISCONNECTED');
    await watched.next(({ status, attempt }) => status === 'QUEUED' && attempt === 1);
    await takeOver(scene, id);
  });

  test('[promise 2] SIGSTOP of an app until its job went to another: its late report is refused with LEASE_LOST and changes nothing', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    const app = scene.use(await startChildApp({ url: scene.server.url, spaces: [SPACE], name: 'held' }));
    const { id } = await scene.person.submit(SPACE, 'block 500');
    await app.event('working');
    app.pause();
    await state.next(({ status }) => status === 'RECONNECTING');
    await takeOver(scene, id);

    const { revision } = await scene.person.job(id);
    app.resume();
    expect(await app.event('refused')).toMatchObject({ job: id, error: { code: 'LEASE_LOST' } });
    expect(await scene.person.job(id)).toMatchObject({ revision, status: 'COMPLETED', result: 'by the other' });
    // It is a good app again.
    await state.next(({ apps }) => apps.some(({ name, status }) => name === 'held' && status === 'CONNECTED'));
  });

  test('a way that swallows bytes until the job went to another: late reports are refused and change nothing', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    const way = scene.use(await startProxy(scene.server.url));
    const socket = `${way.url.replace('http', 'ws')}/graphql`;
    const app = await scene.app({ instance: 'off' }, { at: { socket } });
    const { id } = await scene.person.submit(SPACE, 'whose?');
    const request = await app.request();
    await app.progress(request, 'drawing', 0.5);
    way.swallow();
    // It never hears anything of this.
    const unanswered = app.complete(request, 'unheard');
    await state.next(({ status }) => status === 'RECONNECTING');
    await takeOver(scene, id, async () => {
      way.heal();
      const back = await scene.app({ instance: 'off', resume: null }, { at: { socket } });
      expect(await back.registered).toMatchObject({ kept: [], lost: [] });
      const { revision } = await scene.person.job(id);
      expect(await back.progress(request, 'late')).toMatchObject({ code: 'LEASE_LOST' });
      expect(await back.complete(request, 'late')).toMatchObject({ code: 'LEASE_LOST' });
      expect(await scene.person.job(id)).toMatchObject({ status: 'RUNNING', revision });
    });
    app.cut();
    await expect(unanswered).rejects.toThrow('closed');
  });

  test('[promise 10] a way that swallows bytes and heals in time: the app connects anew, and completes its job once', async () => {
    await using scene = await openScene({ engine, env: { APP_SILENCE_SECONDS: '30', RECONNECT_GRACE_SECONDS: '30' } });
    const state = scene.person.look(SPACE);
    const way = scene.use(await startProxy(scene.server.url));
    const app = scene.use(await startChildApp({ url: way.url, spaces: [SPACE], name: 'cut off', keepAliveSeconds: 1 }));
    const { id } = await scene.person.submit(SPACE, 'hold');
    await app.event('working');
    way.swallow();
    await state.next(({ status }) => status === 'RECONNECTING');
    await app.event('disconnected');
    way.heal();
    expect(await app.event('registered')).toMatchObject({ kept: [id], lost: [] });
    app.finish(id);
    expect(await scene.person.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: { by: 'cut off' } });
    await app.event('result');
  });

  test('[lesson OpenFn kit #1130] a completion whose answer is lost is sent again, and counts once', async () => {
    await using scene = await openScene({ engine });
    const way = scene.use(await startProxy(scene.server.url));
    const app = scene.use(await startChildApp({ url: way.url, spaces: [SPACE], name: 'twice' }));
    const { id } = await scene.person.submit(SPACE, 'hold');
    await app.event('working');
    const lost = way.cutBefore('"reportComplete":{');
    app.finish(id);
    await lost;
    expect(await app.event('registered')).toMatchObject({ kept: [] });
    await app.event('result');
    const { events, revision, status } = await scene.person.job(id);
    expect(status).toBe('COMPLETED');
    expect(events.filter((event) => event.status === 'COMPLETED')).toHaveLength(1);
    expect((await scene.person.end(id)).revision).toBe(revision);
    expect(app.events.all.filter(({ type }) => type === 'request')).toHaveLength(1);
  });

  test('a slow way delays everything and loses nothing', async () => {
    await using scene = await openScene({ engine });
    const way = scene.use(await startProxy(scene.server.url));
    way.delay(200);
    const app = scene.use(await startChildApp({ url: way.url, spaces: [SPACE], name: 'far', capacity: 4 }));
    const ids = await scene.person.submitMany(SPACE, 12);
    for (const id of ids) expect(await scene.person.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
    expect(app.events.all.filter(({ type }) => type === 'disconnected')).toEqual([]);
    expect(await scene.person.apps()).toMatchObject([{ name: 'far', status: 'CONNECTED' }]);
  });

  test('[promise 10] [lesson gradio #13584] who submitted may go away: the job runs on, and is found by its id', async () => {
    await using scene = await openScene({ engine });
    const app = await scene.app();
    const visitor = connectPerson(scene.server.url);
    const { id } = await visitor.submit(SPACE, 'I will be back');
    const watched = visitor.watch(id);
    await watched.next(({ status }) => status === 'RUNNING');
    await visitor[Symbol.asyncDispose]();
    expect(await app.complete(await app.request(), 'for you')).toMatchObject({ status: 'COMPLETED' });
    const back = scene.use(connectPerson(scene.server.url));
    expect(await back.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: 'for you' });
  });
});
