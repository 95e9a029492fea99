import { v7 as uuidv7 } from 'uuid';
import type { Submitter } from '../domain/job.ts';
import type { Instant, Json } from '../domain/json.ts';
import { badInput } from '../domain/refusal.ts';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import { networkOf } from './network.ts';

/** Everything that is recorded. */
export const auditKinds = {
  SIGNED_IN: 'Somebody signed in.',
  SIGN_IN_FAILED: 'A sign-in was refused.',
  SIGNED_OUT: 'Somebody signed out.',
  PASSWORD_CHANGED: 'A password was changed.',
  USER_CREATED: 'An account was created.',
  USER_DISABLED: 'An account was disabled; its sessions and sockets have ended.',
  USER_ENABLED: 'A disabled account may sign in again.',
  ROLE_CHANGED: 'A user was given another role: `detail.role`.',
  TOKEN_CREATED: 'A token was created.',
  TOKEN_REVOKED: 'A token was revoked.',
  SPACE_CREATED: 'A space was created.',
  SPACE_UPDATED: 'A space was changed; `detail.fields` names what.',
  SPACE_DELETED: 'A space was deleted, with its jobs and files.',
  APP_CONNECTED: 'A remote app registered.',
  APP_DISCONNECTED: 'A remote app said goodbye (`detail.how`: left) or was lost (lost).',
  APP_REMOVED: 'An administrator ended a remote app’s connection.',
} as const satisfies Record<string, string>;

export type AuditKind = keyof typeof auditKinds;

/** Who did something, and from where. Null: nobody who is known; no address (the server itself, or a socket of another kind). */
export interface Doer {
  actor: Submitter | null;
  address: string | null;
}

export interface AuditEvent extends Doer {
  kind: AuditKind;
  /** The id of what it was done to: a space, a remote app, a user's name, a token. */
  subject: string | null;
  /** What else is worth knowing, at most 2 KiB. No secrets, nothing a person typed where a secret belongs. */
  detail: Json | null;
}

export interface AuditEntry extends AuditEvent {
  id: string;
  at: Instant;
  /** How many it stands for. */
  count: number;
}

type Kept = Omit<AuditEntry, 'id' | 'kind'>;

export interface AuditParts {
  engine: Engine;
  /** 0: nothing is recorded. */
  keepDays: number;
  log: Log;
  /** What counts as at once. @default 60000 */
  windowMs?: number;
}

/** So many of one kind from one place within a minute are entries of their own; what goes beyond is one more, with their number. */
export const SINGLY = 10;
/** So many places are told apart within a minute, for each kind; what comes from others counts as from one. */
export const PLACES = 500;
/** So many entries of one kind are kept, about 25 MB: no flood fills the storage, or drives out what is of another kind. */
export const KEPT_OF_KIND = 50_000;
/** So many entries wait for the storage. */
const WAITING = 1000;
/** So many are being stored at a time. */
const BATCH = 50;
const MAX_DETAIL = 2048;
const MAX_PAGE = 100;
const DAY_MS = 86_400_000;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const logOf = (kind: AuditKind): string => `audit-${kind}`;
const ALL = Object.keys(auditKinds) as AuditKind[];

export type Audit = ReturnType<typeof createAudit>;

