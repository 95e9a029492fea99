import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isActive, isFinished, type Job, leaseOf, MAX_EVENTS } from '../../src/domain/job.ts';
import { MAX_UNDELIVERED } from '../../src/domain/lease.ts';
import { place } from '../../src/domain/queue.ts';
import { deadline, expire, lost, undelivered } from '../../src/domain/recovery.ts';
import { assign, cancelDelivered, progress, requestCancel } from '../../src/domain/transitions.ts';
import { claim, queued, type Report, refusalOf, reports, START, tracked } from './states.ts';

// Random lives: whatever is asked of a job, in whatever order, by whoever holds or held or never had its lease.

const seconds = fc.integer({ min: 0, max: 300 });
const who = fc.constantFrom('holder', 'holder', 'holder', 'former', 'stranger', 'nobody');

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ verb: fc.constant('claim'), seconds }) },
  {
    weight: 6,
    arbitrary: fc.record({ verb: fc.constantFrom(...(Object.keys(reports) as Report[])), who, seconds }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ verb: fc.constant('stage'), name: fc.string({ minLength: 1, maxLength: 8 }), who, seconds }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      verb: fc.constantFrom('requestCancel', 'cancelDelivered', 'expire', 'lost', 'undelivered', 'confirm'),
      who,
      seconds,
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const submission = fc.record({
  priority: fc.integer({ min: -100, max: 100 }),
  limits: fc.record({
    maxQueueSeconds: fc.integer({ min: 1, max: 1000 }),
    maxRunSeconds: fc.integer({ min: 1, max: 1000 }),
    retentionSeconds: fc.integer({ min: 60, max: 5000 }),
    maxAttempts: fc.integer({ min: 1, max: 4 }),
  }),
});

/** One step of a life: what was, what is, and the lease it was asked with. */
interface Move {
  before: Job;
  after: Job;
  step: Step;
  lease: string | null;
  refused: boolean;
}

function live(first: Job, steps: Step[]): Move[] {
  let job = first;
  let now = START;
  let former = 'never';
  let claims = 0;
  return steps.map((step) => {
    now += step.seconds * 1000;
    const before = job;
    const held = leaseOf(job)?.token ?? null;
    const lease = 'who' in step ? { holder: held, former, stranger: 'stranger', nobody: null }[step.who]! : held;
    if (held !== null) former = held;
    const refusal = refusalOf(() => {
      job = apply(before, step, lease, now, `lease-${++claims}`);
    });
    return { before, after: job, step, lease, refused: refusal !== null };
  });
}

function apply(job: Job, step: Step, lease: string | null, now: number, fresh: string): Job {
  switch (step.verb) {
    case 'claim':
      return job.status === 'QUEUED' ? assign(job, claim(fresh, now)) : job;
    case 'stage':
      return progress(job, lease, { stage: 'name' in step ? step.name : '' }, now);
    case 'requestCancel':
      return requestCancel(job, now);
    case 'cancelDelivered':
      return cancelDelivered(job, now);
    case 'expire':
      return expire(job, now);
    case 'lost':
      return lost(job, lease ?? 'none', now);
    case 'undelivered':
      return undelivered(job, lease ?? 'none', now);
    case 'confirm':
      // What a renewal does: an engine confirms a lease without a new revision.
      return isActive(job) && job.lease ? { ...job, lease: { ...job.lease, confirmed: true } } : job;
    default:
      return reports[step.verb as Report](job, lease, now);
  }
}

const steps = fc.array(step, { minLength: 5, maxLength: 80, size: 'max' });

/** Checks each move of many lives, of inference jobs and of tracked ones. */
function everyMove(check: (move: Move) => void): void {
  fc.assert(
    fc.property(submission, steps, fc.boolean(), (change, moves, isTracked) => {
      const first = isTracked ? { ...tracked(), limits: change.limits } : queued(change);
      // One that has seen much already.
      const events = Array.from({ length: MAX_EVENTS - 3 }, () => first.events[0]!);
      for (const move of live({ ...first, events }, moves)) check(move);
    }),
    { numRuns: 500 },
  );
}

describe('in every life', () => {
  test('terminal states absorb', () => {
    everyMove(({ before, after }) => {
      if (isFinished(before)) expect(after).toBe(before);
    });
  });

  test('the revision grows by one, or the same job comes back', () => {
    everyMove(({ before, after, step, refused }) => {
      if (after === before || step.verb === 'confirm') return;
      expect(refused).toBe(false);
      expect(after.revision).toBe(before.revision + 1);
      expect(after.updatedAt).toBeGreaterThanOrEqual(before.updatedAt);
    });
  });

  test('only the lease holder’s reports change a running inference job', () => {
    everyMove(({ before, after, step, lease }) => {
      const report =
        step.verb in reports || step.verb === 'stage' || step.verb === 'lost' || step.verb === 'undelivered';
      if (report && isActive(before) && before.space !== null && after !== before) {
        expect(lease).toBe(before.lease?.token);
      }
    });
  });

  test('a report under a lease that moved on is refused and changes nothing', () => {
    everyMove(({ before, after, step, lease, refused }) => {
      if (!(step.verb in reports) || before.space === null || isFinished(before)) return;
      if (lease !== leaseOf(before)?.token) {
        expect(refused).toBe(true);
        expect(after).toBe(before);
      }
    });
  });

  test('attempts never exceed the maximum, undelivered tries never theirs', () => {
    everyMove(({ after }) => {
      expect(after.attempt).toBeGreaterThanOrEqual(0);
      expect(after.attempt).toBeLessThanOrEqual(after.space === null ? 1 : after.limits.maxAttempts);
      expect(after.undelivered).toBeLessThan(MAX_UNDELIVERED);
    });
  });

  test('what was submitted and the place in the queue never change', () => {
    everyMove(({ before, after }) => {
      const fixed = ({ id, space, submitter, priority, seq, limits, idempotencyKey, createdAt }: Job) => ({
        id,
        space,
        submitter,
        limits,
        idempotencyKey,
        createdAt,
        place: place(priority, seq),
      });
      expect(fixed(after)).toEqual(fixed(before));
    });
  });

  test('an active job has its lease, a queued or finished one has none, a tracked one never', () => {
    everyMove(({ after }) => {
      expect(leaseOf(after) !== null).toBe(isActive(after) && after.space !== null);
      if (!isActive(after)) expect(after).not.toHaveProperty('lease');
    });
  });

  test('events are at most a hundred, in order, and each change of status and attempt is the last of them', () => {
    everyMove(({ before, after, step }) => {
      expect(after.events.length).toBeLessThanOrEqual(MAX_EVENTS);
      if (after === before || step.verb === 'confirm') return;
      const last = after.events.at(-1)!;
      if (after.status !== before.status || after.attempt !== before.attempt) {
        expect([last.status, last.attempt, last.at]).toEqual([after.status, after.attempt, after.updatedAt]);
      }
      const instants = after.events.map(({ at }) => at);
      expect(instants).toEqual(instants.toSorted((a, b) => a - b));
    });
  });

  test('what is refused is refused with a code, and nothing else is thrown', () => {
    // `live` lets everything but a Refusal through.
    let refusals = 0;
    everyMove(({ refused }) => {
      if (refused) refusals++;
    });
    expect(refusals).toBeGreaterThan(0);
  });
});

describe('every job ends', () => {
  test('whatever happened to it before, its passing deadlines bring it to the end', () => {
    fc.assert(
      fc.property(submission, steps, fc.boolean(), (change, moves, isTracked) => {
        const first = isTracked ? { ...tracked(), limits: change.limits } : queued(change);
        let job = live(first, moves).at(-1)!.after;
        for (let looks = 0; !isFinished(job); looks++) {
          expect(looks).toBeLessThan(3);
          const at = deadline(job);
          expect(expire(job, at - 1)).toBe(job);
          const next = expire(job, at);
          expect(next).not.toBe(job);
          job = next;
        }
      }),
    );
  });

  test('even if apps take it again and again and are lost each time', () => {
    fc.assert(
      fc.property(submission, fc.array(fc.boolean(), { minLength: 50, maxLength: 50 }), (change, confirms) => {
        let job: Job = queued(change);
        let claims = 0;
        let counted = 0;
        for (const confirm of confirms) {
          if (job.status !== 'QUEUED') break;
          const now = START + ++claims;
          if (confirm) counted++;
          const running = assign(job, claim(`lease-${claims}`, now));
          const held = confirm ? { ...running, lease: { ...running.lease!, confirmed: true } } : running;
          job = lost(held, `lease-${claims}`, now);
        }
        // What counts uses up the attempts; what does not leaves the queue's deadline where it was.
        expect(counted).toBeLessThanOrEqual(change.limits.maxAttempts);
        expect(isFinished(job)).toBe(counted === change.limits.maxAttempts);
        if (job.status === 'QUEUED') expect(isFinished(expire(job, deadline(job)))).toBe(true);
      }),
    );
  });
});
