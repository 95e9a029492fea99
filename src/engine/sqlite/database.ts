import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { migrations } from './layout.ts';

/** An open database file, held by this process alone. */
export interface Database {
  /** Statements are prepared once, where they are named. */
  one<Row>(sql: string): (...values: SQLInputValue[]) => Row | undefined;
  all<Row>(sql: string): (...values: SQLInputValue[]) => Row[];
  /** Answers the number of changed rows. */
  run(sql: string): (...values: SQLInputValue[]) => number;
  inTransaction(): boolean;
  close(): void;
}

export const DATABASE_FILE = 'spacedock.db';

const BUSY = 5;

/**
 * Opens `<directory>/spacedock.db`, made where there is none, and brings its layout up to date. Throws an Error that says what to do
 * when another process has it, or when a newer Spacedock wrote it.
 */
export function openDatabase(directory: string): Database {
  const database = open(directory);
  return {
    one(sql) {
      const statement = database.prepare(sql);
      return (...values) => statement.get(...values) as never;
    },
    all(sql) {
      const statement = database.prepare(sql);
      return (...values) => statement.all(...values) as never;
    },
    run(sql) {
      const statement = database.prepare(sql);
      return (...values) => Number(statement.run(...values).changes);
    },
    inTransaction: () => database.isTransaction,
    close: () => database.close(),
  };
}

function open(directory: string): DatabaseSync {
  const file = join(directory, DATABASE_FILE);
  let database: DatabaseSync | null = null;
  try {
    mkdirSync(directory, { recursive: true });
    database = new DatabaseSync(file, { timeout: 0 });
    // The lock is the operating system's: it ends with the process, however that ends. EXCLUSIVE comes first, so that WAL needs no
    // shared memory file.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('PRAGMA cache_size = -65536; BEGIN IMMEDIATE');
    migrate(database, directory);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database?.close();
    const code = sqliteCode(error);
    if (code === null) throw error;
    const message =
      code === BUSY
        ? `${directory} is in use by another Spacedock process. Stop that one, choose another DATA_DIR, or set REDIS_URL to let several processes share one state.`
        : `${file} cannot be opened: ${(error as Error).message}. Choose another DATA_DIR, or move the file away.`;
    throw new Error(message, { cause: error });
  }
}

function migrate(database: DatabaseSync, directory: string): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > migrations.length) {
    throw new Error(
      `${directory} holds data of layout ${version}, written by a newer Spacedock; this one knows ${migrations.length}. Start the newer one, or choose another DATA_DIR.`,
    );
  }
  for (const step of migrations.slice(version)) database.exec(step);
  database.exec(`PRAGMA user_version = ${migrations.length}`);
}

/** SQLite's primary result code of an error; null for any other error. See https://sqlite.org/rescode.html. */
export function sqliteCode(error: unknown): number | null {
  const { code, errcode } = error as { code?: string; errcode?: number };
  return code === 'ERR_SQLITE_ERROR' && errcode !== undefined ? errcode & 0xff : null;
}
