import { type SpaceId, spaceId } from './ids.ts';
import type { Submitter } from './job.ts';
import type { Instant } from './json.ts';
import { badInput } from './refusal.ts';
import type { Viewer } from './viewer.ts';

/** What a program signs in with. Its secret is stored as a hash only. */
export interface Token {
  id: string;
  name: string;
  /** ADMIN and USER: a script of its owner. */
  role: 'USER' | 'ADMIN' | 'APP' | 'REPORTER';
  /** Who made it, and whose a script is. */
  owner: Submitter & { account: string | null };
  /** The token that it was made with, and ends with; null: a person who was signed in made it. */
  maker: string | null;
  spaces: SpaceId[] | null;
  prefix: string | null;
  createdAt: Instant;
  lastUsedAt: Instant | null;
  expiresAt: Instant | null;
  /** SHA-256 of the secret, in hex. */
  digest: string;
}

export interface TokenInput {
  name: string;
  role: Submitter['role'];
  spaces?: readonly string[] | null;
  prefix?: string | null;
  expiresInDays?: number | null;
}

export const MAX_TOKEN_NAME = 64;
export const MAX_TOKEN_SPACES = 100;
export const MAX_TOKEN_DAYS = 3650;
const DAY_MS = 86_400_000;
const PREFIX = /^[A-Za-z0-9_-]{1,127}$/;

/** What was asked for, within bounds. */
export function tokenWish(
  input: TokenInput,
  now: Instant,
): Pick<Token, 'name' | 'role' | 'spaces' | 'prefix' | 'expiresAt'> {
  const name = input.name.trim();
  if (name === '' || [...name].length > MAX_TOKEN_NAME || /\p{Cc}/u.test(name)) {
    throw badInput('input.name', `must be 1 to ${MAX_TOKEN_NAME} characters`, MAX_TOKEN_NAME);
  }
  const { role } = input;
  if (role === 'ANONYMOUS') throw badInput('input.role', 'nobody needs a token to be anonymous');
  const spaces = input.spaces == null ? null : [...new Set(input.spaces)];
  if (role === 'APP' && !spaces?.length) throw badInput('input.spaces', 'name the spaces that the app may serve');
  if (role !== 'APP' && spaces) throw badInput('input.spaces', 'only an app is limited to spaces');
  if (spaces && spaces.length > MAX_TOKEN_SPACES) {
    throw badInput('input.spaces', `at most ${MAX_TOKEN_SPACES} spaces`, MAX_TOKEN_SPACES);
  }
  for (const id of spaces ?? []) spaceId('input.spaces', id);
  const prefix = input.prefix ?? null;
  if (prefix !== null && role !== 'REPORTER') throw badInput('input.prefix', 'only a reporter is limited to a prefix');
  if (prefix !== null && !PREFIX.test(prefix)) {
    throw badInput('input.prefix', 'must be 1 to 127 of the characters A-Z a-z 0-9 _ -', 127);
  }
  const days = input.expiresInDays ?? null;
  if (days !== null && !(Number.isInteger(days) && days >= 1 && days <= MAX_TOKEN_DAYS)) {
    throw badInput('input.expiresInDays', `must be a whole number from 1 to ${MAX_TOKEN_DAYS}`, MAX_TOKEN_DAYS);
  }
  return { name, role, spaces, prefix, expiresAt: days === null ? null : now + days * DAY_MS };
}

/** Who comes with the token: a script acts as its owner, an app or reporter as itself. */
export function viewerOfToken({ id, name, role, owner, spaces, prefix, expiresAt }: Token): Viewer {
  const credential = { kind: 'token' as const, id, expiresAt };
  if (role === 'USER' || role === 'ADMIN') {
    return { id: owner.id, name: owner.name, role, account: owner.account, spaces: null, prefix: null, credential };
  }
  return { id, name, role, account: null, spaces, prefix, credential };
}
