import type { Connection, Inspect } from './connection.ts';
import type { Keys } from './keys.ts';

/** The version of what keys.ts describes. Raise it when older data must be changed, and change it in `inspectLayout`. */
export const LAYOUT = 1;

/** The oldest Redis that has what the scripts use. */
const OLDEST = [7, 0] as const;

/** Refuses a server that is too old, a database that is not there, and data of a newer Spacedock. */
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
    return null;
  };

async function versionOf(send: Connection['send']): Promise<string> {
  const info = await send<string>('INFO', 'server');
  return /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'of an unknown version';
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return !(major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]));
}
