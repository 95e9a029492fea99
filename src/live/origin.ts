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
  if (config.allowedOrigins?.includes('*') || isOwnOrigin(origin, host, config)) return true;
  return config.allowedOrigins?.includes(URL.parse(origin)?.origin ?? '') ?? false;
}

/** Of a page that this server is the server of; while bound to loopback, unless the configuration says more, of any localhost. */
export function isOwnOrigin(origin: string, host: string | undefined, config: Config): boolean {
  const url = URL.parse(origin);
  if (!url) return false;
  if (url.host === host || (config.publicUrl && url.origin === new URL(config.publicUrl).origin)) return true;
  return !config.allowedOrigins && isLoopback(config.host) && LOCAL.has(url.hostname);
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
