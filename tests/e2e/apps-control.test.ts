import { describe, expect, test } from 'vitest';
import { rawInput, startRawApp } from '../help/raw-app.ts';
import { engines } from '../help/server.ts';
import { openScene, SPACE } from './scene.ts';

describe.concurrent.each(engines)('%s', (engine) => {
  test('[promise 9] a cancel is requested, known to be delivered after the Pong, and confirmed by the app', async () => {
    await using scene = await openScene({ engine });
    const app = await scene.app();
    const { id } = await scene.person.submit(SPACE, 'never mind');
    const watched = scene.person.watch(id);
    const request = await app.request();
    await app.progress(request, 'drawing', 0.5);
    app.pongs = 'withheld';
    expect(await scene.person.cancel(id)).toMatchObject({ status: 'CANCELLING', cancellation: { deliveredAt: null } });
    expect(await app.event('CancelRequested')).toMatchObject({ jobId: id, token: request.lease.token });
    const cancelling = await watched.next(({ status }) => status === 'CANCELLING');
    expect(cancelling.cancellation).toMatchObject({ deliveredAt: null, confirmedAt: null });

    app.pong({ lease: request.lease.token });
    const delivered = await watched.next(({ cancellation }) => cancellation?.deliveredAt != null);
    expect(delivered).toMatchObject({ status: 'CANCELLING', cancellation: { confirmedAt: null } });
    // Whoever reports meanwhile is told by the reply as well.
    expect(await app.progress(request, 'cleaning up')).toMatchObject({ status: 'CANCELLING' });
    expect(await app.cancelled(request)).toMatchObject({ status: 'CANCELLED' });
    const end = await watched.next(({ status }) => status === 'CANCELLED');
    expect(end.cancellation?.confirmedAt).not.toBeNull();
    // Its place is free again.
    const { id: next } = await scene.person.submit(SPACE, 'something else');
    expect((await app.request()).job.id).toBe(next);
  });

  test('a result that crosses a cancel is discarded, and sending it again is harmless', async () => {
    await using scene = await openScene({ engine });
    const app = await scene.app();
    const { id } = await scene.person.submit(SPACE, 'never mind');
    const request = await app.request();
    await scene.person.cancel(id);
    expect(await app.complete(request, 'done')).toMatchObject({ id, status: 'CANCELLED' });
    const { revision } = await scene.person.job(id);
    expect(await app.complete(request, 'done')).toMatchObject({ id, status: 'CANCELLED', revision });
    expect(await scene.person.job(id)).toMatchObject({ status: 'CANCELLED', result: null });
  });

  test('[promise 5] an app that does not stop within the grace of a cancel loses its lease', async () => {
    await using scene = await openScene({ engine });
    const app = await scene.app();
    const { id } = await scene.person.submit(SPACE, 'never mind');
    const request = await app.request();
    await app.progress(request, 'drawing', 0.5);
    await scene.person.cancel(id);
    await app.event('CancelRequested');
    const end = await scene.person.end(id);
    expect(end).toMatchObject({ status: 'CANCELLED', cancellation: { confirmedAt: null } });
    expect(end.cancellation?.deliveredAt).not.toBeNull();
    expect(await app.event('LeaseRevoked')).toMatchObject({ jobId: id, token: request.lease.token });
    expect(await app.complete(request, 'late')).toMatchObject({ status: 'CANCELLED', revision: end.revision });
    await scene.person.submit(SPACE, 'next');
    expect(await app.complete(await app.request())).toMatchObject({ status: 'COMPLETED' });
  });

  test('an app that is away while its job is cancelled hears of it when it is back', async () => {
    await using scene = await openScene({ engine, env: { RECONNECT_GRACE_SECONDS: '60' } });
    const before = await scene.app({ instance: 'a' });
    const { id } = await scene.person.submit(SPACE, 'never mind');
    const request = await before.request();
    await before.progress(request, 'drawing');
    before.cut();
    await before.closed;
    expect(await scene.person.cancel(id)).toMatchObject({ status: 'CANCELLING' });
    const after = await scene.app({ instance: 'a', resume: null });
    expect(await after.registered).toMatchObject({ kept: [id] });
    await after.event('CancelRequested');
    expect(await after.cancelled(request)).toMatchObject({ status: 'CANCELLED' });
    expect((await scene.person.job(id)).cancellation?.confirmedAt).not.toBeNull();
  });

  test('an app that is lost while it is to stop ends the cancelled job, and nobody gets it again', async () => {
    await using scene = await openScene({ engine });
    const app = await scene.app();
    const { id } = await scene.person.submit(SPACE, 'never mind');
    await app.progress(await app.request(), 'drawing');
    await scene.person.cancel(id);
    app.cut();
    expect(await scene.person.end(id)).toMatchObject({ status: 'CANCELLED', attempt: 1 });
  });

  test('a job that runs too long is taken from its app, which hears why', async () => {
    await using scene = await openScene({ engine, policy: { maxRunSeconds: 1 } });
    const app = await scene.app();
    const { id } = await scene.person.submit(SPACE, 'for ever');
    const request = await app.request();
    const revoked = await app.event('LeaseRevoked');
    expect(revoked).toMatchObject({ jobId: id, token: request.lease.token });
    expect(revoked.reason).toContain('maxRunSeconds (1 s)');
    expect(await app.complete(request)).toMatchObject({ code: 'JOB_FINISHED' });
    expect(await scene.person.job(id)).toMatchObject({ status: 'TIMED_OUT' });
  });

  test('a space is not deleted under running work; then its apps hear that it is gone', async () => {
    await using scene = await openScene({ engine });
    await scene.person.space('other');
    const single = await scene.app();
    const both = await scene.app({ spaces: ['other', SPACE], instance: 'both' });
    await scene.person.submitMany(SPACE, 2);
    const requests = [await single.request(), await both.request()];
    await expect(scene.person.deleteSpace(SPACE)).rejects.toMatchObject({ code: 'CONFLICT' });
    await single.complete(requests[0]!);
    await both.complete(requests[1]!);

    expect(await scene.person.deleteSpace(SPACE)).toBe(true);
    expect(await single.ended).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    const { id } = await scene.person.submit('other', 'this one is left');
    const request = await both.request();
    expect(await both.complete(request)).toMatchObject({ id, status: 'COMPLETED' });
    const elsewhere = scene.person.look('other');
    await elsewhere.next(({ apps }) => apps.length === 1 && apps[0]!.spaces.join() === 'other');
    // Where a space of this name is made anew, nobody is there yet.
    await scene.person.space(SPACE);
    await scene.person.look(SPACE).next(({ status, apps }) => status === 'DISCONNECTED' && apps.length === 0);
    expect(await scene.person.apps()).toMatchObject([{ name: 'both', status: 'CONNECTED', spaces: ['other'] }]);
  });

  test('an app that is disconnected by an administrator loses its work at once, and may come again', async () => {
    await using scene = await openScene({ engine, env: { RECONNECT_GRACE_SECONDS: '3600' } });
    const unwanted = await scene.app({ instance: 'a' });
    const { id } = await scene.person.submit(SPACE, 'for someone else');
    const request = await unwanted.request();
    await unwanted.progress(request, 'drawing');
    const other = await scene.app();
    const { app } = await unwanted.registered;
    expect(await scene.person.disconnectApp('app_nobody')).toBe(false);
    expect(await scene.person.disconnectApp(app.id)).toBe(true);
    expect(await unwanted.ended).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const again = await other.request();
    expect(again.job).toMatchObject({ id, attempt: 2 });
    expect(await unwanted.complete(request)).toMatchObject({ code: 'LEASE_LOST' });
    const back = await scene.app({ instance: 'a' });
    expect((await back.registered).app.id).toBe(app.id);
  });
});

