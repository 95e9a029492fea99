import { createHash } from 'node:crypto';
import type { Instant } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Engine } from '../engine/engine.ts';

export interface UploadLimits {
  /** Unclaimed uploads of one viewer, those on their way in counted. */
  count: number;
  /** What they may take together, in bytes. */
  bytes: number;
}

/** One upload's share of its owner's quota. */
type Share = { bytes: number; until: Instant };

export type UploadQuota = ReturnType<typeof createUploadQuota>;

/**
 * What the unclaimed uploads of a viewer take, kept in the engine as one small document per upload that goes by itself `keptMs` after it
 * was last written. Nothing is counted up or down, so nothing drifts: what a process that ended half-way leaves behind is gone by then.
 * An upload writes its share first and looks at the sum after that: all processes together never let in more than the limits; two that
 * come at the same moment for the last of it may both be refused.
 */
export function createUploadQuota(engine: Engine, { count, bytes: most }: UploadLimits, keptMs: number) {
  const kindOf = (owner: string) => `upload-share-${createHash('sha256').update(owner).digest('hex').slice(0, 32)}`;

  async function put(owner: string, id: string, bytes: number, until = engine.now() + keptMs): Promise<void> {
    const kind = kindOf(owner);
    const share: Share = { bytes, until };
    // Most often it is a new one.
    for (let revision = 0; ; ) {
      if ((await engine.documents.put(kind, id, share, revision, until)) !== null) return;
      revision = (await engine.documents.get<Share>(kind, id))?.revision ?? 0;
    }
  }

  /** Refuses in the name of the field. The share stays; who gives up drops it. */
  function tooMuch(field: string, shares: Share[], limit: number, what: string): Refusal {
    const seconds = Math.ceil((Math.min(...shares.map(({ until }) => until)) - engine.now()) / 1000);
    const message = `${field}: you have uploads that no job has taken, and ${what}; submit them, or wait: they go after an hour`;
    return new Refusal('RATE_LIMITED', message, { field, limit, retryAfterSeconds: Math.max(1, seconds) });
  }

  return {
    /** A share for a new upload; refused when there are too many, or when `bytes` are not left. */
    async open(owner: string, id: string, bytes: number, field: string): Promise<void> {
      if (bytes > most) throw tooLarge(field, most);
      await put(owner, id, bytes);
      const shares = (await engine.documents.list<Share>(kindOf(owner))).map(({ value }) => value);
      if (shares.length > count) {
        throw tooMuch(field, shares, count, `there can be ${count} at most (MAX_UPLOADS_PER_VIEWER)`);
      }
      check(shares, field);
    },

    /**
     * Makes the share larger, to `wanted` or to what there is left; at least to `needed`, or it is refused. Answers what it is then.
     */
    async widen(owner: string, id: string, needed: number, wanted: number, field: string): Promise<number> {
      if (needed > most) throw tooLarge(field, most);
      await put(owner, id, wanted);
      const shares = await engine.documents.list<Share>(kindOf(owner));
      const others = shares.filter((share) => share.id !== id).map(({ value }) => value);
      const left = most - others.reduce((sum, { bytes }) => sum + bytes, 0);
      if (left >= wanted) return wanted;
      const share = Math.max(needed, left);
      await put(owner, id, share);
      if (left < needed) check([...others, { bytes: needed, until: engine.now() + keptMs }], field);
      return share;
    },

    /** The upload is whole, and takes so much. */
    set: put,

    drop: (owner: string, id: string): Promise<boolean> => engine.documents.remove(kindOf(owner), id),

    /** Whether it still has a share: it is unclaimed, or on its way in. */
    has: async (owner: string, id: string): Promise<boolean> =>
      (await engine.documents.get(kindOf(owner), id)) !== null,
  };

  function check(shares: Share[], field: string): void {
    const sum = shares.reduce((total, { bytes }) => total + bytes, 0);
    if (sum > most)
      throw tooMuch(field, shares, most, `they take ${most} bytes at most (MAX_UPLOADS_BYTES_PER_VIEWER)`);
  }
}

const tooLarge = (field: string, limit: number): Refusal =>
  new Refusal('PAYLOAD_TOO_LARGE', `${field}: uploads may take ${limit} bytes (MAX_UPLOADS_BYTES_PER_VIEWER)`, {
    field,
    limit,
  });
