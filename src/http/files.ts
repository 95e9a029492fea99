import type { IncomingMessage, ServerResponse } from 'node:http';
import busboy from 'busboy';
import { create as contentDisposition } from 'content-disposition';
import send from 'send';
import type { StoredFile } from '../domain/job.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import type { Services } from '../service/services.ts';
import { FILE_HEADERS } from './headers.ts';
import { refuseUnread, sendJson, sendRefusal } from './respond.ts';

/**
 * `POST /files`: one file, as the part `file` of a multipart form, or as the body with `?name=`. Answers its id, to be passed as a
 * `File`. `GET /files/<job>/<file>?expires=…&signature=…`: a file of a job, with Range.
 */
export function createFileRoutes({ files, jobs, draining }: Services) {
  async function upload(request: IncomingMessage, url: URL): Promise<StoredFile> {
    const type = request.headers['content-type'] ?? '';
    if (!type.startsWith('multipart/form-data')) {
      const name = url.searchParams.get('name');
      if (!name) throw badInput('name', 'give ?name=, or send a multipart form with a part named file');
      return files.receive(name, type, request);
    }
    return new Promise((resolve, reject) => {
      const form = formOf(request);
      let received: Promise<StoredFile> | null = null;
      form.on('file', (_part, stream, { filename, mimeType }) => {
        received = files.receive(filename ?? 'file', mimeType, stream);
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
    if (!file) throw new Refusal('NOT_FOUND', 'This file was deleted with its job');
    return file;
  }

  return {
    async post(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
      if (draining())
        throw new Refusal('SERVER_DRAINING', 'This server is going away; try again', { retryAfterSeconds: 1 });
      try {
        const { id, name, type, size } = await upload(request, url);
        sendJson(response, 201, { id, name, type, size });
      } catch (error) {
        // Who went away in the middle hears no answer.
        if (request.destroyed && !request.complete) return;
        if (!(error instanceof Refusal)) throw error;
        refuseUnread(request, response, error);
      }
    },

    async get(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
      const [, , job = '', id = ''] = url.pathname.split('/');
      const key = await files.open(
        job,
        id,
        url.searchParams.get('expires') ?? '',
        url.searchParams.get('signature') ?? '',
      );
      const file = await find(job, id);
      response.setHeader('content-type', file.type);
      response.setHeader('content-disposition', contentDisposition(file.name));
      response.setHeader('cache-control', 'private, max-age=3600, immutable');
      for (const [name, value] of Object.entries(FILE_HEADERS)) response.setHeader(name, value);
      send(request, key, { root: files.directory, dotfiles: 'allow', index: false, cacheControl: false })
        .on('error', (error: Error & { status?: number }) => {
          if (response.headersSent) response.destroy();
          else if (error.status === 416) response.writeHead(416, { 'content-range': `bytes */${file.size}` }).end();
          else sendRefusal(response, new Refusal('NOT_FOUND', 'This file was deleted with its job'));
        })
        .pipe(response);
    },
  };
}

function formOf(request: IncomingMessage): busboy.Busboy {
  try {
    return busboy({ headers: request.headers, limits: { files: 1, fields: 10 }, defParamCharset: 'utf8' });
  } catch (error) {
    throw badInput('file', (error as Error).message);
  }
}
