import type { Address } from './address.ts';
import { type Identify, identified } from './credentials.ts';
import { answeredWith, fromGraphQLErrors, SpacedockError, type SpacedockErrorCode } from './errors.ts';

/** A file to send: the path of a local file (Node only), or its name and content. `type` is its MIME type. */
export type UploadSource = string | { name: string; type?: string; data: Blob | Uint8Array | string };

/** With what files go to and from a server. */
export interface FileAccess {
  address: Address;
  signal: AbortSignal | undefined;
  fetch?: typeof fetch;
}

/** What a status without a body of ours says. Any other is a server, or something before it, that is not there. */
const BY_STATUS: Record<number, SpacedockErrorCode> = {
  400: 'BAD_USER_INPUT',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  410: 'NOT_FOUND',
  413: 'FILE_TOO_LARGE',
  415: 'FILE_TYPE_NOT_ACCEPTED',
  429: 'RATE_LIMITED',
  500: 'INTERNAL_SERVER_ERROR',
};

/** Sends a file once and returns its id. Rejects with a SpacedockError. */
export async function upload(
  { address, identify, signal }: FileAccess & { identify: Identify },
  source: UploadSource,
): Promise<string> {
  const { name, blob } = await part(source);
  const body = new FormData();
  body.append('file', blob, name);
  const init = { method: 'POST', body, signal, ...identified(await identify()) };
  const response = await answer(`${address.base}/files`, init);
  const { id } = (await response.json()) as { id: string };
  return id;
}

/** Opens a stored file. Rejects with a SpacedockError. No token goes along: the link is signed, and may lead to another host. */
export async function download({ address, signal }: FileAccess, url: string): Promise<Response> {
  return answer(address.resolve(url), { signal });
}

async function part(source: UploadSource): Promise<{ name: string; blob: Blob }> {
  if (typeof source !== 'string') {
    const { name, type, data } = source;
    return { name, blob: new Blob([data as BlobPart], type === undefined ? {} : { type }) };
  }
  const { openAsBlob } = process.getBuiltinModule('node:fs');
  const { basename } = process.getBuiltinModule('node:path');
  return { name: basename(source), blob: await openAsBlob(source) };
}

async function answer(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((error: Error) => {
    if (init.signal?.aborted) throw init.signal.reason;
    const cause = error.cause instanceof Error ? error.cause.message : error.message;
    throw new SpacedockError('CONNECTION_LOST', `Cannot reach ${url}: ${cause}`, { cause: error });
  });
  if (response.ok) return response;
  const body = (await response.json().catch(() => undefined)) as { errors?: { message: string }[] } | undefined;
  if (body?.errors?.length) throw fromGraphQLErrors(body.errors);
  throw answeredWith(url, response.status, BY_STATUS);
}
