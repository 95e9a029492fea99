import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ask, post, sse } from '../help/client.ts';
import { eventually, newSpace, read, submit, watch } from '../help/jobs.ts';
import { startRedis } from '../help/redis.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker } from '../help/worker.ts';

interface Figures {
  engine: string;
  processes: number;
  total: Record<string, number>;
  thisProcess: Record<string, number>;
}

const get = async (server: TestServer, path: string, method = 'GET') => {
  const response = await fetch(`${server.url}${path}`, { method, redirect: 'manual' });
  return { status: response.status, type: response.headers.get('content-type'), response };
};
const json = async (server: TestServer, path: string) => {
  const { status, response } = await get(server, path);
  return { status, body: (await response.json()) as Record<string, unknown> };
};

/** The samples of `/metrics`, by name and labels. */
async function metrics(server: TestServer): Promise<Map<string, number>> {
  const { status, type, response } = await get(server, '/metrics');
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const samples = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const [, name, value] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
      return [name ?? line, Number(value)];
    }),
  );
}

describe.each(engines)('the operator’s view on %s', (engine) => {
  const server = useServer({ engine });

  it('says that it lives, and that it is ready', async () => {
    expect(await json(server, '/health')).toEqual({ status: 200, body: { status: 'ok' } });
    await eventually(async () => (await json(server, '/ready')).status === 200);
    expect((await json(server, '/ready')).body).toEqual({ status: 'ready', engine });
    const head = await get(server, '/health', 'HEAD');
    expect([head.status, await head.response.text()]).toEqual([200, '']);
    const { status, response } = await get(server, '/');
    expect([status, response.headers.get('location')]).toEqual([302, '/graphql']);
  });

  it('serves the schema that clients are generated from', async () => {
    const { status, type, response } = await get(server, '/schema.graphql');
    expect([status, type]).toEqual([200, 'application/graphql; charset=utf-8']);
    expect(await response.text()).toBe(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  });

  it('counts jobs by space and state, apps, sockets, watchers and messages', async () => {
    const space = await newSpace(server);
    const before = await metrics(server);
    const worker = await openWorker(server, space, { capacity: 2 });
    const socket = await openSocket(server);
    const jobs = [await submit(server, space), await submit(server, space), await submit(server, space)];
    const watcher = watch(socket, jobs[2]!.id);
    await watcher.next();
    const [first, second] = [await worker.work(), await worker.work()];
    const during = await metrics(server);
    const of = (found: Map<string, number>, name: string) => found.get(`spacedock_${name}`) ?? 0;
    expect(of(during, `jobs{space="${space}",state="queued"}`)).toBe(1);
    expect(of(during, `jobs{space="${space}",state="running"}`)).toBe(2);
    expect(of(during, `apps{space="${space}",status="CONNECTED"}`)).toBe(1);
    expect(of(during, 'sockets')).toBe(of(before, 'sockets') + 2);
    expect(of(during, 'watchers')).toBe(1);
    expect(of(during, 'connected_apps')).toBe(1);
    expect(of(during, 'engine_ready')).toBe(1);
    expect(of(during, 'connections_total')).toBe(of(before, 'connections_total') + 2);
    expect(of(during, 'messages_sent_total')).toBeGreaterThan(of(before, 'messages_sent_total'));
    expect(during.get('nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);

    await first.complete();
    await second.fail();
    await (await worker.work()).complete();
    await watcher.rest();
    await worker.leave();
    await socket.close();
    await eventually(async () => of(await metrics(server), 'sockets') === of(before, 'sockets'));
    const after = await metrics(server);
    expect(of(after, `job_changes_total{space="${space}",status="COMPLETED"}`)).toBe(2);
    expect(of(after, `job_changes_total{space="${space}",status="FAILED"}`)).toBe(1);
    expect(of(after, `run_seconds_count{space="${space}",status="COMPLETED"}`)).toBe(2);
    expect(of(after, `dispatch_seconds_count{space="${space}"}`)).toBe(3);
    expect(of(after, 'watchers')).toBe(0);
    expect(of(after, 'errors_total')).toBe(0);
  });

  it('gives its figures at /stats as in the API', async () => {
    await using socket = await openSocket(server);
    const { stats } = await socket.ask<{ stats: Figures }>(
      '{ stats { engine processes total { activeConnections } thisProcess { activeConnections uptimeSeconds errors } } }',
    );
    expect(stats).toMatchObject({ engine, processes: 1, thisProcess: { activeConnections: 1, errors: 0 } });
    const { body } = await json(server, '/stats');
    expect(body).toMatchObject({ engine, processes: 1, thisProcess: { activeConnections: 1 } });
    expect(Object.keys((body as unknown as Figures).total).sort()).toEqual(
      [
        ...['activeConnections', 'activeJobs', 'connectedApps', 'errors', 'messagesSent', 'totalConnections'],
        ...['process', 'uptimeSeconds', 'watchers'],
      ].sort(),
    );
  });
});

describe('figures of several processes', () => {
  const server = useServer({ engine: 'redis' });

  it('[promise 8] are summed by any of them, and without those that have left', async () => {
    const second = await server.second();
    await using one = await openSocket(server);
    await using other = await openSocket(second);
    const figures = async (at: TestServer) =>
      (
        await ask<{ stats: Figures }>(
          at,
          '{ stats { processes total { activeConnections } thisProcess { activeConnections } } }',
        )
      ).stats;
    const both = { processes: 2, total: { activeConnections: 2 }, thisProcess: { activeConnections: 1 } };
    for (const at of [server, second]) await expect.poll(() => figures(at), { timeout: 10_000 }).toEqual(both);
    await second.close();
    await expect
      .poll(() => figures(server), { timeout: 10_000 })
      .toMatchObject({ processes: 1, total: { activeConnections: 1 } });
    expect([one.ws.readyState, (await other.closed).code]).toEqual([1, 1001]);
  });
});

describe.each(engines)('a drain on %s', (engine) => {
  it('[promise 10] tells apps, closes sockets with 1001, cuts streams, completes nothing and requeues nothing', async () => {
    await using server = await startServer({ engine });
    const space = await newSpace(server);
    await using worker = await openWorker(server, space);
    await using socket = await openSocket(server);
    const [running, queued] = [await submit(server, space), await submit(server, space)];
    const work = await worker.work();
    await work.progress({ progress: 0.5 });
    const flows = [
      watch(socket, running.id),
      watch(socket, queued.id),
      await sse(server, 'subscription ($id: ID!) { jobUpdates(id: $id) { id } }', { id: queued.id }),
    ];
    for (const flow of flows) await flow.next();
    const draining = worker.event('ServerDraining');
    const closing = server.server.close();
    expect(Date.parse((await draining).deadline)).toBeGreaterThan(Date.now() - 1000);
    expect(await worker.socket.closed).toEqual({ code: 1001, reason: 'Going away' });
    expect(await socket.closed).toEqual({ code: 1001, reason: 'Going away' });
    for (const flow of flows) await expect(flow.ended).rejects.toThrow(/1001|cut|terminated/);
    await closing;
    expect(await server.engine.jobs.read(running.id)).toMatchObject({ status: 'RUNNING', progress: { progress: 0.5 } });
    expect(await server.engine.jobs.read(queued.id)).toMatchObject({ status: 'QUEUED' });
    const { apps } = await server.engine.presence.list(space);
    expect(apps).toMatchObject([{ id: worker.id, status: 'RECONNECTING', running: 1 }]);
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });

  it('takes nothing new, and answers what was under way', async () => {
    await using server = await startServer({ engine });
    const space = await newSpace(server);
    const query = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
    const body = JSON.stringify({ query, variables: { input: { space, prompt: 'Late' } } });
    const { port, hostname } = new URL(server.url);
    const socket = createConnection(Number(port), hostname);
    const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
    socket.write(head + body.slice(0, 10));
    // The server has the first half when it answers another.
    await read(server, (await submit(server, space)).id);
    const closing = server.server.close();
    expect(server.server.services.draining()).toBe(true);
    socket.write(body.slice(10));
    const answer = Buffer.concat(await socket.toArray()).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('SERVER_DRAINING');
    await closing;
    expect(server.server.close()).toBe(server.server.close());
  });

  it('is seen at /ready while it lasts, and uploads are refused', async () => {
    await using server = await startServer({ engine });
    server.server.services.drain();
    expect(await json(server, '/ready')).toEqual({ status: 503, body: { status: 'draining' } });
    const upload = await fetch(`${server.url}/files?name=a`, { method: 'POST', body: 'x' });
    expect(upload.status).toBe(503);
    expect(await upload.json()).toMatchObject({
      errors: [{ extensions: { code: 'SERVER_DRAINING', retryAfterSeconds: 1 } }],
    });
    await expect(openSocket(server)).rejects.toThrow('503');
    expect((await json(server, '/health')).status).toBe(200);
  });
});

describe('Redis that is not there yet', () => {
  it('[lesson ioredis #1451] keeps no server from starting: it says so, waits, and works as soon as Redis comes', async () => {
    await using redis = await startRedis();
    await redis.kill();
    await using server = await startServer({ engine: 'redis', redis });
    expect((await json(server, '/health')).status).toBe(200);
    const { status, body } = await json(server, '/ready');
    expect([status, body.status]).toEqual([503, 'unavailable']);
    expect(body.problem).toMatch(/\S/);
    expect((await metrics(server)).get('spacedock_engine_ready')).toBe(0);
    const { errors } = await post(server, '{ spaces { id } }');
    expect(errors[0]).toMatchObject({
      message: 'The storage is away; try again in a moment',
      extensions: { code: 'INTERNAL_SERVER_ERROR', retryAfterSeconds: 2 },
    });
    await redis.restart();
    await eventually(async () => (await json(server, '/ready')).status === 200);
    const space = await newSpace(server);
    await using worker = await openWorker(server, space);
    const { id } = await submit(server, space);
    await (await worker.work()).complete({ result: 'It came' });
    expect(await read(server, id)).toMatchObject({ status: 'COMPLETED', result: 'It came' });
  });
});
