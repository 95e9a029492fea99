import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/domain/job.ts';
import { EngineUnavailable } from '../../src/engine/engine.ts';
import { freePort } from '../help/redis.ts';
import { startProxy } from '../help/redis-proxy.ts';
import {
  claimed,
  completed,
  connected,
  ear,
  INPUT,
  listening,
  newJob,
  newSpace,
  progressed,
  queued,
  working,
} from './fixtures.ts';
import { back, cleanUp, client, open, opened, openReady, ready, start, warnings } from './redis-fixtures.ts';

cleanUp();

describe('Redis is killed', () => {
  test('under traffic: no acknowledged submit is lost, work and listeners go on', async () => {
    const server = await start({ appendonly: true });
    const [engine, other] = [await openReady({ url: server.url }), await openReady({ url: server.url })];
    const space = await newSpace(engine);
    const acknowledged: string[] = [];
    const failures: unknown[] = [];
    const progress = ear<number>();
    let over = false;
    const submitters = Array.from({ length: 8 }, async (_, n) => {
      while (!over) {
        const job = newJob(engine, space);
        try {
          const created = await (n % 2 ? engine : other).jobs.create(job, INPUT, 1_000_000);
          expect(created.outcome).toBe('created');
          acknowledged.push(job.id);
          progress.hear(acknowledged.length);
        } catch (error) {
          failures.push(error);
        }
      }
    });

    await progress.until(200);
    const recovered = [back(engine), back(other)];
    await server.kill();
    await server.restart();
    await Promise.all(recovered);
    await progress.until(acknowledged.length + 200);
    over = true;
    await Promise.all(submitters);

    expect(failures.filter((error) => !(error instanceof EngineUnavailable))).toEqual([]);
    for (const id of acknowledged) expect((await engine.jobs.read(id))?.status).toBe('QUEUED');
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    expect((await engine.jobs.queue(space)).queued).toBeGreaterThanOrEqual(acknowledged.length);
  });

  test('a short outage is waited for, and listeners hear again as soon as onReady is called', async () => {
    const server = await start({ appendonly: true });
    const [engine, other] = [await openReady({ url: server.url }), await openReady({ url: server.url })];
    const { job } = await working(engine);
    const watcher = await listening<Job | null>((hear) => other.bus.listenJob(job.id, hear));
    const recovered = back(other);
    await server.kill();
    const next = progressed(job, engine.now());
    const committed = engine.jobs.commit(next);
    await server.restart();
    expect(await committed).toBe(true);
    await recovered;
    expect(other.health()).toEqual({ ready: true, problem: null });
    const done = completed(next, engine.now());
    await engine.jobs.commit(done);
    while (watcher.heard.at(-1)?.status !== 'COMPLETED') await watcher.until(watcher.heard.length + 1);
    expect(watcher.heard.at(-1)).toEqual(done);
  });

  test('a claim, a presence and the sessions are there after it', async () => {
    const server = await start({ appendonly: true });
    const engine = await openReady({ url: server.url });
    const session = await engine.nextSession();
    const { space, job } = await working(engine);
    const recovered = back(engine);
    await server.kill();
    await server.restart();
    await recovered;
    expect(await engine.jobs.read(job.id)).toEqual(job);
    expect(await engine.presence.leave(space, 'app', 1)).toMatchObject([{ job: job.id, token: job.lease?.token }]);
    expect(await engine.nextSession()).toBeGreaterThan(session);
  });
});

describe('Redis is away', () => {
  test('at the start: the engine opens at once, says so, refuses in time, and begins when Redis comes', async () => {
    const port = await freePort();
    const { log, until } = warnings();
    const engine = await open({ url: `redis://127.0.0.1:${port}`, log, timeoutMs: 300 });
    expect(engine.health()).toMatchObject({ ready: false, problem: expect.stringContaining(`127.0.0.1:${port}`) });
    const [warning] = await until(1);
    expect(warning).toContain('ECONNREFUSED');
    expect(engine.health().problem).toContain('ECONNREFUSED');
    await expect(engine.jobs.read('any')).rejects.toThrow(EngineUnavailable);
    await expect(engine.bus.listen('topic', () => {})).rejects.toThrow(EngineUnavailable);
    await expect(engine.bus.publish('topic', 1)).rejects.toThrow(EngineUnavailable);
    await expect(engine.documents.put('space', 'a', {}, 0)).rejects.toThrow(EngineUnavailable);
    const came = ready(engine);
    await start({ port });
    await came;
    expect(engine.health()).toEqual({ ready: true, problem: null });
    expect(await engine.documents.put('space', 'a', {}, 0)).toBe(1);
  });

  test('an operation that finds it away waits for it', async () => {
    const port = await freePort();
    const engine = await open({ url: `redis://127.0.0.1:${port}` });
    const stored = engine.documents.put('space', 'a', { n: 1 }, 0);
    const heard = listening((hear) => engine.bus.listen('topic', hear));
    await start({ port });
    expect(await stored).toBe(1);
    const listener = await heard;
    await engine.bus.publish('topic', 'here');
    expect(await listener.until(1)).toEqual(['here']);
  });

  test('for ever: closing refuses what still waits', async () => {
    const engine = await open({ url: `redis://127.0.0.1:${await freePort()}` });
    const read = expect(engine.jobs.read('any')).rejects.toThrow(EngineUnavailable);
    await engine.close();
    await read;
    await expect(engine.jobs.read('any')).rejects.toThrow(EngineUnavailable);
  });
});

