import type { ClaimRules } from './claims.ts';

/** Whose tokens sign people in. */
export interface IssuerConfig extends ClaimRules {
  /** What the claim `iss` must be, letter by letter. */
  issuer: string;
  /** Where its keys are; null: where the issuer says (OpenID Connect Discovery 1.0). */
  jwksUrl: string | null;
  /** What the claim `aud` of a token must name. */
  audience: string;
  /** How browsers are sent there to sign in; null: they are not. */
  client: IssuerClient | null;
}

/** What the issuer knows Spacedock as. */
export interface IssuerClient {
  id: string;
  /** Null: a public client, which PKCE alone protects. */
  secret: string | null;
  scope: string;
  /** Where people reach Spacedock, without a slash at the end. */
  publicUrl: string;
}

export interface IssuerEnvironment {
  ACCESS: 'accounts' | 'open';
  PUBLIC_URL: string | null;
  OIDC_ISSUER: string | null;
  OIDC_AUDIENCE: string | null;
  JWKS_URL: string | null;
  OIDC_CLIENT_ID: string | null;
  OIDC_CLIENT_SECRET: string | null;
  OIDC_SCOPE: string;
  OIDC_NAME_CLAIM: string | null;
  OIDC_ADMIN_CLAIM: string | null;
}

const NEED_ISSUER = [
  'OIDC_AUDIENCE',
  'JWKS_URL',
  'OIDC_CLIENT_ID',
  'OIDC_CLIENT_SECRET',
  'OIDC_NAME_CLAIM',
  'OIDC_ADMIN_CLAIM',
] as const;

/** What is wrong with the variables of an issuer taken together, by the name of one; null: nothing is. */
export function issuerProblem(e: IssuerEnvironment): string | null {
  if (e.OIDC_ISSUER === null) {
    const alone = NEED_ISSUER.find((name) => e[name] !== null);
    return alone === undefined ? null : `${alone}: has no effect without OIDC_ISSUER`;
  }
  if (e.ACCESS === 'open') return 'OIDC_ISSUER: has no effect with ACCESS=open, where nobody signs in';
  if (e.OIDC_AUDIENCE === null) {
    return 'OIDC_AUDIENCE: is required with OIDC_ISSUER: tokens that name it in `aud` are meant for this server';
  }
  const url = URL.parse(e.OIDC_ISSUER);
  const discoverable = url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '';
  if (!discoverable && e.JWKS_URL === null) {
    return 'OIDC_ISSUER: must be a URL beginning with https:// or http://, or JWKS_URL must say where its keys are';
  }
  if (e.OIDC_CLIENT_ID === null) {
    return e.OIDC_CLIENT_SECRET === null ? null : 'OIDC_CLIENT_SECRET: has no effect without OIDC_CLIENT_ID';
  }
  if (!discoverable) return 'OIDC_CLIENT_ID: needs an OIDC_ISSUER that is a URL, where browsers are sent to sign in';
  if (e.PUBLIC_URL === null) {
    return 'PUBLIC_URL: is required with OIDC_CLIENT_ID: the issuer sends people back to it';
  }
  return null;
}

/** Null: nobody is vouched for. The variables have no problem. */
export function issuerOf(e: IssuerEnvironment): IssuerConfig | null {
  if (e.OIDC_ISSUER === null) return null;
  const [, claim, value] = /^([^=]+)=(.+)$/s.exec(e.OIDC_ADMIN_CLAIM ?? '') ?? [];
  return {
    issuer: e.OIDC_ISSUER,
    jwksUrl: e.JWKS_URL,
    audience: e.OIDC_AUDIENCE!,
    nameClaim: e.OIDC_NAME_CLAIM,
    admin: claim === undefined || value === undefined ? null : { claim, value },
    client:
      e.OIDC_CLIENT_ID === null
        ? null
        : {
            id: e.OIDC_CLIENT_ID,
            secret: e.OIDC_CLIENT_SECRET,
            scope: e.OIDC_SCOPE,
            publicUrl: e.PUBLIC_URL!.replace(/\/+$/, ''),
          },
  };
}
