import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import {
  connect,
  jobQuery,
  jobsQuery,
  SpacedockError,
  spaceConnectionSubscription,
  spacesQuery,
  submitInferenceMutation,
  watchJob,
} from '../../client/sdk/index.ts';
import { deferred } from '../../client/sdk/promises.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openStage, SPACE } from './stage.ts';

test('a refusal arrives with its code and its field', async () => {
  await using stage = await openStage();
  const refused = stage.submit({ space: 'stagge' });
  await expect(refused).rejects.toBeInstanceOf(SpacedockError);
  await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'input.space' });
  expect((await stage.person.request(spacesQuery, {})).spaces.map(({ id }) => id)).toEqual([SPACE]);
});

test('variables that are not JSON are refused, and the connection goes on', async () => {
  await using stage = await openStage();
  const circle: Record<string, never> = {};
  Object.assign(circle, { circle });
  await expect(stage.submit({ parameters: circle })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  expect((await stage.person.request(spacesQuery, {})).spaces).toHaveLength(1);
});

test('a server that is not there is an error that says where it was looked for', async () => {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  const connection = connect({ url: `http://127.0.0.1:${port}` });
  const failed = connection.request(spacesQuery, {});
  await expect(failed).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  await expect(failed).rejects.toThrow(new RegExp(`127\\.0\\.0\\.1:${port}.*ECONNREFUSED`));
  await expect(connection.upload({ name: 'a', data: 'b' })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  await connection.close();
});

test('a mutation whose answer was lost is not sent again', async () => {
  await using stage = await openStage();
  await using proxy = await startProxy(stage.server.url);
  const person = connect({ url: proxy.url });
  void proxy.cutBefore('"submitInference"');
  const submitted = person.request(submitInferenceMutation, { input: { space: SPACE, prompt: 'once' } });
  await expect(submitted).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  const { jobs } = await person.request(jobsQuery, { space: SPACE });
  expect(jobs.nodes.map(({ input }) => input?.prompt)).toEqual(['once']);
  await person.close();
});

test('a call that is given up rejects with the reason of its signal', async () => {
  await using stage = await openStage();
  await using proxy = await startProxy(stage.server.url);
  const person = connect({ url: proxy.url });
  await person.request(spacesQuery, {});
  proxy.swallow();
  const giveUp = new AbortController();
  const call = person.request(spacesQuery, {}, { signal: giveUp.signal });
  const watch = watchJob(person, 'any', { signal: giveUp.signal }).next();
  giveUp.abort(new Error('no more'));
  await expect(call).rejects.toThrow('no more');
  await expect(watch).rejects.toThrow('no more');
  await expect(person.request(spacesQuery, {}, { signal: giveUp.signal })).rejects.toThrow('no more');
  await person.close();
});

test('a watcher sees the present, then the rest, over every lost connection, and the end', async () => {
  await using stage = await openStage();
  await using proxy = await startProxy(stage.server.url);
  const person = connect({ url: proxy.url });
  const steps = [deferred<void>(), deferred<void>(), deferred<void>()];
  await stage.actor({
    async handler(_, { progress }) {
      for (const [index, step] of steps.entries()) {
        await progress(`step ${index}`);
        await step.promise;
      }
      return { result: 'end' };
    },
  });
  const { id } = await stage.submit();
  const revisions: number[] = [];
  let last: string | undefined;
  for await (const job of watchJob(person, id)) {
    revisions.push(job.revision);
    last = job.status;
    const step = steps.findIndex((_, index) => job.stage === `step ${index}`);
    if (step < 0) continue;
    // The next one happens while the watcher is away.
    proxy.cut();
    steps[step]?.resolve();
  }
  expect(last).toBe('COMPLETED');
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  expect(new Set(revisions).size).toBe(revisions.length);
  await person.close();
});

test('a watcher notices that its network swallows everything', async () => {
  await using stage = await openStage();
  await using proxy = await startProxy(stage.server.url);
  const person = connect({ url: proxy.url, keepAliveSeconds: 0.3 });
  const goOn = deferred<void>();
  await stage.actor({
    async handler() {
      await goOn.promise;
    },
  });
  const { id } = await stage.submit();
  const watch = watchJob(person, id);
  await watch.next();
  proxy.swallow();
  goOn.resolve();
  await stage.end(id);
  const lost = person.request(spacesQuery, {});
  await expect(lost).rejects.toThrow(/silent/);
  proxy.heal();
  proxy.cut();
  const rest = [];
  for await (const job of watch) rest.push(job.status);
  expect(rest.at(-1)).toBe('COMPLETED');
  await person.close();
});

test('watching what is not there throws, and a finished job is told at once', async () => {
  await using stage = await openStage();
  await expect(stage.end(`${SPACE}.01890000-0000-7000-8000-000000000000`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await stage.actor({ handler: () => {} });
  const { id } = await stage.submit();
  await stage.end(id);
  expect((await stage.watch(id)).map(({ status }) => status)).toEqual(['COMPLETED']);
});

test('leaving a subscription ends it, and closing the connection ends the others', async () => {
  await using stage = await openStage();
  const states = stage.person.subscribe(spaceConnectionSubscription, { space: SPACE });
  for await (const { spaceConnection } of states) {
    expect(spaceConnection).toMatchObject({ space: SPACE, status: 'DISCONNECTED', apps: [] });
    break;
  }
  const connection = connect({ url: stage.server.url });
  const open = connection.subscribe(spaceConnectionSubscription, { space: SPACE });
  await open.next();
  const next = open.next();
  await connection.close();
  expect(await next).toEqual({ done: true, value: undefined });
  await expect(connection.request(jobQuery, { id: 'x' })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
});

test('a file that is too large is refused with the limit', async () => {
  await using stage = await openStage({}, { env: { MAX_FILE_BYTES: '1000' } });
  const refused = stage.person.upload({ name: 'big.bin', data: new Uint8Array(5000) });
  await expect(refused).rejects.toMatchObject({ code: 'FILE_TOO_LARGE', limit: 1000 });
});

test('the token goes out with every connection and every upload', async () => {
  const seen: unknown[] = [];
  const http = createServer((request, response) => {
    seen.push(request.headers.authorization);
    request.resume();
    request.on('end', () => response.end('{"id":"1"}'));
  });
  const sockets = new WebSocketServer({ server: http, handleProtocols: () => 'graphql-transport-ws' });
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.type !== 'connection_init') return;
      seen.push(message.payload);
      socket.close(4401, 'Unauthorized');
    }),
  );
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  let turn = 0;
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const connection = connect({ url, token: async () => `secret-${++turn}` });
  expect(await connection.upload({ name: 'a', data: 'b' })).toBe('1');
  await expect(connection.request(spacesQuery, {})).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await expect(watchJob(connection, 'x').next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(seen).toEqual(['Bearer secret-1', { authorization: 'Bearer secret-2' }, { authorization: 'Bearer secret-3' }]);
  await connection.close();
  sockets.close();
  http.closeAllConnections();
  http.close();
});
