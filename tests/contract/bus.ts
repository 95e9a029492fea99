import { describe, expect, test, vi } from 'vitest';
import { partitionOf } from '../../src/domain/ids.ts';
import type { Job } from '../../src/domain/job.ts';
import type { Json } from '../../src/domain/json.ts';
import { requestCancel } from '../../src/domain/transitions.ts';
import type { Engine, SpaceSignal } from '../../src/engine/engine.ts';
import {
  completed,
  eachTest,
  ear,
  failed,
  INPUT,
  listening,
  newJob,
  newSpace,
  type Open,
  progressed,
  queued,
  trackedJob,
  working,
} from './fixtures.ts';

/** What every engine promises of its clock, its sessions, and of who is told what and when. */
export function busContract(open: Open): void {
  describe('engine', () => {
    const at = eachTest(open);

    test('it is ready, and says so to whoever asks', async () => {
      expect(at.engine.health()).toEqual({ ready: true, problem: null });
      await new Promise<void>((resolve) => at.engine.onReady(resolve));
    });

    test('the clock never runs back, not even when the machine’s does', () => {
      const { engine } = at;
      const before = engine.now();
      const set = vi.spyOn(Date, 'now').mockReturnValue(before - 3_600_000);
      try {
        expect(engine.now()).toBeGreaterThanOrEqual(before);
      } finally {
        set.mockRestore();
      }
      const seen = Array.from({ length: 1000 }, () => engine.now());
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(seen.every(Number.isInteger)).toBe(true);
    });

    test('a session number is never given twice, and grows', async () => {
      const { engine, other, opened } = at;
      const first = await engine.nextSession();
      const many = await Promise.all(Array.from({ length: 30 }, (_, n) => (n % 2 ? engine : other).nextSession()));
      expect(new Set([first, ...many]).size).toBe(31);
      expect(Math.min(...many)).toBeGreaterThan(first);
      const again = (await opened.reopen?.()) ?? other;
      expect(await again.nextSession()).toBeGreaterThan(Math.max(...many));
    });

    test('a session number is larger than those given before the storage lost everything', async () => {
      const before = await Promise.all(Array.from({ length: 5 }, () => at.engine.nextSession()));
      const emptied = await open();
      try {
        expect(await emptied.engine.nextSession()).toBeGreaterThan(Math.max(...before));
        expect(Number.isSafeInteger(await emptied.engine.nextSession())).toBe(true);
      } finally {
        await emptied.dispose();
      }
    });
  });

  describe('bus', () => {
    const at = eachTest(open);

    const watch = (engine: Engine, id: string) => listening<Job | null>((hear) => engine.bus.listenJob(id, hear));
    const watchAll = (engine: Engine, partition: string) =>
      listening<Job>((hear) => engine.bus.listenJobs(partition, hear));
    const attend = (engine: Engine, space: string) =>
      listening<SpaceSignal>((hear) => engine.bus.listenSpace(space, hear));

    test('listeners hear every committed change of a job in order, its creation first and null at its removal', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const fresh = newJob(engine, space);
      const [here, there] = [await watch(engine, fresh.id), await watch(other, fresh.id)];
      const all = await watchAll(other, space);
      const created = await engine.jobs.create(fresh, INPUT, 10);
      const stored = 'job' in created ? created.job : null;
      const ended = requestCancel(stored!, engine.now());
      await other.jobs.commit(ended);
      await engine.jobs.remove(fresh.id);
      expect(await here.until(3)).toEqual([stored, ended, null]);
      expect(await there.until(3)).toEqual([stored, ended, null]);
      const last = await queued(engine, space);
      expect(await all.until(3)).toEqual([stored, ended, last]);
    });

    test('a commit on a passed revision changes nothing and tells nobody', async () => {
      const { engine, other } = at;
      const { space, job } = await working(engine);
      const [one, all, signals] = [
        await watch(other, job.id),
        await watchAll(other, space),
        await attend(other, space),
      ];
      const next = progressed(job, engine.now());
      await engine.jobs.commit(next, { type: 'cancelling', job: 'first' });
      expect(await engine.jobs.commit(failed(job, engine.now(), true), { type: 'queued', job: job.id })).toBe(false);
      const done = completed(next, engine.now());
      await engine.jobs.commit(done, { type: 'released', job: job.id, lease: 'last' });
      expect(await one.until(2)).toEqual([next, done]);
      expect(await all.until(2)).toEqual([next, done]);
      expect(await signals.until(2)).toEqual([
        { type: 'cancelling', job: 'first' },
        { type: 'released', job: job.id, lease: 'last' },
      ]);
    });

    test('a create that stored nothing, a claim of nothing and a removal of nothing tell nobody', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const first = await queued(engine, space, { idempotencyKey: 'k' });
      const refused = newJob(engine, space, { idempotencyKey: 'k' });
      const [one, all, signals] = [
        await watch(other, refused.id),
        await watchAll(other, space),
        await attend(other, space),
      ];
      await engine.jobs.create(refused, INPUT, 10);
      await engine.jobs.create({ ...refused, idempotencyKey: null }, INPUT, 1);
      await engine.jobs.remove(refused.id);
      await engine.jobs.claim(space, { id: 'app', name: 'App', version: null, owner: 'owner' }, 1, ['t'], 1000);
      await engine.jobs.remove(first.id);
      const created = await engine.jobs.create(refused, INPUT, 10);
      const stored = 'job' in created ? created.job : null;
      expect(await one.until(1)).toEqual([stored]);
      expect(await all.until(1)).toEqual([stored]);
      expect(await signals.until(1)).toEqual([{ type: 'queued', job: refused.id }]);
    });

    test('a waiting job is told to its space, by itself when created and by the commit that puts it back', async () => {
      const { engine, other } = at;
      const { space, job } = await working(engine);
      const signals = await attend(other, space);
      const waiting = await queued(engine, space);
      await engine.jobs.commit(failed(job, engine.now(), true), { type: 'queued', job: job.id });
      expect(await signals.until(2)).toEqual([
        { type: 'queued', job: waiting.id },
        { type: 'queued', job: job.id },
      ]);
    });

    test('who hears of a change reads it or a later one', async () => {
      const { engine, other } = at;
      const { space, job } = await working(engine);
      const reads: Promise<[number, number]>[] = [];
      const heard = ear<Job>();
      await other.bus.listenJobs(space, (told) => {
        reads.push(other.jobs.read(told.id).then((read) => [told.revision, read?.revision ?? 0]));
        heard.hear(told);
      });
      let current: Job = job;
      for (let n = 1; n <= 20; n++) {
        current = progressed(current, engine.now(), n / 20);
        await engine.jobs.commit(current);
      }
      await heard.until(20);
      for (const [told, read] of await Promise.all(reads)) expect(read).toBeGreaterThanOrEqual(told);
    });

    test('one job’s changes are heard in the order of their revisions, whoever commits them', async () => {
      const { engine, other } = at;
      const { job } = await working(engine);
      const [here, there] = [await watch(engine, job.id), await watch(other, job.id)];
      // Sent without waiting for each other; a commit that comes too early is refused and sent again.
      let current: Job = job;
      const chain = Array.from({ length: 30 }, (_, n) => (current = progressed(current, engine.now(), n / 30)));
      await Promise.all(
        chain.map(async (next, n) => {
          while (!(await (n % 2 ? engine : other).jobs.commit(next)));
        }),
      );
      const revisions = chain.map(({ revision }) => revision);
      for (const watcher of [here, there]) {
        expect((await watcher.until(30)).map((told) => told?.revision)).toEqual(revisions);
      }
    });

    test('whole jobs are heard where little has changed, also by who comes in the middle, and of which nothing was heard before', async () => {
      const { engine, other } = at;
      const { space, job } = await working(engine);
      const all = await watchAll(other, space);
      const [here, there] = [await watch(engine, job.id), await watch(other, job.id)];
      const chain: Job[] = [job];
      const report = async (on: Engine) => {
        const before = chain.at(-1)!;
        const next = progressed(before, engine.now(), chain.length / 10);
        expect(await on.jobs.commit(next, undefined, before)).toBe(true);
        chain.push(next);
      };
      for (let n = 0; n < 4; n++) await report(n % 2 ? other : engine);
      const upTo = async ({ heard, until }: typeof there, { revision }: Job) => {
        while ((heard.at(-1)?.revision ?? 0) < revision) await until(heard.length + 1);
        return heard;
      };
      // Of what came before the first whole one only the newest may be heard.
      await upTo(there, chain.at(-1)!);
      const late = await watch(other, job.id);
      for (let n = 0; n < 4; n++) await report(n % 2 ? other : engine);
      const before = chain.at(-1)!;
      const done = completed(before, engine.now());
      await engine.jobs.commit(done, undefined, before);
      chain.push(done);
      expect(await all.until(9)).toEqual(chain.slice(1));
      expect(await late.until(5)).toEqual(chain.slice(5));
      for (const watcher of [here, there]) {
        const heard = await upTo(watcher, done);
        expect(heard.at(-1)).toEqual(done);
        for (const told of heard) expect(told).toEqual(chain[told!.revision - job.revision]);
        const revisions = heard.map((told) => told!.revision);
        expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
      }
    });

    test('a change is heard once by each listener of each topic, and by no other topic', async () => {
      const { engine } = at;
      const { space, job } = await working(engine);
      const neighbour = await queued(engine, space);
      const elsewhere = await newSpace(engine);
      const twice = ear<Job | null>();
      await engine.bus.listenJob(job.id, twice.hear);
      await engine.bus.listenJob(job.id, twice.hear);
      const [foreign, foreignJobs] = [await watch(engine, neighbour.id), await watchAll(engine, elsewhere)];
      const foreignSignals = await attend(engine, elsewhere);
      const done = completed(job, engine.now());
      await engine.jobs.commit(done, { type: 'cancelling', job: job.id });
      expect(await twice.until(2)).toEqual([done, done]);
      const [last, there] = [requestCancel(neighbour, engine.now()), await queued(engine, elsewhere)];
      await engine.jobs.commit(last);
      expect(await foreign.until(1)).toEqual([last]);
      expect(await foreignJobs.until(1)).toEqual([there]);
      expect(await foreignSignals.until(1)).toEqual([{ type: 'queued', job: there.id }]);
      expect(twice.heard).toHaveLength(2);
    });

    test('a tracked job’s changes are heard in its bucket', async () => {
      const { engine, other } = at;
      const job = trackedJob(engine, 'nightly');
      const [one, all] = [await watch(other, job.id), await watchAll(other, partitionOf(job.id))];
      await engine.jobs.commit(job);
      const done = completed(job, engine.now());
      await engine.jobs.commit(done);
      expect(await one.until(2)).toEqual([job, done]);
      expect(await all.until(2)).toEqual([job, done]);
    });

    test('an ended listener hears nothing more, and the others go on', async () => {
      const { engine, other } = at;
      const { job } = await working(engine);
      const [ended, stays] = [await watch(other, job.id), await watch(other, job.id)];
      const next = progressed(job, engine.now());
      await engine.jobs.commit(next);
      await ended.until(1);
      ended.unlisten();
      ended.unlisten();
      const done = completed(next, engine.now());
      await engine.jobs.commit(done);
      expect(await stays.until(2)).toEqual([next, done]);
      expect(ended.heard).toEqual([next]);
      const back = await watch(other, job.id);
      await engine.jobs.remove(job.id);
      expect(await back.until(1)).toEqual([null]);
      expect(ended.heard).toEqual([next]);
    });

    test('what is told is frozen', async () => {
      const { engine, other } = at;
      const { space, job } = await working(engine);
      for (const listener of [engine, other]) {
        const [jobs, signals] = [await watch(listener, job.id), await attend(listener, space)];
        const topic = await listening<Json>((hear) => listener.bus.listen('statistics', hear));
        const current = (await engine.jobs.read(job.id))!;
        await engine.jobs.commit(progressed(current, engine.now()), { type: 'cancelling', job: job.id });
        await engine.bus.publish('statistics', { counts: [1] });
        for (const told of [await jobs.until(1), await signals.until(1), await topic.until(1)]) {
          expect(Object.isFrozen(told[0])).toBe(true);
        }
      }
    });

    test('a signal and a topic’s message are heard by every process that listens, in order', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      const [here, there] = [await attend(engine, space), await attend(other, space)];
      const topics = [];
      for (const listener of [engine, other]) {
        topics.push(await listening<Json>((hear) => listener.bus.listen('documents', hear)));
      }
      const foreign = await listening<Json>((hear) => other.bus.listen('document', hear));
      const numbers = Array.from({ length: 20 }, (_, n) => n);
      for (const n of numbers) {
        await engine.bus.signalSpace(space, { type: 'disconnect', app: `${n}` });
        await engine.bus.publish('documents', { n, text: 'ü"\n' });
      }
      for (const listener of [here, there]) {
        expect(await listener.until(20)).toEqual(numbers.map((n) => ({ type: 'disconnect', app: `${n}` })));
      }
      for (const listener of topics) {
        expect(await listener.until(20)).toEqual(numbers.map((n) => ({ n, text: 'ü"\n' })));
      }
      await other.bus.publish('document', null);
      expect(await foreign.until(1)).toEqual([null]);
    });
  });
}
