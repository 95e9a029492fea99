import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiError } from './flow.ts';
import type { TestServer } from './server.ts';

/** What `POST /files` answers. */
export interface Uploaded {
  status: number;
  id: string;
  name: string;
  type: string;
  size: number;
  errors?: ApiError[];
}

/** A picture: one grey pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

type Address = Pick<TestServer, 'url'>;

async function answered(response: Response): Promise<Uploaded> {
  return { ...((await response.json()) as Uploaded), status: response.status };
}

/** Sends a file as the body of a request. */
export async function upload({ url }: Address, content: string | BodyInit, name = 'note.txt'): Promise<Uploaded> {
  // Of a text, fetch would say itself that it is one.
  const body = typeof content === 'string' ? Buffer.from(content) : content;
  const query = name ? `?name=${encodeURIComponent(name)}` : '';
  return answered(await fetch(`${url}/files${query}`, { method: 'POST', body, duplex: 'half' } as RequestInit));
}

/** Sends a file as the part `file` of a form. */
export async function uploadForm({ url }: Address, body: BlobPart, name = 'note.txt', type = ''): Promise<Uploaded> {
  const form = new FormData();
  form.set('file', new File([body], name, { type }));
  return answered(await fetch(`${url}/files`, { method: 'POST', body: form }));
}

/** Everything that lies where the server keeps files, as paths from there. */
export async function stored({ config, dataDir }: TestServer): Promise<string[]> {
  const root = config.filesUrl ? new URL(config.filesUrl).pathname : join(dataDir, 'files');
  const found = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}
