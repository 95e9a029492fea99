/** Every code a refusal can carry; the same closed table as `ErrorCode` in schema.graphql. */
export const errorCodes = [
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'CONFLICT',
  'SPACE_NOT_CONNECTED',
  'QUEUE_FULL',
  'INPUT_NOT_ACCEPTED',
  'FILE_TOO_LARGE',
  'FILE_TYPE_NOT_ACCEPTED',
  'PAYLOAD_TOO_LARGE',
  'LEASE_LOST',
  'JOB_FINISHED',
  'OUTPUT_GAP',
  'OUTPUT_TRUNCATED',
  'RATE_LIMITED',
  'QUERY_TOO_COMPLEX',
  'SERVER_DRAINING',
  'INTERNAL_SERVER_ERROR',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface RefusalDetails {
  /** The input field that was refused, as the client wrote it: `input.progress`. */
  field?: string;
  /** The limit that was passed, in the unit the message names. */
  limit?: number;
  /** When trying again may succeed. */
  retryAfterSeconds?: number;
}

/** A domain "no". The only error whose message reaches a client. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly details: RefusalDetails;

  constructor(code: ErrorCode, message: string, details: RefusalDetails = {}) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.details = details;
  }
}

/** Shorthand for input that breaks a documented bound. */
export const badInput = (field: string, message: string, limit?: number): Refusal =>
  new Refusal('BAD_USER_INPUT', `${field}: ${message}`, limit === undefined ? { field } : { field, limit });
