import type { Config } from '../config.ts';

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]']);

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

/**
 * Whether a page of this origin may talk to the server, on any transport. No origin: not a page. The own origin is allowed, and
 * while bound to loopback any localhost; there the Host header proves nothing, as a foreign name can be made to point at
 * 127.0.0.1 (DNS rebinding).
 */
export function originAllowed(origin: string | undefined, host: string | undefined, config: Config): boolean {
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const { hostname, host: authority, origin: exact } = new URL(origin);
  if (config.publicUrl && exact === new URL(config.publicUrl).origin) return true;
  if (config.allowedOrigins) return config.allowedOrigins.includes('*') || config.allowedOrigins.includes(exact);
  return isLoopback(config.host) ? LOCAL.has(hostname) : authority === host;
}

export const originRefused = (origin: string | undefined): string =>
  `Origin ${origin?.slice(0, 200)} is not allowed; an operator can add it to ALLOWED_ORIGINS`;
