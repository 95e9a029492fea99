import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { type Answer, type ApiError, createFlow, type Flow } from './flow.ts';
import type { TestServer } from './server.ts';

/** A document with its types, or a text whose answer the caller knows. */
export type Query<R, V> = TypedDocumentNode<R, V> | string;

export const textOf = <R, V>(query: Query<R, V>): string => (typeof query === 'string' ? query : print(query));

export interface HttpAnswer<T> extends Answer<T> {
  status: number;
  headers: Headers;
}

type Address = Pick<TestServer, 'graphql'>;

/** One query or mutation over HTTP. */
export async function post<R, V = Record<string, unknown>>(
  server: Address,
  query: Query<R, V>,
  variables?: V,
  headers: Record<string, string> = {},
): Promise<HttpAnswer<R>> {
  return postBody<R>(server, JSON.stringify({ query: textOf(query), variables }), {
    'content-type': 'application/json',
    ...headers,
  });
}

/** Any body: what a broken client would send. */
export async function postBody<R>(
  server: Address,
  body: string | FormData,
  headers: Record<string, string> = {},
): Promise<HttpAnswer<R>> {
  const response = await fetch(server.graphql, {
    method: 'POST',
    body,
    headers: { accept: 'application/graphql-response+json, application/json', ...headers },
  });
  return { ...(await answerOf<R>(response)), status: response.status, headers: response.headers };
}

export async function answerOf<R>(response: Response): Promise<Answer<R>> {
  const { data = null, errors = [] } = (await response.json()) as { data?: R | null; errors?: ApiError[] };
  return { data, errors };
}

/** One query or mutation that must succeed. */
export async function ask<R, V = Record<string, unknown>>(
  server: Address,
  query: Query<R, V>,
  variables?: V,
): Promise<R> {
  const { data, errors } = await post(server, query, variables);
  if (!data || errors.length > 0) throw new Error(`Refused: ${JSON.stringify(errors)}`);
  return data;
}

/** A mutation with its files beside it, as the GraphQL multipart request specification has it; `files` by variable path. */
export function multipart(query: string, variables: Record<string, unknown>, files: Record<string, File>): FormData {
  const form = new FormData();
  const paths = Object.keys(files);
  form.set('operations', JSON.stringify({ query, variables }));
  form.set('map', JSON.stringify(Object.fromEntries(paths.map((path, n) => [n, [`variables.${path}`]]))));
  for (const [n, path] of paths.entries()) form.set(`${n}`, files[path]!);
  return form;
}

/** A subscription over Server-Sent Events. Rejects with the answer when there is no stream. */
export async function sse<T, V = Record<string, unknown>>(
  server: Address,
  query: Query<Record<string, T>, V>,
  variables?: V,
  headers: Record<string, string> = {},
): Promise<Flow<T>> {
  const stopping = new AbortController();
  const response = await fetch(server.graphql, {
    method: 'POST',
    body: JSON.stringify({ query: textOf(query), variables }),
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    signal: stopping.signal,
  });
  const { flow, push, end, lose, comment } = createFlow<T>(() => stopping.abort());
  if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
    end((await answerOf<T>(response)).errors);
    return flow;
  }

  function take(line: string): void {
    if (line.startsWith(':')) comment();
    else if (line.startsWith('data:') && line.length > 6) push(JSON.parse(line.slice(5)));
    else if (line === 'event: complete') end('complete');
  }

  // Yoga writes an event's data in one line.
  async function read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body) {
      const lines = (text + decoder.decode(chunk, { stream: true })).split('\n');
      text = lines.pop()!;
      lines.forEach(take);
    }
    lose(new Error('The stream was cut'));
  }
  read(response.body).catch((error) => lose(error as Error));
  return flow;
}
