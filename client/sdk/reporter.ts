import { parseAddress } from './address.ts';
import type { Attempt } from './attempt.ts';
import { createCredentials } from './credentials.ts';
import { createDelivery } from './delivery.ts';
import {
  jobQuery,
  reportCancelledMutation,
  reportCompleteMutation,
  reportFailureMutation,
  startJobMutation,
} from './documents.ts';
import { errorCode, SpacedockError } from './errors.ts';
import { describeFailure } from './failure.ts';
import { createHttp } from './http.ts';
import { createLane, type Lane, lengthOf, type Outbox, type Send } from './report-lane.ts';
import type { ReportedJob } from './report-queue.ts';
import type { ProgressReporter, ProgressReporterOptions } from './reporter-options.ts';
import { within } from './timing.ts';
import { createTrack } from './track.ts';

const OUTBOX_CHARACTERS = 4_000_000;

/** Reports on tracked jobs over HTTP, with nothing but fetch. Throws a TypeError when `url` is not an address. */
export function createProgressReporter(options: ProgressReporterOptions): ProgressReporter {
  const { url, token, onError, outboxCharacters = OUTBOX_CHARACTERS } = options;
  const ask = createHttp(parseAddress(url), createCredentials(token));
  const givingUp = new AbortController();
  const deliver = createDelivery(givingUp.signal);
  const outbox: Outbox = { size: 0, limit: outboxCharacters };
  const lanes = new Map<string, Lane>();
  /** Of many reports that became one, the refusal is one, too. */
  const told = new WeakSet<Error>();
  let closed = false;
  let incomplete = false;
  let settled: Promise<void> | undefined;

  function laneOf(job: string): Lane {
    if (closed) throw lost('This reporter was closed.');
    const known = lanes.get(job);
    if (known) return known;
    const lane = createLane({ job, ask, deliver, outbox, onRefused: (error) => tell(error, job) });
    lanes.set(job, lane);
    return lane;
  }

  function tell(error: Error, job: string): void {
    told.add(error);
    onError?.(error, job);
  }

  /** Nobody need wait for a report: a refusal that nobody hears must not end the program. */
  function handled<A extends [job: string, ...unknown[]]>(report: (...args: A) => Promise<ReportedJob>) {
    return (...args: A): Promise<ReportedJob> => {
      const reply = report(...args);
      reply.catch((error: Error) => told.has(error) || tell(error, args[0]));
      return reply;
    };
  }

  /**
   * After its last report a job needs no lane, unless it was begun anew. Of an attempt that is over, or has not ended, the lane
   * stays: what follows must not be taken for reports on the attempt of another.
   */
  async function end(job: string, size: number, send: Send, attempt?: Attempt): Promise<ReportedJob> {
    const lane = laneOf(job);
    let ended = false;
    try {
      const reply = await lane.end(send, size, attempt);
      ended = true;
      return reply;
    } catch (error) {
      ended = errorCode(error) === 'JOB_FINISHED';
      throw error;
    } finally {
      if (ended && lane.idle && lanes.get(job) === lane) lanes.delete(job);
    }
  }

  const start: ProgressReporter['start'] = async (id, options) =>
    laneOf(id).start(async (signal) => (await ask(startJobMutation, { input: { ...options, id } }, signal)).startJob);

  /** The reports on an attempt; without one, on the latest of each job. */
  function reportsOf(attempt?: Attempt) {
    const report: ProgressReporter['report'] = async (job, stage, progress, message, metadata) => {
      const report = {
        stage,
        ...(progress != null && { progress: fraction(progress) }),
        ...(message != null && { message }),
        ...(metadata != null && { metadata }),
      };
      return laneOf(job).progress(report, attempt);
    };

    const reportOutput: ProgressReporter['reportOutput'] = async (job, text) => laneOf(job).output(text, attempt);

    const reportComplete: ProgressReporter['reportComplete'] = async (job, result, options) => {
      const input = { ...options, job, result };
      const send: Send = async (signal, fence) =>
        (await ask(reportCompleteMutation, { input: { ...input, ...fence } }, signal)).reportComplete;
      return end(job, lengthOf(input), send, attempt);
    };

    const reportFailure: ProgressReporter['reportFailure'] = async (job, error, options) => {
      const input = { ...describeFailure(error), ...options, job };
      const send: Send = async (signal, fence) =>
        (await ask(reportFailureMutation, { input: { ...input, ...fence } }, signal)).reportFailure;
      return end(job, lengthOf(input), send, attempt);
    };

    const reportCancelled: ProgressReporter['reportCancelled'] = async (job) => {
      const send: Send = async (signal, fence) =>
        (await ask(reportCancelledMutation, { input: { job, ...fence } }, signal)).reportCancelled;
      return end(job, 0, send, attempt);
    };

    return {
      report: handled(report),
      reportOutput: handled(reportOutput),
      reportComplete: handled(reportComplete),
      reportFailure: handled(reportFailure),
      reportCancelled: handled(reportCancelled),
    };
  }

  async function deliverAll(): Promise<void> {
    for (const lane of lanes.values()) lane.hurry();
    await Promise.all([...lanes.values()].map((lane) => lane.settled()));
  }

  async function close(timeoutSeconds?: number): Promise<boolean> {
    closed = true;
    settled ??= deliverAll();
    if (timeoutSeconds !== undefined) await within(timeoutSeconds * 1000, settled);
    else await settled;
    incomplete ||= [...lanes.values()].some((lane) => !lane.idle);
    givingUp.abort(lost('The reporter was closed before this was delivered.'));
    await settled;
    return !incomplete;
  }

  const reports = reportsOf();

  return {
    ...reports,
    reportError: reports.reportFailure,
    start: handled(start),
    resume: (job, attempt) => laneOf(job).resume(attempt),
    getStatus: async (id) => (await deliver((signal) => ask(jobQuery, { id }, signal))).job,
    track: createTrack(async (job, options, listener) => {
      const started = handled(start)(job, options);
      const { attempt } = laneOf(job);
      attempt.onAnswer = listener;
      await started;
      return {
        ...reportsOf(attempt),
        beat() {
          if (!closed) laneOf(job).beat(attempt);
        },
      };
    }),
    close: ({ timeoutSeconds } = {}) => close(timeoutSeconds),
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

const lost = (message: string) => new SpacedockError('CONNECTION_LOST', message);

function fraction(progress: number): number {
  if (typeof progress !== 'number' || Number.isNaN(progress)) {
    throw new TypeError(`progress must be a number from 0 to 1, or left out; it is ${progress}`);
  }
  return Math.min(1, Math.max(0, progress));
}
