import { describe, expect, test } from 'vitest';
import { partitionOf } from '../../src/domain/ids.ts';
import { keptUntil } from '../../src/domain/job.ts';
import { deadline, lost } from '../../src/domain/recovery.ts';
import { requestCancel } from '../../src/domain/transitions.ts';
import {
  connected,
  eachTest,
  LEASE_MS,
  newSpace,
  type Open,
  progressed,
  queued,
  trackedJob,
  working,
} from './fixtures.ts';

/** What every engine promises of what is due. */
export function dueContract(open: Open): void {
  describe('due', () => {
    const at = eachTest(open);

    test('a deadline is due when it has passed, and told again until a commit moves it', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const job = await queued(engine, space);
      const due = (now: number) => other.jobs.due([space], now, 10);
      expect(await due(deadline(job) - 1)).toEqual([]);
      for (const now of [deadline(job), deadline(job) + 5000]) {
        expect(await due(now)).toEqual([{ kind: 'deadline', job: job.id }]);
      }
      const ended = requestCancel(job, engine.now());
      await engine.jobs.commit(ended);
      expect(await due(deadline(job))).toEqual([]);
      expect(await due(keptUntil(ended)! - 1)).toEqual([]);
      expect(await due(keptUntil(ended)!)).toEqual([{ kind: 'deadline', job: job.id }]);
      await engine.jobs.remove(job.id);
      expect(await due(keptUntil(ended)!)).toEqual([]);
    });

    test('a lease is due when it has run out, and told again until a renewal moves it', async () => {
      const { engine, other } = at;
      const { space, job, lease } = await working(engine);
      await engine.presence.renew(
        space,
        'app',
        1,
        { status: 'CONNECTED', lastSeenAt: engine.now(), until: engine.now() + 90_000 },
        [],
      );
      const due = (now: number) => other.jobs.due([space], now, 10);
      const expiry = job.startedAt + LEASE_MS;
      expect(await due(expiry - 1)).toEqual([]);
      for (const now of [expiry, expiry + 1]) expect(await due(now)).toEqual([{ kind: 'lease', job: job.id }]);
      await engine.presence.renew(
        space,
        'app',
        1,
        { status: 'CONNECTED', lastSeenAt: engine.now(), until: expiry + 20_000 },
        [{ job: job.id, token: lease }],
      );
      expect(await due(expiry + 19_999)).toEqual([]);
      expect(await due(expiry + 20_000)).toContainEqual({ kind: 'lease', job: job.id });
      await engine.jobs.commit(lost((await engine.jobs.read(job.id))!, lease, engine.now()));
      expect(await due(expiry + 20_000)).not.toContainEqual({ kind: 'lease', job: job.id });
    });

    test('a presence is due when it has run out, until it is renewed or removed', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app', 3);
      const [present] = (await engine.presence.list(space)).apps;
      const due = (now: number) => other.jobs.due([space], now, 10);
      const until = present!.until;
      expect(await due(until - 1)).toEqual([]);
      for (const now of [until, until + 1]) expect(await due(now)).toEqual([{ kind: 'presence', space, app: 'app' }]);
      await engine.presence.renew(space, 'app', 3, { status: 'CONNECTED', lastSeenAt: until, until: until + 9 }, []);
      expect(await due(until + 8)).toEqual([]);
      await engine.presence.lose(space, 'app', 3, until + 4);
      expect(await due(until + 4)).toEqual([{ kind: 'presence', space, app: 'app' }]);
      await engine.presence.leave(space, 'app', 3);
      expect(await due(until + 99)).toEqual([]);
    });

    test('a job can be due for its lease and its deadline at once', async () => {
      const { engine } = at;
      const { space, job } = await working(engine);
      const due = await engine.jobs.due([space], deadline(job), 10);
      expect(due).toHaveLength(3);
      expect(due).toEqual(
        expect.arrayContaining([
          { kind: 'lease', job: job.id },
          { kind: 'deadline', job: job.id },
          { kind: 'presence', space, app: 'app' },
        ]),
      );
    });

    test('a tracked job is due in its bucket when nothing was heard of it, later with every report', async () => {
      const { engine } = at;
      const job = trackedJob(engine, 'nightly');
      await engine.jobs.commit(job);
      const due = (now: number, partition = partitionOf(job.id)) => engine.jobs.due([partition], now, 10);
      expect(await due(deadline(job))).toEqual([{ kind: 'deadline', job: job.id }]);
      const next = progressed(job, job.updatedAt + 1000);
      await engine.jobs.commit(next);
      expect(await due(deadline(job))).toEqual([]);
      expect(await due(deadline(next))).toEqual([{ kind: 'deadline', job: job.id }]);
      expect(await due(deadline(next), partitionOf('nightly1'))).toEqual([]);
    });

    test('of much that is due the longest overdue is told first, at most `limit`, of the asked partitions alone', async () => {
      const { engine } = at;
      const [space, elsewhere] = [await newSpace(engine), await newSpace(engine)];
      const waits = [50, 10, 40, 20, 30];
      const ids = new Map<number, string>();
      for (const maxQueueSeconds of waits) {
        const limits = { maxQueueSeconds, maxRunSeconds: 1, retentionSeconds: 60, maxAttempts: 1 };
        ids.set(maxQueueSeconds, (await queued(engine, space, { limits })).id);
        await queued(engine, elsewhere, { limits });
      }
      const due = (seconds: number, limit: number, ...partitions: string[]) =>
        engine.jobs.due(partitions, engine.now() + seconds * 1000, limit);
      const told = (...seconds: number[]) => seconds.map((s) => ({ kind: 'deadline', job: ids.get(s) }));
      expect(await due(100, 100, space)).toEqual(told(10, 20, 30, 40, 50));
      expect(await due(35, 100, space)).toEqual(told(10, 20, 30));
      expect(await due(100, 2, space)).toEqual(told(10, 20));
      expect(await due(100, 100, space, elsewhere)).toHaveLength(10);
      expect(await due(100, 7, elsewhere, space)).toHaveLength(7);
      expect(await due(100, 100)).toEqual([]);
    });
  });
}
