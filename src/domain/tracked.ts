import { changed } from './change.ts';
import { isTrackedId, type JobId } from './ids.ts';
import { type ActiveJob, isActive, isFinished, type Job, type RunningJob, type Submitter } from './job.ts';
import { boundedText, type Instant } from './json.ts';
import { NO_PROGRESS } from './progress.ts';
import { badInput, Refusal } from './refusal.ts';

// A tracked job belongs to no space: it runs from its first moment, and its reporter alone says how it goes.

/** The stages with a meaning that pages know; any other word is as good. */
export const KNOWN_STAGES = [
  'rendering',
  'captioning',
  'cropping',
  'uploading',
  'processing',
  'analyzing',
  'complete',
  'error',
] as const;

const MAX_TITLE_BYTES = 512;
/** A week. */
export const MAX_SILENT_SECONDS = 7 * 86_400;

export interface Tracking {
  id: JobId;
  title: string | null;
  /** Null: as it was; of a new one, no. */
  private: boolean | null;
  submitter: Submitter;
  /** Without any report for so long it times out. */
  silentSeconds: number;
  /** Kept so long after its end. */
  retentionSeconds: number;
}

export interface TrackingInput {
  id: string;
  title?: string | null;
  private?: boolean | null;
  silentSeconds?: number | null;
}

/** What a reporter asked for, within bounds; `seconds` is both the silence and the retention of those who say nothing. */
export function tracking(input: TrackingInput, submitter: Submitter, seconds: number): Tracking {
  if (!isTrackedId(input.id)) {
    throw badInput('input.id', 'the id of a tracked job is 1 to 128 of the characters A-Z a-z 0-9 _ -', 128);
  }
  const silentSeconds = input.silentSeconds ?? seconds;
  if (!(silentSeconds >= 1 && silentSeconds <= MAX_SILENT_SECONDS)) {
    throw badInput('input.silentSeconds', `must be 1 to ${MAX_SILENT_SECONDS}`, MAX_SILENT_SECONDS);
  }
  return {
    id: input.id,
    title: input.title == null ? null : boundedText('input.title', input.title, MAX_TITLE_BYTES),
    private: input.private ?? null,
    submitter,
    silentSeconds,
    retentionSeconds: seconds,
  };
}

/** A tracked job at its first moment. */
export function startTracked(tracking: Tracking, now: Instant): RunningJob {
  const { id, title, submitter, silentSeconds, retentionSeconds } = tracking;
  return {
    id,
    space: null,
    title,
    private: tracking.private ?? false,
    submitter,
    priority: 0,
    seq: 0,
    limits: { maxQueueSeconds: 0, maxRunSeconds: silentSeconds, retentionSeconds, maxAttempts: 1 },
    idempotencyKey: null,
    attempt: 1,
    undelivered: 0,
    app: null,
    progress: NO_PROGRESS,
    events: [{ at: now, status: 'RUNNING', stage: null, message: null, attempt: 1 }],
    createdAt: now,
    queuedAt: now,
    updatedAt: now,
    revision: 1,
    status: 'RUNNING',
    lease: null,
    startedAt: now,
  };
}

/** The first report on a job nobody knows makes it: one change, so revision 1. */
export const firstReport = <T extends Job>(reported: T): T => ({ ...reported, revision: 1 });

/**
 * Begins a tracked job anew, in a new attempt: a finished one, and one whose reporter went without a word. Its revision goes on, so
 * that watchers of before see it begin again.
 */
export function restartTracked(job: Job, tracking: Tracking, now: Instant): RunningJob {
  const attempt = job.attempt + 1;
  const fresh = startTracked(tracking, now);
  return {
    ...fresh,
    ...changed(job, now, { status: 'RUNNING', stage: null, message: 'Restarted', attempt }),
    title: fresh.title ?? job.title,
    private: tracking.private ?? job.private,
    limits: fresh.limits,
    progress: NO_PROGRESS,
    status: 'RUNNING',
    lease: null,
    startedAt: now,
  };
}

/** `startJob` where there is one already: the same job for a repeated request whose reply was lost, else a refusal. */
export function startedAlready(job: Job, tracking: Tracking): Job {
  if (isActive(job) && job.revision === 1 && job.submitter.id === tracking.submitter.id) return job;
  const how = isFinished(job) ? `has ended (${job.status})` : `is ${job.status}`;
  throw new Refusal('ALREADY_EXISTS', `Job ${job.id} ${how}; choose another id, or begin it anew with restart: true`, {
    field: 'input.id',
  });
}

/** A reporter has nobody to be told by but the reply to its reports: seeing CANCELLING there is the delivery. */
export function toldByReply(job: ActiveJob, now: Instant): ActiveJob {
  if (job.space !== null || job.status !== 'CANCELLING' || job.cancellation.deliveredAt !== null) return job;
  return { ...job, cancellation: { ...job.cancellation, deliveredAt: now } };
}

/** Something was heard of a tracked job that changes nothing of it, so that it does not time out. */
export function heard(job: Job, now: Instant): Job {
  if (job.space !== null || !isActive(job)) return job;
  if (now - job.updatedAt < (job.limits.maxRunSeconds * 1000) / 4) return job;
  return { ...job, revision: job.revision + 1, updatedAt: now };
}
