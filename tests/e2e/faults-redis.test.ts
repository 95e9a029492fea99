import { setTimeout as pass } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connectRemoteApp, errorCode, type JobSnapshot } from '../../client/sdk/index.ts';
import type { Inbox } from '../help/inbox.ts';
import { connectPerson, type Person } from '../help/person.ts';
import { type ServerProcess, startProcess } from '../help/process.ts';
import { random } from '../help/random.ts';
import { rawInput, startRawApp } from '../help/raw-app.ts';
import { type RedisServer, startRedis } from '../help/redis.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openScene, SPACE } from './scene.ts';

/** Submits at one server, watches at another, with a bounded number under way, until it is stopped. */
function load(at: Person, watching: Person) {
  const ends: JobSnapshot[] = [];
  const acknowledged: string[] = [];
  const underWay = new Set<Promise<void>>();
  let wake = () => {};
  let stopped = false;

  async function follow(id: string): Promise<void> {
    ends.push(await watching.end(id));
    wake();
  }

  async function run(): Promise<void> {
    while (!stopped) {
      if (underWay.size >= 30) await Promise.race(underWay);
      try {
        const { id } = await at.submit(SPACE, 'work');
        acknowledged.push(id);
        const watched: Promise<void> = follow(id).finally(() => underWay.delete(watched));
        underWay.add(watched);
      } catch (error) {
        expect(errorCode(error)).toBe('INTERNAL_SERVER_ERROR');
      }
    }
    await Promise.all(underWay);
  }

  const running = run();
  return {
    ends,
    acknowledged,
    /** Resolves when so many more have ended. */
    async ended(count: number): Promise<void> {
      const wanted = ends.length + count;
      while (ends.length < wanted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** A remote app with a little work. */
function work(url: string, choose: () => number, accepted: string[]) {
  return connectRemoteApp({
    url,
    spaces: [SPACE],
    capacity: 8,
    drainOnSignals: false,
    async handler(_, { progress }) {
      await progress('working', 0.5);
      await pass(choose());
      return { result: 'done' };
    },
    onEvent: (event) => void (event.type === 'result' && accepted.push(event.job)),
  });
}

const away = (server: ServerProcess) => server.log.take(({ msg }) => msg.includes('trying again'));

interface Outage {
  redis: RedisServer;
  /** Both servers have noticed. */
  heard: Promise<unknown>;
  /** Resolves when somebody was refused. */
  refusal(): Promise<void>;
}

const outages: [what: string, happen: (outage: Outage) => Promise<void>][] = [
  [
    'killed, and back at once',
    async ({ redis, heard }) => {
      await redis.kill();
      await heard;
      await redis.restart();
    },
  ],
  [
    'killed, and away until people are refused',
    async ({ redis, heard, refusal }) => {
      await redis.kill();
      await heard;
      await refusal();
      await redis.restart();
    },
  ],
  [
    'held, with its sockets open, until people are refused',
    async ({ redis, refusal }) => {
      redis.pause();
      await refusal();
      redis.resume();
    },
  ],
];

test('[promise 1] [promise 6] [lesson ioredis #1451] Redis killed, held and restarted under load: what was acknowledged ends once, and watchers see it', async () => {
  const { seed, integer } = random();
  console.log(`seed ${seed}`);
  await using redis = await startRedis({ appendonly: true });
  const env = { RECONNECT_GRACE_SECONDS: '8' };
  await using a = await startProcess({ redis, env });
  await using b = await startProcess({ redis, dataDir: a.dataDir, env });
  await using onA = connectPerson(a.url);
  await using onB = connectPerson(b.url);
  await onA.space(SPACE, { maxAttempts: 3 });
  const accepted: string[] = [];
  await using first = work(a.url, () => integer(1, 40), accepted);
  await using second = work(b.url, () => integer(1, 40), accepted);
  await Promise.all([first.registered, second.registered]);

  const jobs = load(onA, onB);
  const refusal = () => expect(onA.submit(SPACE, 'now?')).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
  for (const [what, happen] of outages) {
    await jobs.ended(40);
    await happen({ redis, heard: Promise.all([away(a), away(b)]), refusal });
    console.log(what);
    await jobs.ended(40);
  }
  await jobs.stop();
  for (const person of [onA, onB]) expect(await person.apps()).toHaveLength(2);
  // Whatever they have reported is answered by then.
  await Promise.all([first.drain(), second.drain()]);

  expect(jobs.ends.map(({ id }) => id).sort()).toEqual([...jobs.acknowledged].sort());
  for (const { id, status, attempt, events } of jobs.ends) {
    // Nothing was held against the apps: no attempt was lost.
    expect({ id, status, attempt }).toEqual({ id, status: 'COMPLETED', attempt: 1 });
    expect(events.filter((event) => event.status === 'COMPLETED')).toHaveLength(1);
  }
  expect(new Set(accepted).size).toBe(accepted.length);
  // A submit that was refused while the storage was away may have happened: then it is served as well.
  expect(accepted).toEqual(expect.arrayContaining(jobs.acknowledged));
  for (const server of [a, b]) {
    expect(server.crash).toEqual([]);
    expect(server.running()).toBe(true);
    // An outage is no error of the server's own.
    expect(server.log.all.filter(({ level }) => level >= 50)).toEqual([]);
  }
}, 120_000);

test('who begins to watch while Redis is away sees the job when it is back, and then its end', async () => {
  await using scene = await openScene({ engine: 'redis' });
  const { person } = scene;
  const app = await scene.app();
  const { id } = await person.submit(SPACE, 'look');
  const request = await app.request();
  await app.progress(request, 'drawing', 0.5);
  scene.server.redis!.pause();
  const watched = person.watch(id);
  const state = person.look(SPACE);
  // Asked one after the other, and later than those: by then these were refused, and are tried again.
  for (let time = 0; time < 2; time++) {
    await expect(person.job(id)).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR', retryAfterSeconds: 2 });
  }
  scene.server.redis!.resume();
  expect(await watched.next()).toMatchObject({ stage: 'drawing' });
  await state.next(({ running }) => running === 1);
  await app.complete(request, 'seen');
  expect(await watched.next(({ finishedAt }) => finishedAt !== null)).toMatchObject({
    status: 'COMPLETED',
    result: 'seen',
  });
});

test('[promise 6] [promise 8] a process that Redis was away from alone shows what it missed', async () => {
  await using redis = await startRedis();
  await using way = await startProxy(`http://127.0.0.1:${redis.port}`);
  await using a = await startProcess({ redis });
  const behind = { ...redis, url: way.url.replace('http', 'redis') };
  await using b = await startProcess({ redis: behind, dataDir: a.dataDir });
  await using onA = connectPerson(a.url);
  await using onB = connectPerson(b.url);
  await onA.space(SPACE);
  await using app = await startRawApp(a.socket, rawInput([SPACE]));
  const ids = await onA.submitMany(SPACE, 2);
  const watched = ids.map((id) => onB.watch(id));
  const state = onB.look(SPACE);
  const [first, second] = watched as [Inbox<JobSnapshot>, Inbox<JobSnapshot>];
  await first.next(({ status }) => status === 'RUNNING');
  await second.next(({ status }) => status === 'QUEUED');
  await state.next(({ running }) => running === 1);

  way.swallow();
  expect(await app.complete(await app.request(), 'unheard')).toMatchObject({ status: 'COMPLETED' });
  const request = await app.request();
  expect(await app.progress(request, 'unheard')).toMatchObject({ status: 'RUNNING' });
  await onA.cancel(request.job.id);
  expect(await app.cancelled(request)).toMatchObject({ status: 'CANCELLED' });
  app.goodbye();
  await onA.look(SPACE).next(({ status }) => status === 'DISCONNECTED');
  way.heal();
  way.cut();
  expect(await first.next(({ finishedAt }) => finishedAt !== null)).toMatchObject({ result: 'unheard' });
  expect(await second.next(({ finishedAt }) => finishedAt !== null)).toMatchObject({ status: 'CANCELLED' });
  await state.next(({ status, running }) => status === 'DISCONNECTED' && running === 0);
});
