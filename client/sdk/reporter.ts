import { parseAddress } from './address.ts';
import { createDelivery } from './delivery.ts';
import {
  jobQuery,
  reportCancelledMutation,
  reportCompleteMutation,
  reportFailureMutation,
  startJobMutation,
} from './documents.ts';
import { SpacedockError } from './errors.ts';
import { describeFailure } from './failure.ts';
import { createHttp } from './http.ts';
import { createLane, type Lane, lengthOf, type Outbox, type Send } from './report-lane.ts';
import type { ReportedJob } from './report-queue.ts';
import type { ProgressReporter, ProgressReporterOptions } from './reporter-options.ts';
import { within } from './timing.ts';
import { createTrack, type Listener } from './track.ts';

const OUTBOX_CHARACTERS = 4_000_000;

/** Reports on tracked jobs over HTTP, with nothing but fetch. Throws a TypeError when `url` is not an address. */
export function createProgressReporter(options: ProgressReporterOptions): ProgressReporter {
  const { url, token, onError, outboxCharacters = OUTBOX_CHARACTERS } = options;
  const ask = createHttp(parseAddress(url), token);
  const givingUp = new AbortController();
  const deliver = createDelivery(givingUp.signal);
  const outbox: Outbox = { size: 0, limit: outboxCharacters };
  const lanes = new Map<string, Lane>();
  const listeners = new Map<string, Set<Listener>>();
  /** Of many reports that became one, the refusal is one, too. */
  const told = new WeakSet<Error>();
  let closed = false;
  let incomplete = false;
  let settled: Promise<void> | undefined;

  function laneOf(job: string): Lane {
    if (closed) throw lost('This reporter was closed.');
    const known = lanes.get(job);
    if (known) return known;
    const onAnswer = (answer: ReportedJob | Error) => {
      for (const hear of listeners.get(job) ?? []) hear(answer);
      if (answer instanceof Error) tell(answer, job);
    };
    const lane = createLane({ job, ask, deliver, outbox, onAnswer });
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

  /** After its last report a job needs no lane, unless it was begun anew. */
  async function end(job: string, size: number, send: Send): Promise<ReportedJob> {
    const lane = laneOf(job);
    try {
      return await lane.end(send, size);
    } finally {
      if (lane.idle && lanes.get(job) === lane) lanes.delete(job);
    }
  }

  const start: ProgressReporter['start'] = async (id, options) =>
    laneOf(id).start(async (signal) => (await ask(startJobMutation, { input: { ...options, id } }, signal)).startJob);

  const report: ProgressReporter['report'] = async (job, stage, progress, message, metadata) =>
    laneOf(job).progress({
      stage,
      ...(progress != null && { progress: fraction(progress) }),
      ...(message != null && { message }),
      ...(metadata != null && { metadata }),
    });

  const reportComplete: ProgressReporter['reportComplete'] = async (job, result, options) => {
    const input = { ...options, job, result };
    return end(
      job,
      lengthOf(input),
      async (signal) => (await ask(reportCompleteMutation, { input }, signal)).reportComplete,
    );
  };

  const reportFailure: ProgressReporter['reportFailure'] = async (job, error, options) => {
    const input = { ...describeFailure(error), ...options, job };
    return end(
      job,
      lengthOf(input),
      async (signal) => (await ask(reportFailureMutation, { input }, signal)).reportFailure,
    );
  };

  const reportCancelled: ProgressReporter['reportCancelled'] = async (job) =>
    end(job, 0, async (signal) => (await ask(reportCancelledMutation, { input: { job } }, signal)).reportCancelled);

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

  const basic = {
    start: handled(start),
    report: handled(report),
    reportOutput: handled(async (job: string, text: string) => laneOf(job).output(text)),
    reportComplete: handled(reportComplete),
    reportFailure: handled(reportFailure),
    reportError: handled(reportFailure),
    reportCancelled: handled(reportCancelled),
  };

  return {
    ...basic,
    getStatus: async (id) => (await deliver((signal) => ask(jobQuery, { id }, signal))).job,
    track: createTrack({
      ...basic,
      beat(job) {
        if (!closed) laneOf(job).beat();
      },
      listen(job, listener) {
        const hearing = listeners.get(job) ?? new Set();
        listeners.set(job, hearing.add(listener));
        return () => {
          hearing.delete(listener);
          if (hearing.size === 0) listeners.delete(job);
        };
      },
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
