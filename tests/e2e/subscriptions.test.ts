import { createClient } from 'graphql-sse';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { JobSnapshot, SpaceConnectionFragment } from '../../client/sdk/index.ts';
import {
  createSpaceMutation,
  deleteSpaceMutation,
  jobsChangedSubscription,
  jobUpdatesSubscription,
  spaceConnectionSubscription,
} from '../../client/sdk/index.ts';
import { createLog } from '../../src/log.ts';
import { openServer } from '../../src/server.ts';
import { ask, type Query, sse } from '../help/client.ts';
import type { ApiError, Flow } from '../help/flow.ts';
import { cancel, eventually, newSpace, read, submit, submitMany, watch } from '../help/jobs.ts';
import { engines, startServer } from '../help/server.ts';
import { openSocket, type RawSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker, PENDING_REQUESTS, send } from '../help/worker.ts';

const codeOf = async (flow: Flow<unknown>) => ((await flow.ended) as ApiError[])[0]?.extensions.code;
const STATS = 'subscription { stats { engine thisProcess { watchers } } }';

describe.each(engines)('subscriptions on %s', (engine) => {
  const server = useServer({ engine });

  describe.each(['WebSocket', 'SSE'] as const)('over %s', (transport) => {
    const sockets: RawSocket[] = [];
    const flows: Flow<unknown>[] = [];
    async function follow<T, V>(query: Query<Record<string, T>, V>, variables?: V): Promise<Flow<T>> {
      const socket = sockets[0] ?? (await openSocket(server));
      sockets[0] = socket;
      const flow = transport === 'SSE' ? await sse(server, query, variables) : socket.subscribe(query, variables);
      flows.push(flow);
      return flow;
    }
    afterEach(() => {
      for (const flow of flows.splice(0)) flow.stop();
    });
    afterAll(() => sockets[0]?.cut());
    const updates = (id: string): Promise<Flow<JobSnapshot>> => follow(jobUpdatesSubscription, { id });

    it('[promise 6] [lesson graphql-ws #90] jobUpdates shows the present, then newer revisions, and the end', async () => {
      const space = await newSpace(server);
      const { id } = await submit(server, space);
      await using worker = await openWorker(server, space);
      const work = await worker.work();
      await work.progress({ stage: 'before anybody looked', progress: 0.1 });
      const flow = await updates(id);
      const first = await flow.next();
      expect(first).toMatchObject({ status: 'RUNNING', stage: 'before anybody looked', progress: 0.1 });
      // Without waiting for their answers: none of them, nor the end, is lost to the others.
      for (let n = 0; n < 50; n++) void work.progress({ stage: `${n}`, progress: n / 50 });
      await work.complete({ result: 'done' });
      const seen = await flow.rest();
      expect(await flow.ended).toBe('complete');
      const revisions = [first, ...seen].map(({ revision }) => revision);
      expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
      expect(new Set(revisions).size).toBe(revisions.length);
      expect(seen.filter(({ finishedAt }) => finishedAt !== null)).toEqual([seen.at(-1)]);
      expect(seen.at(-1)).toEqual(await read(server, id));
      expect(seen.at(-1)).toMatchObject({ status: 'COMPLETED', result: 'done', revision: 54 });
    });

    it('[promise 6] jobUpdates of a finished job shows it once and completes', async () => {
      const space = await newSpace(server);
      const { id } = await submit(server, space);
      const cancelled = await cancel(server, id);
      const flow = await updates(id);
      expect(await flow.rest()).toEqual([cancelled]);
      expect(await flow.ended).toBe('complete');
    });

    it('[promise 6] jobUpdates completes at no other time than the end', async () => {
      const space = await newSpace(server, { maxAttempts: 3 });
      const { id } = await submit(server, space);
      const flow = await updates(id);
      const first = await openWorker(server, space);
      await (await first.work()).fail({ retryable: true });
      await (await first.work()).progress();
      await first.leave();
      await using second = await openWorker(server, space);
      const work = await second.work();
      expect(work).toMatchObject({ job: id, attempt: 3 });
      await work.fail({ error: 'Now it is enough', retryable: true });
      const seen = await flow.rest();
      expect(seen.at(-1)).toMatchObject({ status: 'FAILED', error: { message: 'Now it is enough' } });
      expect(seen.slice(0, -1).every(({ finishedAt }) => finishedAt === null)).toBe(true);
    });

    it('jobUpdates of a job that is none ends with NOT_FOUND', async () => {
      const space = await newSpace(server);
      for (const id of [`${space}.0192f0c1-2345-7000-8000-000000000000`, 'a.b', 'a b', '', '../..', '\ud800']) {
        const flow = await updates(id);
        expect([id, await codeOf(flow)]).toEqual([id, 'NOT_FOUND']);
      }
    });

    it.each([
      ['jobUpdates', 'subscription ($id: ID!) { jobUpdates(id: $id) { id } }'],
      ['jobOutput', 'subscription ($id: ID!) { jobOutput(id: $id) { text } }'],
    ])('%s of what no job can be called says what ids look like, and listens for nothing', async (_name, query) => {
      for (const id of ['a.b', 'a b', '', 'x'.repeat(129), '\ud800']) {
        const [error] = (await (await follow(query, { id })).ended) as ApiError[];
        expect(error?.extensions).toEqual({ code: 'NOT_FOUND', field: 'id' });
        expect(error?.message).toContain(
          'a job id is <space>.<uuid>, or for a tracked job 1 to 128 of A-Z a-z 0-9 _ -',
        );
        expect(server.server.topics()).toBe(0);
      }
      const unknown = await follow(query, { id: 'a.0192f0c1-2345-7000-8000-000000000000' });
      expect(await unknown.ended).toMatchObject([{ message: expect.not.stringContaining('a job id is') }]);
    });

    it('spaceConnection shows the present state, then every change', async () => {
      const space = await newSpace(server);
      const flow: Flow<SpaceConnectionFragment> = await follow(spaceConnectionSubscription, { space });
      expect(await flow.next()).toMatchObject({ space, status: 'DISCONNECTED', apps: [], capacity: 0, queued: 0 });
      const worker = await openWorker(server, space, { capacity: 3 });
      const connected = await flow.until(({ status }) => status === 'CONNECTED');
      expect(connected).toMatchObject({ capacity: 3, apps: [{ id: worker.id, name: 'Worker', status: 'CONNECTED' }] });
      await submitMany(server, space, ['1', '2', '3', '4', '5']);
      expect(await flow.until(({ running, queued }) => running === 3 && queued === 2)).toMatchObject({
        apps: [{ running: 3 }],
      });
      await (await worker.work()).complete();
      await flow.until(({ running, queued }) => running === 3 && queued === 1);
      await worker.leave();
      const left = await flow.until(({ status }) => status === 'DISCONNECTED');
      expect(left).toMatchObject({ apps: [], capacity: 0 });
      expect(left.lastConnectedAt).not.toBeNull();
    });

    it('spaceConnection and jobsChanged of a space that is none end with NOT_FOUND', async () => {
      for (const space of ['nowhere', 'a b', '', '\ud800', 'x'.repeat(10_000)]) {
        expect(await codeOf(await follow(spaceConnectionSubscription, { space }))).toBe('NOT_FOUND');
        expect(await codeOf(await follow(jobsChangedSubscription, { space }))).toBe('NOT_FOUND');
      }
    });

    it('spaceConnection of a space that is deleted ends with NOT_FOUND, and another may have its name', async () => {
      const space = await newSpace(server);
      const flow: Flow<SpaceConnectionFragment> = await follow(spaceConnectionSubscription, { space });
      await flow.next();
      await ask(server, deleteSpaceMutation, { id: space });
      const message = `Space "${space}" is not there any more, or not yours to see`;
      expect(await flow.ended).toMatchObject([{ message, extensions: { code: 'NOT_FOUND', field: 'space' } }]);
      await ask(server, createSpaceMutation, { input: { id: space, title: 'Another' } });
      const again: Flow<SpaceConnectionFragment> = await follow(spaceConnectionSubscription, { space });
      expect(await again.next()).toMatchObject({ status: 'DISCONNECTED' });
    });

    it('jobsChanged of a space that is deleted shows the last changes of its jobs, and ends with NOT_FOUND', async () => {
      const [space, other] = [await newSpace(server), await newSpace(server)];
      const before = server.server.services.counters.watchers;
      const flow: Flow<JobSnapshot> = await follow(jobsChangedSubscription, { space });
      const kept: Flow<JobSnapshot> = await follow(jobsChangedSubscription, { space: other });
      const marker = await begun(kept, other);
      await begun(flow, space);
      const { id } = await submit(server, space);
      expect(await flow.until((job) => job.id === id)).toMatchObject({ status: 'QUEUED' });
      await ask(server, deleteSpaceMutation, { id: space });
      expect((await flow.rest()).at(-1)).toMatchObject({ status: 'CANCELLED' });
      const message = `Space "${space}" is not there any more, or not yours to see`;
      expect(await flow.ended).toMatchObject([{ message, extensions: { code: 'NOT_FOUND', field: 'space' } }]);
      await cancel(server, marker);
      await kept.until((job) => job.id === marker && job.status === 'CANCELLED');
      expect(server.server.services.counters.watchers).toBe(before + 1);
    });

    /** A feed has begun when it tells of a job; the last of those that were submitted for that. */
    async function begun(feed: Flow<JobSnapshot>, space: string): Promise<string> {
      let heard = false;
      const hears = feed.next().then(() => {
        heard = true;
      });
      let id = '';
      while (!heard) {
        ({ id } = await submit(server, space));
        await Promise.race([hears, new Promise((resolve) => setImmediate(resolve))]);
      }
      return id;
    }

    it('jobsChanged shows every job of its space as it changes, and none of another', async () => {
      const [space, other] = [await newSpace(server), await newSpace(server)];
      const flow: Flow<JobSnapshot> = await follow(jobsChangedSubscription, { space });
      const all: Flow<JobSnapshot> = await follow(jobsChangedSubscription, {});
      // Who comes over a socket is heard when the answer to what was asked after it is there.
      if (transport === 'WebSocket') await sockets[0]!.request('{ viewer { id } }');
      await eventually(async () => (await ask<Watchers>(server, WATCHERS)).stats.thisProcess.watchers >= 2);
      await submit(server, other);
      const { id } = await submit(server, space);
      await using worker = await openWorker(server, space);
      const work = await worker.work();
      await work.complete();
      const seen: JobSnapshot[] = [];
      while (seen.at(-1)?.status !== 'COMPLETED') seen.push(await flow.next());
      expect(seen.map((job) => [job.id, job.status, job.revision])).toEqual([
        [id, 'QUEUED', 1],
        [id, 'RUNNING', 2],
        [id, 'COMPLETED', 3],
      ]);
      expect((await all.next()).space?.id).toBe(other);
      await all.until((job) => job.id === id && job.status === 'COMPLETED');
    });

    it('jobsChanged of all spaces follows also one that is new', async () => {
      const flow: Flow<JobSnapshot> = await follow(jobsChangedSubscription, {});
      const space = await newSpace(server);
      const { id } = await submit(server, space);
      await cancel(server, id);
      await flow.until((job) => job.id === id && job.status === 'CANCELLED');
    });

    it('stats shows figures now, and again', async () => {
      const flow = await follow<{ engine: string; thisProcess: { watchers: number } }, object>(STATS);
      expect(await flow.next()).toMatchObject({ engine });
      expect((await flow.next()).thisProcess.watchers).toBeGreaterThanOrEqual(1);
    });

    it('leaves nobody listening', async () => {
      await eventually(() => server.server.topics() === 0);
      await eventually(() => server.server.services.counters.watchers === 0);
    });
  });

  it('pendingRequests over HTTP or SSE is refused, naming the WebSocket', async () => {
    const space = await newSpace(server);
    const input = { instance: 'i', name: 'n', spaces: [space] };
    for (const accept of ['text/event-stream', 'application/json']) {
      const flow = await sse(server, PENDING_REQUESTS, { input }, { accept });
      const [error] = (await flow.ended) as ApiError[];
      expect(error?.extensions.code).toBe('BAD_USER_INPUT');
      if (accept === 'text/event-stream') expect(error?.message).toContain('WebSocket');
    }
    const connection = 'query ($id: ID!) { space(id: $id) { connection { status apps { id } } } }';
    expect(await ask(server, connection, { id: space })).toEqual({
      space: { connection: { status: 'DISCONNECTED', apps: [] } },
    });
  });

  it('an idle stream of events is kept alive with comments', async () => {
    await using quick = await startServer({ engine, env: { KEEPALIVE_SECONDS: '0.02' } });
    const { id } = await submit(quick, await newSpace(quick));
    const stop = new AbortController();
    const query = `subscription { jobUpdates(id: "${id}") { status } }`;
    const { body } = await fetch(`${quick.graphql}?${new URLSearchParams({ query })}`, {
      headers: { accept: 'text/event-stream' },
      signal: stop.signal,
    });
    let text = '';
    for await (const chunk of body!.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)) {
      text += chunk;
      // Yoga's own comments are rarer, and a blank line follows each.
      if (text.includes(':\n:\n:\n')) break;
    }
    expect(text).toContain('"status":"QUEUED"');
    expect(text).not.toContain('event: complete');
    stop.abort();
  });

  it('[promise 6] never shows an older revision, in whatever order the messages come', async () => {
    const space = await newSpace(server);
    const { engine: real } = server;
    const listenJob: typeof real.bus.listenJob = (id, handler) => {
      const said: Parameters<typeof handler>[0][] = [];
      return real.bus.listenJob(id, (job) => {
        handler(job);
        for (const before of said) handler(before);
        said.push(job);
      });
    };
    const echoing = await openServer({ ...real, bus: { ...real.bus, listenJob } }, server.config, createLog('silent'));
    await using socket = await openSocket({ socket: `${echoing.url.replace('http', 'ws')}/graphql` });
    const { id } = await submit(server, space);
    const watcher = watch(socket, id);
    const revisions = [(await watcher.next()).revision];
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    for (let n = 0; n < 10; n++) {
      await work.progress({ progress: n / 10 });
      revisions.push((await watcher.next()).revision);
    }
    await work.complete();
    revisions.push(...(await watcher.rest()).map(({ revision }) => revision));
    expect(revisions).toEqual([...new Set(revisions)].sort((one, other) => one - other));
    expect(revisions.at(-1)).toBe(13);
    await echoing.close();
  });

  it('a client of graphql-sse follows a job to its end', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    const client = createClient({ url: server.graphql, retryAttempts: 0 });
    const query = 'subscription ($id: ID!) { jobUpdates(id: $id) { status } }';
    const seen: unknown[] = [];
    const followed = (async () => {
      for await (const { data } of client.iterate({ query, variables: { id } })) {
        seen.push(data);
        if (seen.length === 1) await cancel(server, id);
      }
    })();
    await followed;
    expect(seen).toEqual([{ jobUpdates: { status: 'QUEUED' } }, { jobUpdates: { status: 'CANCELLED' } }]);
    client.dispose();
  });
});

