import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { Address } from './address.ts';
import type { Credentials } from './credentials.ts';
import { answeredWith, fromGraphQLErrors, SpacedockError, type SpacedockErrorCode } from './errors.ts';
import { operationOf } from './operation.ts';
import type { Payload } from './socket.ts';

/** One query or mutation over HTTP, sent once. Rejects with a SpacedockError, or with the signal's reason. */
export type Ask = <R, V extends Record<string, unknown>>(
  document: TypedDocumentNode<R, V>,
  variables: V,
  signal?: AbortSignal,
) => Promise<R>;

/** How long an answer may take, and longer by what a slow line needs for the question. */
const ANSWER_MS = 30_000;
const SLOW_LINE_CHARACTERS_PER_MS = 16;

/** What a status says whose body is not the API's. Any other is a server, or something before it, that is not there. */
const BY_STATUS: Record<number, SpacedockErrorCode> = {
  400: 'BAD_USER_INPUT',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  429: 'RATE_LIMITED',
};

/** Asks a server with nothing but fetch. What is no JSON is refused with BAD_USER_INPUT before it is sent. */
export function createHttp(address: Address, credentials: Credentials): Ask {
  return async <R, V extends Record<string, unknown>>(
    document: TypedDocumentNode<R, V>,
    variables: V,
    signal?: AbortSignal,
  ) => {
    const body = bodyOf(operationOf(document, variables));
    const headers = {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      ...(await credentials.authorization()),
    };
    const { status, payload } = await post(address.http, { method: 'POST', headers, body }, signal);
    if (payload?.errors?.length) throw fromGraphQLErrors(payload.errors);
    if (payload?.data) return payload.data as R;
    throw answeredWith(address.http, status, BY_STATUS);
  };
}

function bodyOf(operation: object): string {
  try {
    return JSON.stringify(operation);
  } catch (error) {
    throw new SpacedockError('BAD_USER_INPUT', (error as Error).message, { cause: error });
  }
}

async function post(
  url: string,
  init: RequestInit & { body: string },
  signal: AbortSignal | undefined,
): Promise<{ status: number; payload: Payload | undefined }> {
  signal?.throwIfAborted();
  const giveUp = new AbortController();
  const onAbort = () => giveUp.abort();
  signal?.addEventListener('abort', onAbort);
  const timer = setTimeout(onAbort, ANSWER_MS + init.body.length / SLOW_LINE_CHARACTERS_PER_MS);
  try {
    const response = await fetch(url, { ...init, signal: giveUp.signal });
    return { status: response.status, payload: payloadOf(await response.text()) };
  } catch (error) {
    signal?.throwIfAborted();
    const { cause, message } = error as Error;
    const why = giveUp.signal.aborted ? 'it did not answer' : cause instanceof Error ? cause.message : message;
    throw new SpacedockError('CONNECTION_LOST', `Cannot reach ${url}: ${why}`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Undefined where something else than the API answered. */
function payloadOf(text: string): Payload | undefined {
  try {
    const payload: unknown = JSON.parse(text);
    return typeof payload === 'object' && payload !== null ? payload : undefined;
  } catch {
    return undefined;
  }
}
