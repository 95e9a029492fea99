import { type JobId, TRACKED_PARTITIONS } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import type { Connection, Inspect } from './connection.ts';
import type { Keys } from './keys.ts';
import { migrating } from './scripts.ts';

/** The version of what keys.ts describes. Raise it when older data must be changed, and change it in `migrate`. */
export const LAYOUT = 2;

/** Jobs that are brought up to date at a time. */
const BATCH = 500;

/** The oldest Redis that has what the scripts use. */
const OLDEST = [7, 0] as const;

/** Refuses a server that is too old, a database that is not there, and data of a newer Spacedock; older data is migrated. */
export const inspectLayout =
  (keys: Keys, database: number): Inspect =>
  async (send) => {
    const version = await versionOf(send);
    if (isOlder(version)) return `this is Redis ${version}; ${OLDEST.join('.')} or newer is needed`;
    // The client goes on in database 0 when it cannot have the one it was told to use.
    if (database !== 0) await send('SELECT', database);
    const stored = await send<string | null>('SET', keys.layout, LAYOUT, 'NX', 'GET');
    if (stored !== null && Number(stored) > LAYOUT) {
      return `its data under "${keys.layout}" has layout ${stored}, written by a newer Spacedock; this one knows ${LAYOUT}`;
    }
    if (stored !== null && Number(stored) < LAYOUT) await migrate(send, keys, stored);
    return null;
  };

/**
 * One that is interrupted is begun anew by who connects next, and several at once do no harm. Processes of the older Spacedock should
 * have ended before: what they write meanwhile is of the older layout.
 */
async function migrate(send: Connection['send'], keys: Keys, from: string): Promise<void> {
  const spaces = await Promise.all(
    ['space', 'space-deletion'].map((kind) => send<string[]>('ZRANGE', keys.documents(kind), 0, -1)),
  );
  for (const partition of new Set([...spaces.flat(), ...TRACKED_PARTITIONS])) {
    await toSecond(send, keys, keys.base(partition));
  }
  await send('EVAL', migrating.raise.text, 1, keys.layout, from, LAYOUT);
}

/** From layout 1: it had no lists of a submitter's own jobs. */
async function toSecond(send: Connection['send'], keys: Keys, base: string): Promise<void> {
  let cursor = '0';
  do {
    // Jobs by deadline are all jobs; each id is followed by its score.
    const [next, entries] = await send<[string, string[]]>('ZSCAN', `${base}due`, cursor, 'COUNT', BATCH);
    const ids = entries.filter((_, n) => n % 2 === 0) as JobId[];
    const states = await Promise.all(ids.map((id) => send<string | null>('HGET', keys.job(id), 'state')));
    const named = ids.flatMap((id, n) => {
      const state = states[n];
      return state ? [id, (JSON.parse(state) as Job).submitter.id] : [];
    });
    if (named.length > 0) await send('EVAL', migrating.adopt.text, 1, base, ...named);
    cursor = next;
  } while (cursor !== '0');
}

async function versionOf(send: Connection['send']): Promise<string> {
  const info = await send<string>('INFO', 'server');
  return /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'of an unknown version';
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return !(major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]));
}
