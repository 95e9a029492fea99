import { errorCode, SpacedockError } from './errors.ts';
import { createOutputLog, type OutputLog } from './output-log.ts';
import type { ReportedJob } from './report-queue.ts';

/**
 * One attempt at a job, as who reports on it knows it. After LEASE_LOST it is over: its reports are refused with the same, and none
 * is sent.
 */
export interface Attempt {
  /** Known from a reply, or as it was named. */
  number?: number;
  /** Another reporter began it, which may report under this number, too. */
  readonly shared: boolean;
  readonly log: OutputLog;
  /** Where its output goes on was asked, before the first piece. */
  placed: boolean;
  over?: Error;
  lastReply?: ReportedJob;
  /** Hears every answer to its reports. */
  onAnswer?(answer: ReportedJob | Error): void;
}

/** What a report says of the attempt it belongs to, where that is known. */
export interface Fence {
  attempt?: number;
}

export const createAttempt = (number?: number): Attempt => ({
  ...(number !== undefined && { number }),
  shared: number !== undefined,
  log: createOutputLog(),
  placed: false,
});

/** Sends a report as one of the attempt. Where the server has deleted the job, or lost it, that begins again as attempt 1. */
export async function fenced(own: Attempt, send: (fence: Fence) => Promise<ReportedJob>): Promise<ReportedJob> {
  if (own.over) throw own.over;
  try {
    const reply = await send(own.number === undefined ? {} : { attempt: own.number });
    own.number ??= reply.attempt;
    return reply;
  } catch (error) {
    if (errorCode(error) === 'LEASE_LOST') own.over = error as Error;
    if (!isForgotten(error) || own.shared || own.number === 1) throw error;
    own.number = 1;
    return fenced(own, send);
  }
}

/** The job that the attempt is of is not there any more. */
const isForgotten = (error: unknown): boolean =>
  error instanceof SpacedockError && error.code === 'NOT_FOUND' && error.field === 'input.attempt';