describe('Redis is held', () => {
  test('for a moment: everything waits and goes on', async () => {
    const server = await start();
    const engine = await openReady({ url: server.url });
    const { space, job } = await working(engine);
    const watcher = await listening<Job | null>((hear) => engine.bus.listenJob(job.id, hear));
    server.pause();
    const next = progressed(job, engine.now());
    let answered = false;
    const both = Promise.all([engine.jobs.commit(next), queued(engine, space)]).finally(() => {
      answered = true;
    });
    // What was asked leaves at the end of the turn.
    for (let turns = 0; turns < 10; turns++) await turn();
    expect(answered).toBe(false);
    server.resume();
    const [committed, created] = await both;
    expect(committed).toBe(true);
    expect(created.status).toBe('QUEUED');
    expect(await watcher.until(1)).toEqual([next]);
    expect(engine.health().ready).toBe(true);
  });

  test('for long: operations are refused in time, and work again when it goes on', async () => {
    const server = await start();
    const { log, until } = warnings();
    const engine = await openReady({ url: server.url, timeoutMs: 500, clockMs: 100, heartbeatMs: 200, log });
    const { space, job } = await working(engine);
    const watcher = await listening<Job | null>((hear) => engine.bus.listenJob(job.id, hear));
    const recovered = back(engine);
    server.pause();
    await expect(queued(engine, space)).rejects.toThrow(EngineUnavailable);
    await until(1);
    expect(engine.health().ready).toBe(false);
    await expect(engine.jobs.read(job.id)).rejects.toThrow(EngineUnavailable);
    server.resume();
    await recovered;
    const done = completed(job, engine.now());
    expect(await engine.jobs.commit(done)).toBe(true);
    expect(await watcher.until(1)).toEqual([done]);
  });
});

describe('Redis forgets', () => {
  test('a flushed script cache is filled again, also in the middle of work', async () => {
    const server = await start();
    const engine = await openReady({ url: server.url });
    const redis = client(server.url);
    const space = await newSpace(engine);
    await connected(engine, space, 'app');
    for (let round = 0; round < 3; round++) {
      await redis.script('FLUSH');
      const jobs = await Promise.all(Array.from({ length: 10 }, () => queued(engine, space)));
      await redis.script('FLUSH');
      const taken = await Promise.all(jobs.map(() => claimed(engine, space, 'app')));
      expect(new Set(taken.map(({ id }) => id)).size).toBe(10);
      await redis.script('FLUSH');
      const done = await Promise.all(taken.map((job) => engine.jobs.commit(completed(job, engine.now()))));
      expect(done).toEqual(Array(10).fill(true));
    }
    expect(await engine.jobs.queue(space)).toMatchObject({ queued: 0, running: 0 });
  });
});

describe('Connections die in silence', () => {
  test('one that messages come in on is noticed by its heartbeat, and made anew', async () => {
    const server = await start();
    const proxy = opened(await startProxy(server.port));
    const { log, until } = warnings();
    const engine = await openReady({ url: `redis://127.0.0.1:${proxy.port}`, heartbeatMs: 50, log });
    const listener = await listening((hear) => engine.bus.listen('topic', hear));
    await engine.bus.publish('topic', 'before');
    await listener.until(1);
    const recovered = back(engine);
    proxy.deafen((said) => said.includes('\r\nsubscribe\r\n'));
    await engine.bus.publish('topic', 'lost');
    expect(await until(1)).toEqual([expect.stringContaining('silent')]);
    await recovered;
    await engine.bus.publish('topic', 'after');
    expect(await listener.until(2)).toEqual(['before', 'after']);
  });

  test('one that commands go over is noticed by their silence, and made anew', async () => {
    const server = await start();
    const proxy = opened(await startProxy(server.port));
    const engine = await openReady({ url: `redis://127.0.0.1:${proxy.port}`, timeoutMs: 500 });
    const { job } = await working(engine);
    const before = progressed(job, engine.now());
    await engine.jobs.commit(before);
    const recovered = back(engine);
    proxy.deafen((said) => said.includes('\r\nevalsha\r\n'));
    const next = progressed(before, engine.now());
    // It happens, and nobody is told.
    await expect(engine.jobs.commit(next)).rejects.toThrow(EngineUnavailable);
    await recovered;
    expect(await engine.jobs.read(job.id)).toEqual(next);
    expect(await engine.jobs.commit(completed(next, engine.now()))).toBe(true);
  });
});
