import { randomBytes } from 'node:crypto';
import type { SpaceId } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import { type Token, type TokenInput, tokenWish, viewerOfToken } from '../domain/token.ts';
import { submitterOf, type Viewer } from '../domain/viewer.ts';
import type { Engine } from '../engine/engine.ts';
import type { Access } from './access.ts';
import type { Accounts } from './accounts.ts';
import { requireTokens } from './permissions.ts';
import { digestOf, newSecret, same } from './secrets.ts';
import type { Spaces } from './spaces.ts';

const KIND = 'token';
export const TOKEN_SECRET = /^sdt_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;
/** That it was used is written at most so often. */
const LAST_USED_MS = 60_000;

type Stored = Token & { owner: { [key: string]: Json } } & { [key: string]: Json };

export interface TokensParts {
  engine: Engine;
  accounts: Accounts;
  spaces: Spaces;
  access: Access;
}

export type Tokens = ReturnType<typeof createTokens>;

/** What programs sign in with. */
export function createTokens({ engine, accounts, spaces, access }: TokensParts) {
  const all = async (): Promise<Token[]> => (await engine.documents.list<Stored>(KIND)).map(({ value }) => value);

  /** That it is in use is good to know, and worth no more than one try. */
  async function used(document: { value: Stored; revision: number }): Promise<void> {
    const { value, revision } = document;
    const now = engine.now();
    if (value.lastUsedAt !== null && now - value.lastUsedAt < LAST_USED_MS) return;
    await engine.documents.put(
      KIND,
      value.id,
      { ...value, lastUsedAt: now } as Stored,
      revision,
      value.expiresAt ?? undefined,
    );
  }

  const stored = async (id: string): Promise<Token | null> =>
    (await engine.documents.get<Stored>(KIND, id))?.value ?? null;

  /** Takes it away, with those that were made with it. */
  async function remove(id: string): Promise<void> {
    await engine.documents.remove(KIND, id);
    await access.revoked({ kind: 'token', id });
    for (const token of await all()) if (token.maker === id) await remove(token.id);
  }

  return {
    /**
     * Administrators make any; users scripts of their own. The secret is shown this once. One that is made with a token ends with it at
     * the latest.
     */
    async create(input: TokenInput, viewer: Viewer): Promise<{ token: Token; secret: string }> {
      requireTokens(viewer);
      const wish = tokenWish(input, engine.now());
      if (viewer.role !== 'ADMIN' && wish.role !== 'USER') {
        throw new Refusal('FORBIDDEN', `input.role: only an administrator makes a token for ${wish.role}`, {
          field: 'input.role',
        });
      }
      if (wish.role === 'USER' && viewer.role === 'ADMIN' && viewer.account === null) {
        throw badInput('input.role', 'a script of a user belongs to one: sign in first');
      }
      for (const id of wish.spaces ?? []) await spaces.require(id, 'input.spaces');
      const id = randomBytes(8).toString('hex');
      const secret = `sdt_${id}_${newSecret()}`;
      const maker = viewer.credential?.kind === 'token' ? viewer.credential : null;
      const bound = maker?.expiresAt ?? null;
      const expiresAt = bound === null ? wish.expiresAt : Math.min(bound, wish.expiresAt ?? bound);
      const token: Token = {
        ...wish,
        id,
        expiresAt,
        owner: { ...submitterOf(viewer), account: viewer.account },
        maker: maker?.id ?? null,
        createdAt: engine.now(),
        lastUsedAt: null,
        digest: digestOf(secret),
      };
      await engine.documents.put(KIND, id, token as Stored, 0, expiresAt ?? undefined);
      // Whoever revoked its maker meanwhile may have looked for what was made with it before it was there.
      if (maker && !(await stored(maker.id))) {
        await remove(id);
        throw new Refusal('UNAUTHENTICATED', 'The token that this was asked with was revoked meanwhile');
      }
      return { token, secret };
    },

    /** The viewer's own, or all for an administrator; newest first. */
    async list(viewer: Viewer): Promise<Token[]> {
      requireTokens(viewer);
      const tokens = (await all()).filter((token) => isTheirs(viewer, token));
      return tokens.sort((a, b) => b.createdAt - a.createdAt);
    },

    /** Null: there is none, or it is not the viewer's. Whatever it opened ends, in every process. */
    async revoke(id: string, viewer: Viewer): Promise<Token | null> {
      requireTokens(viewer);
      const token = await stored(id);
      if (!token || !isTheirs(viewer, token)) return null;
      await remove(id);
      return token;
    },

    /** No app token is for this space any more; one that is for no other ends. */
    async forget(space: SpaceId): Promise<void> {
      for (const { value, revision, id } of await engine.documents.list<Stored>(KIND)) {
        if (!value.spaces?.includes(space)) continue;
        const rest = value.spaces.filter((one) => one !== space);
        if (rest.length === 0) {
          await remove(id);
          continue;
        }
        const next = { ...value, spaces: rest } as Stored;
        // Whoever was faster wrote down that it is in use.
        if ((await engine.documents.put(KIND, id, next, revision, value.expiresAt ?? undefined)) === null) {
          return this.forget(space);
        }
        await access.revoked({ kind: 'token', id });
      }
    },

    /** Who the secret signs in; null: nobody (any more). */
    async find(secret: string): Promise<Viewer | null> {
      const [, id = ''] = TOKEN_SECRET.exec(secret) ?? [];
      const document = await engine.documents.get<Stored>(KIND, id);
      if (!document || !same(document.value.digest, digestOf(secret))) return null;
      const token = document.value;
      if (token.expiresAt !== null && token.expiresAt <= engine.now()) return null;
      if ((token.role === 'USER' || token.role === 'ADMIN') && token.owner.account !== null) {
        const owner = await accounts.find(token.owner.account);
        if (!owner?.enabled || owner.id !== token.owner.id) return null;
        if (token.role === 'ADMIN' && owner.role !== 'ADMIN') return null;
      }
      await used(document);
      return viewerOfToken(token);
    },
  };
}

/** A user's rights, also as an administrator's script has them, go as far as scripts of a user. */
const isTheirs = (viewer: Viewer, { owner, role }: Token): boolean =>
  viewer.role === 'ADMIN' || (owner.id === viewer.id && role === 'USER');
