import { type Account, accountKey } from '../domain/account.ts';
import type { Instant, Json } from '../domain/json.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Engine } from '../engine/engine.ts';
import type { Access } from './access.ts';
import type { Accounts } from './accounts.ts';
import { digestOf, newSecret } from './secrets.ts';

const KIND = 'session';
export const SESSION_SECRET = /^sds_[A-Za-z0-9_-]{43}$/;
/** A session is extended when this part of its time has passed. */
const EXTENDED_AFTER = 0.05;

interface Stored {
  account: string;
  epoch: number;
  expiresAt: Instant;
  [key: string]: Json;
}

export interface SessionsParts {
  engine: Engine;
  accounts: Accounts;
  access: Access;
  /** How long one lasts that is not used. */
  sessionMs: number;
}

export type Sessions = ReturnType<typeof createSessions>;

export const viewerOfAccount = ({ id, name, role }: Account, credential: Viewer['credential']): Viewer => ({
  id,
  name,
  role,
  account: accountKey(name),
  spaces: null,
  prefix: null,
  credential,
});

/** Who is signed in: kept by the server, extended as it is used, and over at a word. */
export function createSessions({ engine, accounts, access, sessionMs }: SessionsParts) {
  const viewerOf = (account: Account, id: string, expiresAt: Instant): Viewer =>
    viewerOfAccount(account, { kind: 'session', id, expiresAt });

  return {
    /** Its secret is known to who asks alone. */
    async begin(account: Account): Promise<{ secret: string; viewer: Viewer; expiresAt: Instant }> {
      const secret = `sds_${newSecret()}`;
      const id = digestOf(secret);
      const expiresAt = engine.now() + sessionMs;
      const session: Stored = { account: accountKey(account.name), epoch: account.epoch, expiresAt };
      await engine.documents.put(KIND, id, session, 0, expiresAt);
      return { secret, viewer: viewerOf(account, id, expiresAt), expiresAt };
    },

    /** Who the secret signs in, for `sessionMs` from now on; null: nobody (any more). */
    async find(secret: string): Promise<Viewer | null> {
      const id = digestOf(secret);
      const document = await engine.documents.get<Stored>(KIND, id);
      const now = engine.now();
      if (!document || document.value.expiresAt <= now) return null;
      const account = await accounts.find(document.value.account);
      if (!account?.enabled || account.epoch !== document.value.epoch) return null;
      let { expiresAt } = document.value;
      if (expiresAt - now < sessionMs * (1 - EXTENDED_AFTER)) {
        const later = now + sessionMs;
        const extended = { ...document.value, expiresAt: later };
        if ((await engine.documents.put(KIND, id, extended, document.revision, later)) !== null) expiresAt = later;
      }
      return viewerOf(account, id, expiresAt);
    },

    /** It goes on although its account has a new password. */
    async renew(id: string, account: Account): Promise<void> {
      const document = await engine.documents.get<Stored>(KIND, id);
      if (!document) return;
      const { value, revision } = document;
      await engine.documents.put(KIND, id, { ...value, epoch: account.epoch }, revision, value.expiresAt);
    },

    async end(id: string): Promise<boolean> {
      const removed = await engine.documents.remove(KIND, id);
      await access.revoked({ kind: 'session', id });
      return removed;
    },
  };
}
