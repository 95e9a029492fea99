import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, dirname } from 'node:path';
import busboy from 'busboy';
import { create as contentDisposition } from 'content-disposition';
import send from 'send';
import type { StoredFile } from '../domain/job.ts';
import { served } from '../domain/media-type.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import { networkOf } from '../service/network.ts';
import { isSignedIn, requireUpload } from '../service/permissions.ts';
import type { Services } from '../service/services.ts';
import { NoFile } from '../service/storage.ts';
import type { Owner } from '../service/uploads.ts';
import type { Doorkeeper } from './doorkeeper.ts';
import { FILE_HEADERS, PLAYED_HEADERS } from './headers.ts';
import { refuseUnread, sendJson, sendNoFile } from './respond.ts';

/**
 * `POST /files`: one file, as the part `file` of a multipart form, or as the body with `?name=`. Answers its id, to be passed as a
 * `File` by the same viewer. `GET /files/<job>/<file>?expires=…&signature=…`: a file of a job, with Range, for whoever has the link.
 */
export function createFileRoutes({ files, jobs, spaces, draining }: Services, { welcome, hold }: Doorkeeper) {
  async function upload(request: IncomingMessage, url: URL, owner: Owner): Promise<StoredFile> {
    const type = request.headers['content-type'] ?? '';
    if (!type.startsWith('multipart/form-data')) {
      const name = url.searchParams.get('name');
      if (!name) throw badInput('name', 'give ?name=, or send a multipart form with a part named file');
      const length = request.headers['content-length'];
      return files.receive(name, type, request, owner, length === undefined ? null : Number(length));
    }
    return new Promise((resolve, reject) => {
      const form = formOf(request);
      let received: Promise<StoredFile> | null = null;
      form.on('file', (_part, stream, { filename, mimeType }) => {
        received = files.receive(filename ?? 'file', mimeType, stream, owner);
        received.catch((error) => {
          stream.resume();
          reject(error);
        });
      });
      form.on('close', () => {
        if (received) received.then(resolve, reject);
        else reject(badInput('file', 'the form has no file'));
      });
      form.on('error', (error: Error) => reject(badInput('file', error.message)));
      request.on('aborted', () => form.destroy());
      request.pipe(form);
    });
  }

  async function find(job: string, id: string): Promise<StoredFile> {
    const record = await jobs.find(job);
    const input = record && (await jobs.input(record));
    const results = record?.status === 'COMPLETED' ? record.files : [];
    const file = [...(input?.files ?? []), ...results].find((candidate) => candidate.id === id);
    if (!file) throw gone();
    return file;
  }

  return {
    async post(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
      if (draining())
        throw new Refusal('SERVER_DRAINING', 'This server is going away; try again', { retryAfterSeconds: 1 });
      try {
        const asker = await welcome(request, response);
        hold(response, asker);
        const { viewer, address } = asker;
        requireUpload(viewer, await spaces.all());
        // Whoever wants to can be as many visitors as they like: those of one address have one quota.
        const sharer = isSignedIn(viewer) ? viewer.id : `address ${networkOf(address ?? '')}`;
        const { id, name, type, size } = await upload(request, url, { id: viewer.id, sharer });
        sendJson(response, 201, { id, name, type, size });
      } catch (error) {
        // Who went away hears no answer, be it that all of the body had come and was not read yet.
        if (request.destroyed && !request.readableEnded) return;
        if (!(error instanceof Refusal)) throw error;
        refuseUnread(request, response, error);
      }
    },

    async get(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
      const [, , job = '', id = ''] = url.pathname.split('/');
      const search = (name: string) => url.searchParams.get(name) ?? '';
      await files.check(job, id, search('expires'), search('signature'));
      const file = await find(job, id);
      const path = await files.path(job, id).catch((error) => {
        throw error instanceof NoFile ? gone() : error;
      });
      const { type, inline } = served(file.type);
      response.setHeader('content-type', type);
      response.setHeader(
        'content-disposition',
        contentDisposition(file.name, { type: inline ? 'inline' : 'attachment' }),
      );
      response.setHeader('cache-control', 'private, max-age=3600, immutable');
      const headers = inline && /^(audio|video)\//.test(type) ? PLAYED_HEADERS : FILE_HEADERS;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      send(request, basename(path), { root: dirname(path), index: false, cacheControl: false })
        .on('error', (error: Error) => sendNoFile(response, error, gone()))
        .pipe(response);
    },
  };
}

const gone = () => new Refusal('NOT_FOUND', 'This file was deleted with its job');

function formOf(request: IncomingMessage): busboy.Busboy {
  try {
    return busboy({ headers: request.headers, limits: { files: 1, fields: 10 }, defParamCharset: 'utf8' });
  } catch (error) {
    throw badInput('file', (error as Error).message);
  }
}
