import type { ServerResponse } from 'node:http';
import type { ErrorCode, Refusal } from '../domain/refusal.ts';

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

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(text);
}

/** The same shape as a GraphQL answer, so that a client reads all refusals alike. */
export function sendRefusal(response: ServerResponse, refusal: Refusal, status?: number): void {
  const { code, details, message } = refusal;
  sendJson(response, status ?? STATUS[code] ?? 400, { errors: [{ message, extensions: { code, ...details } }] });
}

export function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(text);
}
