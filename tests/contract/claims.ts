import { describe, expect, test } from 'vitest';
import type { QueuedJob } from '../../src/domain/job.ts';
import { assign } from '../../src/domain/transitions.ts';
import {
  card,
  claimed,
  connected,
  eachTest,
  INPUT,
  LEASE_MS,
  listening,
  newSpace,
  type Open,
  presence,
  queued,
  token,
} from './fixtures.ts';

/** What every engine promises of claiming. */
export function claimsContract(open: Open): void {
  describe('claim', () => {
    const at = eachTest(open);

    test('the oldest jobs of the highest priority are leased, with their inputs, in order', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      const jobs: QueuedJob[] = [];
      for (const priority of [0, -100, 0, 100, 0, 100]) jobs.push(await queued(engine, space, { priority }));
      const elsewhere = await newSpace(engine);
      await queued(engine, elsewhere, { priority: 100 });
      const ids = async (n: number) => {
        const tokens = Array.from({ length: n }, token);
        return (await engine.jobs.claim(space, card('app'), 1, tokens, LEASE_MS)).map(({ job, input }) => {
          expect(input).toEqual(INPUT);
          return jobs.findIndex(({ id }) => id === job.id);
        });
      };
      expect(await ids(0)).toEqual([]);
      expect(await ids(3)).toEqual([3, 5, 0]);
      expect(await ids(1)).toEqual([2]);
      expect(await ids(10)).toEqual([4, 1]);
      expect(await ids(1)).toEqual([]);
    });

    test('a claimed job runs under a given token, as the domain assigns it, until leaseMs from now', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      const jobs = [await queued(engine, space), await queued(engine, space)];
      const tokens = [token(), token(), token()];
      const before = engine.now();
      const leased = await engine.jobs.claim(space, card('app'), 1, tokens, LEASE_MS);
      const after = engine.now();
      expect(leased).toHaveLength(2);
      expect(new Set(leased.map(({ job }) => job.status === 'RUNNING' && job.lease?.token)).size).toBe(2);
      for (const [n, { job }] of leased.entries()) {
        if (job.status !== 'RUNNING' || !job.lease) throw new Error(job.status);
        expect(tokens).toContain(job.lease.token);
        const claim = { token: job.lease.token, app: card('app'), session: 1, at: job.startedAt };
        expect(job).toEqual(assign(jobs[n]!, claim));
        // Two processes' clocks agree to a few milliseconds.
        expect(job.startedAt).toBeGreaterThanOrEqual(before - 20);
        expect(job.startedAt).toBeLessThanOrEqual(after + 20);
        expect(await other.jobs.read(job.id)).toEqual(job);
        expect(await other.jobs.leaseExpiry(job.id)).toBe(job.startedAt + LEASE_MS);
      }
      expect(await engine.jobs.queue(space)).toEqual({ queued: 0, running: 2, recentRunMs: [] });
    });

    test('two callers never get the same job', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      for (const app of ['a', 'b', 'c', 'd']) await connected(engine, space, app);
      const jobs = await Promise.all(Array.from({ length: 50 }, () => queued(engine, space)));
      const leased = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          (n % 2 ? engine : other).jobs.claim(space, card('abcd'[n % 4]!), 1, [token(), token(), token()], LEASE_MS),
        ),
      );
      const ids = leased.flat().map(({ job }) => job.id);
      expect(ids).toHaveLength(50);
      expect(new Set(ids)).toEqual(new Set(jobs.map(({ id }) => id)));
    });

    test('an app that is not present, or not under this session, or not connected, gets none', async () => {
      const { engine } = at;
      const [space, elsewhere] = [await newSpace(engine), await newSpace(engine)];
      await queued(engine, space);
      const claim = async (app: string, session: number) =>
        (await engine.jobs.claim(space, card(app), session, [token()], LEASE_MS)).length;
      expect(await claim('app', 1)).toBe(0);
      await connected(engine, elsewhere, 'app', 1);
      expect(await claim('app', 1)).toBe(0);
      await connected(engine, space, 'app', 2);
      expect(await claim('app', 1)).toBe(0);
      expect(await claim('app', 3)).toBe(0);
      await engine.presence.lose(space, 'app', 2, engine.now() + 1000);
      expect(await claim('app', 2)).toBe(0);
      await connected(engine, space, 'app', 3);
      await engine.presence.leave(space, 'app', 3);
      expect(await claim('app', 3)).toBe(0);
      expect((await engine.jobs.queue(space)).queued).toBe(1);
      await connected(engine, space, 'app', 4);
      expect(await claim('app', 4)).toBe(1);
    });

    test('an app that registered as RECONNECTING gets none until it is connected', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      await queued(engine, space);
      const reconnecting = presence(engine, space, 'app', { status: 'RECONNECTING' });
      await engine.presence.register(space, reconnecting);
      expect(await engine.jobs.claim(space, card('app'), 1, [token()], LEASE_MS)).toEqual([]);
      const now = engine.now();
      await engine.presence.renew(space, 'app', 1, { status: 'CONNECTED', lastSeenAt: now, until: now + 9000 }, []);
      expect(await engine.jobs.claim(space, card('app'), 1, [token()], LEASE_MS)).toHaveLength(1);
    });

    test('a claim tells the job’s change after it happened', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      const { id } = await queued(engine, space);
      const one = await listening((hear) => other.bus.listenJob(id, hear));
      const all = await listening((hear) => other.bus.listenJobs(space, hear));
      const job = await claimed(engine, space, 'app');
      expect(await one.until(1)).toEqual([job]);
      expect(await all.until(1)).toEqual([job]);
    });
  });
}
