import type { Account } from '../domain/account.ts';
import type { Instant } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Token, TokenInput } from '../domain/token.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Engine } from '../engine/engine.ts';
import type { Accounts } from './accounts.ts';
import { type Sessions, viewerOfAccount } from './sessions.ts';
import type { Tokens } from './tokens.ts';
import type { Visitors } from './visitors.ts';

export interface SignedIn {
  token: string;
  expiresAt: Instant;
  viewer: Viewer;
}

export interface SignInParts {
  engine: Engine;
  accounts: Accounts;
  sessions: Sessions;
  tokens: Tokens;
  visitors: Visitors;
}

/** A visitor's token is good for as long as the key it is signed with; a browser keeps it for so long. */
const VISITOR_MS = 365 * 86_400_000;

export type SignIn = ReturnType<typeof createSignIn>;

/** How people come and go, and what administrators do about it. */
export function createSignIn({ engine, accounts, sessions, tokens, visitors }: SignInParts) {
  async function login(name: string, password: string, _address: string | null): Promise<SignedIn> {
    const account = await accounts.verify(name, password);
    if (!account) {
      throw new Refusal('UNAUTHENTICATED', 'The name or the password is not right, or the user is disabled');
    }
    const { secret, ...session } = await sessions.begin(account);
    return { token: secret, ...session };
  }

  return {
    login,

    async visit(): Promise<SignedIn> {
      const { secret, viewer } = await visitors.begin();
      return { token: secret, viewer, expiresAt: engine.now() + VISITOR_MS };
    },

    async logout({ credential }: Viewer, _address: string | null): Promise<boolean> {
      return credential?.kind === 'session' ? sessions.end(credential.id) : false;
    },

    async changePassword(viewer: Viewer, current: string, next: string, _address: string | null): Promise<void> {
      if (viewer.account === null || viewer.credential?.kind !== 'session') {
        throw new Refusal('FORBIDDEN', 'Only a user who signed in with a password can change it');
      }
      if (!(await accounts.verify(viewer.account, current))) {
        throw new Refusal('UNAUTHENTICATED', 'current: the password is not right', { field: 'current' });
      }
      const { id } = viewer.credential;
      await accounts.setPassword(viewer.account, next, (account) => sessions.renew(id, account));
    },

    async createUser(
      name: string,
      password: string,
      role: Account['role'],
      _viewer: Viewer,
      _address: string | null,
    ): Promise<Viewer> {
      return viewerOfAccount(await accounts.create(name, password, role), null);
    },

    async resetPassword(name: string, next: string, _viewer: Viewer, _address: string | null): Promise<void> {
      await accounts.setPassword(name, next);
    },

    setEnabled: (name: string, enabled: boolean, viewer: Viewer, _address: string | null): Promise<Account> =>
      accounts.setEnabled(name, enabled, viewer),

    createToken: (
      input: TokenInput,
      viewer: Viewer,
      _address: string | null,
    ): Promise<{ token: Token; secret: string }> => tokens.create(input, viewer),

    async revokeToken(id: string, viewer: Viewer, _address: string | null): Promise<boolean> {
      return (await tokens.revoke(id, viewer)) !== null;
    },
  };
}
