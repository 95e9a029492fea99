import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Job, QueuedJob, Submitter } from '../../src/domain/job.ts';
import { requestCancel } from '../../src/domain/transitions.ts';
import type { Engine } from '../../src/engine/engine.ts';
import {
  ALICE,
  BOB,
  CAROL,
  card,
  claimed,
  connected,
  eachTest,
  failed,
  LEASE_MS,
  newSpace,
  type Open,
  queued,
  token,
} from './fixtures.ts';

const nobody = (n: number): Submitter => ({ id: `u_${n}`, name: `Number ${n}`, role: 'USER' });

/** What every engine promises of a queue in FAIR order. */
export function fairContract(open: Open): void {
  describe('a FAIR queue', () => {
    const at = eachTest(open);

    const fair = (engine: Engine, space: string, submitter: Submitter, priority = 0) =>
      queued(engine, space, { submitter, priority }, 'FAIR');
    const fifo = (engine: Engine, space: string, submitter: Submitter) => queued(engine, space, { submitter });

    /** Claims what waits, one after the other, at most `most`. */
    async function drained(engine: Engine, space: string, most = 10_000): Promise<Job[]> {
      const jobs: Job[] = [];
      while (jobs.length < most) {
        const leased = await engine.jobs.claim(space, card('app'), 1, [token()], LEASE_MS);
        if (leased.length === 0) break;
        jobs.push(leased[0]!.job);
      }
      return jobs;
    }
    const names = (jobs: Job[]) => jobs.map(({ submitter }) => submitter.name[0]).join('');

    test('submitters take turns, first in, first out for each', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      const jobs: QueuedJob[] = [];
      for (const [n, submitter] of [ALICE, ALICE, ALICE, ALICE, BOB, BOB, CAROL].entries()) {
        jobs.push(await fair(n % 2 ? engine : other, space, submitter));
      }
      const positions = await other.jobs.positions(
        space,
        jobs.map(({ id }) => id),
      );
      expect(jobs.map(({ id }) => positions.get(id))).toEqual([1, 4, 6, 7, 2, 5, 3]);
      const served = await drained(engine, space);
      expect(names(served)).toBe('ABCABAA');
      expect(served.map(({ id }) => positions.get(id))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    });

    test('a flood of one submitter delays another’s job by two of its jobs at most, however late that comes', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      await Promise.all(Array.from({ length: 1000 }, () => fair(engine, space, ALICE)));
      for (const running of [0, 1, 7, 400]) {
        await drained(engine, space, running);
        const { id } = await fair(engine, space, BOB);
        expect((await engine.jobs.positions(space, [id])).get(id)).toBeLessThanOrEqual(3);
        expect((await drained(engine, space, 3)).map((job) => job.id)).toContain(id);
      }
    });

    test('a stream of ever new submitters holds up nobody who waits', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      const mine = [
        await fair(engine, space, ALICE),
        await fair(engine, space, ALICE),
        await fair(engine, space, ALICE),
      ];
      const served: Job[] = [];
      for (let n = 0; n < 12; n++) {
        await fair(engine, space, nobody(2 * n));
        await fair(engine, space, nobody(2 * n + 1));
        served.push(...(await drained(engine, space, 1)));
      }
      expect(mine.map(({ id }) => served.findIndex((job) => job.id === id))).toEqual([0, 3, 10]);
    });

    test('a job that comes back goes first of its submitter, and no other loses its place', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      const [first] = [
        await fair(engine, space, ALICE),
        await fair(engine, space, ALICE),
        await fair(engine, space, BOB),
      ];
      const running = await claimed(engine, space, 'app');
      expect(running.id).toBe(first.id);
      await fair(engine, space, CAROL);
      expect(await engine.jobs.commit(failed(running, engine.now(), true))).toBe(true);
      expect((await engine.jobs.positions(space, [first.id])).get(first.id)).toBe(1);
      const served = await drained(engine, space);
      expect(served[0]!.id).toBe(first.id);
      expect(names(served)).toBe('ABAC');
    });

    test('a job that was leased again takes no round back', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      for (let n = 0; n < 3; n++) await fair(engine, space, ALICE);
      const [first] = await drained(engine, space, 2);
      expect(await engine.jobs.commit(failed(first!, engine.now(), true))).toBe(true);
      expect((await claimed(engine, space, 'app')).id).toBe(first!.id);
      await fair(engine, space, BOB);
      expect(names(await drained(engine, space))).toBe('AB');
    });

    test('a job that was cancelled or removed takes no turn', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      for (let n = 0; n < 10; n++) {
        const job = await fair(engine, space, ALICE);
        if (n % 2) await other.jobs.remove(job.id);
        else await engine.jobs.commit(requestCancel(job, engine.now()));
      }
      for (const submitter of [BOB, BOB, ALICE, ALICE]) await fair(engine, space, submitter);
      expect(names(await drained(engine, space))).toBe('BABA');
    });

    test('nobody saves up turns while away, or owes any', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      for (let n = 0; n < 20; n++) await fair(engine, space, ALICE);
      await drained(engine, space);
      for (const submitter of [BOB, BOB, BOB, ALICE, ALICE, ALICE]) await fair(engine, space, submitter);
      expect(names(await drained(engine, space))).toBe('BABABA');
    });

    test('turns are taken within a priority: what another one is busy with changes none', async () => {
      const { engine } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      for (let n = 0; n < 5; n++) await fair(engine, space, ALICE);
      for (let n = 0; n < 20; n++) await fair(engine, space, ALICE, 100);
      await drained(engine, space, 20);
      await fair(engine, space, BOB);
      await fair(engine, space, BOB, -100);
      await fair(engine, space, CAROL, 1);
      expect(names(await drained(engine, space))).toBe('CABAAAAB');
    });

    test('jobs that wait when the order is changed stay ahead of those that come later', async () => {
      const { engine, other } = at;
      const space = await newSpace(engine);
      await connected(engine, space, 'app');
      await fifo(engine, space, CAROL);
      await drained(engine, space);
      for (const submitter of [ALICE, ALICE, BOB]) await fifo(engine, space, submitter);
      for (const submitter of [ALICE, ALICE, CAROL]) await fair(other, space, submitter);
      for (const submitter of [BOB, BOB, CAROL]) await fifo(engine, space, submitter);
      for (const submitter of [ALICE, ALICE, BOB]) await fair(engine, space, submitter);
      expect(names(await drained(engine, space))).toBe('AABACABBCABA');
    });

    test('any submits and claims: each round has one job of each submitter at most, and two of another go before', async () => {
      const step = fc.record({ who: fc.nat(3), claim: fc.constantFrom(false, false, true) });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), async (steps) => {
          const { engine, other } = at;
          const space = await newSpace(engine);
          await connected(engine, space, 'app');
          const waiting: QueuedJob[] = [];
          const served: Job[] = [];
          for (const [n, { who, claim }] of steps.entries()) {
            const own = waiting.filter(({ submitter }) => submitter.id === nobody(who).id).length;
            const job = await fair(n % 2 ? engine : other, space, nobody(who));
            const place = (await engine.jobs.positions(space, [job.id])).get(job.id)!;
            const others = new Set(waiting.map(({ submitter }) => submitter.id).filter((id) => id !== nobody(who).id));
            // Two of each before the first of one's own, and one more before each further one.
            expect(place - 1).toBeLessThanOrEqual(own + (own + 2) * others.size);
            waiting.push(job);
            if (claim) served.push(...(await drained(other, space, 1)));
            for (const { id } of served.slice(-1))
              if (claim)
                waiting.splice(
                  waiting.findIndex((w) => w.id === id),
                  1,
                );
          }
          served.push(...(await drained(engine, space)));
          expect(served).toHaveLength(steps.length);
          for (let n = 1; n < served.length; n++) expect(served[n]!.seq).toBeGreaterThanOrEqual(served[n - 1]!.seq);
          for (let who = 0; who < 4; who++) {
            const mine = served.filter(({ submitter }) => submitter.id === nobody(who).id);
            for (let n = 1; n < mine.length; n++) {
              expect(mine[n]!.seq).toBeGreaterThan(mine[n - 1]!.seq);
              expect(mine[n]!.id > mine[n - 1]!.id).toBe(true);
            }
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}
