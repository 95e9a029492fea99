import { EngineUnavailable } from '../engine.ts';
import type { SqliteBus } from './bus.ts';
import { type Database, sqliteCode } from './database.ts';

/** Tells listeners of a topic, once the change is committed. */
export type Tell = (topic: string, message: unknown) => void;

/** Reads at once; writes together. */
export interface Store {
  read<T>(look: () => T): Promise<T>;
  /**
   * Runs `change` in the next transaction, which takes all writes of this turn of the event loop; resolves with its answer after the
   * COMMIT, when everybody was told. `change` may be run a second time, after a rollback: it must do nothing but read, write and tell.
   */
  write<T>(change: (tell: Tell) => T): Promise<T>;
  /** Why the last write failed, if it did; tries again to find out. */
  problem(): string | null;
  /** Called when a write has worked again after one that failed. */
  onRecovery(handler: () => void): void;
  close(): void;
}

interface Write {
  change(tell: Tell): unknown;
  resolve(answer: never): void;
  reject(error: unknown): void;
}

export function createStore(database: Database, bus: Pick<SqliteBus, 'deliver'>): Store {
  const begin = database.run('BEGIN IMMEDIATE');
  const commit = database.run('COMMIT');
  const rollback = database.run('ROLLBACK');
  const touch = database.run(`INSERT OR REPLACE INTO counters (name, value) VALUES ('touched', 0)`);
  const recoveries: (() => void)[] = [];
  let pending: Write[] = [];
  let problem: string | null = null;
  let closed = false;

  function flush(): void {
    if (pending.length === 0) return;
    const writes = pending;
    pending = [];
    // One that fails must not spoil the others: they run again, each alone.
    if (!settled(writes)) for (const write of writes) settled([write]);
  }

  /** Commits the writes together and answers them. False: nothing was done, and several can be tried one by one. */
  function settled(writes: Write[]): boolean {
    const told: [topic: string, message: unknown][] = [];
    const tell: Tell = (topic, message) => told.push([topic, message]);
    let answers: unknown[];
    try {
      begin();
      answers = writes.map(({ change }) => change(tell));
      commit();
    } catch (error) {
      if (database.inTransaction()) rollback();
      if (writes.length > 1) return false;
      const reason = unavailable(error);
      if (reason instanceof EngineUnavailable) problem = reason.message;
      for (const { reject } of writes) reject(reason);
      return true;
    }
    for (const [topic, message] of told) bus.deliver(topic, message);
    for (const [n, { resolve }] of writes.entries()) resolve(answers[n] as never);
    if (problem !== null) {
      problem = null;
      for (const handler of recoveries) handler();
    }
    return true;
  }

  return {
    async read(look) {
      if (closed) throw new EngineUnavailable('The database is closed');
      try {
        return look();
      } catch (error) {
        throw unavailable(error);
      }
    },
    write: (change) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new EngineUnavailable('The database is closed'));
        if (pending.push({ change, resolve, reject }) === 1) setImmediate(flush);
      }),
    problem() {
      if (problem !== null && !closed) settled([{ change: () => touch(), resolve() {}, reject() {} }]);
      return closed ? 'The database is closed' : problem;
    },
    onRecovery: (handler) => void recoveries.push(handler),
    close() {
      if (closed) return;
      flush();
      closed = true;
      database.close();
    },
  };
}

// NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN: the storage, not the statement.
const STORAGE_CODES = new Set([7, 8, 10, 11, 13, 14]);

function unavailable(error: unknown): unknown {
  if (!STORAGE_CODES.has(sqliteCode(error) ?? -1)) return error;
  return new EngineUnavailable(`The database cannot be used: ${(error as Error).message}`, { cause: error });
}
