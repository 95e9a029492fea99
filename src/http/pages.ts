import { globSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { contentType } from 'mime-types';
import send from 'send';
import { Refusal } from '../domain/refusal.ts';
import { pagePolicy } from './headers.ts';
import { sendNoFile } from './respond.ts';

/** Where `npm run build` puts the pages, whether the server runs from source or built. */
const BUILT = join(import.meta.dirname, extname(import.meta.filename) === '.ts' ? '../../dist/web' : '../../web');

/** Everything is our own; the component library puts its styles into the page. */
const POLICY = pagePolicy({
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data: blob:",
  'media-src': "'self' blob:",
  'font-src': "'self'",
  'connect-src': "'self'",
  'form-action': "'self'",
});

/** The web app, under every path that nothing else is at: it knows its own addresses. Nothing is there where it was not built. */
export function createPages(directory = BUILT) {
  const files = new Set(globSync('**/*.*', { cwd: directory }).map((path) => `/${path}`));

  return {
    /** Not one of its files, but the page itself. */
    isPage: (path: string): boolean => !files.has(path),

    /** Whether this answers: a file of the app, or its page for whatever a person opens in a browser. */
    has: ({ headers }: IncomingMessage, path: string): boolean =>
      files.has(path) || (files.has('/index.html') && (headers.accept?.includes('text/html') ?? false)),

    send(request: IncomingMessage, response: ServerResponse, path: string): void {
      const file = files.has(path) ? path : '/index.html';
      if (file === '/index.html') response.setHeader('content-security-policy', POLICY);
      // Named after what is in them.
      const hashed = file.startsWith('/assets/');
      const packed = files.has(`${file}.gz`) && acceptsGzip(request);
      if (files.has(`${file}.gz`)) response.appendHeader('vary', 'Accept-Encoding');
      if (packed) {
        response.setHeader('content-encoding', 'gzip');
        response.setHeader('content-type', contentType(extname(file)) || 'application/octet-stream');
      }
      send(request, packed ? `${file}.gz` : file, {
        root: directory,
        index: false,
        immutable: hashed,
        maxAge: hashed ? '1y' : 0,
      })
        .on('error', (error: Error) => sendNoFile(response, error, new Refusal('NOT_FOUND', `There is no ${path}`)))
        .pipe(response);
    },
  };
}

/** Whatever weight it is given, unless that is none (RFC 9110, 12.5.3). */
const acceptsGzip = ({ headers }: IncomingMessage): boolean =>
  /(^|[\s,])gzip(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(`${headers['accept-encoding'] ?? ''}`);
