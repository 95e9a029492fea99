import type { TokenSource } from './connection.ts';
import type { ReportCompleteInput, ReportFailureInput, StartJobInput } from './gql/graphql.ts';
import type { Json } from './json.ts';
import type { ReportedJob } from './report-queue.ts';
import type { Track } from './track.ts';
import type { JobSnapshot } from './watch.ts';

export interface ProgressReporterOptions {
  /** `http(s)://` or `ws(s)://`, with or without `/graphql`. In a browser a path alone is relative to the page. */
  url: string;
  /**
   * A reporter's (`spacedock token create --reporter`), or a user's; sent as `Authorization: Bearer …`. A function is asked at every report.
   * @default none, which is enough where the server's access is open, and to read what others report
   */
  token?: TokenSource;
  /**
   * Hears why a report of this job did not arrive: the server refused it, or the reporter was closed first. Its promise rejects with
   * the same; a promise that nobody awaits does not end the program.
   */
  onError?(error: Error, job: string): void;
  /** How much may wait for the server, of all jobs. @default 4_000_000 */
  outboxCharacters?: number;
}

/** `title`: at most 512 bytes. `silentSeconds`: without a report for so long the job times out, 1 to 604800, default 3600. */
export type StartOptions = Omit<StartJobInput, 'id'>;

/** `files`: ids that `connection.upload` returned. `confidence`: 0 to 1. `message` default: Job completed. */
export type CompleteOptions = Omit<ReportCompleteInput, 'job' | 'lease' | 'attempt' | 'result'>;

/** `code`: 1 to 64 of A-Z a-z 0-9 _ . - (default APP_ERROR). `stage`: where it went wrong. */
export type FailureOptions = Pick<ReportFailureInput, 'code' | 'stage' | 'metadata'>;

/**
 * Reports on tracked jobs: work done here, that others watch. Every method takes the job's id, your choice of 1 to 128 of the
 * characters A-Z a-z 0-9 _ -. Reports of one job arrive in order. What cannot be delivered waits and is tried again for ever, so an
 * outage of the server is only a delay; what the server refuses rejects with a SpacedockError, and nothing is tried again.
 *
 * Every report resolves with the job as the server has it then: `status` CANCELLING says that somebody wants it to stop.
 *
 * Reports belong to one attempt: the one that `start` began or `resume` named, else the one that the first reply tells of. When the job
 * is begun anew elsewhere, they reject with LEASE_LOST, and none is sent any more: they would spoil the run of another.
 */
export interface ProgressReporter extends AsyncDisposable {
  /**
   * Begins a job. Not necessary: the first report on an unknown id begins one, too. Rejects with ALREADY_EXISTS if there is one
   * under the id, unless `restart` is set: then it begins anew, in a new attempt.
   */
  start(job: string, options?: StartOptions): Promise<ReportedJob>;
  /** From now on reports on this job belong to this attempt, one that another reporter began: what its `start` resolved with. */
  resume(job: string, attempt: number): void;
  /**
   * At most ten reports of a job leave each second. One that comes too soon takes the place of the one that waits, and both resolve
   * with its reply; the last before the end is always sent.
   * @param progress 0 to 1, clamped; left out: as it was. Rejects with a TypeError if it is not a number
   * @param message for people, at most 8 KB; it goes with this report alone
   * @param metadata at most 64 KB; left out: as it was
   */
  report(job: string, stage: string, progress?: number, message?: string, metadata?: Json): Promise<ReportedJob>;
  /**
   * Adds to the job's output, behind what is there. Many small texts leave together; a character cut in two by two calls stays
   * whole. Resolves when the server has it. Who awaits that never meets the limit of the outbox; beyond it this rejects with
   * OUTBOX_FULL, and the text is not sent. A refusal (PAYLOAD_TOO_LARGE, OUTPUT_GAP where the server lost what we no longer have)
   * refuses the output that waits behind it, too.
   */
  reportOutput(job: string, text: string): Promise<ReportedJob>;
  /** The job is done. Sent after all that was reported before. */
  reportComplete(job: string, result?: Json, options?: CompleteOptions): Promise<ReportedJob>;
  /** The job failed: an error, or what went wrong in words. The code of a JobFailure or SpacedockError goes along. */
  reportFailure(job: string, error: unknown, options?: FailureOptions): Promise<ReportedJob>;
  /** The same as `reportFailure`. */
  reportError(job: string, error: unknown, options?: FailureOptions): Promise<ReportedJob>;
  /** The work was stopped after somebody cancelled the job. */
  reportCancelled(job: string): Promise<ReportedJob>;
  /** The job as it is now; null if there is none. Waits for no report, and out an outage. */
  getStatus(job: string): Promise<JobSnapshot | null>;
  /** Runs a function as a job. */
  track: Track;
  /**
   * Takes no more reports, delivers what waits without the usual pauses, and resolves then: to true if all was delivered. After
   * `timeoutSeconds` (default: never) what is left is given up: its promises reject with CONNECTION_LOST. May be called again.
   */
  close(options?: { timeoutSeconds?: number }): Promise<boolean>;
}
