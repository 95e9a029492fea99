import { describe, expect, test } from 'vitest';
import { startChildApp } from '../help/child-app.ts';
import { engines } from '../help/server.ts';
import { openScene, SPACE } from './scene.ts';

// Of these servers: two keepalives missed after 1 s, a grace of 1 s, silence borne for 4 s. The real times are kept to in
// faults-forty-seconds.test.ts.
describe.concurrent.each(engines)('%s', (engine) => {
  test('[lesson bullmq #3183] an app that blocks its event loop is RECONNECTING meanwhile, and completes its job once', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    const app = scene.use(await startChildApp({ url: scene.server.url, spaces: [SPACE], name: 'busy', capacity: 2 }));
    const { id } = await scene.person.submit(SPACE, 'block 2500');
    await app.event('working');
    const silent = await state.next(({ status }) => status === 'RECONNECTING');
    expect(silent).toMatchObject({ apps: [{ status: 'RECONNECTING' }], capacity: 0 });
    const waiting = await scene.person.submit(SPACE, 'hold');

    const first = await scene.person.end(id);
    expect(first).toMatchObject({ status: 'COMPLETED', attempt: 1, result: { by: 'busy', attempt: 1 } });
    await state.next(({ status }) => status === 'CONNECTED');
    await app.events.take((event) => event.type === 'working' && event.job === waiting.id);
    app.finish(waiting.id);
    const second = await scene.person.end(waiting.id);
    expect(second).toMatchObject({ status: 'COMPLETED', attempt: 1 });
    // While it was silent it got no new work, although it had room.
    expect(Date.parse(second.startedAt!)).toBeGreaterThanOrEqual(Date.parse(first.startedAt!) + 2500);
    expect(app.events.all.filter(({ type }) => type === 'disconnected')).toEqual([]);
  });

  test('an app that is held (SIGSTOP) with work in hand, and let go in time, completes it once', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    const app = scene.use(await startChildApp({ url: scene.server.url, spaces: [SPACE], name: 'held' }));
    const { id } = await scene.person.submit(SPACE, 'hold');
    await app.event('working');
    app.pause();
    await state.next(({ status }) => status === 'RECONNECTING');
    app.resume();
    await state.next(({ status }) => status === 'CONNECTED');
    app.finish(id);
    expect(await scene.person.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: { by: 'held' } });
  });

  test('an idle app that goes silent is cut after two missed keepalives, and gone after its grace', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    const app = await scene.app();
    await state.next(({ status }) => status === 'CONNECTED');
    app.silent = true;
    await state.next(({ status }) => status === 'RECONNECTING');
    expect((await app.closed).code).toBe(1006);
    expect(await state.next(({ status }) => status === 'DISCONNECTED')).toMatchObject({ apps: [] });
  });

  test('an app that is silent for longer than is borne loses its job to another, and its late report changes nothing', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    const silent = await scene.app({ instance: 'silent' });
    const { id } = await scene.person.submit(SPACE, 'whose?');
    const request = await silent.request();
    await silent.progress(request, 'drawing', 0.5);
    silent.silent = true;
    await state.next(({ apps }) => apps[0]?.status === 'RECONNECTING');
    const other = await scene.app({ instance: 'other' });
    const again = await other.request();
    expect(again.job).toMatchObject({ id, attempt: 2 });
    expect((await silent.closed).code).toBe(1006);

    const { revision } = await scene.person.job(id);
    const back = await scene.app({ instance: 'silent', resume: null });
    expect((await back.registered).kept).toEqual([]);
    expect(await back.complete(request, 'late')).toMatchObject({ code: 'LEASE_LOST' });
    expect(await scene.person.job(id)).toMatchObject({ status: 'RUNNING', revision });
    expect(await other.complete(again, 'in time')).toMatchObject({ status: 'COMPLETED' });
    expect(await scene.person.end(id)).toMatchObject({ result: 'in time', attempt: 2 });
  });
});