/** What was done to the server, by whom, from where: written down behind the back of who does it. */
export function createAudit({ engine, keepDays, log, windowMs = 60_000 }: AuditParts) {
  interface Window {
    single: number;
    more: (AuditEvent & { count: number }) | null;
  }
  /** What was recorded since the timer was set, by kind and place. */
  let windows = new Map<string, Window>();
  const places = new Map<AuditKind, number>();
  let timer: NodeJS.Timeout | null = null;
  let waiting: { kind: AuditKind; id: string; kept: Kept }[] = [];
  let storing: Promise<void> | null = null;
  let seq = 0;

  function windowOf({ kind, address }: AuditEvent): Window {
    const place = `${kind} ${address === null ? '' : networkOf(address)}`;
    const known = places.get(kind) ?? 0;
    const key = windows.has(place) || known < PLACES ? place : kind;
    let window = windows.get(key);
    if (!window) {
      window = { single: 0, more: null };
      windows.set(key, window);
      places.set(kind, known + 1);
      timer ??= setTimeout(close, windowMs).unref();
    }
    return window;
  }

  /** Ends the minute: what was counted becomes entries. */
  function close(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    const over = windows;
    windows = new Map();
    places.clear();
    for (const { more } of over.values()) if (more) enter(more, more.count);
  }

  function enter({ kind, actor, address, subject, detail }: AuditEvent, count: number): void {
    const at = engine.now();
    // The number keeps those of one instant in their order.
    const id = uuidv7({ msecs: at, seq: ++seq >>> 0 });
    const entry = { kind, id, kept: { at, actor, address, subject, detail, count } };
    if (waiting.length >= WAITING) {
      lost(entry, `${WAITING} entries wait already`);
      return;
    }
    waiting.push(entry);
    storing ??= store();
  }

  async function store(): Promise<void> {
    // Whoever records goes on first.
    await null;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      await Promise.all(
        batch.map((entry) => {
          const { kind, id, kept } = entry;
          const until = kept.at + keepDays * DAY_MS;
          return engine.records
            .add(logOf(kind), id, kept as unknown as Json, until, KEPT_OF_KIND)
            .catch((error) => lost(entry, error));
        }),
      );
    }
    storing = null;
  }

  function lost({ kind, kept }: { kind: AuditKind; kept: Kept }, why: unknown): void {
    log.error({ err: why, audit: { kind, ...kept } }, 'An entry of the audit log could not be stored; here it is');
  }

  return {
    /**
     * Never throws, and nobody waits for it. More than SINGLY alike within a minute, of one kind and from one address (of IPv6 one
     * /64), become one entry with their number, and of the rest what they have in common.
     */
    record(event: AuditEvent): void {
      if (keepDays === 0) return;
      try {
        const bounded = bound(event);
        const window = windowOf(bounded);
        if (window.single < SINGLY) {
          window.single++;
          enter(bounded, 1);
        } else {
          window.more = window.more ? common(window.more, bounded) : { ...bounded, count: 1 };
        }
      } catch (error) {
        log.error({ err: error }, 'Something could not be recorded in the audit log');
      }
    },

    /** Newest first, `first` of 1 to 100; `after` is the id that the page before ended with. `more`: there are older ones. */
    async page(
      first: number,
      after: string | null,
      kinds: AuditKind[] | null = null,
    ): Promise<{ entries: AuditEntry[]; more: boolean }> {
      if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE) {
        throw badInput('first', `must be 1 to ${MAX_PAGE}, not ${first}`, MAX_PAGE);
      }
      if (after !== null && !ID.test(after)) throw badInput('after', 'is no cursor of a page');
      const asked = [...new Set(kinds ?? ALL)].map(logOf);
      const found = await engine.records.newest<Kept & Json>(asked, after, first + 1);
      const entries = found.slice(0, first).map(({ kind, id, value }): AuditEntry => {
        return { ...(value as Kept), id, kind: kind.slice(logOf('' as AuditKind).length) as AuditKind };
      });
      return { entries, more: found.length > first };
    },

    /** Resolves when everything recorded so far is stored, or logged. */
    async stop(): Promise<void> {
      close();
      await storing;
    },
  };
}

/** Only what belongs into an entry, and no more of it than that holds. */
function bound({ kind, actor, address, subject, detail }: AuditEvent): AuditEvent {
  return {
    kind,
    actor: actor && { id: actor.id.slice(0, 200), name: actor.name.slice(0, 200), role: actor.role },
    address: address?.slice(0, 64) ?? null,
    subject: subject?.slice(0, 200) ?? null,
    detail: JSON.stringify(detail).length > MAX_DETAIL ? null : detail,
  };
}

/** What several have in common; null where they differ. */
function common<T extends AuditEvent & { count: number }>(one: T, other: AuditEvent): T {
  const same = <V>(a: V, b: V): V | null => (JSON.stringify(a) === JSON.stringify(b) ? a : null);
  return {
    ...one,
    actor: same(one.actor, other.actor),
    address: same(one.address, other.address),
    subject: same(one.subject, other.subject),
    detail: same(one.detail, other.detail),
    count: one.count + 1,
  };
}
