import { type AppId, partitionOf } from '../domain/ids.ts';
import { type Job, type JobStatus, leaseOf, processingTime } from '../domain/job.ts';
import type { Instant } from '../domain/json.ts';
import { place } from '../domain/queue.ts';
import { deadline } from '../domain/recovery.ts';
import { cursorOf, type KeptRecord } from './engine.ts';

/** What an engine keeps beside a job to find it again. All of it follows from the job. */
export interface JobIndex {
  partition: string;
  status: JobStatus;
  /** The id of who submitted it. */
  submitter: string;
  /** The place in lists; see `cursorOf`. */
  cursor: string;
  /** The place in the queue; null unless it waits there. */
  place: number | null;
  deadline: Instant;
  /** The valid lease, if any: its token, its app, and whether the client is known to have the request. */
  lease: string | null;
  app: AppId | null;
  confirmed: boolean;
  /** What joins the space's recent run times: only a completed inference job brings it. */
  runMs: number | null;
}

export function indexed(job: Job): JobIndex {
  const lease = leaseOf(job);
  return {
    partition: partitionOf(job.id),
    status: job.status,
    submitter: job.submitter.id,
    cursor: cursorOf(job),
    place: job.status === 'QUEUED' ? place(job.priority, job.seq) : null,
    deadline: deadline(job),
    lease: lease?.token ?? null,
    app: lease?.app.id ?? null,
    confirmed: lease?.confirmed ?? false,
    runMs: job.status === 'COMPLETED' && job.space !== null ? processingTime(job) : null,
  };
}

/** Puts records in the order of lists; of the same id by kind. */
export const byNewest = (a: KeptRecord, b: KeptRecord): number =>
  a.id === b.id ? (a.kind < b.kind ? -1 : 1) : a.id < b.id ? 1 : -1;

/**
 * The job with the confirmation an engine knows of: a renewal confirms a lease without a new revision, so the stored flag wins over
 * the record's own.
 */
export function withConfirmation(job: Job, confirmed: boolean): Job {
  const lease = leaseOf(job);
  return lease && confirmed && !lease.confirmed ? ({ ...job, lease: { ...lease, confirmed } } as Job) : job;
}
