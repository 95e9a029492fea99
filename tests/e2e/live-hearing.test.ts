import { expect, test } from 'vitest';
import { deleteSpaceMutation } from '../../client/sdk/index.ts';
import { EngineUnavailable } from '../../src/engine/engine.ts';
import { openRedis } from '../../src/engine/redis/redis.ts';
import { createLog } from '../../src/log.ts';
import { openServer } from '../../src/server.ts';
import { ask } from '../help/client.ts';
import type { ApiError, Flow } from '../help/flow.ts';
import { eventually, newSpace } from '../help/jobs.ts';
import { startProxy } from '../help/redis-proxy.ts';
import { startServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { type Chunk, newTracked, OUTPUT, type Seen, told, UPDATES } from './live-reports.ts';

const CONNECTION = 'subscription ($space: ID!) { spaceConnection(space: $space) { status } }';
const FEED = 'subscription ($space: ID!) { jobsChanged(space: $space) { id } }';
const codeOf = async (flow: Flow<unknown>) => ((await flow.ended) as ApiError[])[0]?.extensions.code;
const textOf = (chunks: Chunk[]) => chunks.map(({ text }) => text).join('');

test('[promise 6] [promise 7] [lesson ioredis #1451] a process whose subscriptions alone went deaf notices it by their silence, and shows what it missed', async () => {
  await using a = await startServer({ engine: 'redis' });
  await using way = await startProxy(a.redis!.port);
  const url = `redis://127.0.0.1:${way.port}`;
  const engine = await openRedis({ url, prefix: a.config.keyPrefix, heartbeatMs: 200 });
  const b = await openServer(engine, a.config, createLog('silent'));
  const space = await newSpace(a);
  const job = newTracked();
  await told(a, 'reportOutput', { job, offset: 0, text: 'heard, ' });
  {
    await using socket = await openSocket({ socket: `${b.url.replace('http', 'ws')}/graphql` });
    const watcher = socket.subscribe<Seen>(UPDATES, { id: job });
    const output = socket.subscribe<Chunk>(OUTPUT, { id: job });
    const connection = socket.subscribe(CONNECTION, { space });
    for (const flow of [watcher, output, connection]) await flow.next();
    const feed = socket.subscribe(FEED, { space });
    await socket.request('{ viewer { id } }');
    await eventually(() => b.services.counters.watchers === 4);

    way.deafen((said) => /subscribe/i.test(said));
    await told(a, 'reportOutput', { job, offset: 7, text: 'unheard' });
    const { revision } = await told(a, 'reportComplete', { job });
    await ask(a, deleteSpaceMutation, { id: space });
    expect((await watcher.rest()).at(-1)).toMatchObject({ status: 'COMPLETED', revision });
    expect(textOf(await output.rest())).toBe('unheard');
    for (const flow of [watcher, output]) expect(await flow.ended).toBe('complete');
    for (const flow of [connection, feed]) expect(await codeOf(flow)).toBe('NOT_FOUND');
    await eventually(() => b.topics() + b.groups() + b.services.counters.watchers === 0);
  }
  await b.close();
  await engine.close();
});

test('who begins to read output while Redis is away gets it when it is back, to the end', async () => {
  await using server = await startServer({ engine: 'redis' });
  const job = newTracked();
  await told(server, 'reportOutput', { job, offset: 0, text: 'before ' });
  await using socket = await openSocket(server);
  server.redis!.pause();
  const output = socket.subscribe<Chunk>(OUTPUT, { id: job });
  const watcher = socket.subscribe<Seen>(UPDATES, { id: job });
  await eventually(() => server.server.topics() === 2);
  server.redis!.resume();
  expect(await output.next()).toMatchObject({ offset: 0, text: 'before ' });
  await told(server, 'reportOutput', { job, offset: 7, text: 'after' });
  await told(server, 'reportComplete', { job });
  expect(textOf(await output.rest())).toBe('after');
  expect((await watcher.rest()).at(-1)).toMatchObject({ status: 'COMPLETED' });
});

test('a view that can be opened only in part leaves no listener behind', async () => {
  await using server = await startServer({ engine: 'redis' });
  const { bus } = server.engine;
  let refusing = true;
  let open = 0;
  /** Counts who listens. */
  const counted =
    <Args extends unknown[]>(listen: (...args: Args) => Promise<() => void>, mayRefuse: boolean) =>
    async (...args: Args) => {
      if (mayRefuse && refusing) throw new EngineUnavailable('away');
      const unlisten = await listen(...args);
      open++;
      return () => {
        open--;
        unlisten();
      };
    };
  const partly = {
    ...bus,
    listenSpace: counted(bus.listenSpace, false),
    listenOutput: counted(bus.listenOutput, false),
    listenJob: counted(bus.listenJob, true),
    listenJobs: counted(bus.listenJobs, true),
  };
  const weak = await openServer({ ...server.engine, bus: partly }, server.config, createLog('silent'));
  const before = open;
  const space = await newSpace(server);
  const job = newTracked();
  await told(server, 'reportOutput', { job, offset: 0, text: 'there' });
  {
    await using socket = await openSocket({ socket: `${weak.url.replace('http', 'ws')}/graphql` });
    const all = () => [
      socket.subscribe(UPDATES, { id: job }),
      socket.subscribe(OUTPUT, { id: job }),
      socket.subscribe(CONNECTION, { space }),
      socket.subscribe(FEED, { space }),
    ];
    // Twice each: those who come together fail together.
    for (const flow of [...all(), ...all()]) expect(await codeOf(flow)).toBe('INTERNAL_SERVER_ERROR');
    await eventually(() => open === before && weak.topics() + weak.services.counters.watchers === 0);
    refusing = false;
    const flows = all();
    for (const flow of flows.slice(0, 3)) await flow.next();
    for (const flow of flows) flow.stop();
    await eventually(() => open === before && weak.topics() + weak.services.counters.watchers === 0);
  }
  await weak.close();
});
