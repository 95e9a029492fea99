import { describe, expect, test } from 'vitest';
import type { Job, JobStatus } from '../../src/domain/job.ts';
import { MAX_UNDELIVERED } from '../../src/domain/lease.ts';
import { deadline, expire, lost, undelivered } from '../../src/domain/recovery.ts';
import type { ErrorCode } from '../../src/domain/refusal.ts';
import { cancelDelivered, complete, fail, reportCancelled, requestCancel } from '../../src/domain/transitions.ts';
import {
  COMPLETION,
  confirmed,
  FAILURE,
  LEASE,
  LIMITS,
  queued,
  type Report,
  refusalOf,
  reports,
  running,
  START,
  tracked,
} from './states.ts';

const LATER = START + 5000;
const once = { ...LIMITS, maxAttempts: 1 };

/** A job in every state, by how it came there; where there was one, its last lease is LEASE. */
const inference = {
  'QUEUED, never leased': queued(),
  'QUEUED again': fail(running(), LEASE, { ...FAILURE, retryable: true }, START + 2),
  RUNNING: running(),
  'RUNNING, last attempt': running({ limits: once }),
  CANCELLING: requestCancel(running(), START + 2),
  COMPLETED: complete(running(), LEASE, COMPLETION, START + 2),
  FAILED: fail(running(), LEASE, FAILURE, START + 2),
  'FAILED, app lost': lost(confirmed(running({ limits: once })), LEASE, START + 2),
  CANCELLED: reportCancelled(requestCancel(running(), START + 2), LEASE, START + 3),
  'CANCELLED, grace over': expire(requestCancel(running(), START + 2), START + 60_000),
  'CANCELLED while queued': requestCancel(queued(), START + 2),
  TIMED_OUT: expire(running(), START + 200_000),
  'TIMED_OUT while queued': expire(queued(), START + 600_000),
} satisfies Record<string, Job>;

const noLease = {
  RUNNING: tracked(),
  CANCELLING: requestCancel(tracked(), START + 2),
  COMPLETED: complete(tracked(), null, COMPLETION, START + 2),
  FAILED: fail(tracked(), null, FAILURE, START + 2),
  CANCELLED: reportCancelled(tracked(), null, START + 2),
  TIMED_OUT: expire(tracked(), START + 120_000),
} satisfies Record<string, Job>;

/** The status one revision later; the same job, unchanged; or the code of the refusal. */
type Outcome = JobStatus | 'same' | ErrorCode;

function outcome(before: Job, act: (job: Job) => Job): Outcome {
  const asItWas = structuredClone(before);
  const answer: { next?: Job } = {};
  const refusal = refusalOf(() => {
    answer.next = act(before);
  });
  expect(before).toEqual(asItWas);
  if (refusal) return refusal.code;
  if (answer.next === before) return 'same';
  expect(answer.next?.revision).toBe(before.revision + 1);
  return answer.next!.status;
}

const reportNames = Object.keys(reports) as Report[];
const row = (...outcomes: Outcome[]): Record<Report, Outcome> =>
  Object.fromEntries(reportNames.map((name, n) => [name, outcomes[n]!])) as Record<Report, Outcome>;
const all = (every: Outcome) => row(every, every, every, every, every);

describe('every status against every report of an inference job', () => {
  // progress, complete, fail, failRetryably, cancelled
  const underItsLease: Record<keyof typeof inference, Record<Report, Outcome>> = {
    'QUEUED, never leased': all('LEASE_LOST'),
    'QUEUED again': all('LEASE_LOST'),
    RUNNING: row('RUNNING', 'COMPLETED', 'FAILED', 'QUEUED', 'CANCELLED'),
    'RUNNING, last attempt': row('RUNNING', 'COMPLETED', 'FAILED', 'FAILED', 'CANCELLED'),
    CANCELLING: row('CANCELLING', 'CANCELLED', 'CANCELLED', 'CANCELLED', 'CANCELLED'),
    COMPLETED: row('JOB_FINISHED', 'same', 'JOB_FINISHED', 'JOB_FINISHED', 'JOB_FINISHED'),
    FAILED: row('JOB_FINISHED', 'JOB_FINISHED', 'same', 'same', 'JOB_FINISHED'),
    'FAILED, app lost': all('JOB_FINISHED'),
    CANCELLED: row('JOB_FINISHED', 'same', 'same', 'same', 'same'),
    'CANCELLED, grace over': row('JOB_FINISHED', 'same', 'same', 'same', 'same'),
    'CANCELLED while queued': all('LEASE_LOST'),
    TIMED_OUT: all('JOB_FINISHED'),
    'TIMED_OUT while queued': all('LEASE_LOST'),
  };

  for (const [state, job] of Object.entries(inference)) {
    test(`${state}, under its lease`, () => {
      const found = reportNames.map((name) => [name, outcome(job, (it) => reports[name](it, LEASE, LATER))]);
      expect(Object.fromEntries(found)).toEqual(underItsLease[state as keyof typeof inference]);
    });

    test(`${state}, under another lease: LEASE_LOST`, () => {
      for (const name of reportNames) {
        expect(outcome(job, (it) => reports[name](it, 'lease-2', LATER))).toBe('LEASE_LOST');
      }
    });

    test(`${state}, without a lease: BAD_USER_INPUT, naming input.lease`, () => {
      for (const name of reportNames) {
        const refusal = refusalOf(() => reports[name](job, null, LATER));
        expect([refusal?.code, refusal?.details.field]).toEqual(['BAD_USER_INPUT', 'input.lease']);
      }
    });
  }
});

