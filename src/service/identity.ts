import { LRUCache } from 'lru-cache';
import { Refusal } from '../domain/refusal.ts';
import { ANYBODY, type Viewer } from '../domain/viewer.ts';
import { type Engine, EngineUnavailable } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import type { Access, Revoked } from './access.ts';
import { IssuerUnavailable } from './discovery.ts';
import { digestOf } from './secrets.ts';
import { SESSION_SECRET, type Sessions } from './sessions.ts';
import { TOKEN_SECRET, type Tokens } from './tokens.ts';
import type { Visitors } from './visitors.ts';

/** What is known of a credential is looked at again after this, should word of a change be lost. */
const KNOWN_MS = 60_000;
const KNOWN = 10_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const RETRY_MS = 500;

/** That nobody can tell now, and somebody will in a moment. */
const isPassing = (error: unknown) => error instanceof EngineUnavailable || error instanceof IssuerUnavailable;

export interface IdentityParts {
  engine: Engine;
  access: Access;
  sessions: Sessions;
  tokens: Tokens;
  visitors: Visitors;
  /** Whom an issuer's token signs in; null: no issuer is configured. */
  vouched: ((jwt: string) => Promise<Viewer | null>) | null;
  log: Log;
}

/** What a credential has opened, and whose rights it has. */
interface Held {
  secret: string;
  viewer: Viewer;
  ends: Set<(expired: boolean) => void>;
  timer: NodeJS.Timeout | null;
}

/** Who came, with the secret that says so: the one that was brought, or a `fresh` one of a visitor to remember. */
export interface Welcome {
  viewer: Viewer;
  secret: string | null;
  fresh: string | null;
}

export interface Identity {
  /**
   * Who comes: whose token it is, UNAUTHENTICATED if nobody's; else by the first of the cookies that is still good for anything; else a
   * new visitor.
   */
  welcome(brought: { bearer: string | null; cookies: readonly string[] }): Promise<Welcome>;
  /**
   * Calls `end` when the secret is not worth what it was to this viewer: it has `expired`, or was revoked, or has other rights.
   * @returns no call any more
   */
  hold(secret: string, viewer: Viewer, end: (expired: boolean) => void): () => void;
  stop(): Promise<void>;
}

/** Where access is open nobody need say who they are. */
export const openIdentity: Identity = {
  welcome: async () => ({ viewer: ANYBODY, secret: null, fresh: null }),
  hold: () => () => undefined,
  stop: async () => undefined,
};