describe('two processes', () => {
  test('[promise 8] [promise 9] [lesson bullmq #3768] a cancel reaches the app on another process', async () => {
    // Nothing is renewed before the test is over: a renewal tells it too.
    await using scene = await openScene({ engine: 'redis', env: { KEEPALIVE_SECONDS: '60' } });
    const { person: onB } = await scene.second();
    const app = await scene.app({}, { pongs: 'withheld' });
    const { id } = await onB.submit(SPACE, 'never mind');
    const watched = onB.watch(id);
    const request = await app.request();
    await app.progress(request, 'drawing');
    await onB.cancel(id);
    expect(await app.event('CancelRequested')).toMatchObject({ jobId: id, token: request.lease.token });
    // One for the request, which its report confirmed, and one for the cancellation.
    for (const _ of ['request', 'cancellation']) {
      await app.pings.take();
      app.pong();
    }
    await watched.next(({ status, cancellation }) => status === 'CANCELLING' && cancellation?.deliveredAt != null);
    expect(await app.cancelled(request)).toMatchObject({ status: 'CANCELLED' });
    await watched.next(({ status, cancellation }) => status === 'CANCELLED' && cancellation?.confirmedAt != null);
  });

  test('disconnectApp reaches the app on another process, and its work goes to others at once', async () => {
    await using scene = await openScene({ engine: 'redis', env: { RECONNECT_GRACE_SECONDS: '3600' } });
    const { server: b, person: onB } = await scene.second();
    const unwanted = await scene.app();
    const { id } = await onB.submit(SPACE, 'for someone else');
    await unwanted.progress(await unwanted.request(), 'drawing');
    const other = await scene.app({}, { at: b });
    const [app] = (await onB.apps()).filter(({ running }) => running === 1);
    expect(await onB.disconnectApp(app!.id)).toBe(true);
    expect(await unwanted.ended).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect((await other.request()).job).toMatchObject({ id, attempt: 2 });
    expect(await scene.person.apps()).toMatchObject([{ status: 'CONNECTED', running: 1 }]);
  });

  test('a space deleted on one process ends registrations on the other', async () => {
    await using scene = await openScene({ engine: 'redis' });
    const { server: b, person: onB } = await scene.second();
    const app = await scene.app();
    expect(await onB.deleteSpace(SPACE)).toBe(true);
    expect(await app.ended).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    await using late = await startRawApp(b.socket, rawInput([SPACE]));
    expect(await late.ended).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });
});
