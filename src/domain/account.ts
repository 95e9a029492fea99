import type { Instant } from './json.ts';
import { badInput } from './refusal.ts';

/** A person who signs in. Known by the key of its name, which no other account has. */
export interface Account {
  /** Stable, and never given again. */
  id: string;
  name: string;
  role: 'USER' | 'ADMIN';
  /** An argon2id hash with its parameters; null: signs in elsewhere. */
  password: string | null;
  enabled: boolean;
  /** Sessions of an older one are over. */
  epoch: number;
  createdAt: Instant;
  /**
   * The issuer that vouches for the person, and its name for them; null: the password does. `issuedAt`: of the newest token seen, which
   * says the role.
   */
  external: { issuer: string; subject: string; issuedAt: Instant } | null;
}

/** What an issuer's token says of a person. */
export interface Vouched extends NonNullable<Account['external']> {
  /** Wanted for the account, if it is made now. */
  name: string;
  role: Account['role'];
}

export const MAX_NAME = 64;
/** Of a password, by NIST SP 800-63B, section 5.1.1.2: at least 8 characters, no rules of composition. */
export const MIN_PASSWORD = 8;
/** Hashing is not to be made to work without end. */
export const MAX_PASSWORD = 256;

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]*$/u;

/** Of this many times its limit, in UTF-16 units, nothing is a name or a password however it is composed; composing takes 18 times the memory. */
const LONGEST_TRIED = 16;

const composed = (name: string): string => (name.length > LONGEST_TRIED * MAX_NAME ? '' : name.normalize('NFKC'));

/** What tells names apart: neither case nor the way a character is composed does. Empty, as nobody's is, where it is too long for a name. */
export const accountKey = (name: string): string => composed(name).toLowerCase();

export function accountName(field: string, name: string): string {
  const normal = composed(name);
  if ([...normal].length > MAX_NAME || !NAME.test(normal)) {
    throw badInput(
      field,
      `must be 1 to ${MAX_NAME} letters, digits and . _ @ + -, beginning with a letter or digit`,
      MAX_NAME,
    );
  }
  return normal;
}

export function password(field: string, text: string): string {
  const length = text.length > LONGEST_TRIED * MAX_PASSWORD ? text.length : [...text].length;
  if (length < MIN_PASSWORD) throw badInput(field, `must have at least ${MIN_PASSWORD} characters`, MIN_PASSWORD);
  if (length > MAX_PASSWORD) throw badInput(field, `must have at most ${MAX_PASSWORD} characters`, MAX_PASSWORD);
  if (!text.isWellFormed()) throw badInput(field, 'holds a lone surrogate and is no valid text');
  return text.normalize('NFKC');
}
