import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/domain/job.ts';
import { deadline, expire, lost, undelivered } from '../../src/domain/recovery.ts';
import { Refusal } from '../../src/domain/refusal.ts';
import { assign, cancelDelivered, requestCancel } from '../../src/domain/transitions.ts';
import type { Due, Engine } from '../../src/engine/engine.ts';
import {
  ALICE,
  BOB,
  CAROL,
  card,
  completed,
  eachTest,
  failed,
  INPUT,
  LEASE_MS,
  listening,
  newJob,
  newSpace,
  type Open,
  presence,
  progressed,
  token,
  tokenOf,
} from './fixtures.ts';
import { createModel } from './model.ts';

const changes: Record<string, (job: Job, now: number) => Job> = {
  progress: progressed,
  complete: completed,
  fail: failed,
  failRetryably: (job, now) => failed(job, now, true),
  cancel: requestCancel,
  cancelDelivered,
  expire: (job) => expire(job, deadline(job)),
  lost: (job, now) => lost(job, tokenOf(job) ?? 'none', now),
  undelivered: (job, now) => undelivered(job, tokenOf(job) ?? 'none', now),
};

const app = fc.constantFrom('a', 'b');
/** Added to the session that the app is present under. */
const session = fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, -1, 1);
const until = fc.integer({ min: 1000, max: 90_000 });
const status = fc.constantFrom('CONNECTED', 'CONNECTED', 'CONNECTED', 'RECONNECTING');
/** Which of the leased jobs, or of all so far. */
const which = fc.record({ leased: fc.constantFrom(true, true, true, false), n: fc.nat(20) });

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('create'),
      priority: fc.integer({ min: -1, max: 1 }),
      submitter: fc.constantFrom(ALICE, BOB, CAROL),
      key: fc.constantFrom(null, null, null, 'k'),
      maxQueued: fc.constantFrom(2, 5, 100),
      maxOwn: fc.constantFrom(1, 3, 100, 100),
      order: fc.constantFrom('FIFO', 'FAIR', 'FAIR', 'FAIR', 'FAIR'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ op: fc.constant('claim'), app, session, count: fc.constantFrom(1, 1, 2, 3, 0) }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      op: fc.constant('change'),
      which,
      how: fc.constantFrom(...Object.keys(changes)),
      /** Decided on the job as it was so many revisions ago. */
      late: fc.constantFrom(0, 0, 0, 0, 0, 1, 2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('register'), app, session, status, until }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('renew'),
      app,
      session,
      status,
      until,
      leases: fc.array(fc.record({ which, wrong: fc.constantFrom(false, false, true) }), { maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('lose'), app, session, until }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('leave'), app, session }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('remove'), which }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Whatever is asked in whatever order, an engine answers as the plain model does. */
export function sequencesContract(open: Open): void {
  describe('any sequence', () => {
    const at = eachTest(open);

    test('of creates, claims, commits, presence changes and removals is answered as by a plain model', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
          const space = await newSpace(at.engine);
          const told = await listening<Job>((hear) => at.other.bus.listenJobs(space, hear));
          const run = createRun(space);
          const app = { op: 'register', status: 'CONNECTED', session: 0, until: 60_000 } as const;
          for (const name of ['a', 'b'] as const) await run.take({ ...app, app: name }, at.engine);
          for (const [n, next] of steps.entries()) await run.take(next, n % 2 ? at.other : at.engine);
          await run.check(at.engine);
          expect(await told.until(run.model.told.length)).toEqual(run.model.told);
          told.unlisten();
        }),
        { numRuns: 60 },
      );
    });
  });
}

