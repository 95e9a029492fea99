import { isIPv4 } from 'node:net';
import type { Config } from '../config.ts';

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]']);

export const isLoopback = (host: string): boolean =>
  LOCAL.has(host) || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

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

/** No origin: not a page, or a page's own server. That one is allowed, and while bound to loopback any localhost. */
function originAllowed(origin: string | undefined, host: string | undefined, config: Config): boolean {
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const { hostname, host: authority, origin: exact } = new URL(origin);
  if (config.publicUrl && exact === new URL(config.publicUrl).origin) return true;
  if (config.allowedOrigins) return config.allowedOrigins.includes('*') || config.allowedOrigins.includes(exact);
  return isLoopback(config.host) ? LOCAL.has(hostname) : authority === host;
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
