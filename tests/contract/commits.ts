import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/domain/job.ts';
import { requestCancel } from '../../src/domain/transitions.ts';
import {
  claimed,
  completed,
  connected,
  eachTest,
  failed,
  LEASE_MS,
  type Open,
  progressed,
  trackedJob,
  working,
} from './fixtures.ts';

/** What every engine promises of a job’s changes. */
export function commitsContract(open: Open): void {
  describe('commit', () => {
    const at = eachTest(open);

    test('a commit on the stored revision is what everybody reads', async () => {
      const { engine, other } = at;
      const { job } = await working(engine);
      const next = progressed(job, engine.now());
      expect(await engine.jobs.commit(next)).toBe(true);
      expect(await other.jobs.read(job.id)).toEqual(next);
      const done = completed(next, engine.now());
      expect(await other.jobs.commit(done)).toBe(true);
      expect(await engine.jobs.read(job.id)).toEqual(done);
    });

    test('a commit on another revision changes nothing', async () => {
      const { engine } = at;
      const { space, job } = await working(engine);
      const next = progressed(job, engine.now(), 0.5);
      await engine.jobs.commit(next);
      const done = completed(job, engine.now());
      for (const revision of [job.revision - 1, job.revision, next.revision, next.revision + 2]) {
        expect(await engine.jobs.commit({ ...done, revision })).toBe(false);
      }
      expect(await engine.jobs.read(job.id)).toEqual(next);
      expect(await engine.jobs.leaseExpiry(job.id)).toBe(job.startedAt + LEASE_MS);
      expect(await engine.jobs.queue(space)).toEqual({ queued: 0, running: 1, recentRunMs: [] });
    });

    test('of many commits on one revision exactly one happens', async () => {
      const { engine, other } = at;
      const { job } = await working(engine);
      const changes = Array.from({ length: 20 }, (_, n) => progressed(job, engine.now(), n / 20));
      const answers = await Promise.all(changes.map((next, n) => (n % 2 ? engine : other).jobs.commit(next)));
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await engine.jobs.read(job.id)).toEqual(changes[answers.indexOf(true)]);
    });

    test('a tracked job begins with revision 1, once', async () => {
      const { engine, other } = at;
      const job = trackedJob(engine, 'nightly-build_7');
      expect(await engine.jobs.commit({ ...job, revision: 2 })).toBe(false);
      expect(await engine.jobs.read(job.id)).toBeNull();
      const answers = await Promise.all([engine.jobs.commit(job), other.jobs.commit({ ...job, title: 'the other' })]);
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await engine.jobs.commit(job)).toBe(false);
      const stored = (await other.jobs.read(job.id))!;
      expect(stored).toEqual(answers[0] ? job : { ...job, title: 'the other' });
      expect(await engine.jobs.input(job.id)).toBeNull();
      expect(await engine.jobs.leaseExpiry(job.id)).toBeNull();
      const next = progressed(stored, engine.now());
      expect(await other.jobs.commit(next)).toBe(true);
      expect(await engine.jobs.read(job.id)).toEqual(next);
    });

    test('the lease of a job that stays leased keeps its expiry', async () => {
      const { engine, other } = at;
      const { space, job, lease } = await working(engine);
      const until = engine.now() + 77_000;
      const change = { status: 'CONNECTED', lastSeenAt: engine.now(), until } as const;
      await engine.presence.renew(space, 'app', 1, change, [{ job: job.id, token: lease }]);
      const next = progressed(job, engine.now());
      await engine.jobs.commit(next);
      expect(await other.jobs.leaseExpiry(job.id)).toBe(until);
      await engine.jobs.commit(requestCancel(next, engine.now()));
      expect(await other.jobs.leaseExpiry(job.id)).toBe(until);
    });

    test('a job that ends or goes back has no lease any more', async () => {
      const { engine } = at;
      for (const end of [completed, (job: Job, now: number) => failed(job, now, true)]) {
        const { space, job, lease } = await working(engine);
        await engine.jobs.commit(end(job, engine.now()));
        expect(await engine.jobs.leaseExpiry(job.id)).toBeNull();
        expect((await engine.jobs.queue(space)).running).toBe(0);
        const change = { status: 'CONNECTED', lastSeenAt: engine.now(), until: engine.now() + LEASE_MS } as const;
        expect(await engine.presence.renew(space, 'app', 1, change, [{ job: job.id, token: lease }])).toEqual({
          lost: [job.id],
          cancelling: [],
        });
        expect(await engine.presence.leave(space, 'app', 1)).toEqual([]);
      }
    });

    test('a confirmation is remembered, whatever a later commit knows of it', async () => {
      const { engine, other } = at;
      const { space, job, lease } = await working(engine);
      const change = { status: 'CONNECTED', lastSeenAt: engine.now(), until: engine.now() + LEASE_MS } as const;
      await engine.presence.renew(space, 'app', 1, change, [{ job: job.id, token: lease }]);
      const confirmed = { ...job, lease: { ...job.lease!, confirmed: true } };
      expect(await other.jobs.read(job.id)).toEqual(confirmed);
      expect(await other.jobs.list([space], null, null, 1)).toEqual([confirmed]);
      // Decided on a copy from before the renewal.
      const cancelling = requestCancel(job, engine.now());
      expect(cancelling).toMatchObject({ lease: { confirmed: false } });
      await engine.jobs.commit(cancelling);
      expect(await other.jobs.read(job.id)).toMatchObject({ status: 'CANCELLING', lease: { confirmed: true } });
    });

    test('a commit of a confirmed lease confirms it, and the next lease begins unconfirmed', async () => {
      const { engine } = at;
      const { space, job, lease } = await working(engine);
      const next = progressed(job, engine.now());
      await engine.jobs.commit(next);
      expect(await connected(engine, space, 'app', 2)).toEqual([{ job: job.id, token: lease, confirmed: true }]);
      await engine.jobs.commit(failed(next, engine.now(), true));
      const again = await claimed(engine, space, 'app', 2);
      expect(again.lease?.confirmed).toBe(false);
      expect(await engine.jobs.read(job.id)).toEqual(again);
      expect(await engine.presence.leave(space, 'app', 2)).toEqual([
        { job: job.id, token: again.lease!.token, confirmed: false },
      ]);
    });
  });
}
