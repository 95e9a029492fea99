import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRemoteApp, submitInferenceMutation } from '../../client/sdk/index.ts';
import { startChildApp } from '../help/child-app.ts';
import { connectPerson, type Person } from '../help/person.ts';
import { type ServerProcess, startProcess } from '../help/process.ts';
import { type RawApp, type RawAppInput, rawInput, startRawApp } from '../help/raw-app.ts';
import { type RedisServer, startRedis } from '../help/redis.ts';
import { engines } from '../help/server.ts';
import { startProxy, type TcpProxy } from '../help/tcp-proxy.ts';
import { SPACE } from './scene.ts';

let redis: RedisServer;
let scenes = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

interface Two extends AsyncDisposable {
  a: ServerProcess;
  b: ServerProcess;
  onA: Person;
  onB: Person;
  app(more: Partial<RawAppInput>, at: { socket: string }): Promise<RawApp>;
  use<T extends AsyncDisposable>(guest: T): T;
}

/** Two real servers on one Redis and one directory, with a person at each. */
async function openTwo(env: Record<string, string> = {}): Promise<Two> {
  const stack = new AsyncDisposableStack();
  try {
    const options = { redis, env: { KEY_PREFIX: `two-${++scenes}`, ...env } };
    const a = stack.use(await startProcess(options));
    const b = stack.use(await startProcess({ ...options, dataDir: a.dataDir }));
    const onA = stack.use(connectPerson(a.url));
    const onB = stack.use(connectPerson(b.url));
    await onA.space(SPACE);
    return {
      a,
      b,
      onA,
      onB,
      use: (guest) => stack.use(guest),
      async app(more, at) {
        const app = stack.use(await startRawApp(at.socket, rawInput([SPACE], more)));
        await app.registered;
        return app;
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

test('[promise 8] [lesson gradio #10487] app on A, user watching on B, files in and out on either; an app that joins on B takes its share', async () => {
  await using two = await openTwo();
  const { a, b, onA, onB } = two;
  const read = async (url: string) => (await fetch(new URL(url, b.url))).text();
  const served = { a: 0, b: 0 };
  const start = (name: 'a' | 'b') =>
    connectRemoteApp({
      url: two[name].url,
      spaces: [SPACE],
      drainOnSignals: false,
      async handler({ files, prompt }, { fetchFile, progress }) {
        served[name]++;
        await progress('reading', 0.5);
        const text = files[0] ? await (await fetchFile(files[0])).text() : prompt;
        return { result: text, files: [{ name: 'answer.txt', type: 'text/plain', data: `read: ${text}` }] };
      },
    });
  await using first = start('a');
  await first.registered;

  const upload = await onA.connection.upload({ name: 'question.txt', type: 'text/plain', data: 'on A' });
  const input = { space: SPACE, prompt: 'read it', files: [upload] };
  const { id } = (await onA.connection.request(submitInferenceMutation, { input })).submitInference;
  const end = await onB.end(id);
  expect(end).toMatchObject({ status: 'COMPLETED', result: 'on A', app: { name: 'remote app' } });
  expect(await read(end.input!.files[0]!.url)).toBe('on A');
  expect(await read(end.files.find(({ name }) => name === 'answer.txt')!.url)).toBe('read: on A');

  await using second = start('b');
  await second.registered;
  const ids = await onA.submitMany(SPACE, 20);
  for (const job of ids) expect(await onB.end(job)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
  expect(served.a + served.b).toBe(21);
  expect(served.b).toBeGreaterThan(3);
  expect(served.a).toBeGreaterThan(3);
  expect(a.crash.concat(b.crash)).toEqual([]);
});

test('[promise 6] [promise 8] kill -9 of A in mid-job: the app reattaches on B and completes once, watchers of A and B see the end', async () => {
  await using two = await openTwo({ RECONNECT_GRACE_SECONDS: '20' });
  const way = two.use(await startProxy(two.a.url));
  const visitor = two.use(connectPerson(way.url));
  const app = two.use(await startChildApp({ url: way.url, spaces: [SPACE], name: 'moves' }));
  const { id } = await two.onA.submit(SPACE, 'hold');
  const watched = [two.onB.watch(id), visitor.watch(id)];
  await app.event('working');
  for (const watcher of watched) await watcher.next(({ stage }) => stage === 'working');
  way.to(two.b.url);
  await two.a.kill();
  expect(await app.event('registered')).toMatchObject({ kept: [id], lost: [] });
  app.finish(id);
  for (const watcher of watched) {
    const end = await watcher.next(({ finishedAt }) => finishedAt !== null);
    expect(end).toMatchObject({ status: 'COMPLETED', attempt: 1, result: { by: 'moves' } });
    expect(watcher.all.map(({ revision }) => revision)).toEqual(
      watcher.all.map(({ revision }) => revision).sort((x, y) => x - y),
    );
  }
});

test('[promise 5] kill -9 of A and of its app in mid-job: B queues the job again, and an app of B completes it', async () => {
  await using two = await openTwo();
  const { a, b, onA, onB } = two;
  const state = onB.look(SPACE);
  const app = await two.app({}, a);
  const { id } = await onA.submit(SPACE, 'whose?');
  const watched = onB.watch(id);
  const request = await app.request();
  await app.progress(request, 'drawing', 0.5);
  await watched.next(({ stage }) => stage === 'drawing');
  await a.kill();
  await state.next(({ status }) => status === 'RECONNECTING');
  await watched.next(({ status, attempt }) => status === 'QUEUED' && attempt === 1);
  const other = await two.app({}, b);
  const again = await other.request();
  expect(again.job).toMatchObject({ id, attempt: 2 });
  expect(await other.complete(again, 'second')).toMatchObject({ status: 'COMPLETED' });
  await watched.next(({ status }) => status === 'COMPLETED');

  // A comes back, and knows all of it.
  await a.restart();
  await using back = connectPerson(a.url);
  expect(await back.job(id)).toMatchObject({ status: 'COMPLETED', attempt: 2, result: 'second' });
  expect(await other.complete(request, 'first')).toMatchObject({ code: 'LEASE_LOST' });
});

test('[promise 2] SIGSTOP of A with its sockets open: its job goes to B, and when A is back its app is told and refused', async () => {
  await using two = await openTwo();
  const { a, b, onA, onB } = two;
  const state = onB.look(SPACE);
  const stuck = await two.app({ instance: 'stuck' }, a);
  const { id } = await onA.submit(SPACE, 'whose?');
  const request = await stuck.request();
  await stuck.progress(request, 'drawing', 0.5);
  a.pause();
  await state.next(({ status }) => status === 'RECONNECTING');
  const other = await two.app({ instance: 'other' }, b);
  const again = await other.request();
  expect(again.job).toMatchObject({ id, attempt: 2 });
  await other.progress(again, 'drawing anew', 0.1);
  const { revision } = await onB.job(id);

  a.resume();
  expect(await stuck.event('LeaseRevoked')).toMatchObject({ jobId: id, token: request.lease.token });
  expect(await stuck.complete(request, 'late')).toMatchObject({ code: 'LEASE_LOST' });
  expect(await onB.job(id)).toMatchObject({ status: 'RUNNING', revision, stage: 'drawing anew' });
  expect(await other.complete(again, 'in time')).toMatchObject({ status: 'COMPLETED' });
  // Both are there again, and both get work.
  await state.next(({ apps }) => apps.length === 2 && apps.every(({ status }) => status === 'CONNECTED'));
  const ids = await onB.submitMany(SPACE, 2);
  const requests = await Promise.all([stuck.request(), other.request()]);
  expect(requests.map(({ job }) => job.id).sort()).toEqual(ids);
});

test('SIGSTOP of A while its app moves to B: when A is back it does no harm', async () => {
  await using two = await openTwo({ KEEPALIVE_SECONDS: '2', RECONNECT_GRACE_SECONDS: '20' });
  const { a, b, onB } = two;
  const state = onB.look(SPACE);
  const way: TcpProxy = two.use(await startProxy(a.url));
  const app = two.use(await startChildApp({ url: way.url, spaces: [SPACE], name: 'moves', keepAliveSeconds: 1 }));
  const { id } = await onB.submit(SPACE, 'hold');
  await app.event('working');
  a.pause();
  way.to(b.url);
  expect(await app.event('registered')).toMatchObject({ kept: [id] });
  await state.next(({ status }) => status === 'CONNECTED');
  const seen = state.all.length;
  a.resume();
  // A has looked at its sessions again once it serves somebody.
  const { id: next } = await connectAndSubmit(two, a.url);
  app.finish(id);
  expect(await onB.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: { by: 'moves' } });
  expect(await onB.end(next)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
  expect(state.all.slice(seen).map(({ status }) => status)).not.toContain('RECONNECTING');
  expect(app.events.all.filter(({ type }) => type === 'revoked')).toEqual([]);
});

const connectAndSubmit = (two: Two, url: string) => two.use(connectPerson(url)).submit(SPACE, 'more');

describe.each(engines)('%s', (engine) => {
  test('[promise 10] SIGSTOP of the only server for longer than leases last: nothing is held against its apps', async () => {
    const env = { KEY_PREFIX: `one-${++scenes}` };
    await using server = await startProcess(engine === 'redis' ? { redis, env } : {});
    await using person = connectPerson(server.url);
    await person.space(SPACE);
    await using app = await startRawApp(server.socket, rawInput([SPACE], { capacity: 2 }));
    await app.registered;
    await person.submitMany(SPACE, 3);
    const requests = await app.requests(2);
    for (const request of requests) await app.progress(request, 'drawing', 0.5);
    for (let time = 0; time < 2; time++) {
      server.pause();
      // Two keepalives and the grace are 2 s: this is how long the fault lasts.
      await pass(2600);
      server.resume();
      expect(await app.progress(requests[0]!, `time ${time}`)).toMatchObject({ status: 'RUNNING' });
    }
    for (const request of requests) expect(await app.complete(request)).toMatchObject({ status: 'COMPLETED' });
    const third = await app.request();
    expect(third.job.attempt).toBe(1);
    expect(await app.complete(third)).toMatchObject({ status: 'COMPLETED' });
    for (const { job } of requests) expect(await person.job(job.id)).toMatchObject({ attempt: 1 });
    expect(server.log.all.filter(({ level }) => level >= 50)).toEqual([]);
  });
});
