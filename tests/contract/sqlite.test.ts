import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cursorOf, type Engine, EngineUnavailable } from '../../src/engine/engine.ts';
import { migrations } from '../../src/engine/sqlite/layout.ts';
import { openSqlite } from '../../src/engine/sqlite.ts';
import { endsWithUs } from '../help/children.ts';
import { ALICE, BOB, ear, listening, newJob } from './fixtures.ts';
import { engineContract } from './suite.ts';

const newDirectory = () => mkdtemp(join(tmpdir(), 'spacedock-'));

engineContract('SQLite', async () => {
  const directory = await newDirectory();
  let engine: Engine = await openSqlite({ directory });
  return {
    engine,
    async reopen() {
      await engine.close();
      engine = await openSqlite({ directory });
      return engine;
    },
    async dispose() {
      await engine.close();
      await rm(directory, { recursive: true });
    },
  };
});

describe('SQLite alone', () => {
  let directory: string;
  const closing: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    directory = await newDirectory();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await rm(directory, { recursive: true });
  });

  async function open(): Promise<Engine> {
    const engine = await openSqlite({ directory });
    closing.push(() => engine.close());
    return engine;
  }

  /** Another process that has the directory open; its lines as they come. */
  function startProcess(task: 'hold' | 'fill', command: string[] = []) {
    const [program, ...rest] = [
      ...command,
      process.execPath,
      join(import.meta.dirname, 'sqlite-process.ts'),
      directory,
      task,
    ];
    const child = endsWithUs(spawn(program!, rest, { stdio: ['ignore', 'pipe', 'pipe'] }));
    child.stderr.pipe(process.stderr, { end: false });
    const ended = once(child, 'close');
    const lines = ear<string>();
    createInterface(child.stdout).on('line', lines.hear);
    const kill = async () => {
      child.kill('SIGKILL');
      await ended;
    };
    closing.unshift(kill);
    return { lines, kill, ended };
  }

  test('a second process on the directory is refused, with the directory and what to do', async () => {
    const { lines } = startProcess('hold');
    await lines.until(1);
    const refusal = await openSqlite({ directory }).then(
      () => null,
      (error: Error) => error.message,
    );
    expect(refusal).toContain(directory);
    expect(refusal).toMatch(/in use by another Spacedock process.*Stop that one.*DATA_DIR.*REDIS_URL/);
  });

  test('a second engine in this process is refused just so, and the first goes on', async () => {
    const engine = await open();
    await expect(openSqlite({ directory })).rejects.toThrow('in use by another');
    expect(await engine.documents.put('upload', 'a', 1, 0)).toBe(1);
    await engine.close();
    expect((await (await open()).documents.get('upload', 'a'))?.value).toBe(1);
  });

  test('a killed process leaves no lock behind, and every write it acknowledged', async () => {
    const { lines, kill } = startProcess('hold');
    await lines.until(300);
    await kill();
    const engine = await open();
    const stored = new Set((await engine.documents.list('upload')).map(({ id }) => id));
    expect(lines.heard.length).toBeGreaterThanOrEqual(300);
    for (const id of lines.heard) expect(stored).toContain(id);
    expect(await engine.documents.put('upload', 'after', 1, 0)).toBe(1);
  });

  test('a directory that a newer Spacedock wrote is refused and left alone', async () => {
    await (await open()).close();
    const file = join(directory, 'spacedock.db');
    const newer = new DatabaseSync(file);
    newer.exec('PRAGMA user_version = 9999');
    newer.close();
    await expect(openSqlite({ directory })).rejects.toThrow(/layout 9999, written by a newer Spacedock/);
    const after = new DatabaseSync(file);
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 9999 });
    after.exec(`PRAGMA user_version = ${migrations.length}`);
    after.close();
    expect((await open()).health().ready).toBe(true);
  });

  test('a file from before the first layout is brought up to date', async () => {
    new DatabaseSync(join(directory, 'spacedock.db')).close();
    const engine = await open();
    expect(await engine.documents.put('upload', 'a', 1, 0)).toBe(1);
    await engine.close();
    const file = new DatabaseSync(join(directory, 'spacedock.db'));
    expect(file.prepare('PRAGMA user_version').get()).toEqual({ user_version: migrations.length });
    file.close();
  });

  test('the jobs of an older layout are in the lists of their submitters', async () => {
    const file = new DatabaseSync(join(directory, 'spacedock.db'));
    for (const step of migrations.slice(0, 3)) file.exec(step);
    file.exec('PRAGMA user_version = 3');
    const mine = newJob({ now: () => 1_700_000_000_000 } as Engine, 'old', { submitter: BOB });
    file
      .prepare(
        `INSERT INTO jobs (id, partition, cursor, submitter, revision, status, place, deadline, job)
         VALUES (?, 'old', ?, ?, 1, 'QUEUED', 1, 1, ?)`,
      )
      .run(mine.id, cursorOf(mine), BOB.id, JSON.stringify(mine));
    file.close();
    const engine = await open();
    expect(await engine.jobs.list(['old'], null, null, 10, BOB.id)).toEqual([mine]);
    expect(await engine.jobs.list(['old'], null, null, 10, ALICE.id)).toEqual([]);
  });

  test('a file that is no database is refused by name', async () => {
    await writeFile(join(directory, 'spacedock.db'), 'This is something else.\n'.repeat(100));
    await expect(openSqlite({ directory })).rejects.toThrow(/spacedock\.db cannot be opened: .*not a database/);
  });

  test('the directory is made where there is none', async () => {
    const engine = await openSqlite({ directory: join(directory, 'a', 'b') });
    await engine.close();
    expect((await stat(join(directory, 'a', 'b', 'spacedock.db'))).isFile()).toBe(true);
  });

  test('the writes of one turn share a transaction', async () => {
    const engine = await open();
    const written = async () => (await stat(join(directory, 'spacedock.db-wal'))).size;
    const put = (n: number) => engine.documents.put('upload', `${n}`, n, 0);
    // A transaction writes each page it changed once: the log grows by pages, not by writes.
    const start = await written();
    for (let n = 0; n < 50; n++) await put(n);
    const apart = (await written()) - start;
    await Promise.all(Array.from({ length: 50 }, (_, n) => put(100 + n)));
    const together = (await written()) - start - apart;
    expect(apart).toBeGreaterThan(50 * 4096);
    expect(together).toBeLessThan(10 * 4096);
    expect(together).toBeGreaterThan(0);
  });

  test('a write that fails spoils none of its turn, and all are answered in order', async () => {
    const engine = await open();
    const told = await listening((hear) => engine.bus.listenSpace('s', hear));
    const order: string[] = [];
    const put = (id: string, expiresAt?: number) =>
      engine.documents.put('upload', id, 1, 0, expiresAt).then(
        () => order.push(id),
        (error: Error) => order.push(`${id}: ${error.message}`),
      );
    const present = { id: 'app', name: 'App', version: null, owner: 'owner', spaces: ['s'], capacity: 1, session: 1 };
    const at = { status: 'CONNECTED', connectedAt: 1, lastSeenAt: 1, until: 1 } as const;
    // No instant is half a millisecond: the database refuses the row.
    await Promise.all([
      engine.presence.register('s', { ...present, ...at }),
      put('a'),
      put('b', 1.5),
      put('c'),
      put('d'),
    ]);
    expect(order).toEqual(['a', expect.stringMatching(/^b: cannot store REAL/), 'c', 'd']);
    expect((await engine.documents.list('upload')).map(({ id }) => id)).toEqual(['a', 'c', 'd']);
    expect(told.heard).toEqual([{ type: 'presence' }]);
    expect(engine.health()).toEqual({ ready: true, problem: null });
  });

  test('a storage that takes nothing more is EngineUnavailable, and said to be back when it does', async () => {
    // The process may write files of 1 MiB; the signal that says so is ignored, as on a full disk.
    const limited = ['sh', '-c', 'trap "" XFSZ; ulimit -f 2048; exec "$@"', 'sh'];
    const { lines, ended } = startProcess('fill', limited);
    await ended;
    expect(lines.heard).toEqual([
      'large: EngineUnavailable',
      'neighbour: revision 1',
      'large again: EngineUnavailable',
      'after: revision 1',
      'said to be back: 1',
      'health: {"ready":true,"problem":null}',
    ]);
    expect((await (await open()).documents.list('upload')).map(({ id }) => id)).toEqual(['after', 'neighbour']);
  });

  test('expired documents leave the file when another one is stored', async () => {
    const engine = await open();
    await engine.documents.put('upload', 'a', 1, 0, engine.now());
    await engine.documents.put('secret', 'b', 1, 0, engine.now());
    await engine.documents.put('upload', 'kept', 1, 0, engine.now() + 60_000);
    await engine.close();
    const file = new DatabaseSync(join(directory, 'spacedock.db'));
    expect(file.prepare('SELECT id FROM documents').all()).toEqual([{ id: 'kept' }]);
    file.close();
  });

  test('records that have expired leave the file when another one is added, of whatever kind, and are not counted', async () => {
    const engine = await open();
    const add = (kind: string, id: string, keptMs: number) => engine.records.add(kind, id, 1, engine.now() + keptMs, 2);
    await add('a', '1', 0);
    await add('b', '2', 0);
    await add('a', '3', 60_000);
    await add('a', '4', 60_000);
    await engine.close();
    const file = new DatabaseSync(join(directory, 'spacedock.db'));
    expect(file.prepare('SELECT id FROM records').all()).toEqual([{ id: '3' }, { id: '4' }]);
    expect(file.prepare(`SELECT * FROM counters WHERE name LIKE 'records:%'`).all()).toEqual([
      { name: 'records:a', value: 2 },
      { name: 'records:b', value: 0 },
    ]);
    file.close();
  });

  test('what was asked before close is done, what is asked after it is EngineUnavailable', async () => {
    const engine = await open();
    const put = engine.documents.put('upload', 'a', 1, 0);
    await engine.close();
    expect(await put).toBe(1);
    await engine.close();
    await expect(engine.documents.put('upload', 'b', 1, 0)).rejects.toBeInstanceOf(EngineUnavailable);
    await expect(engine.documents.get('upload', 'a')).rejects.toBeInstanceOf(EngineUnavailable);
    expect(engine.health()).toEqual({ ready: false, problem: 'The database is closed' });
    expect((await (await open()).documents.get('upload', 'a'))?.value).toBe(1);
  });

  test('a listener that throws is logged, and the others hear', async () => {
    const logged: unknown[] = [];
    const log = { error: (details: unknown) => void logged.push(details) };
    const engine = await openSqlite({ directory, log });
    closing.push(() => engine.close());
    const broken = new Error('broken');
    await engine.bus.listen('topic', () => {
      throw broken;
    });
    const hears = await listening((hear) => engine.bus.listen('topic', hear));
    await engine.bus.publish('topic', 1);
    expect(await hears.until(1)).toEqual([1]);
    expect(logged).toEqual([{ err: broken }]);
  });

  test('what a listener tells itself is heard after what it heard, by everybody', async () => {
    const engine = await open();
    await engine.bus.listen('topic', (message) => {
      if (message === 'question') void engine.bus.publish('topic', 'answer');
    });
    const hears = await listening((hear) => engine.bus.listen('topic', hear));
    await engine.bus.publish('topic', 'question');
    expect(await hears.until(2)).toEqual(['question', 'answer']);
  });

  test('what is told is frozen to its depths', async () => {
    const engine = await open();
    const hears = await listening((hear) => engine.bus.listen('topic', hear));
    await engine.bus.publish('topic', { list: [{ n: 1 }] });
    const [told] = (await hears.until(1)) as { list: { n: number }[] }[];
    expect([told, told!.list, told!.list[0]].every(Object.isFrozen)).toBe(true);
  });
});
