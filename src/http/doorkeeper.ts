import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../config.ts';
import type { Instant } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Asker } from '../graphql/context.ts';
import {
  bearerOf,
  cookieSecrets,
  cookiesCount,
  SESSION_COOKIE,
  setCookie,
  VISITOR_COOKIE,
} from '../live/credentials.ts';
import { denied, isAdmin, isSignedIn } from '../service/permissions.ts';
import type { Services } from '../service/services.ts';
import { SESSION_SECRET } from '../service/sessions.ts';
import type { ClientAddress } from './client-address.ts';

export type Doorkeeper = ReturnType<typeof createDoorkeeper>;

const VISITOR_SECONDS = 365 * 86_400;

/**
 * Cookies are of a whole browser: a page of it may be shown to somebody who has left, or to a visitor who has signed in elsewhere. One
 * that says whom it is shown to, by their id or as `visitor`, does nothing in the name of anybody else.
 */
function requireExpected({ 'spacedock-viewer': expected }: IncomingHttpHeaders, viewer: Viewer): void {
  if (expected === undefined || expected === (isSignedIn(viewer) ? viewer.id : 'visitor')) return;
  throw new Refusal('UNAUTHENTICATED', 'Somebody else is signed in by now, or nobody is: load the page again');
}

/** Who comes over HTTP, and how a browser remembers it. */
export function createDoorkeeper(
  { engine, identity, rates }: Pick<Services, 'engine' | 'identity' | 'rates'>,
  { addressOf, isHttps }: ClientAddress,
  config: Config,
) {
  const secrets = new WeakMap<Asker, string>();
  /** Whether cookies are for https alone. */
  const isSecure = (request: IncomingMessage): boolean =>
    (config.publicUrl?.startsWith('https:') ?? false) || isHttps(request);

  const remember = (response: ServerResponse, name: string, value: string, seconds: number) =>
    response.appendHeader('set-cookie', setCookie(name, value, seconds, isSecure(response.req)));

  const signedIn = (response: ServerResponse, session: string, expiresAt: Instant) =>
    remember(response, SESSION_COOKIE, session, Math.ceil((expiresAt - engine.now()) / 1000));

  /** Null: it is gone already. */
  const whence = (request: IncomingMessage): string | null => addressOf(request) || null;

  async function brought(headers: IncomingHttpHeaders) {
    const bearer = bearerOf(headers.authorization);
    const cookies = bearer === null ? cookieSecrets(headers, config) : [];
    return { ...(await identity.welcome({ bearer, cookies })), cookies };
  }

  return {
    isSecure,
    addressOf: whence,

    /** A browser that has signed in. */
    signedIn,

    /** For what only administrators are shown: UNAUTHENTICATED, or FORBIDDEN, to everybody else. */
    async requireAdmin({ headers }: IncomingMessage, what: string): Promise<void> {
      const { viewer } = await brought(headers);
      if (!isAdmin(viewer)) throw denied(viewer, what);
    },

    /**
     * By the Authorization header, or a cookie that counts; else a visitor, who is given one. UNAUTHENTICATED: the header is nobody's,
     * or somebody else is expected.
     * RATE_LIMITED: they ask for more than they may.
     */
    async welcome(request: IncomingMessage, response: ServerResponse): Promise<Asker> {
      const { headers } = request;
      const { viewer, secret, fresh, cookies } = await brought(headers);
      requireExpected(headers, viewer);
      const address = whence(request);
      rates.operation(viewer, address);
      const counts = cookiesCount(headers, config);
      if (counts && fresh !== null) remember(response, VISITOR_COOKIE, fresh, VISITOR_SECONDS);
      // A session that is over is not asked about again.
      const over = cookies.find((one) => one !== secret && SESSION_SECRET.test(one));
      if (over !== undefined) remember(response, SESSION_COOKIE, '', 0);
      const asker: Asker = {
        viewer,
        address,
        link: null,
        cookie: counts
          ? {
              set: (session, expiresAt) => void signedIn(response, session, expiresAt),
              clear: () => void remember(response, SESSION_COOKIE, '', 0),
            }
          : null,
      };
      if (secret !== null) secrets.set(asker, secret);
      return asker;
    },

    /**
     * Cuts what is on its way, a body or a stream of events, when what it was asked with is worth nothing any more.
     * @returns not from here on
     */
    hold(response: ServerResponse, asker: Asker): () => void {
      const secret = secrets.get(asker);
      if (secret === undefined) return () => undefined;
      const release = identity.hold(secret, asker.viewer, () => response.destroy());
      response.once('close', release);
      return release;
    },
  };
}
