import { createHash } from 'node:crypto';
import type { Instant } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Engine } from '../engine/engine.ts';

export interface AttemptsParts {
  engine: Engine;
  /** What is counted, in the name of the documents: different ones do not meet. 1 to 32 of the characters a-z and -. */
  name: string;
  /** Failures that are taken within a window. */
  limit: number;
  /** A window begins with its first failure. */
  windowMs: number;
}

type Failures = { count: number; until: Instant };

/** Another process wins each time; each of them writes at most one count at a time, so that so many in a row is no accident. */
const MAX_TRIES = 100;
/** An attempt of which nothing more is heard for so long is not under way. */
const LAPSE_MS = 30_000;

export type Attempts = ReturnType<typeof createAttempts>;

/**
 * Counts failed attempts by key (a name, an address), in every process together: `check` before each attempt, and after it exactly
 * one of `failed`, `succeeded` and `ended`. Attempts under way in this process count as failures until then, so that a burst of
 * them gets no further than one after the other. Keys are stored as SHA-256 alone, and forgotten with their window.
 */
export function createAttempts({ engine, name, limit, windowMs }: AttemptsParts) {
  const kind = `attempts-${name}`;
  /** When the attempts under way lapse, by key, the oldest first. */
  const underWay = new Map<string, Instant[]>();
  /** Failures that will be written together, as soon as what is being written is there. */
  const batches = new Map<string, { count: number; written: Promise<void> }>();
  const writing = new Map<string, Promise<void>>();

  const idOf = (key: string): string => createHash('sha256').update(key).digest('base64url');

  function attemptsOf(id: string): number {
    const now = engine.now();
    const left = (underWay.get(id) ?? []).filter((lapses) => lapses > now);
    if (left.length > 0) underWay.set(id, left);
    else underWay.delete(id);
    return left.length;
  }

  function end(id: string): void {
    const left = (underWay.get(id) ?? []).slice(1);
    if (left.length > 0) underWay.set(id, left);
    else underWay.delete(id);
  }

  async function write(id: string, count: number): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const stored = await engine.documents.get<Failures>(kind, id);
      const now = engine.now();
      const open = stored !== null && stored.value.until > now ? stored.value : { count: 0, until: now + windowMs };
      const next = { count: open.count + count, until: open.until };
      if ((await engine.documents.put(kind, id, next, stored?.revision ?? 0, next.until)) !== null) return;
    }
    throw new Error(`failed attempts could not be counted: others were faster ${MAX_TRIES} times`);
  }

  /** One write at a time for each key; what comes meanwhile goes with the next. */
  function add(id: string): Promise<void> {
    const waiting = batches.get(id);
    if (waiting) {
      waiting.count++;
      return waiting.written;
    }
    const batch = { count: 1, written: Promise.resolve() };
    batches.set(id, batch);
    batch.written = (async () => {
      await writing.get(id)?.catch(() => {});
      batches.delete(id);
      await write(id, batch.count);
    })();
    const written = batch.written;
    writing.set(id, written);
    const done = () => {
      if (writing.get(id) === written) writing.delete(id);
    };
    written.then(done, done);
    return written;
  }

  return {
    /** An attempt begins. RATE_LIMITED, with when to come again, where `limit` have failed in this window. */
    async check(key: string): Promise<void> {
      const id = idOf(key);
      const before = attemptsOf(id);
      const stored = await engine.documents.get<Failures>(kind, id);
      const now = engine.now();
      const failures = stored !== null && stored.value.until > now ? stored.value.count : 0;
      if (failures >= limit) throw tooMany(stored!.value.until - now);
      // One that failed since the look above is in neither number but the one before.
      if (failures + Math.max(before, attemptsOf(id)) >= limit) throw tooMany(1000);
      underWay.set(id, [...(underWay.get(id) ?? []), now + LAPSE_MS]);
    },

    /** The attempt failed. Resolves when every process knows. */
    async failed(key: string): Promise<void> {
      const id = idOf(key);
      try {
        await add(id);
      } finally {
        end(id);
      }
    },

    /** The attempt was the right one: all failures of the key are forgotten. Not for keys that others share, like an address. */
    async succeeded(key: string): Promise<void> {
      const id = idOf(key);
      end(id);
      await engine.documents.remove(kind, id);
    },

    /** The attempt is over, and neither counts nor has anything forgotten. */
    ended: (key: string): void => end(idOf(key)),
  };

  function tooMany(waitMs: number): Refusal {
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    return new Refusal('RATE_LIMITED', `Too many attempts that failed; try again in ${retryAfterSeconds} s`, {
      limit,
      retryAfterSeconds,
    });
  }
}
