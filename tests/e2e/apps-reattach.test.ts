import { describe, expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { openServer } from '../../src/server.ts';
import { leaseOf, type RawApp, type RawAssigned, rawInput, startRawApp } from '../help/raw-app.ts';
import { engines } from '../help/server.ts';
import { openScene, SPACE } from './scene.ts';

/** The app has so many requests, and the server knows it. */
async function working(app: RawApp, count: number): Promise<RawAssigned[]> {
  const requests = await app.requests(count);
  for (const request of requests)
    expect(await app.progress(request, 'drawing', 0.5)).toMatchObject({ status: 'RUNNING' });
  return requests;
}

describe.each(engines)('%s', (engine) => {
  test('[promise 10] resume null: an app that comes back within the grace keeps what it holds, and finishes it', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    const before = await scene.app({ instance: 'a', capacity: 2 });
    const ids = await scene.person.submitMany(SPACE, 3);
    const held = await working(before, 2);
    before.cut();
    await state.next(({ status }) => status === 'RECONNECTING');

    const after = await scene.app({ instance: 'a', capacity: 2, resume: null });
    const { app, kept, lost } = await after.registered;
    expect({ kept: kept.sort(), lost, running: app.running }).toEqual({ kept: ids.slice(0, 2), lost: [], running: 2 });
    await state.next(({ status, running, queued }) => status === 'CONNECTED' && running === 2 && queued === 1);
    for (const request of held) expect(await after.complete(request)).toMatchObject({ status: 'COMPLETED' });
    await after.complete(await after.request());
    for (const id of ids) {
      const { events, attempt } = await scene.person.job(id);
      expect({ attempt, statuses: events.map(({ status }) => status) }).toMatchObject({ attempt: 1 });
      expect(events.filter(({ status }) => status === 'QUEUED')).toHaveLength(1);
    }
  });

  test('resume null: a request that the app never confirmed is not kept, but delivered anew', async () => {
    await using scene = await openScene({ engine });
    const before = await scene.app({ instance: 'a' }, { pongs: 'withheld' });
    const { id } = await scene.person.submit(SPACE, 'did it arrive?');
    const first = await before.request();
    await before.pings.take();
    before.cut();
    const after = await scene.app({ instance: 'a', resume: null });
    expect(await after.registered).toMatchObject({ kept: [], lost: [id] });
    const second = await after.request();
    expect(second.job).toMatchObject({ id, attempt: 1 });
    expect(await after.complete(first)).toMatchObject({ code: 'LEASE_LOST' });
    expect(await after.complete(second)).toMatchObject({ status: 'COMPLETED' });
  });

  test('a registration that is replaced midway takes nothing from its successor', async () => {
    await using scene = await openScene({ engine });
    const state = scene.person.look(SPACE);
    const before = await scene.app({ instance: 'a' });
    const { id } = await scene.person.submit(SPACE, 'one after another');
    const [request] = await working(before, 1);
    before.cut();
    await state.next(({ status }) => status === 'RECONNECTING');

    // The first to register hears of what it holds only when the second has it.
    const { engine: real, config } = scene.server;
    const [found, heard] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const register: typeof real.presence.register = async (...args) => {
      const held = await real.presence.register(...args);
      found.resolve();
      await heard.promise;
      return held;
    };
    const wrapped = { ...real, presence: { ...real.presence, register } };
    const server = await openServer(wrapped, config, createLog('silent'));
    const address = `${server.url.replace('http', 'ws')}/graphql`;
    await using first = await startRawApp(address, rawInput([SPACE], { instance: 'a', resume: [] }));
    await found.promise;
    wrapped.presence.register = real.presence.register;
    await using second = await startRawApp(address, rawInput([SPACE], { instance: 'a', resume: null }));
    expect(await second.registered).toMatchObject({ kept: [id], lost: [] });
    heard.resolve();
    expect(await first.ended).toMatchObject([{ extensions: { code: 'CONFLICT' } }]);
    expect(await second.complete(request!)).toMatchObject({ id, status: 'COMPLETED' });
    await server.close();
  });

  test('resume with a list: what it names is kept, also unconfirmed; the rest goes to others', async () => {
    await using scene = await openScene({ engine });
    const before = await scene.app({ instance: 'a', capacity: 3 });
    const ids = await scene.person.submitMany(SPACE, 2);
    const [first, second] = (await working(before, 2)) as [RawAssigned, RawAssigned];
    before.pongs = 'withheld';
    const { id: unconfirmed } = await scene.person.submit(SPACE, 'unconfirmed');
    const third = await before.request();
    before.cut();

    const unknown = { job: `${SPACE}.01a20489-a4f9-7117-942c-b35f7b36eb98`, lease: leaseOf(third).lease };
    const resume = [leaseOf(first), leaseOf(third), unknown];
    const after = await scene.app({ instance: 'a', capacity: 2, resume });
    const { kept, lost } = await after.registered;
    expect({ kept: kept.sort(), lost }).toEqual({ kept: [ids[0], unconfirmed].sort(), lost: [ids[1], unknown.job] });

    const other = await scene.app();
    const again = await other.request();
    expect(again.job).toMatchObject({ id: ids[1], attempt: 2 });
    expect(await after.progress(second, 'drawing')).toMatchObject({ code: 'LEASE_LOST' });
    for (const request of [first, third]) expect(await after.complete(request)).toMatchObject({ status: 'COMPLETED' });
    expect(await other.complete(again)).toMatchObject({ status: 'COMPLETED' });
  });

  test('resume with a wrong lease token keeps nothing', async () => {
    await using scene = await openScene({ engine });
    const before = await scene.app({ instance: 'a' });
    const { id } = await scene.person.submit(SPACE, 'mine');
    await working(before, 1);
    before.cut();
    const after = await scene.app({ instance: 'a', resume: [{ job: id, lease: 'not-the-token' }] });
    expect(await after.registered).toMatchObject({ kept: [], lost: [id] });
    expect((await after.request()).job).toMatchObject({ id, attempt: 2 });
  });

  test('resume with an empty list: an app that forgot everything is given it anew', async () => {
    await using scene = await openScene({ engine });
    const before = await scene.app({ instance: 'a', capacity: 2 });
    const ids = await scene.person.submitMany(SPACE, 2);
    await working(before, 2);
    before.cut();
    const after = await scene.app({ instance: 'a', capacity: 2, resume: [] });
    const { kept, lost } = await after.registered;
    expect({ kept, lost: lost.sort() }).toEqual({ kept: [], lost: ids });
    for (const request of await after.requests(2)) {
      expect(request.job.attempt).toBe(2);
      expect(await after.complete(request)).toMatchObject({ status: 'COMPLETED' });
    }
  });

  test('another instance with the same name keeps nothing', async () => {
    await using scene = await openScene({ engine });
    const before = await scene.app({ instance: 'a', name: 'twin' });
    await scene.person.submit(SPACE, 'mine');
    const [held] = await working(before, 1);
    const other = await scene.app({ instance: 'b', name: 'twin', resume: [leaseOf(held!)] });
    expect(await other.registered).toMatchObject({ kept: [], lost: [held!.job.id] });
    expect(await before.complete(held!)).toMatchObject({ status: 'COMPLETED' });
  });

  test('what another app took meanwhile is lost, and a report on it changes nothing', async () => {
    await using scene = await openScene({ engine });
    const before = await scene.app({ instance: 'a' });
    const { id } = await scene.person.submit(SPACE, 'taken');
    const [held] = await working(before, 1);
    before.cut();
    const other = await scene.app();
    const again = await other.request();
    expect(again.job).toMatchObject({ id, attempt: 2 });

    const after = await scene.app({ instance: 'a', resume: [leaseOf(held!)] });
    expect(await after.registered).toMatchObject({ kept: [], lost: [id] });
    const { revision } = await scene.person.job(id);
    expect(await after.complete(held!, 'too late')).toMatchObject({ code: 'LEASE_LOST' });
    expect(await after.fail(held!, 'too late')).toMatchObject({ code: 'LEASE_LOST' });
    expect(await scene.person.job(id)).toMatchObject({ status: 'RUNNING', revision });
    expect(await other.complete(again, 'in time')).toMatchObject({ status: 'COMPLETED' });
    expect(await after.complete(held!, 'too late')).toMatchObject({ code: 'LEASE_LOST' });
    expect(await scene.person.job(id)).toMatchObject({ status: 'COMPLETED', result: 'in time' });
  });

  test('an instance that registers once more on the same process ends the older registration with CONFLICT', async () => {
    await using scene = await openScene({ engine });
    const older = await scene.app({ instance: 'a' });
    const { id } = await scene.person.submit(SPACE, 'mine');
    const [held] = await working(older, 1);
    const newer = await scene.app({ instance: 'a', resume: null });
    expect(await older.ended).toMatchObject([{ extensions: { code: 'CONFLICT' } }]);
    expect((await newer.registered).kept).toEqual([id]);
    // What the older socket still does counts for nothing.
    older.goodbye();
    older.close(1000);
    await older.closed;
    expect(await newer.complete(held!)).toMatchObject({ status: 'COMPLETED' });
    expect(await scene.person.apps()).toMatchObject([{ status: 'CONNECTED', running: 0 }]);
  });
});

