import { cancelConfirmed, changed, confirmed, failed, finished, requeue } from './change.ts';
import type { JobId, SpaceId } from './ids.ts';
import {
  type ActiveJob,
  type EndingVerb,
  type FinishedJob,
  isActive,
  isFinished,
  type Job,
  type JobError,
  type JobLimits,
  type QueuedJob,
  type RunningJob,
  type StoredFile,
  type Submitter,
} from './job.ts';
import type { Instant, Json } from './json.ts';
import type { Claim } from './lease.ts';
import { NO_PROGRESS, type Progress, type ProgressReport, reportedProgress, stageName } from './progress.ts';
import { badInput, Refusal } from './refusal.ts';
import { heard, toldByReply } from './tracked.ts';

// Every function takes the job as it is and returns the job as it will be, one revision later; the same object where nothing
// changes; or throws a Refusal. Nothing here reads a clock or waits.

export interface Submission {
  id: JobId;
  space: SpaceId;
  submitter: Submitter;
  priority: number;
  limits: JobLimits;
  idempotencyKey: string | null;
}

/** A new inference job. Its `seq` is given by the engine that stores it. */
export function submit(submission: Submission, now: Instant): QueuedJob {
  return {
    ...submission,
    title: null,
    private: false,
    status: 'QUEUED',
    queuedAt: now,
    seq: 0,
    attempt: 0,
    undelivered: 0,
    app: null,
    progress: NO_PROGRESS,
    events: [{ at: now, status: 'QUEUED', stage: null, message: null, attempt: 0 }],
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
}

/** A claimed job: what an engine's claim means for the record. */
export function assign(job: QueuedJob, claim: Claim): RunningJob {
  const { token, app, session, at } = claim;
  return {
    ...changed(job, at, { status: 'RUNNING', attempt: job.attempt + 1 }),
    status: 'RUNNING',
    app,
    progress: NO_PROGRESS,
    startedAt: at,
    lease: { token, app, session, claimedAt: at, confirmed: false },
  };
}

/** Progress under a lease. While CANCELLING it is taken too, and the reply shows the reporter that it should stop. */
export function progress(job: Job, lease: string | null, report: ProgressReport, now: Instant): ActiveJob {
  const active = toldByReply(holding(job, lease), now);
  const next = reportedProgress(active.progress, report);
  const staged = next.stage !== active.progress.stage;
  return {
    ...active,
    ...(staged
      ? changed(active, now, { status: active.status, stage: next.stage, message: next.message })
      : { revision: active.revision + 1, updatedAt: now }),
    undelivered: 0,
    progress: next,
    ...confirmed(active),
  };
}

/**
 * Output under a lease changes no revision; but it confirms the delivery as any report does, shows that a tracked job is alive, and
 * its reply tells of a cancellation.
 */
export function outputReported(job: Job, lease: string | null, now: Instant): Job {
  const active = holding(job, lease);
  const told = toldByReply(active, now);
  if (told !== active || (active.lease && !active.lease.confirmed)) {
    return { ...told, revision: job.revision + 1, updatedAt: now, undelivered: 0, ...confirmed(active) };
  }
  return heard(active, now);
}

export interface Completion {
  result: Json;
  files: StoredFile[];
  confidence: number | null;
  message: string | null;
  metadata: Json;
}

export function complete(job: Job, lease: string | null, completion: Completion, now: Instant): FinishedJob {
  const again = resent(job, lease, 'complete');
  if (again) return again;
  const active = holding(job, lease);
  if (active.status === 'CANCELLING') return cancelConfirmed(active, now, 'complete');
  const { result, files, confidence } = completion;
  const done: Progress = {
    stage: 'complete',
    progress: 1,
    message: completion.message ?? 'Job completed',
    metadata: completion.metadata ?? active.progress.metadata,
  };
  return {
    ...changed(active, now, { status: 'COMPLETED', stage: done.stage, message: done.message }),
    status: 'COMPLETED',
    progress: done,
    result,
    files,
    confidence,
    ...finished(active, now, 'complete'),
  };
}

export interface Failure {
  error: JobError;
  stage: string | null;
  retryable: boolean;
  metadata: Json;
}

/** A failure: the job goes back to its place in the queue if it is retryable and attempts remain. */
export function fail(job: Job, lease: string | null, failure: Failure, now: Instant): Job {
  const again = resent(job, lease, 'fail');
  if (again) return again;
  const active = holding(job, lease);
  if (active.status === 'CANCELLING') return cancelConfirmed(active, now, 'fail');
  if (failure.retryable && active.space !== null && active.attempt < active.limits.maxAttempts) {
    return requeue(active, now, `${failure.error.message}; trying again`);
  }
  const last: Progress = {
    ...active.progress,
    stage: failure.stage === null ? active.progress.stage : stageName('input.stage', failure.stage),
    message: failure.error.message,
    metadata: failure.metadata ?? active.progress.metadata,
  };
  return failed({ ...active, progress: last }, failure.error, now, 'fail');
}

/** The worker says that it stopped. */
export function reportCancelled(job: Job, lease: string | null, now: Instant): FinishedJob {
  return resent(job, lease, 'cancelled') ?? cancelConfirmed(holding(job, lease), now, 'cancelled');
}

/** Someone wants the job to end. A queued job ends at once, a running one when its worker stops or the grace runs out. */
export function requestCancel(job: Job, now: Instant): Job {
  switch (job.status) {
    case 'CANCELLED':
    case 'CANCELLING':
      return job;
    case 'QUEUED':
      return {
        ...changed(job, now, { status: 'CANCELLED', message: 'Cancelled while queued' }),
        status: 'CANCELLED',
        cancellation: { requestedAt: now, deliveredAt: null, confirmedAt: now },
        ...finished(job, now, null),
      };
    case 'RUNNING':
      return {
        ...changed(job, now, { status: 'CANCELLING', message: 'Cancel requested' }),
        status: 'CANCELLING',
        lease: job.lease,
        startedAt: job.startedAt,
        cancellation: { requestedAt: now, deliveredAt: null, confirmedAt: null },
      };
    default:
      throw new Refusal('JOB_FINISHED', `Job ${job.id} is ${job.status} already and cannot be cancelled`);
  }
}

/** The app has been told to stop. */
export function cancelDelivered(job: Job, now: Instant): Job {
  if (job.status !== 'CANCELLING' || job.cancellation.deliveredAt !== null) return job;
  return {
    ...job,
    revision: job.revision + 1,
    updatedAt: now,
    cancellation: { ...job.cancellation, deliveredAt: now },
  };
}

/** The job while `lease` is the valid one, or the refusal that fits. */
function holding(job: Job, lease: string | null): ActiveJob {
  checkKind(job, lease);
  if (isFinished(job)) {
    if (job.ending.lease !== lease) throw leaseLost(job);
    throw new Refusal('JOB_FINISHED', `Job ${job.id} is ${job.status} already`);
  }
  if (!isActive(job) || (job.lease?.token ?? null) !== lease) throw leaseLost(job);
  return job;
}

/** An inference job is reported on under a lease, a tracked one never is. */
function checkKind(job: Job, lease: string | null): void {
  if (job.space === null && lease !== null) throw badInput('input.lease', 'a tracked job has no lease');
  if (job.space !== null && lease === null) throw badInput('input.lease', 'is required for an inference job');
}

export const leaseLost = (job: Job): Refusal =>
  new Refusal('LEASE_LOST', `This lease on job ${job.id} is no longer valid; stop working on it`);

/** A lost reply is safe to send again: the report that ended the job, under its last lease, gets the job. */
function resent(job: Job, lease: string | null, verb: EndingVerb): FinishedJob | null {
  checkKind(job, lease);
  if (!isFinished(job) || job.ending.lease !== lease) return null;
  return job.status === 'CANCELLED' || job.ending.by === verb ? job : null;
}
