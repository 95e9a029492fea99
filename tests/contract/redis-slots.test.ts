import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crc16, partitionOf } from '../../src/domain/ids.ts';
import type { Job, Submitter } from '../../src/domain/job.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { openRedis } from '../../src/engine/redis/redis.ts';
import { scripts } from '../../src/engine/redis/scripts.ts';
import { type RedisServer, startRedis } from '../help/redis.ts';
import {
  ALICE,
  BOB,
  claimed,
  completed,
  connected,
  ear,
  failed,
  LEASE_MS,
  newSpace,
  progressed,
  queued,
  trackedJob,
} from './fixtures.ts';
import { cleanUp, client, openReady, ready, start } from './redis-fixtures.ts';
import { engineContract } from './suite.ts';

/** The slot of a key by the Redis Cluster specification. */
function slotOf(key: string): number {
  const [, tag] = /^[^{]*\{([^}]+)\}/.exec(key) ?? [];
  return crc16(tag ?? key) % 16384;
}

interface Call {
  /** A command, or the sha or text of a script. */
  name: string;
  /** Its keys and channels; for a script also those of every command it ran. */
  keys: string[];
}

/** Follows what a server really runs. `until` resolves with everything before the ECHO of `mark`. */
async function observe(port: number): Promise<{ until(mark: string): Promise<Call[]>; close(): void }> {
  const calls: Call[] = [];
  const marks = ear<string>();
  const socket = connect(port, '127.0.0.1', () => socket.write('MONITOR\r\n'));
  const lines = createInterface(socket);
  // +OK: what comes now is all that is run.
  await once(lines, 'line');
  lines.on('line', (line) => {
    const [, source, rest = ''] = /^\+[\d.]+ \[\d+ (\S+)\] (.*)$/.exec(line) ?? [];
    const [name = '', ...args] = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, arg]) => arg!);
    if (name === 'echo') marks.hear(args[0]!);
    else if (source === 'lua') calls.at(-1)?.keys.push(...args.slice(0, 1));
    else if (name.startsWith('eval')) calls.push({ name: args[0]!, keys: args.slice(2, 2 + Number(args[1])) });
    else calls.push({ name, keys: args.slice(0, 1) });
  });
  return {
    async until(mark) {
      for (let n = 1; !marks.heard.includes(mark); n++) await marks.until(n);
      return calls;
    },
    close: () => socket.destroy(),
  };
}

/** Everything an engine can be asked for, at least once. */
async function everything(engine: Engine): Promise<void> {
  const space = await newSpace(engine);
  await engine.documents.put('upload', 'a', 1, 0, engine.now() + 60_000);
  await engine.documents.get('upload', 'a');
  await engine.documents.list('space');
  await engine.documents.remove('upload', 'a');
  for (const id of ['1', '2']) await engine.records.add('log', id, {}, engine.now() + 60_000, 1);
  await engine.records.newest(['log', 'other'], null, 10);
  await engine.nextSession();
  await connected(engine, space, 'app');
  const first = await queued(engine, space, { idempotencyKey: 'k' });
  await queued(engine, space);
  await engine.jobs.byKey(space, first.submitter.id, 'k');
  await engine.jobs.positions(space, [first.id]);
  const one = progressed(await claimed(engine, space, 'app'), engine.now());
  const two = await claimed(engine, space, 'app');
  const change = { status: 'CONNECTED', lastSeenAt: engine.now(), until: engine.now() + LEASE_MS } as const;
  await engine.presence.renew(space, 'app', 1, change, [{ job: two.id, token: two.lease!.token }]);
  await engine.jobs.leaseExpiry(two.id);
  await engine.jobs.commit(one);
  await engine.jobs.commit(completed(one, engine.now()));
  await engine.jobs.commit(failed(two, engine.now(), true), { type: 'queued', job: two.id });
  const tracked = trackedJob(engine, 'nightly');
  await engine.jobs.commit(tracked);
  await engine.output.append(tracked.id, 1, null, 0, 'line', 100);
  await engine.output.read(tracked.id, 1, 0, 100);
  await engine.output.length(tracked.id);
  await engine.jobs.commit(completed(tracked, engine.now()));
  await engine.jobs.list([space, 't:1'], null, null, 10);
  await engine.jobs.list([space, 't:1'], null, null, 10, first.submitter.id);
  await engine.jobs.due([space, 't:1'], engine.now(), 10);
  await engine.jobs.queue(space);
  await engine.jobs.input(first.id);
  await engine.jobs.remove(first.id);
  await engine.jobs.remove(tracked.id);
  await engine.presence.list(space);
  await engine.presence.lose(space, 'app', 1, engine.now());
  await engine.presence.leave(space, 'app', 1);
  await engine.bus.signalSpace(space, { type: 'presence' });
}

