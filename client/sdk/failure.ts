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
