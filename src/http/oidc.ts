import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseCookie, stringifySetCookie } from 'cookie';
import { Refusal } from '../domain/refusal.ts';
import { EngineUnavailable } from '../engine/engine.ts';
import type { Services } from '../service/services.ts';
import type { Doorkeeper } from './doorkeeper.ts';
import { sendRefusal, sendText, statusOf } from './respond.ts';

const PATH = '/login/oidc';
/** Before the state: several windows may be signing in at a time. */
const COOKIE = 'spacedock_oidc_';
/** Who begins more than this without coming back loses the others. */
const MAX_PENDING = 5;

/** `GET /login/oidc?return=/path`: to the issuer. `GET /login/oidc/callback`: back from it, signed in, and to the path. */
export function createOidcRoutes({ codeFlow }: Pick<Services, 'codeFlow'>, doorkeeper: Doorkeeper) {
  /** As browsers see it: a proxy may have put something before it. */
  const path = codeFlow === null ? PATH : new URL(codeFlow.url).pathname;

  /** Sent here alone, and to no script. Lax: coming back from the issuer, a browser must bring it along. */
  function remember(response: ServerResponse, name: string, value: string, maxAge: number): void {
    const cookie = {
      name,
      value,
      path,
      httpOnly: true,
      sameSite: 'lax',
      secure: doorkeeper.isSecure(response.req),
      maxAge,
    } as const;
    response.appendHeader('set-cookie', stringifySetCookie(cookie));
  }

  function go(response: ServerResponse, location: string): void {
    response.writeHead(303, { location }).end();
  }

  async function begin(
    flow: NonNullable<typeof codeFlow>,
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
  ) {
    const { location, state, pending, seconds } = await flow.begin(url.searchParams.get('return') ?? '/');
    const others = Object.keys(parseCookie(request.headers.cookie ?? '')).filter((name) => name.startsWith(COOKIE));
    if (others.length >= MAX_PENDING) for (const name of others) remember(response, name, '', 0);
    remember(response, cookieOf(state), pending, seconds);
    go(response, location);
  }

  async function finish(
    flow: NonNullable<typeof codeFlow>,
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
  ) {
    const name = cookieOf(url.searchParams.get('state') ?? '');
    const pending = parseCookie(request.headers.cookie ?? '')[name] ?? null;
    if (pending !== null) remember(response, name, '', 0);
    const { secret, expiresAt, location } = await flow.finish(pending, url.searchParams, doorkeeper.addressOf(request));
    doorkeeper.signedIn(response, secret, expiresAt);
    go(response, location);
  }

  return {
    /** Whether the path is one of these. */
    has: (path: string): boolean => path === PATH || path === `${PATH}/callback`,

    async get(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
      response.setHeader('cache-control', 'no-store');
      // The address has the code in it.
      response.setHeader('referrer-policy', 'no-referrer');
      try {
        if (codeFlow === null) {
          throw new Refusal('NOT_FOUND', 'No issuer signs browsers in here; an operator can set OIDC_CLIENT_ID');
        }
        // A look ahead (HEAD) must not use up what the visit needs.
        if (request.method !== 'GET') throw new Refusal('NOT_FOUND', `There is no ${request.method} ${url.pathname}`);
        if (url.pathname === PATH) await begin(codeFlow, request, response, url);
        else await finish(codeFlow, request, response, url);
      } catch (error) {
        const refusal = refusalOf(error);
        if (request.headers.accept?.includes('text/html')) sendPage(response, refusal, codeFlow?.url ?? null);
        else sendRefusal(response, refusal);
      }
    },
  };
}

const cookieOf = (state: string): string => `${COOKIE}${state.slice(0, 8)}`;

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (!(error instanceof EngineUnavailable)) throw error;
  return new Refusal('INTERNAL_SERVER_ERROR', 'The storage is away; try again in a moment', { retryAfterSeconds: 2 });
}

function sendPage(response: ServerResponse, refusal: Refusal, again: string | null): void {
  const { retryAfterSeconds } = refusal.details;
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', Math.ceil(retryAfterSeconds));
  const link = again === null ? '' : `<p><a href="${escaped(again)}">Sign in again</a></p>`;
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Not signed in</title><h1>Not signed in</h1><p>${escaped(refusal.message)}</p><p><code>${refusal.code}</code></p>${link}</html>\n`;
  sendText(response, statusOf(refusal), 'text/html; charset=utf-8', page);
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
