import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, Refusal } from '../domain/refusal.ts';

const STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  FILE_TOO_LARGE: 413,
  PAYLOAD_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  SERVER_DRAINING: 503,
  INTERNAL_SERVER_ERROR: 500,
};

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, JSON_HEADERS);
  response.end(text);
}

function noteRetry(response: ServerResponse, { details: { retryAfterSeconds } }: Refusal): void {
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', Math.ceil(retryAfterSeconds));
}

/** The same shape as a GraphQL answer, so that a client reads all refusals alike. */
export function sendRefusal(response: ServerResponse, refusal: Refusal, status?: number): void {
  noteRetry(response, refusal);
  sendJson(response, status ?? statusOf(refusal), bodyOf(refusal));
}

/** The same on a connection that was to become a WebSocket, where there is no response to answer with. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal, headers: Record<string, string>): void {
  const body = JSON.stringify(bodyOf(refusal));
  const { retryAfterSeconds } = refusal.details;
  const all: Record<string, string | number> = {
    ...headers,
    ...JSON_HEADERS,
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': Math.ceil(retryAfterSeconds) }),
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const status = statusOf(refusal);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`];
  for (const [name, value] of Object.entries(all)) head.push(`${name}: ${value}`);
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/** What passes by itself is no failure of the server. */
export const statusOf = ({ code, details }: Refusal): number =>
  code === 'INTERNAL_SERVER_ERROR' && details.retryAfterSeconds !== undefined ? 503 : (STATUS[code] ?? 400);
const bodyOf = ({ code, details, message }: Refusal) => ({ errors: [{ message, extensions: { code, ...details } }] });

/** Why `send` gave no file. `missing`: what is to be said of one that is not there. */
export function sendNoFile(response: ServerResponse, { status }: Error & { status?: number }, missing: Refusal): void {
  if (response.headersSent) response.destroy();
  // The range that there is stands in a header.
  else if (status === 416) response.writeHead(416).end();
  else if (status === 412)
    sendRefusal(response, new Refusal('BAD_USER_INPUT', 'If-Match or If-Unmodified-Since does not hold'), 412);
  else sendRefusal(response, missing);
}

/** How much of a refused body is still taken, how long, and how long nothing of it may come. */
const LINGER_BYTES = 64 * 1024 * 1024;
const LINGER_MS = 30_000;
const LINGER_IDLE_MS = 2000;

/**
 * Refuses a request without reading its body, and closes the connection. The answer goes out at once; what is still on its way is taken
 * and dropped before the end, within bounds: a client that is cut off while it sends never reads why (RFC 9112, 9.6).
 */
export function refuseUnread(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const text = Buffer.from(JSON.stringify(bodyOf(refusal)));
  noteRetry(response, refusal);
  response.writeHead(statusOf(refusal), { ...JSON_HEADERS, 'content-length': text.length, connection: 'close' });
  response.write(text);
  let [taken, seen] = [0, -1];
  const idle = setInterval(() => {
    if (taken === seen) end();
    seen = taken;
  }, LINGER_IDLE_MS);
  const whole = setTimeout(end, LINGER_MS);
  function end(): void {
    clearInterval(idle);
    clearTimeout(whole);
    response.end();
  }
  request.on('data', (chunk: Buffer) => {
    taken += chunk.length;
    if (taken > LINGER_BYTES) end();
  });
  request.once('end', end);
  response.once('close', end);
  if (request.readableEnded) end();
  else request.resume();
}

export function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(text);
}
