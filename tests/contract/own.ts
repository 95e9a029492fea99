import { describe, expect, test } from 'vitest';
import { partitionOf } from '../../src/domain/ids.ts';
import type { Job, Submitter } from '../../src/domain/job.ts';
import { requestCancel } from '../../src/domain/transitions.ts';
import { cursorOf } from '../../src/engine/engine.ts';
import {
  ALICE,
  BOB,
  CAROL,
  claimed,
  completed,
  connected,
  eachTest,
  failed,
  INPUT,
  newJob,
  newSpace,
  type Open,
  progressed,
  queued,
  trackedJob,
} from './fixtures.ts';

/** Ids that an index could mistake. */
const ODD: Submitter[] = ['', 'ali', 'u_alice ', 'u_alice:x', 'a b\n{c} %s+'].map((id) => ({
  id,
  name: 'Odd',
  role: 'USER',
}));

/** What every engine promises of one submitter's jobs. */
export function ownContract(open: Open): void {
  describe('the jobs of one submitter', () => {
    const at = eachTest(open);
    const ids = (jobs: Job[]) => jobs.map(({ id }) => id);

    test('are listed alone, newest first, over all asked partitions, page by page', async () => {
      const { engine, other } = at;
      const spaces = [await newSpace(engine), await newSpace(engine)];
      const tracked = { ...trackedJob(engine, 'tracked-own'), submitter: BOB };
      await engine.jobs.commit(tracked);
      const mine: Job[] = [tracked];
      for (let n = 0; n < 24; n++) {
        const submitter = [ALICE, BOB, CAROL, ...ODD][n % 8]!;
        const job = await queued(engine, spaces[n % 3 ? 0 : 1]!, { submitter });
        if (submitter === BOB) mine.unshift(job);
      }
      mine.sort((a, b) => (cursorOf(a) < cursorOf(b) ? 1 : -1));
      const partitions = [...spaces, partitionOf(tracked.id)];
      expect(await other.jobs.list(partitions, null, null, 100, BOB.id)).toEqual(mine);
      expect(await other.jobs.list(partitions, null, null, 100, null)).toHaveLength(25);
      expect(await other.jobs.list([partitionOf(tracked.id)], null, null, 100, BOB.id)).toEqual([tracked]);
      const first = await other.jobs.list(partitions, null, null, 2, BOB.id);
      const rest = await other.jobs.list(partitions, null, cursorOf(first[1]!), 100, BOB.id);
      expect([...first, ...rest]).toEqual(mine);
      for (const { id } of ODD) {
        expect(await other.jobs.list(partitions, null, null, 100, id)).toHaveLength(3);
      }
      expect(await other.jobs.list(partitions, null, null, 100, 'u_nobody')).toEqual([]);
    });

    test('are found by status, whatever happens to them', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      const jobs = [await queued(engine, space, { submitter: BOB }), await queued(engine, space, { submitter: BOB })];
      await queued(engine, space);
      const [one, two] = ids(jobs);
      const list = async (...statuses: Job['status'][]) =>
        ids(await engine.jobs.list([space], statuses, null, 100, BOB.id));
      expect(await list('QUEUED')).toEqual([two, one]);
      const running = await claimed(engine, space, 'app');
      expect([await list('QUEUED'), await list('RUNNING')]).toEqual([[two], [one]]);
      const reported = progressed(running, engine.now());
      await engine.jobs.commit(reported);
      expect(await list('RUNNING')).toEqual([one]);
      const requeued = failed(reported, engine.now(), true);
      await engine.jobs.commit(requeued);
      expect([await list('QUEUED'), await list('RUNNING')]).toEqual([[two, one], []]);
      const again = await claimed(engine, space, 'app');
      await engine.jobs.commit(completed(again, engine.now()));
      await engine.jobs.commit(requestCancel(jobs[1]!, engine.now()));
      expect(await list('QUEUED', 'RUNNING', 'CANCELLING')).toEqual([]);
      expect(await list('COMPLETED', 'CANCELLED')).toEqual([two, one]);
      await engine.jobs.remove(one!);
      expect(ids(await engine.jobs.list([space], null, null, 100, BOB.id))).toEqual([two]);
    });

    test('follow a commit that names another submitter', async () => {
      const { engine } = at;
      const job = trackedJob(engine, 'tracked-handed-over');
      await engine.jobs.commit(job);
      await engine.jobs.commit({ ...job, submitter: BOB, revision: 2 });
      const list = async (submitter: string) =>
        ids(await engine.jobs.list([partitionOf(job.id)], null, null, 10, submitter));
      expect([await list(ALICE.id), await list(BOB.id)]).toEqual([[], [job.id]]);
    });

    test('that wait in a space are at most maxOwn, and no other’s are counted', async () => {
      const { engine, other } = at;
      const [space, elsewhere] = [await newSpace(engine), await newSpace(engine)];
      await connected(engine, space, 'app');
      const submit = (submitter: Submitter, where = space) =>
        other.jobs.create(newJob(engine, where, { submitter }), INPUT, 100, 'FAIR', 2);
      for (const submitter of [ALICE, ALICE, BOB]) expect((await submit(submitter)).outcome).toBe('created');
      const refused = newJob(engine, space);
      expect(await engine.jobs.create(refused, INPUT, 100, 'FIFO', 2)).toEqual({ outcome: 'own-full', queued: 2 });
      expect(await engine.jobs.read(refused.id)).toBeNull();
      expect(await engine.jobs.queue(space)).toMatchObject({ queued: 3 });
      expect((await submit(ALICE, elsewhere)).outcome).toBe('created');
      expect((await submit(BOB)).outcome).toBe('created');
      const running = await claimed(engine, space, 'app');
      expect(running.submitter).toEqual(ALICE);
      expect((await submit(ALICE)).outcome).toBe('created');
      // One that comes back waits again.
      await engine.jobs.commit(failed(running, engine.now(), true));
      expect(await submit(ALICE)).toEqual({ outcome: 'own-full', queued: 3 });
      for (const { id } of await engine.jobs.list([space], ['QUEUED'], null, 2, ALICE.id)) await engine.jobs.remove(id);
      expect((await submit(ALICE)).outcome).toBe('created');
      expect((await engine.jobs.create(newJob(engine, space), INPUT, 100)).outcome).toBe('created');
    });

    test('a known key is told before one’s own limit, and that before a full queue', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      const { id } = await queued(engine, space, { idempotencyKey: 'k' });
      const create = (key: string | null) =>
        engine.jobs.create(newJob(engine, space, { idempotencyKey: key }), INPUT, 1, 'FIFO', 1);
      expect(await create('k')).toEqual({ outcome: 'exists', id });
      expect(await create(null)).toEqual({ outcome: 'own-full', queued: 1 });
    });

    test('racing submits never pass maxOwn', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          (n % 2 ? engine : other).jobs.create(newJob(engine, space), INPUT, 100, 'FIFO', 5),
        ),
      );
      expect(answers.filter(({ outcome }) => outcome === 'created')).toHaveLength(5);
      expect(answers.filter(({ outcome }) => outcome === 'own-full')).toHaveLength(15);
    });
  });
}