cleanUp();

describe('the slots of a cluster', () => {
  test('no script touches two: neither by its keys nor by those it makes, channels included', async () => {
    const server = await start();
    const engine = await openReady({ url: server.url });
    const observer = await observe(server.port);
    await everything(engine);
    // The second time by their shas.
    await everything(engine);
    await client(server.url).echo('done');
    const calls = await observer.until('done');
    observer.close();
    const seen = new Set(calls.map(({ name }) => name));
    expect(Object.entries(scripts).filter(([, { sha }]) => !seen.has(sha))).toEqual([]);
    const spanning = calls.filter(({ keys }) => new Set(keys.map(slotOf)).size > 1);
    expect(spanning).toEqual([]);
    // What was looked at is what scripts do: many more names than calls.
    expect(calls.flatMap(({ keys }) => keys).length).toBeGreaterThan(2 * calls.length);
  });
});

describe('a node of a cluster', () => {
  let server: RedisServer;
  let prefixes = 0;

  beforeAll(async () => {
    server = await startRedis({ args: ['--cluster-enabled', 'yes'] });
    const redis = client(server.url);
    await redis.cluster('ADDSLOTSRANGE', 0, 16383);
    // It takes a moment until the node believes that it has them.
    while (!(await redis.cluster('INFO')).includes('cluster_state:ok'));
    redis.disconnect();
  });
  afterAll(() => server.stop());

  test('refuses a script that touches two slots, and agrees on what a slot is', async () => {
    const redis = client(server.url);
    const twoSlots = "#!lua\nredis.call('SET', KEYS[1] .. '{a}', 1) redis.call('SET', KEYS[1] .. '{b}', 1)";
    await expect(redis.eval(twoSlots, 1, 'key')).rejects.toThrow('do not hash to the same slot');
    for (const key of ['plain', 'x:{Space_1}:job:1', 'x:{t:63}:due', '{}a', 'a{b}{c}']) {
      expect(await redis.cluster('KEYSLOT', key)).toBe(slotOf(key));
    }
    expect(Object.values(scripts).filter(({ text }) => !text.startsWith('#!lua\n'))).toEqual([]);
  });

  test('takes the jobs of the first layout over into the lists of their submitters', async () => {
    const redis = client(server.url);
    const prefix = 'first-layout';
    const before = await openReady({ url: server.url, prefix });
    const spaces = [await newSpace(before), await newSpace(before)];
    await connected(before, spaces[0]!, 'app');
    const made: Job[] = [];
    for (let n = 0; n < 1200; n++) {
      made.push(await queued(before, spaces[n % 7 ? 1 : 0]!, { submitter: n % 3 ? BOB : ALICE }));
    }
    const tracked = trackedJob(before, 'nightly');
    await before.jobs.commit(tracked);
    const running = await claimed(before, spaces[0]!, 'app');
    const of = (engine: Engine, submitter: Submitter, statuses: Job['status'][] | null = null) =>
      engine.jobs.list([...spaces, partitionOf(tracked.id)], statuses, null, 2000, submitter.id);
    const expected = [await of(before, ALICE), await of(before, BOB), await of(before, ALICE, ['RUNNING'])];
    expect(expected.map(({ length }) => length)).toEqual([401, 800, 2]);
    // What the first layout had not.
    for (const key of await redis.keys(`${prefix}:*:own:*`)) await redis.del(key);
    for (const key of await redis.keys(`${prefix}:*:job:*`)) {
      const facts = (await redis.hget(key, 'facts'))!;
      await redis.hset(key, 'facts', facts.split(' ').slice(0, 5).join(' '));
    }
    await redis.set(`${prefix}:layout`, 1);
    expect(await of(before, ALICE)).toEqual([]);

    const [one, two] = await Promise.all([1, 2].map(() => openReady({ url: server.url, prefix })));
    expect([await of(one!, ALICE), await of(two!, BOB), await of(two!, ALICE, ['RUNNING'])]).toEqual(expected);
    expect(await redis.get(`${prefix}:layout`)).toBe('2');
    await one!.jobs.commit(completed(running, one!.now()));
    for (const { id } of made) await one!.jobs.remove(id);
    await one!.jobs.remove(tracked.id);
    expect(await redis.keys(`${prefix}:*:own:*`)).toEqual([]);
  });

  // So every call of the contract that touched two slots would fail.
  engineContract('Redis, each call in one slot,', async () => {
    const prefix = `slots-${++prefixes}`;
    const handles: Engine[] = [];
    const open = async () => {
      const engine = await openRedis({ url: server.url, prefix });
      handles.push(engine);
      await ready(engine);
      return engine;
    };
    return {
      engine: await open(),
      second: open,
      async dispose() {
        await Promise.all(handles.map((handle) => handle.close()));
      },
    };
  });
});
