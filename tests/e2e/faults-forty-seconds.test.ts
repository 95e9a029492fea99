import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChildApp, startChildApp } from '../help/child-app.ts';
import { connectPerson, type Person } from '../help/person.ts';
import { type ServerProcess, startProcess } from '../help/process.ts';
import { type RawApp, rawInput, startRawApp } from '../help/raw-app.ts';
import { startRedis } from '../help/redis.ts';
import { startProxy } from '../help/tcp-proxy.ts';

// The real settings, and faults of the length that people know: 40 s. All at once, each in a space of its own, so that it takes no
// longer than one of them. Silence is borne for 60 s, a grace lasts 15 s, a keepalive comes every 5 s.
const FORTY = 40_000;
const DEFAULTS = { KEEPALIVE_SECONDS: '5', RECONNECT_GRACE_SECONDS: '15', APP_SILENCE_SECONDS: '60' };

const house = new AsyncDisposableStack();
let a: ServerProcess;
let b: ServerProcess;
/** Held for 40 s by one of the tests. */
let held: ServerProcess;
let embedded: ServerProcess;
let person: Person;

beforeAll(async () => {
  const redis = house.use(await startRedis());
  const start = async (options: Parameters<typeof startProcess>[0]) =>
    house.use(await startProcess({ env: DEFAULTS, ...options }));
  a = await start({ redis });
  [b, held, embedded] = await Promise.all([
    start({ redis, dataDir: a.dataDir }),
    start({ redis, dataDir: a.dataDir }),
    start({}),
  ]);
  person = house.use(connectPerson(b.url));
}, 120_000);
afterAll(() => house.disposeAsync());

let spaces = 0;
/** A space of a test's own, also when it is tried again. */
async function newSpace(name: string): Promise<string> {
  const space = `${name}-${++spaces}`;
  await person.space(space);
  return space;
}

const child = async (url: string, space: string): Promise<ChildApp> =>
  house.use(await startChildApp({ url, spaces: [space], name: space }));

/** The app works on it, and the server has heard so: what breaks from now on is no delivery that nobody confirmed. */
async function working(app: ChildApp, id: string): Promise<void> {
  await app.event('working');
  await person.watch(id).next(({ stage }) => stage === 'working');
}

async function raw(server: ServerProcess, space: string): Promise<RawApp> {
  const app = house.use(await startRawApp(server.socket, rawInput([space])));
  await app.registered;
  return app;
}

describe.concurrent('for 40 seconds', { timeout: 150_000 }, () => {
  test('an app that blocks its event loop completes its job once', async () => {
    const space = await newSpace('blocks');
    const app = await child(a.url, space);
    const state = person.look(space);
    const { id } = await person.submit(space, `block ${FORTY}`);
    await app.event('working');
    await state.next(({ status }) => status === 'RECONNECTING');
    const end = await person.end(id);
    expect(end).toMatchObject({ status: 'COMPLETED', attempt: 1 });
    expect(end.processingTime).toBeGreaterThanOrEqual(FORTY);
    expect(end.events.filter(({ status }) => status === 'COMPLETED')).toHaveLength(1);
    await state.next(({ status }) => status === 'CONNECTED');
    const { id: next } = await person.submit(space, 'more');
    expect(await person.end(next)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
  });

  test('an app that is held (SIGSTOP) completes its job once', async () => {
    const space = await newSpace('holds');
    const app = await child(a.url, space);
    const state = person.look(space);
    const { id } = await person.submit(space, 'hold');
    await working(app, id);
    app.pause();
    await pass(FORTY);
    app.resume();
    await state.next(({ status }) => status === 'RECONNECTING');
    await state.next(({ status }) => status === 'CONNECTED');
    app.finish(id);
    expect(await person.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: { by: space } });
  });

  test('an app behind a way that swallows bytes reattaches when it heals, and completes its job once', async () => {
    const space = await newSpace('swallows');
    const way = house.use(await startProxy(a.url));
    const app = await child(way.url, space);
    const state = person.look(space);
    const { id } = await person.submit(space, 'hold');
    await working(app, id);
    way.swallow();
    await pass(FORTY);
    way.heal();
    const registered = await app.event('registered');
    expect(registered, JSON.stringify((await person.job(id)).events)).toMatchObject({ kept: [id], lost: [] });
    await state.next(({ status }) => status === 'RECONNECTING');
    await state.next(({ status }) => status === 'CONNECTED');
    app.finish(id);
    expect(await person.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: { by: space } });
  });

  test('an app that is killed loses its job to another after the grace of 15 seconds', async () => {
    const space = await newSpace('kills');
    const app = await child(a.url, space);
    const state = person.look(space);
    const { id } = await person.submit(space, 'hold');
    await working(app, id);
    await app.kill();
    const lost = await state.next(({ status }) => status === 'RECONNECTING');
    const other = await raw(b, space);
    const request = await other.request();
    expect(request.job).toMatchObject({ id, attempt: 2 });
    expect(await other.complete(request)).toMatchObject({ status: 'COMPLETED' });
    const { startedAt } = await person.job(id);
    const waited = Date.parse(startedAt!) - Date.parse(lost.changedAt);
    // The two instants are of two clocks.
    expect(waited).toBeGreaterThanOrEqual(14_900);
    expect(waited).toBeLessThan(25_000);
  });

  test('a server that is held (SIGSTOP), its sockets open: its job goes to another process, and its app is told when it is back', async () => {
    const space = await newSpace('stops');
    const stuck = await raw(held, space);
    const { id } = await person.submit(space, 'whose?');
    const request = await stuck.request();
    await stuck.progress(request, 'drawing', 0.5);
    const over = pass(FORTY);
    held.pause();
    const other = await raw(b, space);
    const again = await other.request();
    expect(again.job).toMatchObject({ id, attempt: 2 });
    await other.progress(again, 'drawing anew');
    await over;
    const { revision } = await person.job(id);
    held.resume();
    expect(await stuck.event('LeaseRevoked')).toMatchObject({ jobId: id, token: request.lease.token });
    expect(await stuck.complete(request, 'late')).toMatchObject({ code: 'LEASE_LOST' });
    expect(await person.job(id)).toMatchObject({ status: 'RUNNING', revision });
    expect(await other.complete(again, 'in time')).toMatchObject({ status: 'COMPLETED' });
  });

  test('an embedded server that is held (SIGSTOP) holds nothing against its apps', async () => {
    await using alone = connectPerson(embedded.url, { keepAliveSeconds: 60 });
    await alone.space('alone');
    const app = await raw(embedded, 'alone');
    const { id } = await alone.submit('alone', 'wait for me');
    const request = await app.request();
    await app.progress(request, 'drawing', 0.5);
    embedded.pause();
    await pass(FORTY);
    embedded.resume();
    expect(await app.progress(request, 'drawing on', 0.6)).toMatchObject({ status: 'RUNNING' });
    expect(await app.complete(request)).toMatchObject({ status: 'COMPLETED' });
    expect(await alone.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
  });
});
