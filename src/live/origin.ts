import { type Config, isLoopback, LOCAL } from '../config.ts';

/**
 * Why a request may not talk to the server, on any transport; null if it may. Pages are judged by their origin, and while bound to
 * loopback every request by its host: a foreign name can be made to point at 127.0.0.1 (DNS rebinding), and a page of that name
 * reads what it gets from there as its own, without an Origin header.
 */
export function refusedFor({ origin, host }: { origin?: string; host?: string }, config: Config): string | null {
  if (origin === 'null') {
    return 'Origin null is that of a page from a file or in a sandboxed frame, which no setting can name: serve the page over http, or give its frame allow-same-origin';
  }
  if (!originAllowed(origin, host, config)) {
    return `Origin ${origin?.slice(0, 200)} is not allowed; an operator can add it to ALLOWED_ORIGINS`;
  }
  if (!hostAllowed(host, config)) {
    return `Host ${host?.slice(0, 200)} is not allowed; an operator can set PUBLIC_URL to the address that people use`;
  }
  return null;
}

/** No origin: not a page, or a page's own server. That one is allowed, and what the configuration names. */
function originAllowed(origin: string | undefined, host: string | undefined, config: Config): boolean {
  if (origin === undefined) return true;
  if (config.allowedOrigins?.includes('*') || isTrustedOrigin(origin, host, config)) return true;
  return !config.allowedOrigins && isLoopback(config.host) && LOCAL.has(URL.parse(origin)?.hostname ?? '');
}

/**
 * Of a page that this server is the server of, or that an operator has named: who is signed in is signed in there, too. While bound to
 * loopback pages of any localhost may use the API, but as visitors: to a browser all ports of a host are one site, whoever listens there.
 */
export function isTrustedOrigin(origin: string, host: string | undefined, config: Config): boolean {
  const url = URL.parse(origin);
  if (!url) return false;
  const open = config.publicUrl === null ? null : new URL(config.publicUrl);
  if (url.origin === open?.origin || config.allowedOrigins?.includes(url.origin)) return true;
  // Of the public address only as it is named, http or https.
  return url.host === host && host !== open?.host;
}

/** While bound to loopback: this machine, or what the configuration names. */
function hostAllowed(host: string | undefined, config: Config): boolean {
  if (host === undefined || !isLoopback(config.host)) return true;
  const named = URL.parse(`http://${host}`)?.hostname;
  if (named === undefined) return false;
  if (isLoopback(named)) return true;
  return [config.publicUrl ?? [], config.allowedOrigins ?? []]
    .flat()
    .some((known) => known === '*' || new URL(known).hostname === named);
}
