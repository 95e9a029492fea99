import { isDeepStrictEqual } from 'node:util';
import { attemptNumber, firstAttempt, ofAttempt } from '../domain/attempt.ts';
import { isTrackedId, type JobId, jobId } from '../domain/ids.ts';
import type { Job, StoredFile } from '../domain/job.ts';
import { boundedJson, boundedText } from '../domain/json.ts';
import { fraction, MAX_MESSAGE_BYTES, MAX_METADATA_BYTES, type ProgressReport } from '../domain/progress.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import { restartTracked, startedAlready, startTracked, type TrackingInput, tracking } from '../domain/tracked.ts';
import { complete, fail, progress, reportCancelled } from '../domain/transitions.ts';
import { submitterOf, type Viewer } from '../domain/viewer.ts';
import type { Engine } from '../engine/engine.ts';
import type { Files, IncomingFile } from './files.ts';
import type { Jobs } from './jobs.ts';
import { createOutput, type OutputReport } from './output.ts';
import { requireReport, requireTracking } from './permissions.ts';

export interface Report {
  job: JobId;
  lease?: string | null;
  /** The one it belongs to. Left out or null: whichever the job is at. */
  attempt?: number | null;
}
export interface CompleteReport extends Report {
  result?: unknown;
  files?: readonly IncomingFile[] | null;
  confidence?: number | null;
  message?: string | null;
  metadata?: unknown;
}
export interface FailureReport extends Report {
  error: string;
  code?: string | null;
  stage?: string | null;
  retryable?: boolean | null;
  metadata?: unknown;
}

export interface StartInput extends TrackingInput {
  restart?: boolean | null;
}

export interface ReportsParts {
  engine: Engine;
  jobs: Jobs;
  files: Files;
  limits: { result: number; output: number };
  /** Of a tracked job: how long it may be silent, and how long it is kept. */
  trackedSeconds: number;
}

export type Reports = ReturnType<typeof createReports>;

/** What a worker says of a job. */
export function createReports({ engine, jobs, files, limits, trackedSeconds }: ReportsParts) {
  const output = createOutput({ engine, jobs, limits });
  const message = (text: string | null | undefined) =>
    text == null ? null : boundedText('input.message', text, MAX_MESSAGE_BYTES);
  const metadata = (value: unknown) => boundedJson('input.metadata', value, MAX_METADATA_BYTES);

  /** Who reports without a lease chose the id: one that no job can have is refused as such, not as unknown. */
  function check({ job, lease, attempt }: Report): void {
    if (lease == null) jobId('input.job', job);
    attemptNumber(attempt);
  }

  /** The first report on a tracked job that nobody started begins it. */
  function birth(report: Report, viewer: Viewer): (() => Job) | undefined {
    check(report);
    const { job, attempt } = report;
    if (!begins(report)) return undefined;
    requireTracking(viewer, job);
    return () => {
      firstAttempt(job, attemptNumber(attempt));
      return startTracked(tracking({ id: job }, submitterOf(viewer), trackedSeconds), engine.now());
    };
  }

  /** Whether it would begin a job of an unknown id. */
  const begins = ({ job, lease }: Report): boolean => lease == null && isTrackedId(job);

  /** Decides for the attempt that the report belongs to, if the viewer may report. */
  const fenced =
    (report: Report, viewer: Viewer, decide: (job: Job, lease: string | null) => Job, mayBegin = begins(report)) =>
    (job: Job): Job => {
      requireReport(viewer, job, mayBegin);
      return decide(ofAttempt(job, attemptNumber(report.attempt)), report.lease ?? null);
    };

  return {
    /** Begins a tracked job; with `restart` also one that is there already. */
    start(input: StartInput, viewer: Viewer): Promise<Job> {
      const wanted = tracking(input, submitterOf(viewer), trackedSeconds);
      requireTracking(viewer, input.id, 'input.id');
      const born = startTracked(wanted, engine.now());
      const decide = (job: Job) => {
        if (job === born) return job;
        requireReport(viewer, job, true, 'input.id');
        return input.restart ? restartTracked(job, wanted, engine.now()) : startedAlready(job, wanted);
      };
      return jobs.change(input.id, 'report', decide, () => born);
    },

    progress: (report: Report & ProgressReport, viewer: Viewer): Promise<Job> =>
      jobs.change(
        report.job,
        'report',
        fenced(report, viewer, (job, lease) => progress(job, lease, report, engine.now())),
        birth(report, viewer),
      ),

    output: (report: OutputReport, viewer: Viewer): Promise<Job> =>
      output.report(report, (job) => requireReport(viewer, job, begins(report)), birth(report, viewer)),
    outputLength: output.length,

    async complete(report: CompleteReport, viewer: Viewer): Promise<Job> {
      const completion = {
        result: boundedJson('input.result', report.result, limits.result),
        files: [] as StoredFile[],
        confidence: report.confidence == null ? null : fraction('input.confidence', report.confidence),
        message: message(report.message),
        metadata: metadata(report.metadata),
      };
      const finish = fenced(report, viewer, (job, lease) => complete(job, lease, completion, engine.now()));
      const given = report.files ?? [];
      const begin = birth(report, viewer);
      if (given.length === 0) return jobs.change(report.job, 'report', finish, begin);

      // Whether the report is acceptable is known before its files move; a repeated one brings none.
      const present = begin ? ((await jobs.find(report.job)) ?? begin()) : await jobs.existing(report.job, 'input.job');
      const next = finish(present);
      if (next === present || next.status !== 'COMPLETED') return jobs.change(report.job, 'report', finish, begin);
      completion.files = await files.accept(given, 'any', 'input.files', viewer.id, report.job);
      try {
        await files.assign(report.job, completion.files);
        const job = await jobs.change(report.job, 'report', finish, begin);
        const taken = job.status === 'COMPLETED' && isDeepStrictEqual(job.files, completion.files);
        await (taken ? files.settle(completion.files) : files.takeBack(report.job, completion.files));
        return job;
      } catch (error) {
        // Only a refusal says that the job is without them; after anything else that is open, and the sweep will see.
        if (error instanceof Refusal) await files.takeBack(report.job, completion.files);
        throw error;
      }
    },

    fail(report: FailureReport, viewer: Viewer): Promise<Job> {
      if (report.error === '') throw badInput('input.error', 'must say what went wrong');
      const failure = {
        error: {
          code: errorCode(report.code ?? 'APP_ERROR'),
          message: boundedText('input.error', report.error, MAX_MESSAGE_BYTES),
        },
        stage: report.stage ?? null,
        retryable: report.retryable ?? false,
        metadata: metadata(report.metadata),
      };
      return jobs.change(
        report.job,
        'report',
        fenced(report, viewer, (job, lease) => fail(job, lease, failure, engine.now())),
        birth(report, viewer),
      );
    },

    cancelled(report: Report, viewer: Viewer): Promise<Job> {
      check(report);
      return jobs.change(
        report.job,
        'report',
        fenced(report, viewer, (job, lease) => reportCancelled(job, lease, engine.now()), false),
      );
    },
  };
}

function errorCode(code: string): string {
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(code)) throw badInput('input.code', 'must be 1 to 64 of A-Z a-z 0-9 _ . -', 64);
  return code;
}