describe('every status against every report of a tracked job', () => {
  const expected: Record<keyof typeof noLease, Record<Report, Outcome>> = {
    RUNNING: row('RUNNING', 'COMPLETED', 'FAILED', 'FAILED', 'CANCELLED'),
    CANCELLING: row('CANCELLING', 'CANCELLED', 'CANCELLED', 'CANCELLED', 'CANCELLED'),
    COMPLETED: row('JOB_FINISHED', 'same', 'JOB_FINISHED', 'JOB_FINISHED', 'JOB_FINISHED'),
    FAILED: row('JOB_FINISHED', 'JOB_FINISHED', 'same', 'same', 'JOB_FINISHED'),
    CANCELLED: row('JOB_FINISHED', 'same', 'same', 'same', 'same'),
    TIMED_OUT: all('JOB_FINISHED'),
  };

  for (const [state, job] of Object.entries(noLease)) {
    test(`${state}, without a lease`, () => {
      const found = reportNames.map((name) => [name, outcome(job, (it) => reports[name](it, null, LATER))]);
      expect(Object.fromEntries(found)).toEqual(expected[state as keyof typeof noLease]);
    });

    test(`${state}, with a lease: BAD_USER_INPUT, naming input.lease`, () => {
      for (const name of reportNames) {
        const refusal = refusalOf(() => reports[name](job, LEASE, LATER));
        expect([refusal?.code, refusal?.details.field]).toEqual(['BAD_USER_INPUT', 'input.lease']);
      }
    });
  }
});

describe('every status against everything the server does', () => {
  const verbs = [
    (job: Job) => requestCancel(job, LATER),
    (job: Job) => cancelDelivered(job, LATER),
    (job: Job) => expire(job, deadline(job)),
    (job: Job) => lost(job, LEASE, LATER),
    (job: Job) => undelivered(job, LEASE, LATER),
  ];
  const effects = (...of: Outcome[]): Outcome[] => of;
  const ofQueued = effects('CANCELLED', 'same', 'TIMED_OUT', 'same', 'same');
  const ofEnded = effects('JOB_FINISHED', 'same', 'same', 'same', 'same');
  const ofCancelled = effects('same', 'same', 'same', 'same', 'same');
  const last = inference['RUNNING, last attempt'];
  const failing = { ...inference.RUNNING, undelivered: MAX_UNDELIVERED - 1 };
  const cancelling = {
    confirmed: requestCancel(confirmed(), START + 2),
    told: cancelDelivered(inference.CANCELLING, LATER),
  };

  // requestCancel, cancelDelivered, expire at the deadline, lost, undelivered
  const jobs: Record<string, [Job, Outcome[]]> = {
    'QUEUED, never leased': [inference['QUEUED, never leased'], ofQueued],
    'QUEUED again': [inference['QUEUED again'], ofQueued],
    'RUNNING, unconfirmed': [inference.RUNNING, effects('CANCELLING', 'same', 'TIMED_OUT', 'QUEUED', 'QUEUED')],
    'RUNNING, confirmed': [confirmed(), effects('CANCELLING', 'same', 'TIMED_OUT', 'QUEUED', 'same')],
    'RUNNING, last attempt': [last, effects('CANCELLING', 'same', 'TIMED_OUT', 'QUEUED', 'QUEUED')],
    'RUNNING, last, confirmed': [confirmed(last), effects('CANCELLING', 'same', 'TIMED_OUT', 'FAILED', 'same')],
    'RUNNING, twice undelivered': [failing, effects('CANCELLING', 'same', 'TIMED_OUT', 'QUEUED', 'FAILED')],
    CANCELLING: [inference.CANCELLING, effects('same', 'CANCELLING', 'CANCELLED', 'CANCELLED', 'CANCELLED')],
    'CANCELLING, confirmed': [cancelling.confirmed, effects('same', 'CANCELLING', 'CANCELLED', 'CANCELLED', 'same')],
    'CANCELLING, told': [cancelling.told, effects('same', 'same', 'CANCELLED', 'CANCELLED', 'CANCELLED')],
    COMPLETED: [inference.COMPLETED, ofEnded],
    FAILED: [inference.FAILED, ofEnded],
    'FAILED, app lost': [inference['FAILED, app lost'], ofEnded],
    CANCELLED: [inference.CANCELLED, ofCancelled],
    'CANCELLED, grace over': [inference['CANCELLED, grace over'], ofCancelled],
    'CANCELLED while queued': [inference['CANCELLED while queued'], ofCancelled],
    TIMED_OUT: [inference.TIMED_OUT, ofEnded],
    'TIMED_OUT while queued': [inference['TIMED_OUT while queued'], ofEnded],
    'tracked RUNNING': [noLease.RUNNING, effects('CANCELLING', 'same', 'TIMED_OUT', 'same', 'same')],
    'tracked CANCELLING': [noLease.CANCELLING, effects('same', 'CANCELLING', 'CANCELLED', 'same', 'same')],
    'tracked COMPLETED': [noLease.COMPLETED, ofEnded],
    'tracked FAILED': [noLease.FAILED, ofEnded],
    'tracked CANCELLED': [noLease.CANCELLED, ofCancelled],
    'tracked TIMED_OUT': [noLease.TIMED_OUT, ofEnded],
  };

  for (const [state, [job, expected]] of Object.entries(jobs)) {
    test(state, () => {
      expect(verbs.map((verb) => outcome(job, verb))).toEqual(expected);
    });

    test(`${state}: neither an early look nor another lease changes it`, () => {
      expect(expire(job, deadline(job) - 1)).toBe(job);
      expect(lost(job, 'lease-2', LATER)).toBe(job);
      expect(undelivered(job, 'lease-2', LATER)).toBe(job);
    });
  }
});
