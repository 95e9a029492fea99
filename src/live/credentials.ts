import type { IncomingHttpHeaders } from 'node:http';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Config } from '../config.ts';
import { Refusal } from '../domain/refusal.ts';
import { isTrustedOrigin } from './origin.ts';

/** Who is signed in, in a browser. */
export const SESSION_COOKIE = 'spacedock_session';
/** The id of who is not. */
export const VISITOR_COOKIE = 'spacedock_visitor';

/** The token of an `Authorization` header, or of the `authorization` in a ConnectionInit; null without one. */
export function bearerOf(authorization: unknown): string | null {
  if (authorization === undefined || authorization === null || authorization === '') return null;
  const [, token] =
    typeof authorization === 'string' ? (/^Bearer +([\x21-\x7e]{1,8192})$/i.exec(authorization) ?? []) : [];
  if (token !== undefined) return token;
  throw new Refusal('UNAUTHENTICATED', 'authorization: send "Bearer <token>"', { field: 'authorization' });
}

/** What a request brings in its cookies, as far as they count: who is signed in before who is not. */
export function cookieSecrets(headers: IncomingHttpHeaders, config: Config): string[] {
  if (headers.cookie === undefined || !cookiesCount(headers, config)) return [];
  const cookies = parseCookie(headers.cookie);
  return [cookies[SESSION_COOKIE], cookies[VISITOR_COOKIE]].filter((secret) => secret !== undefined);
}

/**
 * A browser sends cookies whoever made it send the request. They count when it says that a page of our own did, or one that an operator
 * has named, or the person at the address bar (https://www.w3.org/TR/fetch-metadata/). A browser too old to say so can be made to send
 * forms from anywhere, so they count with none. Where none count none are given either: nobody is signed in, out or made another visitor
 * by a foreign page.
 */
export function cookiesCount(headers: IncomingHttpHeaders, config: Config): boolean {
  const { origin, host, 'sec-fetch-site': site, 'content-type': type } = headers;
  if (origin !== undefined) return isTrustedOrigin(origin, host, config);
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return !type?.toLowerCase().startsWith('multipart/');
}

/** A Set-Cookie that lasts for so long; 0: that takes it away. */
export const setCookie = (name: string, value: string, maxAgeSeconds: number, secure: boolean): string =>
  stringifySetCookie({ name, value, path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: maxAgeSeconds });
