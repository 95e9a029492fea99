import { cancelConfirmed, cancelled, failed, requeue, returned, timedOut } from './change.ts';
import type { SpaceId } from './ids.ts';
import { type ActiveJob, isActive, isFinished, type Job, keptUntil, leaseOf } from './job.ts';
import type { Instant } from './json.ts';
import { CANCEL_GRACE_SECONDS, MAX_UNDELIVERED } from './lease.ts';

// What the server makes of silence: deliveries nobody confirmed, leases that ran out, deadlines that passed.

/** The client has not confirmed that it got the request: back to its place, and the try does not count. */
export function undelivered(job: Job, lease: string, now: Instant): Job {
  if (leaseOf(job)?.token !== lease || !isActive(job) || job.lease?.confirmed) return job;
  if (job.status === 'CANCELLING') return cancelConfirmed(job, now, null);
  const tries = job.undelivered + 1;
  if (tries >= MAX_UNDELIVERED) {
    const error = {
      code: 'UNDELIVERABLE',
      message: `No remote app confirmed receiving this request in ${tries} tries; an app that computes on its event loop or caps its message size cannot answer`,
    };
    return failed(job, error, now, null);
  }
  return {
    ...returned(job, now, 'The remote app did not confirm delivery; waiting for another try'),
    undelivered: tries,
  };
}

/**
 * The lease ran out, or its app left: the work is taken from it. Where nobody knows that the request ever arrived, nothing counts:
 * the job stands in the queue as if it had not left it.
 */
export function lost(job: Job, lease: string, now: Instant): Job {
  if (leaseOf(job)?.token !== lease || !isActive(job) || !job.lease) return job;
  if (job.status === 'CANCELLING') return cancelled(job, now, null, null, 'Cancelled; the remote app was lost');
  if (!job.lease.confirmed)
    return returned(job, now, 'The remote app was gone before it had this; waiting for another');
  if (job.attempt < job.limits.maxAttempts) return requeue(job, now, 'The remote app was lost; waiting for another');
  const tries = job.attempt === 1 ? '1 attempt' : `${job.attempt} attempts`;
  return failed(job, { code: 'APP_LOST', message: `The remote app was lost, after ${tries}` }, now, null);
}

/** When the server must look at the job again, whatever anybody else does: a deadline, or its deletion. */
export function deadline(job: Job): Instant {
  switch (job.status) {
    case 'QUEUED':
      return job.queuedAt + job.limits.maxQueueSeconds * 1000;
    case 'RUNNING':
      return runDeadline(job);
    case 'CANCELLING':
      return Math.min(job.cancellation.requestedAt + CANCEL_GRACE_SECONDS * 1000, runDeadline(job));
    default:
      return keptUntil(job)!;
  }
}

/** A tracked job must be heard of every `maxRunSeconds`; an inference job may run that long in all. */
const runDeadline = (job: ActiveJob): Instant =>
  (job.space === null ? job.updatedAt : job.startedAt) + job.limits.maxRunSeconds * 1000;

/** What a passed deadline does. The same job when none has passed; deleting a finished job is its owner's part. */
export function expire(job: Job, now: Instant): Job {
  if (isFinished(job) || now < deadline(job)) return job;
  switch (job.status) {
    case 'QUEUED':
      return timedOut(
        job,
        now,
        `Waited longer than maxQueueSeconds (${job.limits.maxQueueSeconds} s) of space ${job.space}. ${raise(job.space, 'max-queue-seconds')}`,
      );
    case 'RUNNING':
      return timedOut(
        job,
        now,
        job.space === null
          ? `Nothing was reported for ${job.limits.maxRunSeconds} s. Report more often, or start the job with a longer silentSeconds.`
          : `Ran longer than maxRunSeconds (${job.limits.maxRunSeconds} s) of space ${job.space}. ${raise(job.space, 'max-run-seconds')}`,
      );
    case 'CANCELLING':
      return cancelled(job, now, null, null, 'Cancelled; the remote app did not confirm that it stopped');
  }
}

const raise = (space: SpaceId | null, flag: string): string =>
  `An administrator can raise it: spacedock space update ${space} --${flag} N`;
