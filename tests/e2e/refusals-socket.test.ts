import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { cancel, eventually, newSpace, submit, watch } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker, PENDING_REQUESTS } from '../help/worker.ts';

const VIEWER = '{ viewer { name } }';
const STATS = 'subscription { stats { engine } }';
const JOB_UPDATES = 'subscription ($id: ID!) { jobUpdates(id: $id) { id status revision } }';

describe.each(engines)('a WebSocket on %s', (engine) => {
  const server = useServer({ engine, env: { MAX_MESSAGE_BYTES: '20000', MAX_OPERATIONS_PER_SOCKET: '5' } });

  it('[promise 10] is not closed by a broken operation: the others on it go on', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using socket = await openSocket(server);
    const watcher = watch(socket, id);
    await watcher.next();
    const stats = socket.subscribe(STATS);
    await stats.next();
    const input = { instance: 'i', name: 'n', spaces: ['nowhere'] };
    for (const [query, variables, code] of [
      ['{ broken', {}, 'BAD_USER_INPUT'],
      ['{ nothing }', {}, 'BAD_USER_INPUT'],
      ['mutation { createSpace(input: {}) { id } }', {}, 'BAD_USER_INPUT'],
      ['subscription ($id: ID!) { jobUpdates(id: $id) { id } }', {}, 'BAD_USER_INPUT'],
      [JOB_UPDATES, { id: `${space}.0192f0c1-2345-7000-8000-000000000000` }, 'NOT_FOUND'],
      ['subscription { spaceConnection(space: "nowhere") { status } }', {}, 'NOT_FOUND'],
      ['subscription { jobsChanged(space: "nowhere") { id } }', {}, 'NOT_FOUND'],
      [PENDING_REQUESTS, { input }, 'NOT_FOUND'],
      [PENDING_REQUESTS, { input: { ...input, spaces: [space], instance: '' } }, 'BAD_USER_INPUT'],
      [PENDING_REQUESTS, { input: { ...input, spaces: [space], capacity: -1 } }, 'BAD_USER_INPUT'],
      [`{ viewer { ${' name'.repeat(5000)} } }`, {}, 'PAYLOAD_TOO_LARGE'],
    ] as const) {
      expect((await socket.request(query, variables)).errors[0]?.extensions.code).toBe(code);
      expect((await socket.request(VIEWER)).data).toEqual({ viewer: { name: 'Anonymous' } });
    }
    await stats.next();
    await cancel(server, id);
    expect((await watcher.rest()).at(-1)).toMatchObject({ status: 'CANCELLED' });
  });

  it('[lesson hatchet #3087] refuses a message over the limit by name, and lives on', async () => {
    await using socket = await openSocket(server);
    const { errors } = await socket.request(VIEWER, { text: 'x'.repeat(20_000) });
    expect(errors[0]?.extensions).toEqual({ code: 'PAYLOAD_TOO_LARGE', limit: 20_000 });
    expect(errors[0]?.message).toMatch(/^A message may have 20000 bytes; this one has 20\d\d\d$/);
    expect((await socket.request(VIEWER, { text: 'x'.repeat(19_000) })).data).toBeTruthy();
  });

  it('is closed by a message that is larger than anybody could mean', async () => {
    await using socket = await openSocket(server);
    socket.send({ type: 'ping', payload: { text: 'x'.repeat(80_001) } });
    expect(await socket.closed).toMatchObject({ code: 1009 });
  });

  it('carries only so many operations at a time, and one more as soon as one ends', async () => {
    await using socket = await openSocket(server);
    const flows = Array.from({ length: 5 }, () => socket.subscribe(STATS));
    for (const flow of flows) await flow.next();
    for (const query of [STATS, VIEWER]) {
      const { errors } = await socket.request(query);
      expect(errors[0]?.extensions).toEqual({ code: 'RATE_LIMITED', limit: 5, retryAfterSeconds: 1 });
    }
    flows[0]!.stop();
    await eventually(async () => (await socket.request(VIEWER)).errors.length === 0);
    // What was refused does not count, nor what has ended.
    for (let n = 0; n < 20; n++) expect((await socket.request(VIEWER)).errors).toEqual([]);
  });

  it.each<[string, string[], number]>([
    ['what is no JSON', ['{"type": '], 4400],
    ['what is no message', ['5'], 4400],
    ['a message without a type', ['{"id": "1"}'], 4400],
    ['a message of an unknown type', ['{"type": "start"}'], 4400],
    ['a result', ['{"type": "next", "id": "1", "payload": {}}'], 4400],
    ['an error', ['{"type": "error", "id": "1", "payload": [{"message": "x"}]}'], 4400],
    ['an acknowledgement', ['{"type": "connection_ack"}'], 4400],
    ['a subscribe without a query', ['{"type": "subscribe", "id": "1", "payload": {}}'], 4400],
    ['a second greeting', ['{"type": "connection_init"}'], 4429],
    [
      'an operation id in use',
      [1, 2].map(() => JSON.stringify({ type: 'subscribe', id: '1', payload: { query: STATS } })),
      4409,
    ],
  ])('is closed by %s', async (_what, texts, code) => {
    await using socket = await openSocket(server);
    socket.send(...texts);
    expect(await socket.closed).toMatchObject({ code });
  });

  it('is closed when it asks before the greeting', async () => {
    await using socket = await openSocket(server, { init: false });
    socket.send({ type: 'subscribe', id: '1', payload: { query: VIEWER } });
    expect(await socket.closed).toMatchObject({ code: 4401 });
  });

  it('is closed when it speaks another protocol', async () => {
    for (const protocol of ['graphql-ws', 'soap']) {
      const ws = new WebSocket(server.socket, protocol);
      const end = await new Promise((resolve) => {
        ws.once('close', resolve);
        ws.once('error', () => undefined);
      });
      expect([1006, 4406]).toContain(end);
    }
  });

  it('[lesson graphql-ws #653] uses an operation id again right after its Complete, in one segment', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using socket = await openSocket(server);
    const subscribe = { type: 'subscribe', id: 'one', payload: { query: JOB_UPDATES, variables: { id } } };
    const complete = { type: 'complete', id: 'one' };
    socket.send(subscribe);
    for (let round = 0; round < 50; round++) {
      await socket.take((message) => message.id === 'one' && message.type === 'next');
      socket.sendTogether([complete, subscribe]);
    }
    // Without waiting for anything, and ending with what stays.
    socket.sendTogether(Array.from({ length: 20 }, () => [complete, subscribe]).flat());
    await socket.take((message) => message.id === 'one' && message.type === 'next');
    await using worker = await openWorker(server, space);
    await (await worker.work()).complete();
    const last = await socket.take((message) => {
      const { data } = (message.payload ?? {}) as { data?: { jobUpdates: { status: string } } };
      return message.id === 'one' && data?.jobUpdates.status === 'COMPLETED';
    });
    expect(last.type).toBe('next');
    await socket.take((message) => message.id === 'one' && message.type === 'complete');
    expect(socket.ws.readyState).toBe(WebSocket.OPEN);
    await eventually(() => server.server.topics() === 0);
  });

  it('leaves nothing running that was completed before it began', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using socket = await openSocket(server);
    for (let n = 0; n < 50; n++) {
      const subscribe = { type: 'subscribe', id: 'one', payload: { query: JOB_UPDATES, variables: { id } } };
      const complete = { type: 'complete', id: 'one' };
      socket.sendTogether([subscribe, complete, subscribe, complete]);
      if (n % 5 === 0) await socket.request(VIEWER);
    }
    // Nobody listens, and all five operations are free again.
    await eventually(() => server.server.topics() === 0);
    await eventually(async () => {
      const flows = Array.from({ length: 5 }, () => socket.subscribe(STATS));
      const taken = await Promise.allSettled(flows.map((flow) => flow.next()));
      for (const flow of flows) flow.stop();
      return taken.every(({ status }) => status === 'fulfilled');
    });
    await cancel(server, id);
  });

  it('answers protocol Pings, with their payload', async () => {
    await using socket = await openSocket(server);
    socket.send({ type: 'ping' }, { type: 'ping', payload: { n: 1 } });
    expect(await socket.take(({ type }) => type === 'pong')).toEqual({ type: 'pong' });
    expect(await socket.take(({ type }) => type === 'pong')).toEqual({ type: 'pong', payload: { n: 1 } });
  });
});

describe('a WebSocket that never greets', () => {
  const server = useServer({ engine: 'sqlite' });

  it('is closed after a few seconds', async () => {
    await using socket = await openSocket(server, { init: false });
    expect(await socket.closed).toMatchObject({ code: 4408 });
  });
});
