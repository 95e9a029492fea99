import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type ErrorCode, errorCodes, Refusal } from '../domain/refusal.ts';
import { EngineUnavailable } from '../engine/engine.ts';

/** Characters that GraphQL may use to say what is wrong: it repeats the names and values that are, however long they are. */
const LONGEST_MESSAGE = 1000;

/**
 * A refusal as GraphQL carries it: `extensions` with code, and where they apply field, limit, retryAfterSeconds. `http`: how Yoga is to
 * answer with it.
 */
export const refusalError = (refusal: Refusal, http?: { status: number }): GraphQLError =>
  new GraphQLError(refusal.message, {
    extensions: { code: refusal.code, ...refusal.details, ...(http ? { http } : {}) },
  });

/**
 * What a client may see of an error. Refusals pass; so do the words of GraphQL itself on an operation that is not valid; anything
 * else is `unexpected` and shown as INTERNAL_SERVER_ERROR.
 */
export function maskError(error: unknown, unexpected: (error: unknown) => void): GraphQLFormattedError {
  const cause = original(error);
  const where =
    error instanceof GraphQLError
      ? { ...(error.locations ? { locations: error.locations } : {}), ...(error.path ? { path: error.path } : {}) }
      : {};
  if (cause instanceof Refusal) {
    return { message: cause.message, ...where, extensions: { code: cause.code, ...cause.details } };
  }
  if (cause instanceof EngineUnavailable) {
    return {
      message: 'The storage is away; try again in a moment',
      ...where,
      extensions: { code: 'INTERNAL_SERVER_ERROR', retryAfterSeconds: 2 },
    };
  }
  if (cause === null && error instanceof GraphQLError) {
    const { code, ...rest } = error.extensions;
    return {
      message: bounded(withoutValue(error)),
      ...where,
      extensions: { ...rest, code: known(code) ? code : 'BAD_USER_INPUT' },
    };
  }
  unexpected(cause ?? error);
  return { message: 'Internal server error', ...where, extensions: { code: 'INTERNAL_SERVER_ERROR' } };
}

/**
 * GraphQL shows the whole value of a variable that does not fit, which may be a password or a prompt, and is then found in logs of
 * clients. What is wrong with which part of it is enough.
 */
function withoutValue({ message, originalError }: GraphQLError): string {
  const [, variable] = /^Variable "(\$\w+)" got invalid value /.exec(message) ?? [];
  if (variable === undefined || !originalError) return message;
  const [, where] = / at "([^"]*)"$/.exec(message.slice(0, -`; ${originalError.message}`.length)) ?? [];
  const why = originalError.message.replace(/^(\w+ cannot represent [^:]*): .*$/s, '$1');
  return `Variable "${variable}" got an invalid value${where === undefined ? '' : ` at "${where}"`}; ${why}`;
}

const bounded = (message: string): string =>
  message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE).toWellFormed()}…`;

/** The thrown error behind what GraphQL and others wrapped it in; null where GraphQL itself says it. */
function original(error: unknown): unknown {
  let inner: unknown = error;
  while (inner instanceof GraphQLError) inner = inner.originalError ?? null;
  return inner;
}

const known = (code: unknown): code is ErrorCode => (errorCodes as readonly unknown[]).includes(code);
