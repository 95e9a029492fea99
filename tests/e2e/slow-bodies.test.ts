import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { expect, test } from 'vitest';
import { createDocuments } from '../../src/graphql/documents.ts';
import { createClientAddress } from '../../src/http/client-address.ts';
import { createDoorkeeper } from '../../src/http/doorkeeper.ts';
import { createGraphqlRoute } from '../../src/http/graphql.ts';
import { createListener, type ListenerOptions } from '../../src/http/listener.ts';
import { createWatch } from '../../src/live/watch.ts';
import { raw } from '../help/raw-http.ts';
import { startServer } from '../help/server.ts';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers with how much came. */
const measure: Handle = (request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => response.end(`took ${bytes}`));
  request.on('error', () => undefined);
};

async function listen(options: ListenerOptions, handle: Handle = measure) {
  const server = createListener(handle, options);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    server,
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const head = (path: string, length: number, type = 'application/octet-stream') =>
  `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`;
const FORM = 'multipart/form-data; boundary=x';

test('an upload takes as long as it needs while it goes on; another body must be whole in time', async () => {
  await using at = await listen({ wholeMs: 50 });
  expect([at.server.requestTimeout, at.server.headersTimeout]).toEqual([0, 60_000]);
  const uploads = [head('/files?name=x', 3), head('/graphql', 3, FORM)].map((start) => {
    const socket = createConnection(at.port, '127.0.0.1');
    socket.write(`${start}a`);
    return socket;
  });
  const late = await raw(at, head('/graphql', 3, 'application/json'), '{');
  expect(late).toMatch(/^HTTP\/1\.1 408 /);
  expect(late).toContain('"message":"The body took over 0.05 s; send it again","extensions":{"code":"BAD_USER_INPUT"}');
  for (const socket of uploads) {
    socket.write('bc');
    expect(`${Buffer.concat(await socket.toArray())}`).toContain('took 3');
  }
});

test('headers that do not come, or only trickle, hold no connection', async () => {
  await using at = await listen({ headersMs: 100 });
  const slow = createConnection(at.port, '127.0.0.1');
  const more = setInterval(() => slow.write('x'), 20);
  slow.on('error', () => undefined);
  slow.write('GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ');
  const [answer, silence] = await Promise.all([
    slow.toArray().then((chunks: Buffer[]) => `${Buffer.concat(chunks)}`),
    raw(at, ''),
    once(slow, 'close'),
  ]);
  clearInterval(more);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(silence).toMatch(/^(HTTP\/1\.1 408 |$)/);
});

test('a body of which nothing comes is cut, and one that trickles is not', async () => {
  await using at = await listen({ idleMs: 100 });
  const slow = createConnection(at.port, '127.0.0.1');
  slow.write(head('/files?name=x', 1_000_000));
  let sending = true;
  at.server.once('request', (request: IncomingMessage) => {
    // A byte for each that arrived, until the others are cut.
    request.on('data', () => slow.writable && sending && slow.write('x'));
  });
  slow.write('x');
  const cut = await Promise.all([
    raw(at, head('/files?name=y', 10), 'abc'),
    raw(at, head('/graphql', 10, FORM), 'abc'),
    raw(at, 'POST /files?name=z HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n', '3\r\nabc\r\n'),
  ]);
  sending = false;
  for (const answer of cut) {
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('Nothing of the body came for 0.1 s; send it again');
  }
  expect(slow.readableEnded).toBe(false);
  slow.destroy();
});

test('a GraphQL request whose body stops is the client’s doing: no error of the server', async () => {
  const said: unknown[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (fields: unknown) => void said.push(fields) };
  await using server = await startServer();
  const { services } = server.server;
  const watch = createWatch(services, log);
  const route = createGraphqlRoute(services, watch, server.config, log, {
    documents: createDocuments(server.config),
    doorkeeper: createDoorkeeper(services, createClientAddress(null, log), server.config),
    addresses: { enter: () => () => undefined },
  });
  await using at = await listen({ idleMs: 50 }, (request, response) => {
    void route.answer(request, response);
  });
  for (const type of ['application/json', FORM]) {
    expect(await raw(at, head('/graphql', 10, type), '{')).toMatch(/^HTTP\/1\.1 408 /);
  }
  expect(await raw(at, head('/graphql', 2, 'application/json'), '{}')).toContain('Must provide query string');
  watch.stop();
  expect(said).toEqual([]);
  expect(services.counters.errors).toBe(0);
});
