import { SpacedockError } from './errors.ts';
import type { Json } from './json.ts';

/** What a handler may say of its failure beside the message. */
export interface JobFailureDetails {
  /** Shown to the submitter as `error.code`. @default 'APP_ERROR' */
  code?: string;
  /** Whether another attempt may succeed: the server tries again while attempts remain. @default false */
  retryable?: boolean;
  /** The stage that failed. */
  stage?: string;
  metadata?: Json;
}

/** Thrown by a handler to fail its job with a code of its own, or retryably. Its message is shown to the submitter. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
  readonly details: JobFailureDetails;

  constructor(message: string, details: JobFailureDetails = {}) {
    super(message);
    this.details = details;
  }
}

/** Characters of an error that are reported; a server accepts some kilobytes. */
const ERROR_LENGTH = 2000;

/** A failure as it is reported: whatever was thrown, in words, with the code it has. The server's default is APP_ERROR. */
export function describeFailure(thrown: unknown): JobFailureDetails & { error: string } {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const details = error instanceof JobFailure ? error.details : {};
  const text = (error.message || error.name).slice(0, ERROR_LENGTH).toWellFormed();
  return { ...(error instanceof SpacedockError && { code: error.code }), ...details, error: text };
}
