import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { EngineUnavailable } from '../../src/engine/engine.ts';
import { keysOf } from '../../src/engine/redis/keys.ts';
import { LAYOUT } from '../../src/engine/redis/layout.ts';
import { openRedis } from '../../src/engine/redis/redis.ts';
import { startProxy } from '../help/redis-proxy.ts';
import { listening, newSpace, queued } from './fixtures.ts';
import { cleanUp, client, open, opened, openReady, ready, start, warnings } from './redis-fixtures.ts';

cleanUp();

describe('REDIS_URL', () => {
  test('a password is used, and never written to the log', async () => {
    const server = await start({ password: 's3cret/@:' });
    const engine = await openReady({ url: server.url });
    expect(await engine.documents.put('space', 'a', {}, 0)).toBe(1);
    const { log, until } = warnings();
    const wrong = await open({ url: server.url.replace('s3cret', 'guess'), timeoutMs: 200, log });
    const [warning] = await until(1);
    expect(warning).toContain('WRONGPASS');
    expect(warning).not.toContain('guess');
    expect(wrong.health()).toEqual({ ready: false, problem: expect.stringContaining('WRONGPASS') });
    await expect(wrong.nextSession()).rejects.toThrow(EngineUnavailable);
  });

  test('a missing password is said to be missing', async () => {
    const server = await start({ password: 'secret' });
    const { log, until } = warnings();
    const engine = await open({ url: `redis://127.0.0.1:${server.port}`, timeoutMs: 200, log });
    await until(1);
    expect(engine.health()).toEqual({ ready: false, problem: expect.stringContaining('NOAUTH') });
  });

  test('the database number is honoured, by commands and after a reconnect', async () => {
    const server = await start({ appendonly: true });
    const [zero, three] = [await openReady({ url: server.url }), await openReady({ url: `${server.url}/3` })];
    const space = await newSpace(three);
    const job = await queued(three, space);
    expect(await zero.jobs.read(job.id)).toBeNull();
    await server.kill();
    await server.restart();
    await queued(three, space);
    expect(await client(server.url).keys('*{*')).toEqual([]);
    expect(await client(`${server.url}/3`).exists(keysOf('spacedock').job(job.id))).toBe(1);
  });

  test('a database that is not there is refused, not replaced by another', async () => {
    const server = await start();
    const { log, until } = warnings();
    const engine = await open({ url: `${server.url}/99`, log });
    await until(1);
    expect(engine.health()).toEqual({ ready: false, problem: expect.stringContaining('DB index') });
    await expect(engine.documents.put('space', 'a', {}, 0)).rejects.toThrow(EngineUnavailable);
    expect(await client(server.url).keys('*')).toEqual([]);
  });

  test('what is no Redis URL, and a prefix that would break hash tags, are refused at once', async () => {
    for (const url of ['http://127.0.0.1:1', 'redis://127.0.0.1:1/first', 'nonsense']) {
      await expect(openRedis({ url })).rejects.toThrow(/URL/);
    }
    await expect(openRedis({ url: 'redis://127.0.0.1:1', prefix: 'a{b}' })).rejects.toThrow('prefix');
  });

  test('processes with another prefix neither see nor hear each other', async () => {
    const server = await start();
    const one = await openReady({ url: server.url, prefix: 'one' });
    const two = await openReady({ url: server.url, prefix: 'two' });
    const job = await queued(one, await newSpace(one));
    expect(await two.jobs.read(job.id)).toBeNull();
    const heard: unknown[] = [];
    await two.bus.listen('topic', (message) => heard.push(message));
    await one.bus.publish('topic', 'from one');
    const last = await listening((hear) => two.bus.listen('last', hear));
    await two.bus.publish('last', 1);
    await last.until(1);
    expect(heard).toEqual([]);
  });

  test('rediss:// speaks TLS and trusts whom it is told to, nobody else', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'spacedock-tls-'));
    opened({ [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) });
    const [certificate, key] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const self = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    await promisify(execFile)('openssl', [...self, ...subject, '-keyout', key, '-out', certificate]);
    const server = await start({ tls: { certificate, key } });

    const engine = await openReady({ url: server.url, ca: await readFile(certificate, 'utf8') });
    const job = await queued(engine, await newSpace(engine));
    expect(await engine.jobs.read(job.id)).toEqual(job);

    const { log, until } = warnings();
    const stranger = await open({ url: server.url, log });
    await until(1);
    expect(stranger.health()).toEqual({ ready: false, problem: expect.stringContaining('self-signed') });
  });
});

