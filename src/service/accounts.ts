import { randomUUID } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { type Account, accountKey, accountName, password as checked } from '../domain/account.ts';
import type { Json } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Engine } from '../engine/engine.ts';
import type { Access } from './access.ts';

const KIND = 'account';
/** A conflicting writer wins each time; so many times in a row is no accident. */
const MAX_TRIES = 16;
/** OWASP Password Storage Cheat Sheet: argon2id (2) with 19 MiB, two passes, one lane. */
const ARGON2ID = { algorithm: 2, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };
export const FIRST_ADMIN = 'admin';

type Stored = Account & { [key: string]: Json };

export type Accounts = ReturnType<typeof createAccounts>;

/** The people who sign in. */
export function createAccounts(engine: Engine, access: Access) {
  // Verified against where there is no account, so that its absence takes as long as a wrong password.
  let nobody: Promise<string> | null = null;

  const find = async (key: string): Promise<Account | null> =>
    (await engine.documents.get<Stored>(KIND, key))?.value ?? null;

  async function add(account: Account): Promise<boolean> {
    return (await engine.documents.put(KIND, accountKey(account.name), account as Stored, 0)) !== null;
  }

  /** `field`: where the name stands. */
  async function change(
    name: string,
    field: string,
    next: (account: Account) => Account,
    then?: (account: Account) => Promise<void>,
  ): Promise<Account> {
    const key = accountKey(name);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const document = await engine.documents.get<Stored>(KIND, key);
      if (!document) throw new Refusal('NOT_FOUND', `There is no user "${name.slice(0, 64)}"`, { field });
      const changed = next(document.value);
      if ((await engine.documents.put(KIND, key, changed as Stored, document.revision)) === null) continue;
      await then?.(changed);
      await access.revoked({ kind: 'account', id: key });
      return changed;
    }
    throw new Refusal('CONFLICT', `User ${name} is being changed by others; try again`, { retryAfterSeconds: 1 });
  }

  const blank = (name: string, role: Account['role']): Account => ({
    id: `user_${randomUUID()}`,
    name,
    role,
    password: null,
    enabled: true,
    epoch: 1,
    createdAt: engine.now(),
    external: null,
  });

  return {
    find,

    async list(): Promise<Account[]> {
      return (await engine.documents.list<Stored>(KIND)).map(({ value }) => value);
    },

    /** ALREADY_EXISTS where the name is taken, whatever its case. */
    async create(name: string, text: string, role: Account['role']): Promise<Account> {
      const account = { ...blank(accountName('input.name', name), role) };
      account.password = await hash(checked('input.password', text), ARGON2ID);
      if (await add(account)) return account;
      throw new Refusal('ALREADY_EXISTS', `There is a user "${account.name}" already`, { field: 'input.name' });
    },

    /** The first administrator, unless there is one: true if it was made with this password now. */
    async begin(text: string): Promise<boolean> {
      if (await find(FIRST_ADMIN)) return false;
      return add({ ...blank(FIRST_ADMIN, 'ADMIN'), password: await hash(checked('ADMIN_PASSWORD', text), ARGON2ID) });
    },

    /** Whoever an issuer vouches for, made at the first sign-in; null where somebody else has the name. */
    async vouched(
      name: string,
      external: NonNullable<Account['external']>,
      role: Account['role'],
    ): Promise<Account | null> {
      const wanted = accountName('token', name);
      const key = accountKey(wanted);
      if (!(await find(key))) await add({ ...blank(wanted, role), external });
      const account = await find(key);
      const known = account?.external;
      return account && known?.issuer === external.issuer && known.subject === external.subject ? account : null;
    },

    /** The account whose password it is; null otherwise, after the same time. */
    async verify(name: string, text: string): Promise<Account | null> {
      nobody ??= hash(randomUUID(), ARGON2ID);
      const account = await find(accountKey(name));
      const right = await verify(account?.password ?? (await nobody), text.normalize('NFKC'));
      return right && account?.password != null && account.enabled ? account : null;
    },

    /** Every session of before is over, but for what `keep` carries over before anybody is told. */
    async setPassword(name: string, text: string, keep?: (account: Account) => Promise<void>): Promise<Account> {
      const hashed = await hash(checked('new', text), ARGON2ID);
      const next = (account: Account) => ({ ...account, password: hashed, epoch: account.epoch + 1 });
      return change(name, 'name', next, keep);
    },

    /** One that is disabled cannot sign in, and whatever it opened ends. */
    setEnabled: (name: string, enabled: boolean, viewer: Viewer): Promise<Account> => {
      if (!enabled && accountKey(name) === viewer.account) {
        throw new Refusal('CONFLICT', 'You cannot disable yourself', { field: 'name' });
      }
      return change(name, 'name', (account) => ({
        ...account,
        enabled,
        epoch: enabled ? account.epoch : account.epoch + 1,
      }));
    },
  };
}
