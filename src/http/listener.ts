import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Refusal } from '../domain/refusal.ts';
import { sendRefusal } from './respond.ts';

export interface ListenerOptions {
  /** A request of which the headers are not whole within this is cut off, as is a connection that asks for nothing. @default 60000 */
  headersMs?: number;
  /** A body of which nothing comes for so long is cut off. @default 60000 */
  idleMs?: number;
  /** A body that brings no file must be whole within this. @default 300000 */
  wholeMs?: number;
}

/**
 * Node's HTTP server, with two of its habits changed. It limits the time of whole requests; here uploads take as long as they need,
 * while they go on. And it takes every `Upgrade` for a request to change the protocol; whoever offers another one than WebSocket (h2c) is
 * served as if he had not (RFC 9110, 7.8).
 */
export function createListener(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  { headersMs = 60_000, idleMs = 60_000, wholeMs = 300_000 }: ListenerOptions = {},
): Server {
  const options = {
    requestTimeout: 0,
    headersTimeout: headersMs,
    connectionsCheckingInterval: Math.min(headersMs, 10_000),
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
  };
  return createServer(options, (request, response) => {
    if (hasBody(request)) limitBody(request, response, idleMs, bringsFile(request) ? null : wholeMs);
    handle(request, response);
  });
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const bringsFile = ({ url, headers }: IncomingMessage): boolean =>
  /^\/files\b/.test(url ?? '') || /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');

function limitBody(request: IncomingMessage, response: ServerResponse, idleMs: number, wholeMs: number | null): void {
  const { socket } = request;
  let seen = socket.bytesRead;
  const idle = setInterval(() => {
    if (socket.bytesRead === seen) cut(`Nothing of the body came for ${idleMs / 1000} s`);
    seen = socket.bytesRead;
  }, idleMs);
  const whole = wholeMs === null ? undefined : setTimeout(() => cut(`The body took over ${wholeMs / 1000} s`), wholeMs);

  function done(): void {
    clearInterval(idle);
    clearTimeout(whole);
    socket.off('close', done);
  }
  function cut(why: string): void {
    done();
    if (request.complete) return;
    if (response.headersSent) {
      request.destroy();
      return;
    }
    response.setHeader('connection', 'close');
    response.once('finish', () => request.destroy());
    sendRefusal(response, new Refusal('BAD_USER_INPUT', `${why}; send it again`), 408);
  }
  request.once('end', done);
  request.once('close', done);
  // Of a request that was answered before its body broke off, nothing more is heard.
  socket.once('close', done);
}
