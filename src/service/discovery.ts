import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { isLoopback } from '../config.ts';
import type { IssuerConfig } from '../domain/issuer.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Log } from '../log.ts';

/** An issuer that does not answer is given up after this, and not asked again for as long: meanwhile nobody waits for it. */
const TIMEOUT_MS = 5000;
/** What it published is asked for again after this, */
const FRESH_MS = 600_000;
/** and counts for so long if there is no newer: people go on signing in while the issuer is away. */
const OLD_MS = 86_400_000;
/** Tokens of an unknown key have the keys asked for again at most so often. */
const COOLDOWN_MS = 10_000;

/** The issuer cannot be asked now, or answers nonsense. No fault of who comes: the same works later. */
export class IssuerUnavailable extends Refusal {
  constructor() {
    super('INTERNAL_SERVER_ERROR', 'The issuer that signs people in cannot be asked now; try again', {
      retryAfterSeconds: TIMEOUT_MS / 1000,
    });
  }
}

const address = z.url({ protocol: /^https?$/ });
const metadataShape = z.object({
  issuer: z.string(),
  jwks_uri: address,
  authorization_endpoint: address.optional(),
  token_endpoint: address.optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});
const keysShape = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** What of OpenID Connect Discovery 1.0, section 3, is of use here. */
export type Metadata = z.infer<typeof metadataShape>;

export interface DiscoveryParts {
  config: Pick<IssuerConfig, 'issuer' | 'jwksUrl'>;
  log: Log;
  /** @default 10000 */
  cooldownMs?: number;
  /** @default 5000 */
  timeoutMs?: number;
}

export type Discovery = ReturnType<typeof createDiscovery>;

/** What an issuer has published: its doors and its keys. Asked for when needed, and kept. */
export function createDiscovery({ config, log, cooldownMs = COOLDOWN_MS, timeoutMs = TIMEOUT_MS }: DiscoveryParts) {
  const plain = [config.issuer, config.jwksUrl ?? ''].find(isInTheClear);
  if (plain)
    log.warn({ url: bare(plain) }, 'The issuer is asked without https: who changes its answers signs in as anybody');

  /** Asks for one document; one that could not be had is not asked for again at once. */
  function createAsk<T>(read: (body: unknown) => T) {
    let askedAgain = 0;
    return async (url: string, init: RequestInit): Promise<T> => {
      if (performance.now() < askedAgain) throw new IssuerUnavailable();
      try {
        const response = await fetch(url, init);
        if (!response.ok) throw new Error(`The answer is ${response.status}`);
        return read(await response.json());
      } catch (error) {
        askedAgain = performance.now() + timeoutMs;
        log.warn({ url: bare(url), problem: problemOf(error) }, 'The issuer that signs people in cannot be asked');
        throw new IssuerUnavailable();
      }
    };
  }

  const askMetadata = createAsk((body) => {
    const metadata = metadataShape.parse(body);
    if (metadata.issuer === config.issuer) return metadata;
    throw new Error(`It calls itself ${JSON.stringify(metadata.issuer)}: OIDC_ISSUER must be exactly that`);
  });
  let found: { metadata: Metadata; at: number } | null = null;
  let finding: Promise<Metadata> | null = null;

  async function find(): Promise<Metadata> {
    const url = `${config.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const metadata = await askMetadata(url, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    found = { metadata, at: performance.now() };
    return metadata;
  }

  /** IssuerUnavailable where there is none to go by. */
  async function metadata(): Promise<Metadata> {
    const age = found === null ? Number.POSITIVE_INFINITY : performance.now() - found.at;
    if (found !== null && age < FRESH_MS) return found.metadata;
    finding ??= find().finally(() => {
      finding = null;
    });
    if (found === null || age >= OLD_MS) return finding;
    finding.catch(() => undefined);
    return found.metadata;
  }

  const askKeys = createAsk((body) => keysShape.parse(body));
  const remote = (url: string) =>
    createRemoteJWKSet(new URL(url), {
      cacheMaxAge: OLD_MS,
      cooldownDuration: cooldownMs,
      timeoutDuration: timeoutMs,
      [customFetch]: async (from, init) => Response.json(await askKeys(from, init)),
    });
  let set: { url: string; keys: ReturnType<typeof remote>; askedAt: number } | null = null;

  /** The key that a token names. */
  const keys: JWTVerifyGetKey = async (header, token) => {
    const url = config.jwksUrl ?? (await metadata()).jwks_uri;
    if (set?.url !== url) set = { url, keys: remote(url), askedAt: performance.now() };
    if (performance.now() - set.askedAt > FRESH_MS) {
      set.askedAt = performance.now();
      set.keys.reload().catch(() => undefined);
    }
    return set.keys(header, token);
  };

  return { metadata, keys };
}

function isInTheClear(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'http:' && !isLoopback(url.hostname);
}

/** Without what may be secret in it. */
function bare(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** In one line, without what was sent or came. */
export function problemOf(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${(cause as NodeJS.ErrnoException).code ?? cause.message}` : message;
}
