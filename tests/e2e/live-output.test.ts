import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { EngineUnavailable } from '../../src/engine/engine.ts';
import { createLog } from '../../src/log.ts';
import { openServer } from '../../src/server.ts';
import { sse } from '../help/client.ts';
import type { ApiError, Flow } from '../help/flow.ts';
import { eventually } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { openSocket, type RawSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { bytesOf, type Chunk, newTracked, OUTPUT, told, UPDATES } from './live-reports.ts';

interface Length {
  status: string;
  outputLength: number;
}

const LONG = 'long line of output\n'.repeat(25_000);
const textOf = (chunks: Chunk[]) => chunks.map(({ text }) => text).join('');
const codeOf = async (flow: Flow<unknown>) => ((await flow.ended) as ApiError[])[0]?.extensions.code;
const output = (socket: RawSocket, id: string, after?: number, attempt?: number) =>
  socket.subscribe<Chunk>(OUTPUT, { id, after, attempt });
/** So much that a socket that is not read is full before all of it is written. */
async function writeMuch(server: { graphql: string }, job: string): Promise<string> {
  for (let n = 0; n < 30; n++) await told(server, 'reportOutput', { job, offset: n * LONG.length, text: LONG });
  return LONG.repeat(30);
}

describe.each(engines)('those who read output on %s', (engine) => {
  const server = useServer({ engine, env: { KEEPALIVE_SECONDS: '60' } });

  it('[promise 7] another attempt begins at 0 for who has read all, and for who is far behind', async () => {
    const job = newTracked();
    await using socket = await openSocket(server);
    await using slow = await openSocket(server);
    const all = await writeMuch(server, job);
    const reads = output(socket, job);
    await reads.until(({ end }) => end === all.length);
    const behind = output(slow, job);
    await behind.next();
    slow.ws.pause();
    expect(await told(server, 'startJob', { id: job, restart: true })).toMatchObject({ attempt: 2, outputLength: 0 });
    await told(server, 'reportOutput', { job, offset: 0, text: 'again ' });
    expect(await reads.next()).toEqual({ attempt: 2, offset: 0, end: 6, text: 'again ' });
    // Who had seen only the old one is told that the rest of it is gone; who asks for nothing gets what is there.
    expect(await codeOf(output(socket, job, 7, 1))).toBe('OUTPUT_TRUNCATED');
    expect(await output(socket, job).next()).toMatchObject({ attempt: 2, offset: 0, text: 'again ' });
    slow.ws.resume();
    expect(await behind.until(({ attempt }) => attempt === 2)).toMatchObject({ offset: 0, text: 'again ' });
    await told(server, 'reportComplete', { job });
    for (const flow of [reads, behind]) expect([await flow.rest(), await flow.ended]).toEqual([[], 'complete']);
  });

  it('a job that has ended and is begun anew ends for those who saw the end, and goes on for others', async () => {
    const job = newTracked();
    await told(server, 'reportOutput', { job, offset: 0, text: 'one' });
    await using socket = await openSocket(server);
    const first = output(socket, job);
    await first.next();
    await told(server, 'reportComplete', { job });
    expect(await first.ended).toBe('complete');
    await told(server, 'startJob', { id: job, restart: true });
    const second = output(socket, job);
    await told(server, 'reportOutput', { job, offset: 0, text: 'two' });
    expect(await second.next()).toEqual({ attempt: 2, offset: 0, end: 3, text: 'two' });
    await told(server, 'reportFailure', { job, error: 'enough' });
    expect(await second.ended).toBe('complete');
  });

  it('[promise 7] who comes from another process with more than this one has heard of is served', async () => {
    const { engine: real } = server;
    const bus = { ...real.bus, listenOutput: async () => () => undefined, listenJob: async () => () => undefined };
    const deaf = await openServer({ ...real, bus }, server.config, createLog('silent'));
    const job = newTracked();
    await told(server, 'reportOutput', { job, offset: 0, text: 'one ' });
    await using socket = await openSocket({ socket: `${deaf.url.replace('http', 'ws')}/graphql` });
    const first = output(socket, job);
    await first.next();
    await told(server, 'reportOutput', { job, offset: 4, text: 'two ' });
    await told(server, 'reportOutput', { job, offset: 8, text: 'three' });
    expect(await output(socket, job, 8, 1).next()).toMatchObject({ offset: 8, text: 'three' });
    expect(await first.next()).toMatchObject({ offset: 4, end: 13 });
    expect(await codeOf(output(socket, job, 14, 1))).toBe('BAD_USER_INPUT');
    await told(server, 'startJob', { id: job, restart: true });
    await told(server, 'reportOutput', { job, offset: 0, text: 'four' });
    expect(await output(socket, job, 2, 2).next()).toMatchObject({ attempt: 2, offset: 2, text: 'ur' });
    socket.cut();
    await socket.closed;
    await deaf.close();
  });

  it('[promise 6] [promise 7] what cannot be read while the storage is away is read when it is back: no answer is lost', async () => {
    const { engine: real } = server;
    let away = false;
    const refused = Promise.withResolvers<void>();
    const present = <T>(read: () => Promise<T>): Promise<T> => {
      if (!away) return read();
      refused.resolve();
      return Promise.reject(new EngineUnavailable('away'));
    };
    const log: typeof real.output = {
      append: real.output.append,
      read: (...args) => present(() => real.output.read(...args)),
      length: (...args) => present(() => real.output.length(...args)),
    };
    const weak = await openServer({ ...real, output: log }, server.config, createLog('silent'));
    await using socket = await openSocket({ socket: `${weak.url.replace('http', 'ws')}/graphql` });
    const job = newTracked();
    await told(server, 'reportOutput', { job, offset: 0, text: 'ab' });
    const root = 'jobUpdates(id: $id) { status outputLength }';
    const alone = `subscription ($id: ID!) { ... on Subscription { ${root} } }`;
    const watchers = [
      socket.subscribe<Length>(`subscription ($id: ID!) { ${root} }`, { id: job }),
      socket.subscribe<Length>(alone, { id: job }),
      await sse<Length>({ graphql: `${weak.url}/graphql` }, alone, { id: job }),
    ];
    for (const watcher of watchers) await watcher.next();
    const kept = output(socket, job);
    await kept.next();
    away = true;
    const late = output(socket, job, 1);
    await told(server, 'reportComplete', { job });
    await refused.promise;
    away = false;
    for (const watcher of watchers) {
      expect((await watcher.rest()).at(-1)).toEqual({ status: 'COMPLETED', outputLength: 2 });
      expect(await watcher.ended).toBe('complete');
    }
    expect(textOf(await late.rest())).toBe('b');
    socket.cut();
    await socket.closed;
    await weak.close();
  });
});

describe.each(engines)('retention on %s', (engine) => {
  const server = useServer({ engine, env: { TRACKED_SECONDS: '3', KEEPALIVE_SECONDS: '60' } });

  it('a job that is deleted while somebody still reads ends for them, and its id is free', async () => {
    const job = newTracked();
    const all = await writeMuch(server, job);
    await using slow = await openSocket(server);
    const flow = output(slow, job);
    const { end } = await flow.next();
    slow.ws.pause();
    const gone = Promise.withResolvers<void>();
    const unlisten = await server.engine.bus.listenJob(job, (it) => it ?? gone.resolve());
    await told(server, 'reportComplete', { job });
    await gone.promise;
    unlisten();
    await told(server, 'reportOutput', { job, offset: 0, text: 'anew' });
    await using socket = await openSocket(server);
    const anew = output(socket, job);
    expect(await anew.next()).toMatchObject({ attempt: 1, offset: 0, text: 'anew' });
    await told(server, 'reportComplete', { job });
    expect(await anew.ended).toBe('complete');
    slow.ws.resume();
    const seen = textOf(await flow.rest());
    // What was sent is whole, and nothing of another job.
    expect(all.startsWith(seen, end) && end + seen.length < all.length).toBe(true);
    expect(await flow.ended).toBe('complete');
    await eventually(() => server.server.topics() === 0);
  });
});

describe('a log that has lost its end with the storage', () => {
  const server = useServer({ engine: 'redis' });

  it('[promise 7] is read to where it ends, and on from there', async () => {
    const job = newTracked();
    const all = 'ten bytes\n'.repeat(10);
    await told(server, 'reportOutput', { job, offset: 0, text: all });
    await using socket = await openSocket(server);
    const ahead = output(socket, job);
    await ahead.next();
    const redis = new Redis(server.redis!.url);
    for (const key of await redis.keys('*')) {
      if ((await redis.type(key)) === 'string' && (await redis.get(key)) === all)
        await redis.set(key, all.slice(0, 70));
    }
    redis.disconnect();
    const reads = output(socket, job);
    expect(await reads.next()).toMatchObject({ offset: 0, end: 70 });
    const tail = 'ten bytes\n'.repeat(5);
    expect(await told(server, 'reportOutput', { job, offset: 70, text: tail })).toMatchObject({ outputLength: 120 });
    expect(await reads.next()).toMatchObject({ offset: 70, end: 120, text: tail });
    expect(await ahead.next()).toMatchObject({ offset: 100, end: 120 });
    await told(server, 'reportComplete', { job });
    for (const flow of [ahead, reads]) expect([await flow.rest(), await flow.ended]).toEqual([[], 'complete']);
    expect(bytesOf(all)).toBe(100);
    await eventually(() => server.server.topics() === 0);
  });
});

describe('a storage that came back empty', () => {
  const server = useServer({ engine: 'redis' });

  it('[promise 6] ends what is watched there with NOT_FOUND, as if it were deleted: only the end of a job is a Complete', async () => {
    const job = newTracked();
    const space = `gone-${job}`.slice(0, 40);
    await using socket = await openSocket(server);
    await socket.ask('mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', {
      input: { id: space, title: 'Gone' },
    });
    await told(server, 'reportOutput', { job, offset: 0, text: 'one' });
    const flows: Flow<unknown>[] = [
      socket.subscribe(UPDATES, { id: job }),
      output(socket, job),
      socket.subscribe('subscription ($space: ID!) { spaceConnection(space: $space) { status } }', { space }),
    ];
    for (const flow of flows) await flow.next();
    flows.push(socket.subscribe('subscription ($space: ID!) { jobsChanged(space: $space) { id } }', { space }));
    await eventually(() => server.server.services.counters.watchers === 4);
    await server.redis!.kill();
    await server.redis!.restart();
    for (const flow of flows) expect(await codeOf(flow)).toBe('NOT_FOUND');
    await eventually(() => server.server.topics() + server.server.services.counters.watchers === 0);
    expect(await socket.request('{ viewer { id } }')).toMatchObject({ errors: [] });
  });
});
