import { describe, expect, test } from 'vitest';
import type { RawApp } from '../help/raw-app.ts';
import { engines } from '../help/server.ts';
import { openScene, SPACE } from './scene.ts';

/** Serves whatever comes; counts what is in hand at the same time. */
function serve(app: RawApp): { served: string[]; most(): number } {
  const served: string[] = [];
  let inHand = 0;
  let most = 0;
  const run = async () => {
    for (;;) {
      const request = await app.request();
      most = Math.max(most, ++inHand);
      served.push(request.job.id);
      void app.progress(request, 'drawing', 0.5).then(() => {
        inHand--;
        return app.complete(request);
      });
    }
  };
  // Ends with its socket.
  run().catch(() => {});
  return { served, most: () => most };
}

describe.each(engines)('%s', (engine) => {
  test('idle apps of a space take one request each in turn', async () => {
    await using scene = await openScene({ engine });
    const apps = await Promise.all([scene.app({ capacity: 2 }), scene.app({ capacity: 2 })]);
    const ids = await scene.person.submitMany(SPACE, 4);
    const requests = await Promise.all(apps.map((app) => app.requests(2)));
    expect(requests.flat().map(({ job }) => job.id)).toEqual(expect.arrayContaining(ids));
    for (const [n, app] of apps.entries()) {
      for (const request of requests[n]!) expect(await app.complete(request, n)).toMatchObject({ status: 'COMPLETED' });
    }
  });

  test('[promise 2] many jobs over several apps: each is worked on once, no app has more than its capacity in hand', async () => {
    await using scene = await openScene({ engine });
    const capacities = [1, 2, 5];
    const ids = await scene.person.submitMany(SPACE, 60);
    const workers = await Promise.all(capacities.map(async (capacity) => serve(await scene.app({ capacity }))));
    for (const id of ids) expect(await scene.person.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
    expect(workers.flatMap(({ served }) => served).sort()).toEqual([...ids].sort());
    for (const [n, { most }] of workers.entries()) expect(most()).toBeLessThanOrEqual(capacities[n]!);
    expect(workers.every(({ served }) => served.length > 0)).toBe(true);
  });

  test('an app is given as much as its capacity, and the next when it has room', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    const app = await scene.app({ capacity: 3 });
    const ids = await scene.person.submitMany(SPACE, 5);
    const [first, ...others] = await app.requests(3);
    expect([first!, ...others].map(({ job }) => job.id)).toEqual(ids.slice(0, 3));
    await state.next(({ running, queued, capacity }) => running === 3 && queued === 2 && capacity === 3);
    expect(app.events.all).toHaveLength(4);

    await app.complete(first!);
    const fourth = await app.request();
    expect(fourth.job.id).toBe(ids[3]);
    await state.next(({ running, queued }) => running === 3 && queued === 1);
    expect(app.events.all).toHaveLength(5);
  });

  test('an app of several spaces takes them in turn', async () => {
    await using scene = await openScene({ engine });
    const spaces = ['one', 'two', 'three'];
    for (const space of spaces) {
      await scene.person.space(space);
      await scene.person.submitMany(space, 4);
    }
    const app = await scene.app({ spaces, capacity: 1 });
    const order: string[] = [];
    for (let n = 0; n < 12; n++) {
      const request = await app.request();
      order.push(request.job.id.split('.')[0]!);
      await app.complete(request);
    }
    for (let n = 0; n < 12; n += 3) expect(order.slice(n, n + 3).sort()).toEqual([...spaces].sort());
  });

  test('capacity 0: an app finishes what it holds and gets nothing new', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    const before = await scene.app({ instance: 'draining', capacity: 2 });
    await scene.person.submitMany(SPACE, 1);
    const held = await before.request();
    const { id: kept } = held.job;
    await state.next(({ status, running }) => status === 'CONNECTED' && running === 1);

    const app = await scene.app({ instance: 'draining', capacity: 0, resume: null });
    expect((await app.registered).kept).toEqual([kept]);
    // It is there, but the space has nobody who takes work.
    const { apps, capacity } = await state.next(({ status }) => status === 'DISCONNECTED');
    expect({ apps, capacity }).toMatchObject({ apps: [{ status: 'CONNECTED', capacity: 0, running: 1 }], capacity: 0 });

    const later = await scene.person.submit(SPACE, 'for another');
    expect(await app.complete(held, 'finished')).toMatchObject({ id: kept, status: 'COMPLETED' });
    await state.next(({ running, queued }) => running === 0 && queued === 1);
    const other = await scene.app();
    expect((await other.request()).job.id).toBe(later.id);
    expect(app.events.all.map(({ __typename }) => __typename)).toEqual(['AppRegistered']);
  });

  test('a space where all apps drain takes no submit when it rejects while offline', async () => {
    await using scene = await openScene({ engine, policy: { whenOffline: 'REJECT' } });
    await expect(scene.person.submit(SPACE, 'nobody')).rejects.toMatchObject({ code: 'SPACE_NOT_CONNECTED' });
    await scene.app({ capacity: 0 });
    await expect(scene.person.submit(SPACE, 'nobody')).rejects.toMatchObject({ code: 'SPACE_NOT_CONNECTED' });
    const app = await scene.app();
    const { id } = await scene.person.submit(SPACE, 'somebody');
    expect((await app.request()).job.id).toBe(id);
  });
});

test('[promise 8] apps of two processes share a space, and each gets its part', async () => {
  await using scene = await openScene({ engine: 'redis' });
  const { server: b, person: onB } = await scene.second();
  const apps = await Promise.all([scene.app(), scene.app({}, { at: b })]);
  const ids = await onB.submitMany(SPACE, 20);
  const workers = apps.map(serve);
  for (const id of ids) expect(await scene.person.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
  expect(workers.flatMap(({ served }) => served).sort()).toEqual([...ids].sort());
  for (const { served } of workers) expect(served.length).toBeGreaterThan(2);
});

test('room that one space does not fill goes to the next at once', async () => {
  await using scene = await openScene({ engine: 'redis' });
  const { server: b } = await scene.second();
  await scene.person.space('other');
  const app = await scene.app({ spaces: [SPACE, 'other'] });
  await scene.person.submitMany(SPACE, 1);
  let held = await app.request();
  const elsewhere = await scene.app({ spaces: ['other'] }, { at: b });
  const waits: number[] = [];
  for (let round = 0; round < 5; round++) {
    const next = await scene.person.submit(SPACE, 'next');
    // The other space calls this app as well, and has nothing left when it has room.
    await scene.person.submit('other', 'for the other app');
    await elsewhere.complete(await elsewhere.request());
    const before = held.job.id;
    await app.complete(held);
    held = await app.request();
    expect(held.job.id).toBe(next.id);
    const [{ finishedAt }, { startedAt }] = await Promise.all([scene.person.job(before), scene.person.job(next.id)]);
    waits.push(Date.parse(startedAt!) - Date.parse(finishedAt!));
  }
  // Idle room is tried again every two seconds in any case.
  expect(Math.max(...waits)).toBeLessThan(500);
});
