import { describe, expect, test } from 'vitest';
import { requestCancel } from '../../src/domain/transitions.ts';
import type { Engine, SpaceSignal } from '../../src/engine/engine.ts';
import {
  card,
  claimed,
  completed,
  connected,
  eachTest,
  LEASE_MS,
  listening,
  newSpace,
  type Open,
  presence,
  queued,
  token,
  working,
} from './fixtures.ts';

/** What every engine promises of remote apps' presence and their hold on leases. */
export function presenceContract(open: Open): void {
  describe('presence', () => {
    const at = eachTest(open);

    const renewal = (engine: Engine, until = engine.now() + 60_000) =>
      ({ status: 'CONNECTED', lastSeenAt: engine.now(), until }) as const;

    /** Two leased jobs of one app, the first confirmed. */
    async function twoLeases(engine: Engine) {
      const { space, job: first } = await working(engine);
      await queued(engine, space);
      const second = await claimed(engine, space, 'app');
      await engine.presence.renew(space, 'app', 1, renewal(engine), [{ job: first.id, token: first.lease!.token }]);
      const held = [
        { job: first.id, token: first.lease!.token, confirmed: true },
        { job: second.id, token: second.lease!.token, confirmed: false },
      ];
      return { space, first, second, held };
    }

    test('a registered app is present in its space, for every process', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      expect(await engine.presence.list(space)).toEqual({ apps: [], changedAt: null, lastConnectedAt: null });
      const before = engine.now();
      const [a, b] = [presence(engine, space, 'a'), presence(engine, space, 'b', { session: 7, version: null })];
      expect(await engine.presence.register(space, a)).toEqual([]);
      expect(await engine.presence.register(space, b)).toEqual([]);
      const { apps, changedAt, lastConnectedAt } = await other.presence.list(space);
      expect(apps.toSorted((x, y) => (x.id < y.id ? -1 : 1))).toEqual([
        { ...a, running: 0 },
        { ...b, running: 0 },
      ]);
      for (const instant of [changedAt, lastConnectedAt]) {
        expect(instant).toBeGreaterThanOrEqual(before - 20);
        expect(instant).toBeLessThanOrEqual(engine.now() + 20);
      }
      expect((await other.presence.list(await newSpace(engine))).apps).toEqual([]);
    });

    test('a new registration gets the leases the app holds, each now until the presence ends', async () => {
      const { engine, other } = at;
      const { space, held } = await twoLeases(engine);
      await connected(engine, space, 'neighbour');
      await queued(engine, space);
      const foreign = await claimed(engine, space, 'neighbour');
      const again = presence(engine, space, 'app', { session: 2, until: engine.now() + 123_000, capacity: 9 });
      const answer = await other.presence.register(space, again);
      expect(answer?.toSorted((a) => (a.confirmed ? -1 : 1))).toEqual(held);
      for (const { job } of held) expect(await engine.jobs.leaseExpiry(job)).toBe(again.until);
      expect(await engine.jobs.leaseExpiry(foreign.id)).toBe(foreign.startedAt + LEASE_MS);
      expect((await engine.presence.list(space)).apps.find(({ id }) => id === 'app')).toEqual({ ...again, running: 2 });
    });

    test('a registration under an older session does nothing', async () => {
      const { engine, other } = at;
      const { space, job } = await working(engine);
      const newer = presence(engine, space, 'app', { session: 5 });
      await engine.presence.register(space, newer);
      const expiry = await engine.jobs.leaseExpiry(job.id);
      const older = presence(engine, space, 'app', { session: 4, name: 'Older', until: newer.until + 5000 });
      expect(await other.presence.register(space, older)).toBeNull();
      expect((await engine.presence.list(space)).apps).toEqual([{ ...newer, running: 1 }]);
      expect(await engine.jobs.leaseExpiry(job.id)).toBe(expiry);
    });

    test('of racing registrations the newest session stays', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const sessions = [4, 2, 9, 1, 7, 3];
      await Promise.all(sessions.map((session, n) => connected(n % 2 ? engine : other, space, 'app', session)));
      expect((await other.presence.list(space)).apps).toMatchObject([{ id: 'app', session: 9 }]);
    });

    test('a renewal moves the presence and the listed leases, and confirms them', async () => {
      const { engine, other } = at;
      const { space, first, second, held } = await twoLeases(engine);
      const kept = await engine.jobs.leaseExpiry(first.id);
      const change = { status: 'RECONNECTING', lastSeenAt: engine.now() + 3, until: engine.now() + 88_000 } as const;
      const leases = [{ job: second.id, token: second.lease!.token }];
      expect(await other.presence.renew(space, 'app', 1, change, leases)).toEqual({ lost: [], cancelling: [] });
      expect((await engine.presence.list(space)).apps).toMatchObject([{ id: 'app', session: 1, ...change }]);
      expect(await engine.jobs.leaseExpiry(second.id)).toBe(change.until);
      expect(await engine.jobs.leaseExpiry(first.id)).toBe(kept);
      expect(await engine.jobs.read(second.id)).toEqual({ ...second, lease: { ...second.lease, confirmed: true } });
      const answer = await engine.presence.leave(space, 'app', 1);
      expect(answer?.toSorted((a) => (a.job === first.id ? -1 : 1))).toEqual(
        held.map((lease) => ({ ...lease, confirmed: true })),
      );
    });

    test('a renewal of a lease that is on its way lengthens it, never shortens it, and confirms nothing', async () => {
      const { engine, other } = at;
      const { space, second } = await twoLeases(engine);
      const lease = { job: second.id, token: second.lease!.token, confirmed: false };
      const renew = (until: number) => other.presence.renew(space, 'app', 1, renewal(engine, until), [lease]);
      const until = engine.now() + 88_000;
      for (const asked of [until, until - 50_000]) {
        expect(await renew(asked)).toEqual({ lost: [], cancelling: [] });
        expect(await engine.jobs.leaseExpiry(second.id)).toBe(until);
      }
      expect(await engine.jobs.read(second.id)).toEqual(second);
      await engine.jobs.commit(requestCancel(second, engine.now()));
      expect(await renew(until)).toEqual({ lost: [], cancelling: [second.id] });
      const foreign = { ...lease, token: 'another token' };
      expect(await engine.presence.renew(space, 'app', 1, renewal(engine), [foreign])).toMatchObject({
        lost: [second.id],
      });
      // What was confirmed stays so.
      await engine.presence.renew(space, 'app', 1, renewal(engine), [{ ...lease, confirmed: true }]);
      await renew(until);
      expect(await engine.presence.leave(space, 'app', 1)).toContainEqual({ ...lease, confirmed: true });
    });

    test('a renewal raises no revision and tells no job’s watcher', async () => {
      const { engine } = at;
      const { space, job, lease } = await working(engine);
      const watcher = await listening((hear) => engine.bus.listenJob(job.id, hear));
      await engine.presence.renew(space, 'app', 1, renewal(engine), [{ job: job.id, token: lease }]);
      expect((await engine.jobs.read(job.id))?.revision).toBe(job.revision);
      const done = completed(job, engine.now());
      await engine.jobs.commit(done);
      expect(await watcher.until(1)).toEqual([done]);
    });

    test('a renewal names the leases that are not the app’s any more, and the jobs someone wants to end', async () => {
      const { engine } = at;
      const { space, first, second } = await twoLeases(engine);
      await connected(engine, space, 'neighbour');
      await queued(engine, space);
      const foreign = await claimed(engine, space, 'neighbour');
      await queued(engine, space);
      const done = await claimed(engine, space, 'app');
      await engine.jobs.commit(completed(done, engine.now()));
      await engine.jobs.commit(requestCancel(first, engine.now()));
      const listed = [
        { job: first.id, token: first.lease!.token },
        { job: second.id, token: 'another token' },
        { job: foreign.id, token: foreign.lease!.token },
        { job: done.id, token: done.lease!.token },
        { job: `${space}.unknown`, token: 'unknown' },
      ];
      const until = engine.now() + 99_000;
      const answer = await engine.presence.renew(space, 'app', 1, renewal(engine, until), listed);
      expect(answer?.cancelling).toEqual([first.id]);
      expect(answer?.lost.toSorted()).toEqual(
        listed
          .slice(1)
          .map(({ job }) => job)
          .toSorted(),
      );
      expect(await engine.jobs.leaseExpiry(first.id)).toBe(until);
      expect(await engine.jobs.leaseExpiry(second.id)).toBe(second.startedAt + LEASE_MS);
      expect(await engine.jobs.leaseExpiry(foreign.id)).toBe(foreign.startedAt + LEASE_MS);
      expect(await engine.jobs.read(second.id)).toEqual(second);
      expect(await engine.jobs.leaseExpiry(done.id)).toBeNull();
    });

    test('a lost socket means RECONNECTING, and everything ends at `until`', async () => {
      const { engine, other } = at;
      const { space, first, second, held } = await twoLeases(engine);
      const until = engine.now() + 4000;
      expect(await other.presence.lose(space, 'app', 1, until)).toBe(true);
      expect((await engine.presence.list(space)).apps).toMatchObject([{ id: 'app', status: 'RECONNECTING', until }]);
      expect(await engine.jobs.leaseExpiry(first.id)).toBe(until);
      expect(await engine.jobs.leaseExpiry(second.id)).toBe(until);
      expect(await engine.jobs.read(second.id)).toEqual(second);
      const answer = await engine.presence.leave(space, 'app', 1);
      expect(answer?.toSorted((a) => (a.confirmed ? -1 : 1))).toEqual(held);
    });

    test('a goodbye removes the presence and answers the leases, which stay as they are', async () => {
      const { engine, other } = at;
      const { space, first, held } = await twoLeases(engine);
      const expiry = await engine.jobs.leaseExpiry(first.id);
      const { lastConnectedAt } = await engine.presence.list(space);
      const answer = await other.presence.leave(space, 'app', 1);
      expect(answer?.toSorted((a) => (a.confirmed ? -1 : 1))).toEqual(held);
      const after = await engine.presence.list(space);
      expect(after.apps).toEqual([]);
      expect(after.changedAt).toBeGreaterThanOrEqual(lastConnectedAt!);
      expect(after.lastConnectedAt).toBeGreaterThanOrEqual(lastConnectedAt!);
      expect(await engine.jobs.leaseExpiry(first.id)).toBe(expiry);
      expect(await other.presence.leave(space, 'app', 1)).toBeNull();
      expect(await connected(engine, space, 'app', 1)).toHaveLength(2);
    });

    test('an older session is a no-op', async () => {
      const { engine, other } = at;
      const { space, job, lease } = await working(engine);
      const newer = presence(engine, space, 'app', { session: 2 });
      await engine.presence.register(space, newer);
      const listener = await listening((hear: (signal: SpaceSignal) => void) => other.bus.listenSpace(space, hear));
      for (const session of [1, 3]) {
        const leases = [{ job: job.id, token: lease }];
        expect(await engine.presence.renew(space, 'app', session, renewal(engine, 1), leases)).toBeNull();
        expect(await other.presence.lose(space, 'app', session, 1)).toBe(false);
        expect(await engine.presence.leave(space, 'app', session)).toBeNull();
      }
      expect((await other.presence.list(space)).apps).toEqual([{ ...newer, running: 1 }]);
      expect(await engine.jobs.leaseExpiry(job.id)).toBe(newer.until);
      expect(await engine.jobs.read(job.id)).toEqual(job);
      await engine.bus.signalSpace(space, { type: 'disconnect', app: 'end' });
      expect(await listener.until(1)).toEqual([{ type: 'disconnect', app: 'end' }]);
    });

    test('nothing is done for an app that is not there', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      expect(await engine.presence.renew(space, 'app', 1, renewal(engine), [])).toBeNull();
      expect(await engine.presence.lose(space, 'app', 1, engine.now())).toBe(false);
      expect(await engine.presence.leave(space, 'app', 1)).toBeNull();
      expect((await engine.presence.list(space)).apps).toEqual([]);
    });

    test('every change of presence that did something tells it, a renewal only with another status', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const listener = await listening((hear: (signal: SpaceSignal) => void) => other.bus.listenSpace(space, hear));
      const mark = (app: string) => engine.bus.signalSpace(space, { type: 'disconnect', app });
      const steps: [string, () => Promise<unknown>, boolean][] = [
        ['register', () => connected(engine, space, 'app', 3), true],
        ['renew', () => engine.presence.renew(space, 'app', 3, renewal(engine), []), false],
        [
          'silent',
          () => engine.presence.renew(space, 'app', 3, { ...renewal(engine), status: 'RECONNECTING' }, []),
          true,
        ],
        ['back', () => engine.presence.renew(space, 'app', 3, renewal(engine), []), true],
        ['register again', () => connected(engine, space, 'app', 4), true],
        ['older', () => connected(engine, space, 'app', 3), false],
        ['lose', () => engine.presence.lose(space, 'app', 4, engine.now() + 1000), true],
        ['leave', () => engine.presence.leave(space, 'app', 4), true],
        ['leave again', () => engine.presence.leave(space, 'app', 4), false],
      ];
      const expected: SpaceSignal[] = [];
      for (const [name, step, tells] of steps) {
        await step();
        if (tells) expected.push({ type: 'presence' });
        await mark(name);
        expected.push({ type: 'disconnect', app: name });
      }
      expect(await listener.until(expected.length)).toEqual(expected);
    });

    test('leases of one app in several spaces are held space by space', async () => {
      const { engine } = at;
      const [one, two] = [await working(engine), await working(engine)];
      await queued(engine, two.space);
      const expiry = await engine.jobs.leaseExpiry(two.job.id);
      await connected(engine, one.space, 'app', 1);
      await engine.presence.lose(one.space, 'app', 1, engine.now() + 3000);
      expect(await engine.jobs.leaseExpiry(two.job.id)).toBe(expiry);
      expect((await engine.presence.list(two.space)).apps).toMatchObject([{ status: 'CONNECTED', running: 1 }]);
      expect(await engine.presence.leave(one.space, 'app', 1)).toMatchObject([{ job: one.job.id }]);
      expect((await engine.presence.list(two.space)).apps).toHaveLength(1);
      expect(await engine.jobs.claim(two.space, card('app'), 1, [token()], LEASE_MS)).toHaveLength(1);
    });
  });
}