interface Watchers {
  stats: { thisProcess: { watchers: number } };
}
const WATCHERS = '{ stats { thisProcess { watchers } } }';

describe('subscriptions on two processes', () => {
  const server = useServer({ engine: 'redis' });

  it('[promise 8] [lesson gradio #10487] show the same wherever they are: app, submitter, reporter and watchers apart', async () => {
    await using second = await server.second();
    await using third = await server.second();
    const space = await newSpace(second);
    await using worker = await openWorker(server, space);
    await using socket = await openSocket(third);
    const connection = socket.subscribe<SpaceConnectionFragment, { space: string }>(spaceConnectionSubscription, {
      space,
    });
    await connection.until(({ status }) => status === 'CONNECTED');
    const { id } = await submit(second, space);
    const watcher = watch(socket, id);
    const work = await worker.work();
    await watcher.until(({ status }) => status === 'RUNNING');
    // A report may come by any process.
    await using reporter = await openSocket(second);
    const held = { job: work.job, lease: work.lease };
    expect(await send(reporter, 'reportProgress', { ...held, stage: 'elsewhere', progress: 0.5 })).toMatchObject({
      errors: [],
    });
    await watcher.until(({ stage }) => stage === 'elsewhere');
    expect((await work.progress({ stage: 'here', progress: 0.6 })).errors).toEqual([]);
    await watcher.until(({ stage }) => stage === 'here');
    await send(reporter, 'reportComplete', { ...held, result: 'from elsewhere' });
    expect((await watcher.rest()).at(-1)).toMatchObject({ status: 'COMPLETED', result: 'from elsewhere' });
    // The app's process has heard that its capacity is free.
    const next = await submit(third, space);
    expect((await worker.work()).job).toBe(next.id);
    for (const at of [server, second, third]) expect(await read(at, id)).toEqual(await read(server, id));
  });
});
