import type { JobId, SpaceId } from './ids.ts';
import type { Instant, Json } from './json.ts';
import type { AppCard, Lease } from './lease.ts';
import type { Progress } from './progress.ts';

export const jobStatuses = [
  'QUEUED',
  'RUNNING',
  'CANCELLING',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TIMED_OUT',
] as const;
export type JobStatus = (typeof jobStatuses)[number];

export interface JobEvent {
  at: Instant;
  status: JobStatus;
  stage: string | null;
  message: string | null;
  attempt: number;
}

/** A file that belongs to a job; `sha256` (hex) tells whether a repeated submit brings the same one. */
export interface StoredFile {
  id: string;
  name: string;
  type: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

/** What was submitted. Never changes, so engines keep it beside the job and it does not travel with every change. */
export interface JobInput {
  prompt: string | null;
  /** With the defaults of the space's schema. */
  parameters: Json;
  /** The parameters as they were sent; left out where that is the same. What a repeated submit is compared with. */
  sent?: Json;
  files: StoredFile[];
}

export interface JobError {
  code: string;
  message: string;
}

export interface Submitter {
  id: string;
  name: string;
  role: 'ANONYMOUS' | 'USER' | 'ADMIN' | 'APP' | 'REPORTER';
}

/** The part of a space's policy that was in force at submit; later changes of the policy concern later jobs. */
export interface JobLimits {
  maxQueueSeconds: number;
  maxRunSeconds: number;
  retentionSeconds: number;
  maxAttempts: number;
}

export interface Cancellation {
  requestedAt: Instant;
  /** When the app was told. Null: not yet, or there was no app to tell. */
  deliveredAt: Instant | null;
  /** When the app said it stopped, or the job was not running. Null: it was lost, or the grace ran out. */
  confirmedAt: Instant | null;
}

/** How a job ended: the same report under the same lease is answered with the job again. */
export interface Ending {
  /** The last lease in force; null where there was none. */
  lease: string | null;
  /** The report that ended it; null when the server did. */
  by: EndingVerb | null;
}
export type EndingVerb = 'complete' | 'fail' | 'cancelled';

interface JobBase {
  id: JobId;
  /** Null for a tracked job. */
  space: SpaceId | null;
  title: string | null;
  /** Only its owner and administrators may see it. */
  private: boolean;
  submitter: Submitter;
  priority: number;
  /** Fixed at submit by the engine: the place in the queue that a requeue restores. By arrival (FIFO) or by turns (FAIR). */
  seq: number;
  limits: JobLimits;
  idempotencyKey: string | null;
  /** Tries that counted. Output and lease belong to an attempt. */
  attempt: number;
  /** Deliveries in a row that no client confirmed. */
  undelivered: number;
  /** The remote app that works or last worked on it. */
  app: AppCard | null;
  progress: Progress;
  /** The last MAX_EVENTS changes of status, stage and attempt, oldest first. */
  events: JobEvent[];
  createdAt: Instant;
  /** When its present or last stay in the queue began. */
  queuedAt: Instant;
  updatedAt: Instant;
  /** +1 with every committed change. */
  revision: number;
}

export type QueuedJob = JobBase & { status: 'QUEUED' };
export type RunningJob = JobBase & { status: 'RUNNING'; lease: Lease | null; startedAt: Instant };
export type CancellingJob = JobBase & {
  status: 'CANCELLING';
  lease: Lease | null;
  startedAt: Instant;
  cancellation: Cancellation;
};
interface Finished {
  startedAt: Instant | null;
  finishedAt: Instant;
  ending: Ending;
}
export type CompletedJob = JobBase &
  Finished & { status: 'COMPLETED'; result: Json; files: StoredFile[]; confidence: number | null };
export type FailedJob = JobBase & Finished & { status: 'FAILED'; error: JobError };
export type CancelledJob = JobBase & Finished & { status: 'CANCELLED'; cancellation: Cancellation };
export type TimedOutJob = JobBase & Finished & { status: 'TIMED_OUT'; error: JobError };

export type ActiveJob = RunningJob | CancellingJob;
export type FinishedJob = CompletedJob | FailedJob | CancelledJob | TimedOutJob;
export type Job = QueuedJob | ActiveJob | FinishedJob;

export const MAX_EVENTS = 100;
/** Of the texts of all events of a job; older progress goes first, a change of status never for this. */
export const MAX_EVENT_BYTES = 64 * 1024;

export const isFinished = (job: Job): job is FinishedJob => 'finishedAt' in job;
export const isActive = (job: Job): job is ActiveJob => job.status === 'RUNNING' || job.status === 'CANCELLING';

/** The lease that is valid now, if any. */
export const leaseOf = (job: Job): Lease | null => (isActive(job) ? job.lease : null);

/** Milliseconds from start to finish; null until finished, or when it never started. */
export const processingTime = (job: Job): number | null =>
  isFinished(job) && job.startedAt !== null ? job.finishedAt - job.startedAt : null;

/** When a finished job is deleted with its output and files; null while it lives. */
export const keptUntil = (job: Job): Instant | null =>
  isFinished(job) ? job.finishedAt + job.limits.retentionSeconds * 1000 : null;

/** The part all states share, without what belongs to one state: the base of the next state. */
export function base(job: Job): JobBase {
  const {
    id,
    space,
    title,
    private: hidden,
    submitter,
    priority,
    seq,
    limits,
    idempotencyKey,
    attempt,
    undelivered,
    app,
  } = job;
  const { progress, events, createdAt, queuedAt, updatedAt, revision } = job;
  return {
    id,
    space,
    title,
    private: hidden,
    submitter,
    priority,
    seq,
    limits,
    idempotencyKey,
    attempt,
    undelivered,
    app,
    progress,
    events,
    createdAt,
    queuedAt,
    updatedAt,
    revision,
  };
}