/** Who comes with which credentials, and for how long. */
export function createIdentity({ engine, access, sessions, tokens, visitors, vouched, log }: IdentityParts): Identity {
  const known = new LRUCache<string, Viewer>({ max: KNOWN, ttl: KNOWN_MS });
  const held = new Map<string, Held>();
  const onError = (error: unknown) =>
    log[isPassing(error) ? 'debug' : 'error']({ err: error }, 'Credentials could not be looked at');

  async function look(secret: string): Promise<Viewer | null> {
    if (TOKEN_SECRET.test(secret)) return tokens.find(secret);
    if (SESSION_SECRET.test(secret)) return sessions.find(secret);
    if (visitors.isSecret(secret)) return visitors.find(secret);
    return vouched ? vouched(secret) : null;
  }

  // Counts what was told: an answer that was on its way meanwhile may be older.
  let told = 0;
  // Before anything can be told nothing is known for long.
  let hears = false;

  /** By what is stored now. */
  async function present(secret: string): Promise<Viewer | null> {
    const before = told;
    const viewer = await look(secret);
    const key = digestOf(secret);
    if (viewer && hears && told === before) known.set(key, viewer);
    else known.delete(key);
    return viewer;
  }

  const fits = ({ kind, id }: Revoked, viewer: Viewer): boolean =>
    kind === 'account' ? viewer.account === id : viewer.credential?.kind === kind && viewer.credential.id === id;

  const sameRights = (a: Viewer, b: Viewer): boolean =>
    a.id === b.id && a.role === b.role && a.name === b.name && `${a.spaces}` === `${b.spaces}` && a.prefix === b.prefix;

  /** What it opened ends if it is not worth the same any more. */
  async function recheck(key: string, entry: Held): Promise<void> {
    const viewer = await present(entry.secret);
    if (held.get(key) !== entry) return;
    if (viewer && sameRights(viewer, entry.viewer)) {
      entry.viewer = viewer;
      time(key, entry);
      return;
    }
    held.delete(key);
    if (entry.timer) clearTimeout(entry.timer);
    const { expiresAt } = entry.viewer.credential!;
    const expired = viewer === null && expiresAt !== null && expiresAt <= engine.now();
    for (const end of [...entry.ends]) end(expired);
  }

  /** As often as the storage is away. */
  function recheckSoon(key: string, entry: Held): void {
    recheck(key, entry).catch((error) => {
      onError(error);
      if (!isPassing(error) || held.get(key) !== entry) return;
      setTimeout(() => recheckSoon(key, entry), RETRY_MS).unref();
    });
  }

  /** Looked at again when it runs out; one that is extended by use is in use, and looked at half-way. */
  function time(key: string, entry: Held): void {
    if (entry.timer) clearTimeout(entry.timer);
    const { kind, expiresAt } = entry.viewer.credential!;
    if (expiresAt === null) return;
    const left = Math.max(0, expiresAt - engine.now());
    const wait = Math.min(LONGEST_TIMER_MS, kind === 'session' ? left / 2 : left + 1);
    entry.timer = setTimeout(() => recheckSoon(key, entry), wait);
    entry.timer.unref();
  }

  function onRevoked(revoked: Revoked): void {
    told++;
    for (const [key, viewer] of known.entries()) if (fits(revoked, viewer)) known.delete(key);
    for (const [key, entry] of held) if (fits(revoked, entry.viewer)) recheckSoon(key, entry);
  }

  async function listen() {
    const unlisten = await access.listen(onRevoked);
    hears = true;
    lookAtAll();
    return unlisten;
  }

  /** What was told while nobody listened is lost. */
  function lookAtAll(): void {
    told++;
    known.clear();
    for (const [key, entry] of held) recheckSoon(key, entry);
  }

  let listening = listen();
  listening.catch(onError);
  engine.onReady(() => {
    lookAtAll();
    listening = listening.catch(listen);
    listening.catch(onError);
  });

  /** Null: nobody's (any more). */
  async function viewerOf(secret: string): Promise<Viewer | null> {
    const viewer = known.get(digestOf(secret)) ?? (await present(secret));
    const expiresAt = viewer?.credential?.expiresAt ?? null;
    return expiresAt === null || expiresAt > engine.now() ? viewer : null;
  }

  return {
    async welcome({ bearer, cookies }) {
      for (const secret of bearer === null ? cookies : [bearer]) {
        const viewer = await viewerOf(secret);
        if (viewer) return { viewer, secret, fresh: null };
      }
      if (bearer !== null) {
        throw new Refusal(
          'UNAUTHENTICATED',
          'These credentials are not valid: unknown, revoked or expired. Sign in again, or use another token',
        );
      }
      const begun = await visitors.begin();
      return { viewer: begun.viewer, secret: begun.secret, fresh: begun.secret };
    },

    hold(secret, viewer, end) {
      if (viewer.credential === null) return () => undefined;
      const key = digestOf(secret);
      const entry = held.get(key) ?? { secret, viewer, ends: new Set(), timer: null };
      entry.ends.add(end);
      if (!held.has(key)) {
        held.set(key, entry);
        time(key, entry);
      }
      // Word may have come between the look and this.
      if (known.get(key) !== viewer) recheckSoon(key, entry);
      return () => {
        entry.ends.delete(end);
        if (entry.ends.size > 0) return;
        if (held.get(key) === entry) held.delete(key);
        if (entry.timer) clearTimeout(entry.timer);
      };
    },

    async stop(): Promise<void> {
      for (const { timer } of held.values()) if (timer) clearTimeout(timer);
      (await listening.catch(() => null))?.();
    },
  };
}
