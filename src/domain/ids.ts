import { badInput, Refusal } from './refusal.ts';

/** `[A-Za-z0-9_-]{1,64}`, case-sensitive. */
export type SpaceId = string;
/** An inference job is `<space>.<uuidv7>`, a tracked job `[A-Za-z0-9_-]{1,128}`. */
export type JobId = string;
export type AppId = string;

const SPACE_ID = /^[A-Za-z0-9_-]{1,64}$/;
const TRACKED_ID = /^[A-Za-z0-9_-]{1,128}$/;
const INFERENCE_ID = /^[A-Za-z0-9_-]{1,64}\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function spaceId(field: string, id: string): SpaceId {
  if (!SPACE_ID.test(id)) throw badInput(field, 'a space id is 1 to 64 of the characters A-Z a-z 0-9 _ -', 64);
  return id;
}

export const isSpaceId = (id: string): boolean => SPACE_ID.test(id);
export const isTrackedId = (id: string): boolean => TRACKED_ID.test(id);
export const isJobId = (id: string): boolean => INFERENCE_ID.test(id) || TRACKED_ID.test(id);

const JOB_IDS = 'a job id is <space>.<uuid>, or for a tracked job 1 to 128 of A-Z a-z 0-9 _ -';

export function jobId(field: string, id: string): JobId {
  if (!isJobId(id)) throw badInput(field, JOB_IDS, 128);
  return id;
}

/** NOT_FOUND; of an id that no job can have it says what ids look like. */
export function noSuchJob(id: string, field = 'id'): Refusal {
  const hint = isJobId(id) ? '' : `; ${JOB_IDS}`;
  return new Refusal('NOT_FOUND', `There is no job "${id.slice(0, 200)}"${hint}`, { field });
}

/** The space an inference job belongs to, by its id alone; null for a tracked job. */
export function spaceOf(id: JobId): SpaceId | null {
  const dot = id.indexOf('.');
  return dot < 0 ? null : id.slice(0, dot);
}

/** Tracked jobs are spread over this many buckets, each with its own due and list index. */
export const TRACKED_BUCKETS = 64;

/** All partitions of tracked jobs. */
export const TRACKED_PARTITIONS: readonly string[] = Array.from({ length: TRACKED_BUCKETS }, (_, n) => `t:${n}`);

/**
 * Where a job's state lives together: its space, or `t:<bucket>` for a tracked job. In a Redis Cluster it is the hash tag, so
 * everything one transition touches is in one slot. No space id holds a colon, so the two never meet.
 */
export function partitionOf(id: JobId): string {
  return spaceOf(id) ?? `t:${crc16(id) % TRACKED_BUCKETS}`;
}

/** CRC16/XMODEM, the checksum of the Redis Cluster specification. */
export function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

/** The candidate closest to `wanted` by edit distance, for "did you mean"; null where nothing is near. */
export function nearest(wanted: string, candidates: Iterable<string>): string | null {
  if (wanted.length > 64) return null;
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.ceil(wanted.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
