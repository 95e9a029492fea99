import { type Account, accountKey } from '../domain/account.ts';
import type { Instant, Json } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Token, TokenInput } from '../domain/token.ts';
import { submitterOf, type Viewer } from '../domain/viewer.ts';
import type { Engine } from '../engine/engine.ts';
import type { Accounts } from './accounts.ts';
import { createAttempts } from './attempts.ts';
import type { Audit, AuditKind, Doer } from './audit.ts';
import { networkOf } from './network.ts';
import { type Sessions, viewerOfAccount } from './sessions.ts';
import type { Tokens } from './tokens.ts';
import type { Visitors } from './visitors.ts';

export interface SignedIn {
  token: string;
  expiresAt: Instant;
  viewer: Viewer;
}

/** Who does it, and from where. */
export interface By {
  viewer: Viewer;
  address: string | null;
}

export interface SignInLimits {
  /** Sign-ins that may fail within ATTEMPTS_MS. */
  failuresPerName: number;
  failuresPerAddress: number;
}

export interface SignInParts {
  engine: Engine;
  accounts: Accounts;
  sessions: Sessions;
  tokens: Tokens;
  visitors: Visitors;
  audit: Audit;
  limits: SignInLimits;
}

/** A visitor's token is good for as long as the key it is signed with; a browser keeps it for so long. */
const VISITOR_MS = 365 * 86_400_000;
/** Failed sign-ins are counted for so long from the first of them. */
const ATTEMPTS_MS = 15 * 60_000;

export type SignIn = ReturnType<typeof createSignIn>;

const doer = ({ viewer, address }: By): Doer => ({ actor: submitterOf(viewer), address });

/** How people come and go, and what is done about it; all of it is written down. */
export function createSignIn({ engine, accounts, sessions, tokens, visitors, audit, limits }: SignInParts) {
  const attempts = (name: string, limit: number) => createAttempts({ engine, name, limit, windowMs: ATTEMPTS_MS });
  const byName = attempts('sign-in-name', limits.failuresPerName);
  const byAddress = attempts('sign-in-address', limits.failuresPerAddress);

  const note = (by: Doer, kind: AuditKind, subject: string, detail: Json = null) =>
    audit.record({ ...by, kind, subject, detail });

  /** The account whose password it is; null otherwise. RATE_LIMITED where too many tries have failed, whoever tries. */
  async function verify(name: string, password: string, address: string | null): Promise<Account | null> {
    const key = accountKey(name);
    const place = networkOf(address ?? '');
    await byAddress.check(place);
    try {
      await byName.check(key);
    } catch (error) {
      byAddress.ended(place);
      throw error;
    }
    try {
      const account = await accounts.verify(name, password);
      await Promise.all(account ? [byName.succeeded(key)] : [byName.failed(key), byAddress.failed(place)]);
      if (account) byAddress.ended(place);
      return account;
    } catch (error) {
      byName.ended(key);
      byAddress.ended(place);
      throw error;
    }
  }

  return {
    async login(name: string, password: string, address: string | null): Promise<SignedIn> {
      const account = await verify(name, password, address);
      if (!account) {
        // What is no user's name may be a password that stands in the wrong place.
        const known = await accounts.find(accountKey(name));
        audit.record({
          kind: 'SIGN_IN_FAILED',
          actor: null,
          address,
          subject: known?.name ?? null,
          detail: known ? null : { reason: 'no such user' },
        });
        throw new Refusal('UNAUTHENTICATED', 'The name or the password is not right, or the user is disabled');
      }
      const { secret, viewer, expiresAt } = await sessions.begin(account);
      note(doer({ viewer, address }), 'SIGNED_IN', account.name);
      return { token: secret, viewer, expiresAt };
    },

    /** Somebody for whom an issuer vouches. */
    async welcome(account: Account, address: string | null): Promise<SignedIn> {
      const { secret, viewer, expiresAt } = await sessions.begin(account);
      note(doer({ viewer, address }), 'SIGNED_IN', account.name, { issuer: account.external?.issuer ?? null });
      return { token: secret, viewer, expiresAt };
    },

    /** The issuer's word for somebody was not good enough. */
    refused(issuer: string, address: string | null): void {
      audit.record({ kind: 'SIGN_IN_FAILED', actor: null, address, subject: null, detail: { issuer } });
    },

    async visit(): Promise<SignedIn> {
      const { secret, viewer } = await visitors.begin();
      return { token: secret, viewer, expiresAt: engine.now() + VISITOR_MS };
    },

    async logout(by: By): Promise<boolean> {
      const { credential, name } = by.viewer;
      if (credential?.kind !== 'session' || !(await sessions.end(credential.id))) return false;
      note(doer(by), 'SIGNED_OUT', name);
      return true;
    },

    async changePassword(by: By, current: string, next: string): Promise<void> {
      const { account: key, credential, name } = by.viewer;
      if (key === null || credential?.kind !== 'session') {
        throw new Refusal('FORBIDDEN', 'Only a user who signed in with a password can change it');
      }
      if (!(await verify(key, current, by.address))) {
        throw new Refusal('UNAUTHENTICATED', 'current: the password is not right', { field: 'current' });
      }
      await accounts.setPassword(key, next, (account) => sessions.renew(credential.id, account));
      note(doer(by), 'PASSWORD_CHANGED', name);
    },

    async createUser(by: By, name: string, password: string, role: Account['role']): Promise<Viewer> {
      const account = await accounts.create(name, password, role);
      note(doer(by), 'USER_CREATED', account.name, { role });
      return viewerOfAccount(account, null);
    },

    async resetPassword(by: By, name: string, next: string): Promise<void> {
      const account = await accounts.setPassword(name, next);
      await byName.succeeded(accountKey(name));
      note(doer(by), 'PASSWORD_CHANGED', account.name);
    },

    async setEnabled(by: By, name: string, enabled: boolean): Promise<Account> {
      const account = await accounts.setEnabled(name, enabled, by.viewer);
      note(doer(by), enabled ? 'USER_ENABLED' : 'USER_DISABLED', account.name);
      return account;
    },

    async setRole(by: By, name: string, role: Account['role']): Promise<Account> {
      const account = await accounts.setRole(name, role, by.viewer);
      note(doer(by), 'ROLE_CHANGED', account.name, { role });
      return account;
    },

    async createToken(by: By, input: TokenInput): Promise<{ token: Token; secret: string }> {
      const created = await tokens.create(input, by.viewer);
      const { id, name, role, spaces, prefix } = created.token;
      note(doer(by), 'TOKEN_CREATED', id, { name, role, spaces, prefix });
      return created;
    },

    async revokeToken(by: By, id: string): Promise<boolean> {
      const token = await tokens.revoke(id, by.viewer);
      if (token) note(doer(by), 'TOKEN_REVOKED', id, { name: token.name, role: token.role });
      return token !== null;
    },
  };
}
