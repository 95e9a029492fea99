import { errorCode, SpacedockError } from './errors.ts';
import { describeFailure } from './failure.ts';
import type { Json } from './json.ts';
import type { ReportedJob } from './report-queue.ts';
import type { ProgressReporter, StartOptions } from './reporter-options.ts';
import { countEach, createStages, type Stages } from './stages.ts';
import { pause } from './timing.ts';

/** What a function that runs as a job gets. */
export interface Tracked {
  /** The job's id. */
  readonly id: string;
  /**
   * Aborted when the work is no longer wanted, seconds after that at most. Its reason is a SpacedockError: CANCELLED when somebody
   * cancelled the job, JOB_FINISHED when it has ended elsewhere, LEASE_LOST when it was begun anew elsewhere and goes on there.
   */
  readonly signal: AbortSignal;
  /** `report` of the reporter. */
  report(stage: string, progress?: number, message?: string, metadata?: Json): Promise<ReportedJob>;
  /** `reportOutput` of the reporter. */
  write(text: string): Promise<ReportedJob>;
  /**
   * Stages and how much of the whole each one is: `t.stages({ download: 1, render: 7, upload: 2 })`. Throws a TypeError that names a
   * weight that is not above 0.
   */
  stages<N extends string>(weights: Record<N, number>): Stages<N, Promise<ReportedJob>>;
  /**
   * Gives on what it gets, one item at a time, and reports how many of them are done as the progress of the stage. Throws the
   * signal's reason when that aborts. Without a `total` (of an array, Set or Map: its size) only the count is told, as the message.
   */
  each<I>(items: Iterable<I> | AsyncIterable<I>, options: { stage: string; total?: number }): AsyncIterable<I>;
}

export interface TrackOptions extends StartOptions {
  /** Longest time without a word from the server: how late a silent function hears of a cancel. @default 2 */
  pollSeconds?: number;
}

/**
 * Begins a job (anew, where it is there already, unless `restart` is false), runs the function, and reports how it ended: the
 * returned value (JSON, or nothing) as the result, or what it threw as the failure, which is thrown on. Of a cancelled job that the
 * work has stopped is reported, and this rejects with the signal's reason, whatever the function returned or threw; of a job that ended
 * or was begun anew elsewhere nothing is reported any more, and this rejects in the same way. The function is not called before the job
 * has begun: not while the server is away, and not where it refuses that.
 */
export type Track = <R>(job: string, work: (tracked: Tracked) => R | Promise<R>, options?: TrackOptions) => Promise<R>;

/** The reports on one attempt at a job. */
export interface Run
  extends Pick<ProgressReporter, 'report' | 'reportOutput' | 'reportComplete' | 'reportFailure' | 'reportCancelled'> {
  /** Asks how the job is, in a report that changes nothing. */
  beat(): void;
}

/** Starts a job. The listener hears every answer to the reports on the attempt that this began. */
export type Begin = (
  job: string,
  options: StartOptions,
  listener: (answer: ReportedJob | Error) => void,
) => Promise<Run>;

export function createTrack(begin: Begin): Track {
  return async <R>(job: string, work: (tracked: Tracked) => R | Promise<R>, options: TrackOptions = {}): Promise<R> => {
    const { pollSeconds = 2, ...startOptions } = options;
    const stopping = new AbortController();
    const { signal } = stopping;
    const over = new AbortController();
    let heardAt = performance.now();
    let ended = false;

    const reporter = await begin(job, { restart: true, ...startOptions }, (answer) => {
      heardAt = performance.now();
      ended ||= hasEnded(answer);
      const reason = reasonToStop(answer);
      if (reason) stopping.abort(reason);
    });

    /** Also a function that reports nothing is to hear of a cancel, and its job must not time out. */
    async function poll(): Promise<void> {
      const pauseMs = (pollSeconds * 1000) / 2;
      while (!over.signal.aborted && !signal.aborted) {
        if (performance.now() - heardAt >= pauseMs) reporter.beat();
        await pause(pauseMs, over.signal);
      }
    }

    async function failed(error: unknown): Promise<unknown> {
      if (!signal.aborted) await reportFailure(error);
      else if (!ended) await reporter.reportCancelled(job).catch(() => {});
      return signal.aborted ? signal.reason : error;
    }

    async function reportFailure(error: unknown): Promise<void> {
      try {
        await reporter.reportFailure(job, error);
      } catch (refusal) {
        // Without what the server refused of it, rather than not at all. What is refused then is heard by `onError`.
        if (signal.aborted || errorCode(refusal) === 'CONNECTION_LOST') return;
        await reporter.reportFailure(job, describeFailure(error).error).catch(() => {});
      }
    }

    void poll();
    try {
      const result = await work(toolsOf(reporter, job, signal));
      signal.throwIfAborted();
      await reporter.reportComplete(job, result as Json);
      signal.throwIfAborted();
      return result;
    } catch (error) {
      throw await failed(error);
    } finally {
      over.abort();
    }
  };
}

function toolsOf(reporter: Run, id: string, signal: AbortSignal): Tracked {
  const report: Tracked['report'] = (...report) => reporter.report(id, ...report);
  return {
    id,
    signal,
    report,
    write: (text) => reporter.reportOutput(id, text),
    stages: (weights) => createStages(weights, { signal, report }),
    each: (items, { stage, total }) =>
      countEach(items, { signal, total, report: (progress, message) => report(stage, progress, message) }),
  };
}

const hasEnded = (answer: ReportedJob | Error): boolean =>
  answer instanceof Error
    ? ['JOB_FINISHED', 'LEASE_LOST'].includes(errorCode(answer) ?? '')
    : answer.status !== 'RUNNING' && answer.status !== 'CANCELLING';

function reasonToStop(answer: ReportedJob | Error): Error | undefined {
  if (answer instanceof Error) return hasEnded(answer) ? answer : undefined;
  const cancelled = answer.status === 'CANCELLING' || answer.status === 'CANCELLED';
  return cancelled ? new SpacedockError('CANCELLED', 'The job was cancelled.') : undefined;
}
