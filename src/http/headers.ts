import type { Config } from '../config.ts';

type Sources = `${string}-src` | 'form-action';

const policy = (directives: Record<string, string>): string =>
  Object.entries(directives)
    .map(([name, value]) => (value === '' ? name : `${name} ${value}`))
    .join('; ');

/** Nothing is loaded, nothing is sent anywhere, and nobody shows it in a frame. */
const NOTHING = {
  'default-src': "'none'",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/** The Content-Security-Policy of one of our pages, which may do what is given and nothing else: scripts by hash or nonce, never inline. */
export const pagePolicy = (allowed: Partial<Record<Sources, string>>): string => policy({ ...NOTHING, ...allowed });

/** Of what people uploaded: it never runs as a page of this server, even when it is opened. */
export const FILE_HEADERS = {
  'content-security-policy': policy({ ...NOTHING, sandbox: '' }),
  // Whoever has its signed link may show it: pages of other origins that use the API do.
  'cross-origin-resource-policy': 'cross-origin',
};

/** Of sound and films: a browser plays one in a page that it makes itself, which asks for it once more. No script runs there either. */
export const PLAYED_HEADERS = {
  ...FILE_HEADERS,
  'content-security-policy': policy({ ...NOTHING, 'media-src': "'self'", sandbox: 'allow-same-origin' }),
};

const HSTS_SECONDS = 365 * 24 * 3600;

/** What every answer carries, whatever it is; routes put their own in the place of some. */
export function securityHeaders({ publicUrl }: Pick<Config, 'publicUrl'>): Record<string, string> {
  return {
    'x-content-type-options': 'nosniff',
    'content-security-policy': policy(NOTHING),
    // Ids of jobs and signed links stay here. `no-referrer` would send forms of our own pages with Origin null.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    // What is asked for with CORS, as API calls are, is not concerned.
    'cross-origin-resource-policy': 'same-origin',
    ...(publicUrl?.startsWith('https:') ? { 'strict-transport-security': `max-age=${HSTS_SECONDS}` } : {}),
  };
}
