import { MAX_NAME } from './account.ts';

/** What a token says of whoever it is about (RFC 7519, section 4). */
export type Claims = Readonly<Record<string, unknown>>;

/** How claims become an account. */
export interface ClaimRules {
  /** Asked for a name before all others. A dot leads into an object. */
  nameClaim: string | null;
  /** Whoever has this value in this claim administers; null: nobody does by a claim. */
  admin: { claim: string; value: string } | null;
}

/** What a person is called by, in this order. An issuer vouches for `sub` alone: the others may change, and need not be unique. */
const NAMES = ['preferred_username', 'email', 'sub'];

/** The first claim that gives a valid name: other characters than a name may have are replaced, what is too long is cut. Null: none. */
export function nameOf(claims: Claims, { nameClaim }: ClaimRules): string | null {
  for (const claim of nameClaim === null ? NAMES : [nameClaim, ...NAMES]) {
    if (claim === 'email' && claims.email_verified === false) continue;
    const name = fitting(claimAt(claims, claim));
    if (name !== null) return name;
  }
  return null;
}

export function roleOf(claims: Claims, { admin }: ClaimRules): 'USER' | 'ADMIN' {
  if (admin === null) return 'USER';
  const value = claimAt(claims, admin.claim);
  return value === admin.value || (Array.isArray(value) && value.includes(admin.value)) ? 'ADMIN' : 'USER';
}

function fitting(value: unknown): string | null {
  if (typeof value !== 'string' || !value.isWellFormed()) return null;
  const name = value
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}._@+-]+/gu, '-')
    .replace(/^[^\p{L}\p{N}]+/u, '');
  const cut = [...name].slice(0, MAX_NAME).join('');
  return cut === '' ? null : cut;
}

/** A claim by its name, which may have dots in it, or else by a path into objects. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Claims)[step];
  }
  return value;
}
