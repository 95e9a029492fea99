import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { accountKey } from '../../src/domain/account.ts';
import { createDocuments } from '../../src/graphql/documents.ts';
import { createListener } from '../../src/http/listener.ts';
import { createPages } from '../../src/http/pages.ts';
import { answerOf, multipart, post, postBody } from '../help/client.ts';
import { eventually } from '../help/jobs.ts';
import { raw } from '../help/raw-http.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';

// What hostile inputs have found (tests/e2e/fuzz.test.ts), each by itself.

const START = 'mutation ($input: StartJobInput!) { startJob(input: $input) { id } }';
const COMPLETE = 'mutation ($files: [File!]) { reportComplete(input: { job: "found", files: $files }) { id } }';
const VIEWER = '{"query":"{ viewer { id } }","variables":{"f":[1]}}';

describe('a server', () => {
  const server = useServer({ engine: 'sqlite' });

  it('puts a file at what a list has, and makes none longer', async () => {
    const at = (index: number) =>
      postBody(server, multipart(COMPLETE, { files: [null] }, { [`files.${index}`]: new File(['x'], 'x') }));
    const { status, errors } = await at(4_294_967_294);
    const message = 'map: variables.files.4294967294 is no place in the operations';
    expect([status, errors]).toEqual([400, [{ message, extensions: { code: 'BAD_USER_INPUT', field: 'map' } }]]);
    expect((await at(0)).errors).toEqual([]);
  });

  it.each([
    ['5', '{"0":["variables.x"]}', 'operations'],
    ['"x"', '{"0":["variables.x"]}', 'operations'],
    ['null', '{"0":["variables.x"]}', 'operations'],
    [VIEWER, '{"0":[1]}', 'map'],
    [VIEWER, '{"0":null}', 'map'],
    [VIEWER, '{"0":"variables.x"}', 'map'],
    [VIEWER, '5', 'map'],
    [VIEWER, '{', 'map'],
    [VIEWER, '{"0":["variables.f.length"]}', 'map'],
    [VIEWER, '{"0":["variables.__proto__.x"]}', 'map'],
    [VIEWER, '{"0":["constructor.prototype.x"]}', 'map'],
  ])('refuses a form of %s with the map %s', async (operations, map, field) => {
    const form = new FormData();
    form.set('operations', operations);
    form.set('map', map);
    form.set('0', new File(['x'], 'x'));
    const { status, errors } = await postBody(server, form);
    expect([status, errors.map(({ extensions }) => extensions)]).toEqual([400, [{ code: 'BAD_USER_INPUT', field }]]);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('says a few of the things that are wrong with variables, however many are', async () => {
    const extra = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`extra${n}`, 1]));
    const variables = { input: { id: 'x'.repeat(100_000), ...extra } };
    const watch = 'subscription ($input: RemoteAppInput!) { pendingRequests(input: $input) { __typename } }';
    await using socket = await openSocket(server);
    for (const query of [START, watch]) {
      for (const { errors } of [await post(server, query, variables), await socket.request(query, variables)]) {
        expect(errors.length).toBeLessThanOrEqual(6);
        for (const { extensions } of errors) expect(extensions.code).toBe('BAD_USER_INPUT');
      }
    }
  });

  it('does not repeat a long name in full', async () => {
    const name = 'x'.repeat(100_000);
    await using socket = await openSocket(server);
    for (const { errors } of [await post(server, `{ ${name} }`), await socket.request(`{ ${name} }`)]) {
      expect(errors[0]?.message).toMatch(/^Cannot query field "x+…$/);
      expect(errors[0]?.message.length).toBe(1001);
    }
  });

  it.each([
    ['an object that is no text', { toString: 1, valueOf: 1 }],
    ['lists in lists', JSON.parse(`${'['.repeat(20_000)}1${']'.repeat(20_000)}`)],
  ])('refuses a subscription to %s', async (_what, id) => {
    await using socket = await openSocket(server);
    const watch = 'subscription ($id: ID!) { jobUpdates(id: $id) { id } }';
    expect((await socket.request(watch, { id })).errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it('answers a subscription whose variables are too deep to be written out again', async () => {
    await using socket = await openSocket(server);
    const variables = `${'{"0":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    const query = '"subscription { stats { engine } }"';
    socket.send(`{"type":"subscribe","id":"deep","payload":{"query":${query},"variables":${variables}}}`);
    const { type, payload } = await socket.take(({ id }) => id === 'deep');
    expect([type, payload]).toEqual(['next', { data: { stats: { engine: 'sqlite' } } }]);
  });

  it('minds no sender of a file who sends all of it and is gone before it is read', async () => {
    const { port, hostname } = new URL(server.url);
    const head = 'POST /files?name=x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\n';
    for (let n = 0; n < 100; n++) {
      const socket = createConnection(Number(port), hostname);
      socket.on('error', () => undefined);
      await new Promise((sent) => socket.write(`${head}abc`, sent));
      socket.resetAndDestroy();
    }
    expect((await fetch(`${server.url}/files?name=x`, { method: 'POST', body: 'abc' })).status).toBe(201);
    expect(server.server.services.counters.errors).toBe(0);
  });

  it('takes a request for a whole address as one for the path in it', async () => {
    const ask = (target: string) =>
      raw(server, `GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    const query = `/graphql?query=${encodeURIComponent('{ viewer { name } }')}`;
    expect(await ask(`http://localhost${query}`)).toContain('{"data":{"viewer":{"name":"Anonymous"}}}');
    expect(await ask('http://localhost/nothing')).toContain('"code":"NOT_FOUND"');
  });
});

test('nothing goes on for a request whose body broke off after it was answered', async () => {
  const answered = Promise.withResolvers<void>();
  const server = createListener((_request, response) => {
    response.end('early', () => answered.resolve());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
  const over = once(socket.resume(), 'close');
  const before = timers();
  socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"que');
  await answered.promise;
  expect(timers()).toBeGreaterThan(before);
  socket.write('no chunk\r\n');
  await over;
  await eventually(() => timers() <= before);
  server.close();
});

test('a condition or a range of a page that does not hold is answered', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'spacedock-pages-'));
  await writeFile(join(directory, 'index.html'), '<!doctype html>');
  const pages = createPages(directory);
  const server = createServer((request, response) => pages.send(request, response, '/index.html'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const unmatched = await fetch(url, { headers: { 'if-match': '"x"' } });
  const { errors } = await answerOf(unmatched);
  expect([unmatched.status, errors[0]?.extensions.code]).toEqual([412, 'BAD_USER_INPUT']);
  const beyond = await fetch(url, { headers: { range: 'bytes=1000-' } });
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */15']);
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

test('documents at hand are bounded by their size, not only by their number', () => {
  const documents = createDocuments(readConfig({}));
  const small = '{ viewer { id } }';
  const first = documents.parse(small);
  expect(documents.parse(small)).toBe(first);
  for (let n = 0; n < 60; n++) documents.parse(`{ d${n} ${'a '.repeat(1900)}}`);
  expect(documents.parse(small)).not.toBe(first);
});

test('what is far too long for a name is nobody’s, and not composed', () => {
  expect(accountKey('Ａｄｍｉｎ')).toBe('admin');
  // Composed it would be longer than a string can be.
  expect(accountKey('ﷺ'.repeat(40_000_000))).toBe('');
});
