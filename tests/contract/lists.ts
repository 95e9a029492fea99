import { describe, expect, test } from 'vitest';
import { partitionOf } from '../../src/domain/ids.ts';
import type { Job } from '../../src/domain/job.ts';
import { deadline } from '../../src/domain/recovery.ts';
import { requestCancel } from '../../src/domain/transitions.ts';
import { cursorOf } from '../../src/engine/engine.ts';
import { completed, eachTest, newJob, newSpace, type Open, queued, trackedJob, working } from './fixtures.ts';

/** What every engine promises of lists, and of deletion. */
export function listsContract(open: Open): void {
  describe('list', () => {
    const at = eachTest(open);

    test('jobs come newest first, and a cursor goes on where a page ended', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const jobs: Job[] = [];
      // Two of each instant: the id decides.
      for (let n = 0; n < 9; n++) {
        const job = { ...newJob(engine, space), createdAt: 1_700_000_000_000 + (n >> 1) };
        const created = await engine.jobs.create(job, { prompt: null, parameters: null, files: [] }, 100);
        if (created.outcome === 'created') jobs.push(created.job);
      }
      const newestFirst = jobs.toSorted((a, b) => (cursorOf(a) < cursorOf(b) ? 1 : -1));
      const pages: Job[][] = [];
      for (let before: string | null = null; pages.length < 4; before = cursorOf(pages.at(-1)!.at(-1) ?? jobs[0]!)) {
        pages.push(await other.jobs.list([space], null, before, 4));
      }
      expect(pages.map(({ length }) => length)).toEqual([4, 4, 1, 0]);
      expect(pages.flat()).toEqual(newestFirst);
    });

    test('a list is of the asked partitions together, and of no other', async () => {
      const { engine } = at;
      const [a, b, c] = [await newSpace(engine), await newSpace(engine), await newSpace(engine)];
      const tracked = trackedJob(engine, 'tracked-1');
      await engine.jobs.commit(tracked);
      const made: Job[] = [tracked];
      for (const space of [a, b, c, a, b, c]) made.push(await queued(engine, space));
      const expected = (partitions: string[]) =>
        made
          .filter(({ id }) => partitions.includes(partitionOf(id)))
          .toSorted((x, y) => (cursorOf(x) < cursorOf(y) ? 1 : -1));
      for (const partitions of [[a], [a, b], [a, c, partitionOf(tracked.id)], [partitionOf(tracked.id)], []]) {
        expect(await engine.jobs.list(partitions, null, null, 100)).toEqual(expected(partitions));
      }
      expect(await engine.jobs.list([a, b], null, null, 3)).toEqual(expected([a, b]).slice(0, 3));
      const [, second] = expected([a, b]);
      expect(await engine.jobs.list([a, b], null, cursorOf(second!), 100)).toEqual(expected([a, b]).slice(2));
    });

    test('a status filter follows every change', async () => {
      const { engine } = at;
      const { space, job } = await working(engine);
      const waiting = await queued(engine, space);
      const list = async (...statuses: Job['status'][]) =>
        (await engine.jobs.list([space], statuses, null, 100)).map(({ id }) => id);
      expect(await list('QUEUED')).toEqual([waiting.id]);
      expect(await list('RUNNING')).toEqual([job.id]);
      expect(await list('QUEUED', 'RUNNING')).toEqual([waiting.id, job.id]);
      expect(await list('COMPLETED', 'FAILED')).toEqual([]);
      expect(await list()).toEqual([]);
      await engine.jobs.commit(completed(job, engine.now()));
      await engine.jobs.commit(requestCancel(waiting, engine.now()));
      expect(await list('QUEUED', 'RUNNING')).toEqual([]);
      expect(await list('COMPLETED')).toEqual([job.id]);
      expect(await list('CANCELLED', 'TIMED_OUT')).toEqual([waiting.id]);
      const page = await engine.jobs.list([space], ['COMPLETED'], cursorOf(waiting), 1);
      expect(page.map(({ id }) => id)).toEqual([job.id]);
    });
  });

  describe('remove', () => {
    const at = eachTest(open);

    test('a removed job is gone with everything under it', async () => {
      const { engine, other } = at;
      const { space, job, lease } = await working(engine);
      const waiting = await queued(engine, space, { idempotencyKey: 'k' });
      await engine.jobs.remove(job.id);
      await engine.jobs.remove(waiting.id);
      for (const { id } of [job, waiting]) {
        expect(await other.jobs.read(id)).toBeNull();
        expect(await other.jobs.input(id)).toBeNull();
        expect(await other.jobs.leaseExpiry(id)).toBeNull();
      }
      expect(await other.jobs.positions(space, [waiting.id])).toEqual(new Map());
      expect(await other.jobs.list([space], null, null, 10)).toEqual([]);
      expect(await other.jobs.queue(space)).toEqual({ queued: 0, running: 0, recentRunMs: [] });
      expect(await other.jobs.byKey(space, waiting.submitter.id, 'k')).toBeNull();
      expect(await other.jobs.due([space], deadline(waiting) + deadline(job), 10)).toEqual([
        { kind: 'presence', space, app: 'app' },
      ]);
      expect(await engine.jobs.commit(completed(job, engine.now()))).toBe(false);
      expect(await engine.presence.leave(space, 'app', 1)).toEqual([]);
      expect(lease).not.toBe('');
    });

    test('removing one job leaves the others, and removing it again or an unknown one does nothing', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      const [gone, kept] = [await queued(engine, space), await queued(engine, space)];
      await engine.jobs.remove(gone.id);
      await engine.jobs.remove(gone.id);
      await engine.jobs.remove('unknown');
      expect(await engine.jobs.read(kept.id)).toEqual(kept);
      expect(await engine.jobs.positions(space, [gone.id, kept.id])).toEqual(new Map([[kept.id, 1]]));
      expect(await engine.jobs.queue(space)).toMatchObject({ queued: 1 });
    });
  });
}
