import { describe, expect, test } from 'vitest';
import { requestCancel } from '../../src/domain/transitions.ts';
import { ALICE, BOB, claimed, connected, eachTest, INPUT, newJob, newSpace, type Open, queued } from './fixtures.ts';

/** What every engine promises of a submit. */
export function submitsContract(open: Open): void {
  describe('create', () => {
    const at = eachTest(open);

    test('a created job is stored with its place and its input, for every process', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const job = newJob(engine, space);
      const created = await engine.jobs.create(job, INPUT, 10);
      if (created.outcome !== 'created') throw new Error(created.outcome);
      expect(created.job).toEqual({ ...job, seq: created.job.seq });
      expect(created.job.seq).toBeGreaterThan(0);
      expect(await other.jobs.read(job.id)).toEqual(created.job);
      expect(await other.jobs.input(job.id)).toEqual(INPUT);
      expect(await other.jobs.positions(space, [job.id])).toEqual(new Map([[job.id, 1]]));
      expect(await other.jobs.leaseExpiry(job.id)).toBeNull();
    });

    test('nothing is known of a job that was never created', async () => {
      const { jobs } = at.engine;
      for (const id of ['never', newJob(at.engine, 'nowhere').id]) {
        expect(await jobs.read(id)).toBeNull();
        expect(await jobs.input(id)).toBeNull();
        expect(await jobs.leaseExpiry(id)).toBeNull();
      }
      expect(await jobs.queue('nowhere')).toEqual({ queued: 0, running: 0, recentRunMs: [] });
      expect(await jobs.positions('nowhere', ['never'])).toEqual(new Map());
      expect(await jobs.byKey('nowhere', ALICE.id, 'key')).toBeNull();
    });

    test('jobs stand in the order of their acknowledgement, each with a place of its own', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const first = await queued(engine, space);
      const second = await queued(other, space);
      const third = await queued(engine, space);
      expect([first.seq, second.seq, third.seq].toSorted((a, b) => a - b)).toEqual([first.seq, second.seq, third.seq]);
      const many = await Promise.all(Array.from({ length: 40 }, (_, n) => queued(n % 2 ? engine : other, space)));
      expect(new Set(many.map(({ seq }) => seq)).size).toBe(40);
      const positions = await engine.jobs.positions(
        space,
        [first, second, third, ...many].map(({ id }) => id),
      );
      expect([first, second, third].map(({ id }) => positions.get(id))).toEqual([1, 2, 3]);
      const bySeq = many.toSorted((a, b) => a.seq - b.seq).map(({ id }) => positions.get(id));
      expect(bySeq).toEqual(Array.from({ length: 40 }, (_, n) => n + 4));
    });

    test('the same key of the same submitter in the same space tells the kept job, and stores nothing', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const first = await queued(engine, space, { idempotencyKey: 'k' });
      const again = newJob(engine, space, { idempotencyKey: 'k' });
      expect(await other.jobs.create(again, INPUT, 10)).toEqual({ outcome: 'exists', id: first.id });
      expect(await engine.jobs.read(again.id)).toBeNull();
      expect(await engine.jobs.input(again.id)).toBeNull();
      expect((await engine.jobs.queue(space)).queued).toBe(1);
      expect(await other.jobs.byKey(space, ALICE.id, 'k')).toBe(first.id);
      expect(await other.jobs.byKey(space, ALICE.id, 'l')).toBeNull();
    });

    test('a key is one submitter’s in one space', async () => {
      const { engine } = at;
      const [space, elsewhere] = [await newSpace(engine), await newSpace(engine)];
      const mine = await queued(engine, space, { idempotencyKey: 'k' });
      const theirs = await queued(engine, space, { idempotencyKey: 'k', submitter: BOB });
      const there = await queued(engine, elsewhere, { idempotencyKey: 'k' });
      expect(await engine.jobs.byKey(space, ALICE.id, 'k')).toBe(mine.id);
      expect(await engine.jobs.byKey(space, BOB.id, 'k')).toBe(theirs.id);
      expect(await engine.jobs.byKey(elsewhere, ALICE.id, 'k')).toBe(there.id);
    });

    test('of many submits with one key one is stored and all others are told it', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          (n % 2 ? engine : other).jobs.create(newJob(engine, space, { idempotencyKey: 'k' }), INPUT, 10),
        ),
      );
      const ids = new Set(answers.map((answer) => ('job' in answer ? answer.job.id : 'id' in answer ? answer.id : '')));
      expect(answers.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
      expect(ids.size).toBe(1);
      expect((await engine.jobs.queue(space)).queued).toBe(1);
    });

    test('a key is kept as long as its job, also after the end', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      const job = await queued(engine, space, { idempotencyKey: 'k' });
      await engine.jobs.commit(requestCancel(job, engine.now()));
      expect(await engine.jobs.byKey(space, ALICE.id, 'k')).toBe(job.id);
      await engine.jobs.remove(job.id);
      expect(await engine.jobs.byKey(space, ALICE.id, 'k')).toBeNull();
      await queued(engine, space, { idempotencyKey: 'k' });
    });

    test('a full queue takes nothing and says how many wait', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      await queued(engine, space);
      await queued(engine, space);
      const refused = newJob(engine, space);
      expect(await engine.jobs.create(refused, INPUT, 2)).toEqual({ outcome: 'full', queued: 2 });
      expect(await engine.jobs.read(refused.id)).toBeNull();
      await claimed(engine, space, 'app');
      expect((await engine.jobs.create(refused, INPUT, 2)).outcome).toBe('created');
    });

    test('racing submits never pass maxQueued', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => (n % 2 ? engine : other).jobs.create(newJob(engine, space), INPUT, 5)),
      );
      expect(answers.filter(({ outcome }) => outcome === 'created')).toHaveLength(5);
      expect((await engine.jobs.queue(space)).queued).toBe(5);
    });

    test('a space that is gone takes nothing', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      await engine.documents.remove('space', space);
      const refused = newJob(engine, space);
      expect(await engine.jobs.create(refused, INPUT, 10)).toEqual({ outcome: 'no-space' });
      expect(await engine.jobs.read(refused.id)).toBeNull();
    });

    test('a space that is being deleted takes nothing', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      await other.documents.put('space-deletion', space, {}, 0);
      const refused = newJob(engine, space);
      expect(await engine.jobs.create(refused, INPUT, 10)).toEqual({ outcome: 'no-space' });
      await other.documents.remove('space-deletion', space);
      expect((await engine.jobs.create(refused, INPUT, 10)).outcome).toBe('created');
    });

    test('a kept key is told before a full queue and before a space that is gone', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      const { id } = await queued(engine, space, { idempotencyKey: 'k' });
      const again = () => engine.jobs.create(newJob(engine, space, { idempotencyKey: 'k' }), INPUT, 1);
      expect(await again()).toEqual({ outcome: 'exists', id });
      await engine.documents.remove('space', space);
      expect(await again()).toEqual({ outcome: 'exists', id });
    });

    test('an acknowledged submit is not lost when the storage is opened again', async () => {
      const { engine, opened } = at;
      const space = await newSpace(engine);
      const jobs = await Promise.all(Array.from({ length: 10 }, () => queued(engine, space)));
      const again = (await opened.reopen?.()) ?? at.other;
      for (const job of jobs) {
        expect(await again.jobs.read(job.id)).toEqual(job);
        expect(await again.jobs.input(job.id)).toEqual(INPUT);
      }
      const later = await queued(again, space);
      expect(await again.jobs.positions(space, [later.id])).toEqual(new Map([[later.id, 11]]));
    });
  });
}
