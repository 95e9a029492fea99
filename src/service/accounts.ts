import { randomUUID } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import {
  type Account,
  accountKey,
  accountName,
  password as checked,
  MAX_PASSWORD,
  type Vouched,
} from '../domain/account.ts';
import type { Json } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Engine } from '../engine/engine.ts';
import type { Access } from './access.ts';
import { digestOf } from './secrets.ts';

const KIND = 'account';
/** A conflicting writer wins each time; so many times in a row is no accident. */
const MAX_TRIES = 16;
/** OWASP Password Storage Cheat Sheet: argon2id (2) with 19 MiB, two passes, one lane. */
const ARGON2ID = { algorithm: 2, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };
export const FIRST_ADMIN = 'admin';

/** The account's name, by who vouches for whom: the name may be another at the issuer by now. */
const LINK = 'account-link';

const busy = (name: string) =>
  new Refusal('CONFLICT', `User ${name} is being changed by others; try again`, { retryAfterSeconds: 1 });

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
    throw busy(name);
  }

  const list = async (): Promise<Account[]> => (await engine.documents.list<Stored>(KIND)).map(({ value }) => value);

  const administers = ({ role, enabled }: Account) => role === 'ADMIN' && enabled;

  /**
   * CONFLICT where it would take the viewer the right to administer, or everybody, as of the last two who do away with each other at
   * once: it is undone then.
   */
  async function changeRights(name: string, viewer: Viewer, next: (account: Account) => Account): Promise<Account> {
    let before: Account;
    const kept = (account: Account) => {
      const changed = next(account);
      if (accountKey(name) === viewer.account && !administers(changed)) {
        throw new Refusal('CONFLICT', 'You cannot do this to yourself: ask another administrator', { field: 'name' });
      }
      before = account;
      return changed;
    };
    return change(name, 'name', kept, async (changed) => {
      if (!administers(before) || administers(changed) || (await list()).some(administers)) return;
      await change(name, 'name', (account) => ({ ...account, role: before.role, enabled: before.enabled }));
      throw new Refusal('CONFLICT', `User ${name} is the last administrator`, { field: 'name' });
    });
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

    list,

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

    /**
     * Whoever an issuer vouches for: known by its name for them, made at the first sign-in, and with the role that its newest token
     * says. FORBIDDEN for who is disabled here, and where somebody else has the name.
     */
    async vouched({ name: wanted, role, ...external }: Vouched): Promise<Account> {
      const { issuer, subject } = external;
      const link = digestOf(`${issuer}\n${subject}`);
      const isTheirs = ({ external: known }: Account) => known?.issuer === issuer && known.subject === subject;
      const taken = () =>
        new Refusal('FORBIDDEN', `The name "${wanted}" is another user’s here; ask an administrator for another name`);
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const linked = (await engine.documents.get<string>(LINK, link))?.value ?? null;
        const name = linked ?? accountName('token', wanted);
        const key = accountKey(name);
        const document = await engine.documents.get<Stored>(KIND, key);
        if (document ? !isTheirs(document.value) : key === FIRST_ADMIN) {
          if (linked !== null) await engine.documents.remove(LINK, link);
          throw taken();
        }
        if (linked === null) {
          // Of several first sign-ins at once, with different names, one says the name.
          await engine.documents.put(LINK, link, name, 0);
          continue;
        }
        if (!document) {
          await add({ ...blank(name, role), external });
          continue;
        }
        const account = document.value;
        if (!account.enabled) throw new Refusal('FORBIDDEN', 'This user is disabled; ask an administrator');
        // An older token is still good, but no longer says the role: two would take turns for ever.
        if (external.issuedAt <= account.external!.issuedAt) return account;
        const changed = { ...account, role, external };
        if ((await engine.documents.put(KIND, key, changed, document.revision)) === null) continue;
        if (changed.role !== account.role) await access.revoked({ kind: 'account', id: key });
        return changed;
      }
      throw busy(wanted);
    },

    /** The account whose password it is; null otherwise, after the same time. */
    async verify(name: string, text: string): Promise<Account | null> {
      nobody ??= hash(randomUUID(), ARGON2ID);
      const account = await find(accountKey(name));
      // Hashing is not to be made to work without end; nobody has a longer one.
      const tried = [...text.slice(0, 4 * MAX_PASSWORD)].length > MAX_PASSWORD ? '' : text.normalize('NFKC');
      const right = await verify(account?.password ?? (await nobody), tried);
      return right && account?.password != null && account.enabled ? account : null;
    },

    /** Every session of before is over, but for what `keep` carries over before anybody is told. */
    async setPassword(name: string, text: string, keep?: (account: Account) => Promise<void>): Promise<Account> {
      const hashed = await hash(checked('new', text), ARGON2ID);
      const next = (account: Account) => {
        if (account.external === null) return { ...account, password: hashed, epoch: account.epoch + 1 };
        throw new Refusal('CONFLICT', `User ${name} has no password here: ${account.external.issuer} signs them in`);
      };
      return change(name, 'name', next, keep);
    },

    /** One that is disabled cannot sign in, and whatever it opened ends. */
    setEnabled: (name: string, enabled: boolean, viewer: Viewer): Promise<Account> =>
      changeRights(name, viewer, (account) => ({
        ...account,
        enabled,
        epoch: enabled ? account.epoch : account.epoch + 1,
      })),

    /** Whatever they opened with other rights ends. */
    setRole: (name: string, role: Account['role'], viewer: Viewer): Promise<Account> =>
      changeRights(name, viewer, (account) => {
        if (account.external === null) return { ...account, role };
        throw new Refusal('CONFLICT', `The role of user ${name} is what ${account.external.issuer} says`);
      }),
  };
}