function createRun(space: string) {
  const model = createModel();
  /** Every state of every job, in the order of their creation. */
  const history: Job[][] = [];
  const byId = (a: { job: string }, b: { job: string }) => (a.job < b.job ? -1 : 1);
  const remember = (job: Job) => {
    const states = history.find(([first]) => first!.id === job.id);
    if (states) states.push(job);
    else history.push([job]);
  };

  /** The states of one job. */
  function pick({ leased, n }: { leased: boolean; n: number }): Job[] | undefined {
    const among = leased ? history.filter(([first]) => model.leased(first!.id)) : history;
    return among[n % among.length];
  }

  async function take(step: Step, engine: Engine): Promise<void> {
    const next = 'session' in step ? { ...step, session: step.session + (model.session(step.app) ?? 1) } : step;
    switch (next.op) {
      case 'create': {
        const { priority, submitter, key, maxQueued, maxOwn, order } = next;
        const job = newJob(engine, space, { priority, submitter, idempotencyKey: key });
        const answer = await engine.jobs.create(job, INPUT, maxQueued, order, maxOwn);
        expect(answer).toEqual(model.create(job, maxQueued, order, maxOwn));
        if ('job' in answer) remember(answer.job);
        return;
      }
      case 'claim': {
        const waiting = model.claimable(next.app, next.session, next.count);
        const tokens = Array.from({ length: next.count }, token);
        const leased = await engine.jobs.claim(space, card(next.app), next.session, tokens, LEASE_MS);
        expect(leased.map(({ job }) => job.id)).toEqual(waiting.map(({ id }) => id));
        for (const [n, { job }] of leased.entries()) {
          if (job.status !== 'RUNNING') throw new Error(job.status);
          const claim = { token: tokenOf(job)!, app: card(next.app), session: next.session, at: job.startedAt };
          expect(tokens).toContain(claim.token);
          expect(job).toEqual(assign(waiting[n]!, claim));
          model.claimed(job, job.startedAt);
          remember(job);
        }
        return;
      }
      case 'change': {
        const states = pick(next.which);
        const job = states?.at(-1 - next.late);
        const changed = job && attempt(() => changes[next.how]!(job, engine.now()));
        if (!changed || changed === job) return;
        const before = model.jobs.get(changed.id);
        expect(await engine.jobs.commit(changed)).toBe(model.commit(changed));
        const after = model.jobs.get(changed.id);
        if (after && after !== before) remember(after);
        return;
      }
      case 'register': {
        const end = engine.now() + next.until;
        const { session, status } = next as { session: number; status: 'CONNECTED' | 'RECONNECTING' };
        const present = presence(engine, space, next.app, { session, status, until: end });
        const answer = await engine.presence.register(space, present);
        expect(answer?.toSorted(byId)).toEqual(
          model.register(next.app, { session, status, until: end })?.toSorted(byId),
        );
        return;
      }
      case 'renew': {
        const change = { status: next.status as 'CONNECTED', until: engine.now() + next.until };
        const leases = next.leases.flatMap(({ which, wrong }) => {
          const job = pick(which)?.findLast((state) => tokenOf(state) !== null);
          return job ? [{ job: job.id, token: wrong ? 'wrong' : tokenOf(job)! }] : [];
        });
        const lastSeenAt = engine.now();
        const answer = await engine.presence.renew(space, next.app, next.session, { ...change, lastSeenAt }, leases);
        expect(answer).toEqual(model.renew(next.app, next.session, change, leases));
        return;
      }
      case 'lose': {
        const end = engine.now() + next.until;
        expect(await engine.presence.lose(space, next.app, next.session, end)).toBe(
          model.lose(next.app, next.session, end),
        );
        return;
      }
      case 'leave': {
        const answer = await engine.presence.leave(space, next.app, next.session);
        expect(answer?.toSorted(byId)).toEqual(model.leave(next.app, next.session)?.toSorted(byId));
        return;
      }
      case 'remove': {
        const job = pick(next.which)?.at(-1);
        if (!job) return;
        await engine.jobs.remove(job.id);
        model.remove(job.id);
      }
    }
  }

  async function check(engine: Engine): Promise<void> {
    const some = ['RUNNING', 'COMPLETED', 'CANCELLED'] as const;
    const expected = model.state([...some], BOB.id);
    const ids = history.map(([first]) => first!.id);
    expect(await engine.jobs.list([space], null, null, 100)).toEqual(expected.all);
    expect(await engine.jobs.list([space], [...some], null, 100)).toEqual(expected.some);
    expect(await engine.jobs.list([space], null, null, 100, BOB.id)).toEqual(expected.own);
    expect(await engine.jobs.list([space], [...some], null, 100, BOB.id)).toEqual(expected.ownSome);
    expect(await engine.jobs.positions(space, ids)).toEqual(expected.positions);
    expect(await engine.jobs.queue(space)).toEqual(expected.queue);
    for (const [n, job] of expected.all.entries()) {
      expect(await engine.jobs.read(job.id)).toEqual(job);
      expect(await engine.jobs.leaseExpiry(job.id)).toBe(expected.expiries[n]);
    }
    for (const id of ids) if (!model.jobs.has(id)) expect(await engine.jobs.read(id)).toBeNull();
    const { apps } = await engine.presence.list(space);
    const shown = apps.map(({ id, session, status, until, running }) => ({ id, session, status, until, running }));
    expect(shown.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(expected.apps);
    // At every instant something becomes due, just that which is due then.
    for (const now of new Set(expected.due.map((due) => due.at))) {
      const due = await engine.jobs.due([space], now, 1000);
      expect(due.map(named).toSorted()).toEqual(
        expected.due
          .filter(({ at }) => at <= now)
          .map((entry) => named(entry as unknown as Due))
          .toSorted(),
      );
    }
  }

  return { model, take, check };
}

const named = (due: Due): string => `${due.kind} ${due.kind === 'presence' ? due.app : due.job}`;

function attempt(change: () => Job): Job | null {
  try {
    return change();
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}
