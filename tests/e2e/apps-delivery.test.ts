import { describe, expect, test } from 'vitest';
import { leaseOf, type RawApp } from '../help/raw-app.ts';
import { engines } from '../help/server.ts';
import { openScene, SPACE } from './scene.ts';

// A client has five seconds for its Pong: the tests wait for what the server then does, all of them together.
describe.concurrent.each(engines)('%s', (engine) => {
  test('a request is followed by a protocol Ping that names its lease', async () => {
    await using scene = await openScene({ engine });
    const app = await scene.app({}, { pongs: 'withheld' });
    await scene.person.submit(SPACE, 'ping?');
    const request = await app.request();
    expect(await app.pings.take()).toEqual({ lease: request.lease.token });
    // Nothing but the Pong tells the server; the lease then lasts longer than an unconfirmed one.
    app.pong({ lease: request.lease.token });
    expect(await app.complete(request)).toMatchObject({ status: 'COMPLETED' });
  });

  test('[lesson OpenFn lightning #3565] without a Pong the jobs return to their places, uncounted, and the app gets no more until it Pongs', async () => {
    await using scene = await openScene({ engine });
    const deaf = await scene.app({ capacity: 2 }, { pongs: 'withheld' });
    const ids = await scene.person.submitMany(SPACE, 4);
    const requests = await deaf.requests(2);
    expect(requests.map(({ job }) => job.id)).toEqual(ids.slice(0, 2));
    const watched = scene.person.watch(ids[0]!);
    const back = await watched.next(({ status, revision }) => status === 'QUEUED' && revision > 1);
    expect(back).toMatchObject({ attempt: 0, queuePosition: 1 });
    const revoked = [await deaf.event('LeaseRevoked'), await deaf.event('LeaseRevoked')];
    expect(revoked.map(({ jobId }) => jobId).sort()).toEqual(ids.slice(0, 2));

    // The order is the one of before, and the tries did not count.
    const good = await scene.app();
    for (const id of ids.slice(0, 3)) {
      const request = await good.request();
      expect(request.job).toMatchObject({ id, attempt: 1 });
      if (id === ids[0]) expect(await deaf.complete(requests[0]!)).toMatchObject({ code: 'LEASE_LOST' });
      if (id !== ids[2]) expect(await good.complete(request)).toMatchObject({ status: 'COMPLETED' });
    }
    expect(deaf.events.all.filter(({ __typename }) => __typename === 'RequestAssigned')).toHaveLength(2);
    deaf.pong({ lease: requests[1]!.lease.token });
    expect((await deaf.request()).job).toMatchObject({ id: ids[3], attempt: 1 });
  });

  test('[promise 5] three tries that nobody confirms end a job as UNDELIVERABLE, and harm nobody else', async () => {
    await using scene = await openScene({ engine });
    await scene.person.space('elsewhere');
    const deaf = [];
    for (let n = 0; n < 3; n++) deaf.push(await scene.app({}, { pongs: 'withheld' }));
    const { id } = await scene.person.submit(SPACE, 'hello?');
    const end = scene.person.end(id);
    await Promise.race(deaf.map((app) => app.request()));

    const good = await scene.app({ spaces: ['elsewhere'] });
    for (const other of await scene.person.submitMany('elsewhere', 20)) {
      expect(await good.complete(await good.request())).toMatchObject({ id: other, status: 'COMPLETED' });
    }
    const { status, error, attempt, events } = await end;
    expect({ status, attempt }).toEqual({ status: 'FAILED', attempt: 1 });
    expect(error).toMatchObject({ code: 'UNDELIVERABLE', message: expect.stringContaining('event loop') });
    expect(events.filter(({ status }) => status === 'RUNNING')).toHaveLength(3);
    // Each of them had it once, and each is as good as new after a Pong.
    for (const app of deaf) {
      expect(app.events.all.filter(({ __typename }) => __typename === 'RequestAssigned')).toHaveLength(1);
      app.pongs = 'payload';
      app.pong();
    }
    const ids = await scene.person.submitMany(SPACE, 3);
    const requests = await Promise.all(deaf.map((app) => app.request()));
    expect(requests.map(({ job }) => job.id).sort()).toEqual(ids);
  });

  test('an app that reports without ever answering Pings works: a report confirms as well', async () => {
    await using scene = await openScene({ engine });
    await scene.person.space('clock');
    const mute = await scene.app({}, { pongs: 'withheld' });
    const ids = await scene.person.submitMany(SPACE, 3);
    const long = await mute.request();
    expect(await mute.progress(long, 'drawing', 0.1)).toMatchObject({ status: 'RUNNING' });

    // A request that nobody confirms, later than that one, tells when the time for a Pong is over.
    await scene.app({ spaces: ['clock'] }, { pongs: 'withheld' });
    const clock = scene.person.watch((await scene.person.submit('clock', 'tick')).id);
    await clock.next(({ status }) => status === 'RUNNING');
    await clock.next(({ status }) => status === 'QUEUED');
    expect(await mute.complete(long, 'slow')).toMatchObject({ status: 'COMPLETED' });
    for (const id of ids.slice(1)) {
      const request = await mute.request();
      expect(await mute.complete(request, 'fast')).toMatchObject({ id, status: 'COMPLETED' });
    }
    for (const id of ids) expect(await scene.person.job(id)).toMatchObject({ attempt: 1, status: 'COMPLETED' });
    expect(mute.pings.all.length).toBeGreaterThan(0);
  });

  test('a Pong without payload confirms the oldest Ping, one with a payload that Ping and those before it', async () => {
    await using scene = await openScene({ engine });
    await scene.person.space('newest');
    const oldest = await scene.app({ capacity: 2 }, { pongs: 'withheld' });
    const newest = await scene.app({ capacity: 2, spaces: ['newest'] }, { pongs: 'withheld' });
    const ids: Record<string, string[]> = { [SPACE]: [], newest: [] };
    for (const [space, app] of [
      ['newest', newest],
      [SPACE, oldest],
    ] as const) {
      for (const prompt of ['first', 'second']) {
        ids[space]!.push((await scene.person.submit(space, prompt)).id);
        // A Ping each: what is handed over together shares one.
        await app.pings.take();
      }
    }
    oldest.pong();
    const [, second] = await newest.requests(2);
    newest.pong({ lease: leaseOf(second!).lease });

    const watched = scene.person.watch(ids[SPACE]![1]!);
    await watched.next(({ status }) => status === 'RUNNING');
    await watched.next(({ status }) => status === 'QUEUED');
    for (const id of [ids[SPACE]![0]!, ...ids.newest!]) {
      expect(await scene.person.job(id)).toMatchObject({ status: 'RUNNING', attempt: 1 });
    }
  });

  test('what a Pong confirmed is kept and counts, however soon after it the app is lost', async () => {
    await using scene = await openScene({ engine, policy: { maxAttempts: 2 } });
    const { id } = await scene.person.submit(SPACE, 'too heavy');
    const answered = async (app: RawApp) => {
      const request = await app.request();
      await app.pings.take();
      // The answer to this comes after the Pong was heard.
      await app.call('{ viewer { id } }');
      return request;
    };
    const first = await scene.app({ instance: 'a' });
    const request = await answered(first);
    first.cut();
    await first.closed;
    const back = await scene.app({ instance: 'a', resume: null });
    expect(await back.registered).toMatchObject({ kept: [id], lost: [] });
    back.goodbye();

    // An app that dies of a request at once must not be given it for ever.
    const second = await scene.app();
    expect((await answered(second)).job).toMatchObject({ id, attempt: 2 });
    second.goodbye();
    expect(await scene.person.end(id)).toMatchObject({ status: 'FAILED', attempt: 2, error: { code: 'APP_LOST' } });
    expect(await second.complete(request)).toMatchObject({ code: 'LEASE_LOST' });
  });

  test('what was done to a job before its claim, and is heard after it, takes nothing from who has it now', async () => {
    await using scene = await openScene({ engine, policy: { maxAttempts: 2 } });
    const { id } = await scene.person.submit(SPACE, 'whose?');
    const first = await scene.app();
    expect(await first.progress(await first.request(), 'begun')).toMatchObject({ status: 'RUNNING' });
    const second = await scene.app();
    const claimed = Promise.withResolvers<void>();
    const { jobs } = scene.server.engine;
    const { commit } = jobs;
    jobs.commit = async (next, signal) => {
      const done = await commit(next, signal);
      if (next.status === 'QUEUED') await claimed.promise;
      return done;
    };
    first.goodbye();
    const request = await second.request();
    expect(request.job).toMatchObject({ id, attempt: 2 });
    claimed.resolve();
    jobs.commit = commit;
    // The answer to this comes after what the older news would have made of it.
    await second.call('{ viewer { id } }');
    expect(await second.complete(request)).toMatchObject({ id, status: 'COMPLETED' });
    expect(second.events.all.filter(({ __typename }) => __typename === 'LeaseRevoked')).toEqual([]);
  });

  test('a Pong that nobody asked for does no harm', async () => {
    await using scene = await openScene({ engine });
    const app = await scene.app();
    app.pong();
    app.pong({ lease: 'none' });
    app.pong({ another: 'payload' });
    await scene.person.submit(SPACE, 'still fine');
    const request = await app.request();
    app.pong();
    expect(await app.complete(request)).toMatchObject({ status: 'COMPLETED' });
  });
});
