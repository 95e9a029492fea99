import {
  type ActiveJob,
  base,
  type Ending,
  type FinishedJob,
  isActive,
  type Job,
  type JobError,
  type JobEvent,
  leaseOf,
  MAX_EVENT_BYTES,
  MAX_EVENTS,
  type QueuedJob,
  type RunningJob,
} from './job.ts';
import type { Instant } from './json.ts';
import { NO_PROGRESS } from './progress.ts';

// What every change of a job has in common: one revision later, with the change in its event list.

interface Change {
  status: Job['status'];
  stage?: string | null;
  message?: string | null;
  attempt?: number;
}

/** The shared part one revision later, with the change in the job's event list. */
export function changed(job: Job, now: Instant, change: Change): ReturnType<typeof base> {
  const attempt = change.attempt ?? job.attempt;
  const event = {
    at: now,
    status: change.status,
    stage: change.stage === undefined ? job.progress.stage : change.stage,
    message: change.message ?? null,
    attempt,
  };
  const events = bounded([...job.events, event]);
  const delivered = isActive(job) && job.lease?.confirmed;
  return {
    ...base(job),
    attempt,
    undelivered: delivered ? 0 : job.undelivered,
    events,
    updatedAt: now,
    revision: job.revision + 1,
  };
}

/** The newest MAX_EVENTS, and of those so few of mere progress, older ones first, that all texts have MAX_EVENT_BYTES. */
function bounded(events: JobEvent[]): JobEvent[] {
  const kept = events.slice(-MAX_EVENTS);
  let bytes = kept.reduce((sum, event) => sum + bytesOf(event), 0);
  for (let at = 1; at < kept.length - 1 && bytes > MAX_EVENT_BYTES; ) {
    const [before, event] = [kept[at - 1]!, kept[at]!];
    if (event.status === before.status && event.attempt === before.attempt) {
      kept.splice(at, 1);
      bytes -= bytesOf(event);
    } else at++;
  }
  return kept;
}

const bytesOf = ({ stage, message }: JobEvent): number => Buffer.byteLength(`${stage ?? ''}${message ?? ''}`);

/** A report under a lease proves that the request arrived. */
export const confirmed = (job: ActiveJob): { lease: ActiveJob['lease'] } => ({
  lease: job.lease && !job.lease.confirmed ? { ...job.lease, confirmed: true } : job.lease,
});

export const finished = (job: Job, now: Instant, by: Ending['by']) => ({
  startedAt: isActive(job) ? job.startedAt : null,
  finishedAt: now,
  ending: { lease: leaseOf(job)?.token ?? null, by },
});

export function failed(job: ActiveJob, error: JobError, now: Instant, by: Ending['by']): FinishedJob {
  return {
    ...changed(job, now, { status: 'FAILED', message: error.message }),
    status: 'FAILED',
    error,
    ...finished(job, now, by),
  };
}

export function timedOut(job: QueuedJob | RunningJob, now: Instant, message: string): FinishedJob {
  return {
    ...changed(job, now, { status: 'TIMED_OUT', message }),
    status: 'TIMED_OUT',
    error: { code: 'TIMED_OUT', message },
    ...finished(job, now, null),
  };
}

export const cancelConfirmed = (job: ActiveJob, now: Instant, by: Ending['by']): FinishedJob =>
  cancelled(job, now, by, now, 'Cancelled');

export function cancelled(
  job: ActiveJob,
  now: Instant,
  by: Ending['by'],
  confirmedAt: Instant | null,
  message: string,
): FinishedJob {
  const asked = job.status === 'CANCELLING' ? job.cancellation : { requestedAt: now, deliveredAt: null };
  return {
    ...changed(job, now, { status: 'CANCELLED', message }),
    status: 'CANCELLED',
    cancellation: { ...asked, confirmedAt },
    ...finished(job, now, by),
  };
}

/** Back in the queue from a try that does not count; the stay in the queue goes on, so that its deadline holds. */
export const returned = (job: ActiveJob, now: Instant, message: string): QueuedJob => ({
  ...requeue({ ...job, attempt: job.attempt - 1 }, now, message),
  queuedAt: job.queuedAt,
});

export function requeue(job: ActiveJob, now: Instant, message: string): QueuedJob {
  return {
    ...changed(job, now, { status: 'QUEUED', stage: null, message }),
    status: 'QUEUED',
    queuedAt: now,
    progress: { ...NO_PROGRESS, message },
  };
}