describe('what it finds there', () => {
  test('a Redis older than 7.0 is refused by its version', async () => {
    const server = await start();
    const aged = (chunk: Buffer) =>
      Buffer.from(chunk.toString('latin1').replace(/(redis_version:)\d\.\d/, '$16.2'), 'latin1');
    const proxy = opened(await startProxy(server.port, aged));
    const { log, until } = warnings();
    const engine = await open({ url: `redis://127.0.0.1:${proxy.port}`, log });
    await until(1);
    expect(engine.health()).toEqual({ ready: false, problem: expect.stringMatching(/Redis 6\.2.*7\.0 or newer/) });
    await expect(engine.jobs.read('any')).rejects.toThrow(/7\.0 or newer/);
  });

  test('data of a newer layout is refused and left alone, that of this one is taken', async () => {
    const server = await start();
    const redis = client(server.url);
    const engine = await openReady({ url: server.url });
    expect(await redis.get('spacedock:layout')).toBe(`${LAYOUT}`);
    const again = await openReady({ url: server.url });
    expect(again.health()).toEqual({ ready: true, problem: null });
    await engine.close();
    await redis.set('spacedock:layout', LAYOUT + 1);
    const { log, until } = warnings();
    const older = await open({ url: server.url, log });
    await until(1);
    expect(older.health()).toEqual({ ready: false, problem: expect.stringContaining(`layout ${LAYOUT + 1}`) });
    await expect(older.documents.put('space', 'a', {}, 0)).rejects.toThrow(EngineUnavailable);
    expect(await redis.get('spacedock:layout')).toBe(`${LAYOUT + 1}`);
    await redis.set('spacedock:layout', LAYOUT);
    await ready(older);
    expect(await older.documents.put('space', 'a', {}, 0)).toBe(1);
  });
});

describe('subscriptions', () => {
  const channels = (redis: ReturnType<typeof client>) => redis.pubsub('CHANNELS', '*') as Promise<string[]>;

  test('any number of listeners of a topic is one subscription, and none when the last is gone', async () => {
    const server = await start();
    const [engine, redis] = [await openReady({ url: server.url }), client(server.url)];
    const quiet = await channels(redis);
    const unlisten = await Promise.all(Array.from({ length: 50 }, () => engine.bus.listen('topic', () => {})));
    expect(await redis.pubsub('NUMSUB', 'spacedock:topic:topic')).toEqual(['spacedock:topic:topic', 1]);
    expect(await redis.pubsub('NUMPAT')).toBe(0);
    for (const end of unlisten) end();
    // Behind the unsubscription on the same connection.
    (await engine.bus.listen('other', () => {}))();
    (await engine.bus.listen('last', () => {}))();
    expect((await channels(redis)).filter((channel) => !quiet.includes(channel))).toEqual(['spacedock:topic:last']);
  });

  test('a thousand races of listening and ending leave no subscription behind, and lose none that stays', async () => {
    const server = await start();
    const [engine, redis] = [await openReady({ url: server.url }), client(server.url)];
    const quiet = await channels(redis);
    const topics = ['a', 'b', 'c', 'd', 'e'];
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 16807) % 2147483647;
      return seed % below;
    };
    const under = new Set<Promise<void>>();
    for (let n = 0; n < 1000; n++) {
      const listening = engine.bus.listen(topics[random(topics.length)]!, () => {}).then((unlisten) => unlisten());
      under.add(listening.finally(() => under.delete(listening)));
      if (random(3) === 0) await Promise.race(under);
    }
    await Promise.all(under);
    // Nothing is left but what listens, and that hears.
    for (const topic of topics) {
      const heard = new Promise((resolve) =>
        engine.bus.listen(topic, resolve).then(() => engine.bus.publish(topic, topic)),
      );
      expect(await heard).toBe(topic);
    }
    const left = (await channels(redis)).filter((channel) => !quiet.includes(channel));
    expect(left.toSorted()).toEqual(topics.map((topic) => `spacedock:topic:${topic}`));
  });

  test('ended and begun again in one turn, a listener hears', async () => {
    const server = await start();
    const engine = await openReady({ url: server.url });
    for (let round = 0; round < 50; round++) {
      const unlisten = await engine.bus.listen('topic', () => {});
      unlisten();
      const heard = new Promise((resolve) => engine.bus.listen('topic', resolve).then((end) => [resolve, end]));
      const between = engine.bus.listen('topic', () => {});
      (await between)();
      await engine.bus.publish('topic', round);
      expect(await heard).toBe(round);
    }
  });

  test('a listener that throws harms no other', async () => {
    const server = await start();
    const { log, until } = warnings();
    const engine = await openReady({ url: server.url, log });
    await engine.bus.listen('topic', () => {
      throw new Error('broken listener');
    });
    const heard = new Promise((resolve) =>
      engine.bus.listen('topic', resolve).then(() => engine.bus.publish('topic', 1)),
    );
    expect(await heard).toBe(1);
    expect(await until(1)).toEqual([expect.stringContaining('broken listener')]);
  });
});
