import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { maskError, refusalError } from '../../src/graphql/errors.ts';
import { schema } from '../../src/graphql/schema.ts';
import { createSockets, type Operations, type Sharing } from '../../src/live/socket.ts';
import { createLog } from '../../src/log.ts';
import { NO_RATES } from '../../src/service/rates.ts';
import { sse } from '../help/client.ts';
import { engines, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';

const VIEWER = '{ viewer { name } }';
const SKIPPED = 'subscription { jobUpdates(id: "x") @skip(if: true) { id } }';

/** Sockets whose documents nobody has validated: graphql-js throws where a stream should be. */
async function openUnvalidated(server: TestServer, of: Sharing['of'] | null) {
  const counters = { ...server.server.services.counters, errors: 0 };
  const operations: Operations = {
    prepare: ({ query }) => {
      const args = { schema, document: parse(query) };
      return {
        args,
        sharing: of && { of, key: query, args, source: args, gate: () => 'show', admits: async () => true },
      };
    },
    mask: (error) => maskError(error, () => counters.errors++),
    refused: refusalError,
  };
  const { identity } = server.server.services;
  const sockets = createSockets({
    operations,
    identity,
    rates: NO_RATES,
    config: server.config,
    counters,
    log: createLog('silent'),
    addressOf: () => '',
    refuse: (socket) => socket.destroy(),
  });
  const http = createServer();
  const raw = new Set<Duplex>();
  http.on('upgrade', (request, socket, head) => {
    raw.add(socket);
    sockets.upgrade(request, socket, head);
  });
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
  return {
    socket: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/graphql`,
    groups: sockets.groups,
    unexpected: () => counters.errors,
    async [Symbol.asyncDispose]() {
      await sockets.drain(0);
      for (const socket of raw) socket.destroy();
      await new Promise((closed) => http.close(closed));
    },
  };
}

describe.each(engines)('a subscription that is refused on %s', (engine) => {
  const server = useServer({ engine });

  it.each<[string, Record<string, unknown>]>([
    [SKIPPED, {}],
    ['subscription { ... @include(if: false) { jobUpdates(id: "x") { id } } }', {}],
    ['subscription { ...F @skip(if: true) } fragment F on Subscription { stats { engine } }', {}],
    ['subscription ($b: Boolean!) { jobUpdates(id: "x") @include(if: $b) { id } }', { b: true }],
    ['subscription ($b: Boolean!) { jobUpdates(id: "x") @skip(if: $b) { id } stats { engine } }', { b: false }],
  ])('hears that no condition stands at the root: %s', async (query, variables) => {
    const refused = {
      message: '@skip and @include cannot stand at the root of a subscription: subscribe when you want it',
      extensions: { code: 'BAD_USER_INPUT' },
    };
    await using socket = await openSocket(server);
    expect(await socket.subscribe(query, variables).ended).toMatchObject([refused]);
    expect((await socket.request(VIEWER)).data).toEqual({ viewer: { name: 'Anonymous' } });
    const body = JSON.stringify({ query, variables });
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
    const stream = await fetch(server.graphql, { method: 'POST', body, headers });
    const [, data] = /^data: (.+)$/m.exec(await stream.text()) ?? [];
    expect(JSON.parse(data!)).toMatchObject({ errors: [refused] });
    expect(server.server.services.counters.errors).toBe(0);
  });

  it('may have conditions below its root', async () => {
    const query = 'subscription ($b: Boolean!) { stats { engine @skip(if: $b) processes @include(if: $b) } }';
    await using socket = await openSocket(server);
    for (const flow of [socket.subscribe(query, { b: true }), await sse(server, query, { b: true })]) {
      expect(await flow.next()).toEqual({ processes: 1 });
      flow.stop();
    }
  });
});

describe('a stream that cannot be opened', () => {
  const server = useServer({ engine: 'sqlite' });

  it.each([null, 'newest', 'each'] as const)('shared as %s, ends its operation alone: the socket lives', async (of) => {
    await using unvalidated = await openUnvalidated(server, of);
    await using socket = await openSocket(unvalidated);
    for (let n = 1; n <= 2; n++) {
      const ends = [socket.subscribe(SKIPPED).ended, socket.subscribe(SKIPPED).ended];
      for (const end of await Promise.all(ends)) {
        expect(end).toEqual([{ message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
      }
      expect((await socket.request('{ __typename }')).data).toEqual({ __typename: 'Query' });
      expect([unvalidated.unexpected(), unvalidated.groups()]).toEqual([2 * n, 0]);
    }
  });
});
