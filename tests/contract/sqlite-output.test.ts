import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createBus } from '../../src/engine/sqlite/bus.ts';
import { type Database, openDatabase } from '../../src/engine/sqlite/database.ts';
import { createOutput } from '../../src/engine/sqlite/output.ts';
import { createStore } from '../../src/engine/sqlite/store.ts';
import { openSqlite } from '../../src/engine/sqlite.ts';
import { trackedJob } from './fixtures.ts';

const LOG = 'aé€😀z'.repeat(100_000);
const END = Buffer.byteLength(LOG);
const PIECE = 64 * 1024;

/** The database; `taken` answers the bytes of text that its rows brought since it was last asked. */
function counted(database: Database): Database & { taken(): number } {
  let bytes = 0;
  return {
    ...database,
    all<Row>(sql: string) {
      const all = database.all<Row>(sql);
      return (...values) => {
        const rows = all(...values);
        for (const { text } of rows as { text: string }[]) bytes += Buffer.byteLength(text);
        return rows;
      };
    },
    taken() {
      const taken = bytes;
      bytes = 0;
      return taken;
    },
  };
}

/** A tracked job in the directory, whose output was reported in pieces of so many characters. */
async function reported(directory: string, size: number): Promise<string> {
  const engine = await openSqlite({ directory });
  const { id } = trackedJob(engine, 'log-1');
  await engine.jobs.commit(trackedJob(engine, id));
  const appends: Promise<unknown>[] = [];
  for (let from = 0, offset = 0; from < LOG.length; from += size) {
    const text = LOG.slice(from, from + size);
    appends.push(engine.output.append(id, 1, null, offset, text, END));
    offset += Buffer.byteLength(text);
  }
  expect((await Promise.all(appends)).at(-1)).toEqual({ outcome: 'appended', end: END });
  await engine.close();
  return id;
}

// Sizes that cut no character: 'aé€😀z' is six UTF-16 units.
test.each([60, 600, 60_000, LOG.length])(
  'a log reported in pieces of %i reads no more than is asked for',
  async (size) => {
    const directory = await mkdtemp(join(tmpdir(), 'spacedock-'));
    const id = await reported(directory, size);
    const database = counted(openDatabase(directory));
    const store = createStore(database, createBus());
    try {
      const output = createOutput(database, store);
      let joined = '';
      for (let after = 0; after < END; ) {
        const piece = (await output.read(id, 1, after, PIECE))!;
        // And the rest of the rows at both its ends.
        expect(database.taken()).toBeLessThanOrEqual(1.5 * PIECE);
        joined += piece.text;
        after = piece.end;
      }
      expect(joined === LOG).toBe(true);
    } finally {
      store.close();
      await rm(directory, { recursive: true });
    }
  },
);
