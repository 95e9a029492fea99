import { lstat, opendir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../domain/refusal.ts';

export interface RoomOptions {
  directory: string;
  /** What all files may take. Null: as much as there is. */
  maxBytes: number | null;
  /** What is left free of the disk. 0: nothing. */
  minFreeBytes: number;
}

/** What is known of the disk is looked up again after this long: others write there too. */
const FREE_MS = 1000;
/** The same for what all files take, which costs a walk through them. */
const USED_MS = 30_000;
/** At most this part of the time is spent on walking. */
const WALKING = 1 / 20;
const RETRY_SECONDS = 60;

export type Room = ReturnType<typeof createRoom>;

/** A measure of something that is expensive to look up, and what was written since. */
interface Gauge {
  bytes: number;
  /** Written since the look began. */
  since: number;
  at: number;
  tookMs: number;
  looking: Promise<void> | null;
}

const blank = (): Gauge => ({ bytes: 0, since: 0, at: -Infinity, tookMs: 0, looking: null });

/**
 * How much may still be written. Of what this process writes it never says yes to more than there is; what other processes and programs
 * write is seen after a second (the disk) or half a minute (all files of the storage).
 */
export function createRoom({ directory, maxBytes, minFreeBytes }: RoomOptions) {
  /** Promised and not written yet. */
  let promised = 0;
  const used = blank();
  const free = blank();

  async function look(gauge: Gauge, measure: () => Promise<number>): Promise<void> {
    gauge.looking ??= (async () => {
      const at = performance.now();
      const before = gauge.since;
      try {
        gauge.bytes = await measure();
        gauge.since -= before;
        gauge.at = at;
        gauge.tookMs = performance.now() - at;
      } finally {
        gauge.looking = null;
      }
    })();
    await gauge.looking;
  }

  /** Whether it fits, by a look that is fresh enough; before a no, by a newer one. */
  async function fits(
    gauge: Gauge,
    everyMs: number,
    measure: () => Promise<number>,
    left: () => number,
  ): Promise<number> {
    const age = performance.now() - gauge.at;
    const rest = Math.max(everyMs, gauge.tookMs / WALKING);
    if (age > rest || (left() < 0 && age > Math.min(rest, gauge.tookMs / WALKING))) await look(gauge, measure);
    return left();
  }

  const full = (field: string, message: string, limit: number): Refusal =>
    new Refusal('RATE_LIMITED', `${field}: ${message}`, { field, limit, retryAfterSeconds: RETRY_SECONDS });

  /** Promises room for so many bytes, or refuses; a promise is kept with `written` or given back with `release`. */
  async function promise(bytes: number, field: string): Promise<void> {
    if (maxBytes !== null && bytes > maxBytes) {
      const message = `${field}: the server keeps files of ${maxBytes} bytes in all (MAX_STORAGE_BYTES); send a smaller one`;
      throw new Refusal('PAYLOAD_TOO_LARGE', message, { field, limit: maxBytes });
    }
    promised += bytes;
    try {
      if (maxBytes !== null) {
        const left = () => maxBytes - used.bytes - used.since - promised;
        if ((await fits(used, USED_MS, () => bytesIn(directory), left)) < 0) {
          throw full(
            field,
            `the server's storage is full: its files take ${maxBytes} bytes at most (MAX_STORAGE_BYTES); try again when jobs have been deleted`,
            maxBytes,
          );
        }
      }
      if (minFreeBytes > 0) {
        const left = () => free.bytes - free.since - promised - minFreeBytes;
        if ((await fits(free, FREE_MS, () => freeBytes(directory), left)) < 0) {
          throw full(
            field,
            `the server's disk is nearly full, ${minFreeBytes} bytes of it stay free (MIN_FREE_BYTES); try again when there is room`,
            minFreeBytes,
          );
        }
      }
    } catch (error) {
      promised -= bytes;
      throw error;
    }
  }

  return {
    promise,

    /** So much of what was promised is on the disk now, or as good as. */
    written(bytes: number): void {
      promised -= bytes;
      used.since += bytes;
      free.since += bytes;
    },

    release(bytes: number): void {
      promised -= bytes;
    },

    /** Files were deleted: what all of them take is looked up again before the next no. */
    freed(): void {
      used.tookMs = 0;
    },
  };
}

/** Infinity where a file system does not say. */
async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize, blocks } = await statfs(directory).catch(() => ({ bavail: 0, bsize: 0, blocks: 0 }));
  return blocks === 0 ? Infinity : bavail * bsize;
}

async function bytesIn(directory: string): Promise<number> {
  let sum = 0;
  try {
    for await (const entry of await opendir(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) sum += await bytesIn(path);
      else if (entry.isFile())
        sum += await lstat(path).then(
          ({ size }) => size,
          () => 0,
        );
    }
  } catch (error) {
    // What was deleted meanwhile takes nothing.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return sum;
}
