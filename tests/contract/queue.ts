import { describe, expect, test } from 'vitest';
import { partitionOf } from '../../src/domain/ids.ts';
import type { QueuedJob } from '../../src/domain/job.ts';
import { RECENT_RUNS } from '../../src/domain/queue.ts';
import { lost } from '../../src/domain/recovery.ts';
import { requestCancel } from '../../src/domain/transitions.ts';
import {
  claimed,
  completed,
  connected,
  eachTest,
  failed,
  newSpace,
  type Open,
  queued,
  trackedJob,
  working,
} from './fixtures.ts';

/** What every engine promises of the queue of a space. */
export function queueContract(open: Open): void {
  describe('queue', () => {
    const at = eachTest(open);

    test('a requeued job stands in its old place', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      const jobs: QueuedJob[] = [];
      for (const priority of [0, 0, 5, 0]) jobs.push(await queued(engine, space, { priority }));
      const ids = jobs.map(({ id }) => id);
      const order = async () => {
        const positions = [...(await other.jobs.positions(space, ids))];
        return positions.toSorted(([, a], [, b]) => a - b).map(([id]) => ids.indexOf(id));
      };
      expect(await order()).toEqual([2, 0, 1, 3]);
      const high = await claimed(engine, space, 'app');
      const first = await claimed(engine, space, 'app');
      expect(await order()).toEqual([1, 3]);
      for (const job of [first, high]) {
        expect(await engine.jobs.commit(failed(job, engine.now(), true))).toBe(true);
      }
      expect(await order()).toEqual([2, 0, 1, 3]);
      expect((await claimed(engine, space, 'app')).id).toBe(high.id);
    });

    test('positions leave out what is not queued, and jobs of other spaces', async () => {
      const { engine } = at;
      const { space, job } = await working(engine);
      const [elsewhere, waiting] = [await newSpace(engine), await queued(engine, space)];
      const foreign = await queued(engine, elsewhere);
      const done = await queued(engine, space);
      await engine.jobs.commit(requestCancel(done, engine.now()));
      const asked = [job.id, done.id, foreign.id, 'unknown', waiting.id];
      expect(await engine.jobs.positions(space, asked)).toEqual(new Map([[waiting.id, 1]]));
      expect(await engine.jobs.positions(space, [])).toEqual(new Map());
    });

    test('the state of a queue counts the waiting and the leased', async () => {
      const { engine, other } = at;
      const { space, job } = await working(engine);
      await queued(engine, space);
      await queued(engine, space);
      expect(await other.jobs.queue(space)).toMatchObject({ queued: 2, running: 1 });
      const cancelling = requestCancel(job, engine.now());
      await engine.jobs.commit(cancelling);
      expect(await other.jobs.queue(space)).toMatchObject({ queued: 2, running: 1 });
      await engine.jobs.commit(lost(cancelling, job.lease!.token, engine.now()));
      expect(await other.jobs.queue(space)).toMatchObject({ queued: 2, running: 0 });
    });

    test('the run times of the last completed jobs are remembered, newest first', async () => {
      const { engine, other } = at;
      const { space, job } = await working(engine);
      await engine.jobs.commit(completed(job, job.startedAt + 1));
      const taken = [1];
      for (let run = 2; run <= RECENT_RUNS + 3; run++) {
        await queued(engine, space);
        const next = await claimed(engine, space, 'app');
        expect(await engine.jobs.commit(completed(next, next.startedAt + run))).toBe(true);
        taken.unshift(run);
        if (run === 4) expect((await other.jobs.queue(space)).recentRunMs).toEqual([4, 3, 2, 1]);
      }
      expect((await other.jobs.queue(space)).recentRunMs).toEqual(taken.slice(0, RECENT_RUNS));
      expect((await other.jobs.queue(await newSpace(engine))).recentRunMs).toEqual([]);
    });

    test('only a completion that was committed joins the recent run times, and it outlives its job', async () => {
      const { engine } = at;
      const { space, job } = await working(engine);
      await engine.jobs.commit(failed(job, job.startedAt + 7));
      await queued(engine, space);
      const second = await claimed(engine, space, 'app');
      const done = completed(second, second.startedAt + 9);
      expect(await engine.jobs.commit({ ...done, revision: done.revision + 1 })).toBe(false);
      expect((await engine.jobs.queue(space)).recentRunMs).toEqual([]);
      expect(await engine.jobs.commit(done)).toBe(true);
      expect(await engine.jobs.commit(done)).toBe(false);
      await engine.jobs.remove(done.id);
      const tracked = trackedJob(engine, 'tracked');
      await engine.jobs.commit(tracked);
      await engine.jobs.commit(completed(tracked, tracked.startedAt + 11));
      expect((await engine.jobs.queue(space)).recentRunMs).toEqual([9]);
      expect((await engine.jobs.queue(partitionOf(tracked.id))).recentRunMs).toEqual([]);
    });
  });
}