describe('two processes', () => {
  test('[promise 8] [lesson gradio #10487] an app that lost one process goes on with its work on another', async () => {
    await using scene = await openScene({ engine: 'redis' });
    const { server: b, person: onB } = await scene.second();
    const onA = await scene.app({ instance: 'a' });
    const { id } = await onB.submit(SPACE, 'wherever');
    const watched = onB.watch(id);
    const [held] = await working(onA, 1);
    onA.cut();
    const moved = await scene.app({ instance: 'a', resume: null }, { at: b });
    expect((await moved.registered).kept).toEqual([id]);
    await moved.progress(held!, 'varnishing', 0.9);
    await watched.next(({ stage, attempt }) => stage === 'varnishing' && attempt === 1);
    expect(await moved.complete(held!, 'done')).toMatchObject({ status: 'COMPLETED' });
    await watched.next(({ status, attempt }) => status === 'COMPLETED' && attempt === 1);
  });

  test('an older registration on another process ends with CONFLICT, and can do no harm before and after', async () => {
    await using scene = await openScene({ engine: 'redis' });
    const { server: b, person: onB } = await scene.second();
    const state = onB.look(SPACE);
    const older = await scene.app({ instance: 'a', capacity: 2 });
    const ids = await onB.submitMany(SPACE, 2);
    const held = await working(older, 2);
    const newer = await scene.app({ instance: 'a', capacity: 2, resume: null }, { at: b });
    expect((await newer.registered).kept.sort()).toEqual(ids);
    expect(await older.ended).toMatchObject([{ extensions: { code: 'CONFLICT' } }]);
    older.cut();
    await older.closed;

    // A goodbye that the older process hears only after the newer registration.
    const third = await scene.app({ instance: 'a', capacity: 2, resume: null });
    newer.goodbye();
    newer.close(1000);
    await newer.closed;
    expect((await third.registered).kept.sort()).toEqual(ids);
    for (const request of held) expect(await third.complete(request)).toMatchObject({ status: 'COMPLETED' });
    await state.next(({ running, status }) => running === 0 && status === 'CONNECTED');
    expect(state.all.map(({ status }) => status)).not.toContain('RECONNECTING');
    for (const id of ids) expect(await onB.job(id)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
  });
});
