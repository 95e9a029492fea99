import type { ErrorCode } from './gql/enums.ts';

/**
 * Why something did not work. Beside the server's codes:
 * CONNECTION_LOST: the server could not be reached, or the connection went away before it answered (it may have done what was asked).
 * CANCELLED: somebody cancelled the job.
 * OUTBOX_FULL: more output waits for the server than a progress reporter keeps; what was written is not sent.
 */
export type SpacedockErrorCode = ErrorCode | 'CONNECTION_LOST' | 'CANCELLED' | 'OUTBOX_FULL';

/** What the server's extensions may add to a code. */
export interface ErrorDetails {
  /** The input field that was refused. */
  field?: string;
  /** The limit that was passed, in the unit of the field (bytes, items). */
  limit?: number;
  retryAfterSeconds?: number;
  /** The WebSocket's close code, where a connection was lost. */
  closeCode?: number;
}

/** The one error that the SDK throws for what the server refused, and for a lost connection. */
export class SpacedockError extends Error {
  override readonly name = 'SpacedockError';
  readonly code: SpacedockErrorCode;
  declare readonly field?: string;
  declare readonly limit?: number;
  declare readonly retryAfterSeconds?: number;
  declare readonly closeCode?: number;

  constructor(code: SpacedockErrorCode, message: string, { cause, ...details }: ErrorDetails & ErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, details);
  }
}

/** Codes that say nothing about what was asked: the same may work a moment later. */
const PASSING = new Set<string | undefined>([
  'CONNECTION_LOST',
  'SERVER_DRAINING',
  'INTERNAL_SERVER_ERROR',
  'RATE_LIMITED',
]);

/** Whether trying again is the answer to an error. */
export const isPassing = (error: unknown): error is SpacedockError => PASSING.has(errorCode(error));

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The `extensions` of the first GraphQL error in whatever was thrown or received, or undefined. */
function extensionsOf(error: unknown): Record<string, unknown> | undefined {
  if (Array.isArray(error)) return extensionsOf(error[0]);
  if (!isObject(error)) return undefined;
  if (isObject(error.extensions) && error.extensions.code !== undefined) return error.extensions;
  if (error.networkError instanceof SpacedockError) return { ...error.networkError };
  return extensionsOf(error.graphQLErrors ?? error.errors);
}

/**
 * The code of anything that can come out of a call: a SpacedockError, a GraphQLError, urql's CombinedError, a list of
 * errors as graphql-ws hands it out, or a whole result with `errors`. Undefined where there is none.
 */
export function errorCode(error: unknown): string | undefined {
  if (error instanceof SpacedockError) return error.code;
  const code = extensionsOf(error)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** An answer that is not the API's: from something before the server, or from a server that is not there. */
export function answeredWith(
  url: string,
  status: number,
  byStatus: Record<number, SpacedockErrorCode>,
): SpacedockError {
  const code = byStatus[status] ?? 'CONNECTION_LOST';
  const advice = code === 'UNAUTHENTICATED' ? ': sign in, or use another token' : '';
  return new SpacedockError(code, `${url} answered with ${status}${advice}.`);
}

/** The errors of a GraphQL response as one SpacedockError: the first decides, and its message is the server's. */
export function fromGraphQLErrors(errors: readonly { message: string; extensions?: unknown }[]): SpacedockError {
  const { code, field, limit, retryAfterSeconds } = extensionsOf(errors) ?? {};
  return new SpacedockError(
    (typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR') as SpacedockErrorCode,
    errors[0]?.message ?? 'The server sent an error without a message.',
    {
      ...(typeof field === 'string' && { field }),
      ...(typeof limit === 'number' && { limit }),
      ...(typeof retryAfterSeconds === 'number' && { retryAfterSeconds }),
    },
  );
}
