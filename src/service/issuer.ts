import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { Account, Vouched } from '../domain/account.ts';
import { nameOf, roleOf } from '../domain/claims.ts';
import type { IssuerConfig } from '../domain/issuer.ts';
import type { Instant } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Accounts } from './accounts.ts';
import { createDiscovery, type DiscoveryParts, IssuerUnavailable } from './discovery.ts';
import { digestOf, same } from './secrets.ts';
import { viewerOfAccount } from './sessions.ts';

/** Signatures that only the issuer can make (RFC 8725, 3.1): never `none`, and none with a secret that both would know. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** Clocks differ. A token is good for so much longer, and so much earlier, than it says. */
const TOLERANCE_SECONDS = 5;
/** Other tokens of an issuer, like that of a logout, are no proof of who comes (RFC 8725, 3.11). */
const TYPES = /^(?:application\/)?(?:jwt|at\+jwt)$/i;

/** What is wrong with a token, not with the issuer. */
const OF_THE_TOKEN = [
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
];

export interface IssuerParts extends Omit<DiscoveryParts, 'config'> {
  config: IssuerConfig;
  accounts: Accounts;
  now(): Instant;
}

export type Issuer = ReturnType<typeof createIssuer>;

/** The OpenID Connect issuer, or any signer of JWTs with a JWKS, that vouches for people. */
export function createIssuer({ config, accounts, now, log, ...times }: IssuerParts) {
  const discovery = createDiscovery({ config, log, ...times });
  // What is wrong with the configuration is in the log from the start.
  if (config.jwksUrl === null || config.client !== null) discovery.metadata().catch(() => undefined);

  /** The claims of a token that is good now; null, and the reason in the log, if it is not. IssuerUnavailable where that cannot be told. */
  async function claimsOf(jwt: string, audience: string, requiredClaims: string[] = []): Promise<JWTPayload | null> {
    const options: JWTVerifyOptions = {
      issuer: config.issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(now()),
      requiredClaims: ['sub', 'exp', 'iat', ...requiredClaims],
    };
    try {
      const { payload, protectedHeader } = await verify(jwt, options);
      const { sub, iat } = payload;
      if (protectedHeader.typ !== undefined && !TYPES.test(protectedHeader.typ)) return refused('typ');
      if (typeof sub !== 'string' || sub === '' || sub.length > 255) return refused('sub');
      if (typeof iat !== 'number' || iat * 1000 > now() + TOLERANCE_SECONDS * 1000) return refused('iat');
      return payload;
    } catch (error) {
      if (error instanceof IssuerUnavailable) throw error;
      if (OF_THE_TOKEN.some((kind) => error instanceof kind)) {
        const { code, claim } = error as errors.JWTClaimValidationFailed;
        return refused(claim ?? code);
      }
      log.warn({ problem: (error as Error).message }, 'The keys of the issuer that signs people in cannot be used');
      throw new IssuerUnavailable();
    }
  }

  function refused(why: string): null {
    log.debug({ why }, 'A token was refused');
    return null;
  }

  /** A token need not name its key: then each that fits is tried. */
  async function verify(jwt: string, options: JWTVerifyOptions) {
    try {
      return await jwtVerify(jwt, discovery.keys, options);
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      for await (const key of error) {
        try {
          return await jwtVerify(jwt, key, options);
        } catch (failed) {
          if (!(failed instanceof errors.JWSSignatureVerificationFailed)) throw failed;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }

  async function accountOf(claims: JWTPayload): Promise<Account> {
    const name = nameOf(claims, config);
    if (name === null) throw new Refusal('FORBIDDEN', 'The issuer gives no name to call you by; ask an administrator');
    const vouched: Vouched = {
      name,
      role: roleOf(claims, config),
      issuer: config.issuer,
      subject: claims.sub!,
      issuedAt: claims.iat! * 1000,
    };
    return accounts.vouched(vouched);
  }

  return {
    /** Whom a token signs in; null: nobody (any more), and the log knows why. IssuerUnavailable where that cannot be told now. */
    async vouched(jwt: string): Promise<Viewer | null> {
      const claims = await claimsOf(jwt, config.audience);
      if (claims === null) return null;
      const expiresAt = (claims.exp! + TOLERANCE_SECONDS) * 1000;
      try {
        return viewerOfAccount(await accountOf(claims), { kind: 'jwt', id: digestOf(jwt), expiresAt });
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 'FORBIDDEN') throw error;
        log.warn({ subject: claims.sub, why: error.message }, 'Somebody whom the issuer vouches for was not let in');
        return null;
      }
    },

    /**
     * The account of whoever an id token tells of, if it answers what was asked with `nonce` (OpenID Connect Core 1.0, 3.1.3.7).
     * UNAUTHENTICATED where it does not, FORBIDDEN where who it is may not sign in here.
     */
    async identified(idToken: string, clientId: string, nonce: string): Promise<Account> {
      const claims = await claimsOf(idToken, clientId, ['nonce']);
      const meant = claims !== null && (claims.azp === undefined || claims.azp === clientId);
      if (meant && typeof claims.nonce === 'string' && same(claims.nonce, nonce)) return accountOf(claims);
      if (claims !== null) refused(meant ? 'nonce' : 'azp');
      throw new Refusal('UNAUTHENTICATED', 'What the issuer says of you does not fit this sign-in; sign in again');
    },

    metadata: discovery.metadata,
    name: config.issuer,
    client: config.client,
  };
}
