import type { Job, QueuedJob, RunningJob } from '../../src/domain/job.ts';
import type { Claim } from '../../src/domain/lease.ts';
import { Refusal } from '../../src/domain/refusal.ts';
import * as transitions from '../../src/domain/transitions.ts';

/** Where every made job begins. */
export const START = 1_700_000_000_000;
export const LIMITS = { maxQueueSeconds: 600, maxRunSeconds: 120, retentionSeconds: 3600, maxAttempts: 2 };
export const APP = { id: 'app_1', name: 'An app', version: null, owner: 'tok_1' };
export const LEASE = 'lease-1';

const submission: transitions.Submission = {
  id: 'space.019ab4b2-1111-7000-8000-000000000001',
  space: 'space',
  submitter: { id: 'u_1', name: 'Someone', role: 'USER' },
  priority: 0,
  limits: LIMITS,
  idempotencyKey: null,
};

export const queued = (change: Partial<transitions.Submission> = {}): QueuedJob => ({
  ...transitions.submit({ ...submission, ...change }, START),
  seq: 7,
});

export const claim = (token: string, at = START + 1): Claim => ({ token, app: APP, session: 3, at });

export const running = (change: Partial<transitions.Submission> = {}): RunningJob =>
  transitions.assign(queued(change), claim(LEASE));

/** A running job whose app is known to have it. */
export const confirmed = (job: RunningJob = running()): RunningJob => ({
  ...job,
  lease: job.lease && { ...job.lease, confirmed: true },
});

export function tracked(id = 'nightly-7'): RunningJob {
  const job = queued({ id, space: 'none' });
  return { ...job, space: null, status: 'RUNNING', lease: null, startedAt: job.queuedAt, attempt: 1 };
}

export const COMPLETION: transitions.Completion = {
  result: { text: 'done' },
  files: [],
  confidence: 0.9,
  message: null,
  metadata: null,
};
export const FAILURE: transitions.Failure = {
  error: { code: 'BROKEN', message: 'It broke' },
  stage: null,
  retryable: false,
  metadata: null,
};

/** Everything a worker can report. */
export const reports = {
  progress: (job: Job, lease: string | null, now: number) =>
    transitions.progress(job, lease, { stage: 'work', progress: 0.5 }, now),
  complete: (job: Job, lease: string | null, now: number) => transitions.complete(job, lease, COMPLETION, now),
  fail: (job: Job, lease: string | null, now: number) => transitions.fail(job, lease, FAILURE, now),
  failRetryably: (job: Job, lease: string | null, now: number) =>
    transitions.fail(job, lease, { ...FAILURE, retryable: true }, now),
  cancelled: transitions.reportCancelled,
} satisfies Record<string, (job: Job, lease: string | null, now: number) => Job>;
export type Report = keyof typeof reports;

/** The code of the refusal that `act` throws; null when it throws none. */
export function refusalOf(act: () => unknown): Refusal | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
