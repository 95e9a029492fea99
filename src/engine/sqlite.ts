import type { Instant } from '../domain/json.ts';
import type { Engine } from './engine.ts';
import { createBus, type Log } from './sqlite/bus.ts';
import { openDatabase } from './sqlite/database.ts';
import { createDocuments } from './sqlite/documents.ts';
import { createJobs } from './sqlite/jobs.ts';
import { createOutput } from './sqlite/output.ts';
import { createPresence } from './sqlite/presence.ts';
import { createRecords } from './sqlite/records.ts';
import { createStore } from './sqlite/store.ts';
import { createSteadyClock, monotonic } from './steady.ts';

export interface SqliteOptions {
  /** Holds the database; made where there is none. One process at a time. */
  directory: string;
  /** Is told of listeners that throw. */
  log?: Log;
}

/**
 * The embedded engine: one process, no service beside it. What resolved is on the disk (WAL, `synchronous=FULL`). Rejects with an
 * Error that says what to do when another process has the directory, or a newer Spacedock wrote it.
 */
export async function openSqlite({ directory, log }: SqliteOptions): Promise<Engine> {
  const database = openDatabase(directory);
  const bus = createBus(log);
  const store = createStore(database, bus);
  const nextSession = database.one<{ value: number }>(
    `INSERT INTO counters (name, value) VALUES ('session', ?)
     ON CONFLICT DO UPDATE SET value = max(value + 1, excluded.value) RETURNING value`,
  );
  const clock = createSteadyClock();
  const now = (): Instant => {
    clock.aim(Date.now() - monotonic());
    return clock.now();
  };

  return {
    name: 'sqlite',
    now,
    health() {
      const problem = store.problem();
      return { ready: problem === null, problem };
    },
    onReady(handler) {
      queueMicrotask(handler);
      store.onRecovery(handler);
    },
    nextSession: () => store.write(() => nextSession(1000 * now())!.value),
    documents: createDocuments(database, store, now),
    records: createRecords(database, store, now),
    jobs: createJobs(database, store, now),
    output: createOutput(database, store),
    presence: createPresence(database, store, now),
    bus,
    close: async () => store.close(),
  } satisfies Engine;
}
