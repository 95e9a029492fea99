import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { post, sse } from '../help/client.ts';
import { eventually } from '../help/jobs.ts';
import { raw } from '../help/raw-http.ts';
import { engines } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';

const STATS = 'subscription { stats { engine } }';
const from = (address: string) => ({ 'x-forwarded-for': address });

describe.each(engines)('sockets and streams of one address on %s', (engine) => {
  const server = useServer({ engine, trustProxy: ['loopback'], env: { MAX_SOCKETS_PER_ADDRESS: '3' } });

  /** Resolves when it is open; rejects with the status that it was refused with. */
  const open = (address: string) =>
    new Promise<WebSocket>((resolve, reject) => {
      const ws = new WebSocket(server.socket, 'graphql-transport-ws', { headers: from(address) });
      // One that never greets would be closed, and count no more.
      ws.once('open', () => ws.send('{"type":"connection_init"}', () => resolve(ws)));
      ws.once('error', reject);
    });
  const stream = (address: string) => sse<{ engine: string }>(server, STATS, {}, from(address));

  it('are so many; one more WebSocket is refused before it is one, and may come when another has gone', async () => {
    const address = '192.0.2.1';
    const sockets = [await open(address), await open(address), await open(address)];
    await expect(open(address)).rejects.toThrow('429');
    const handshake = [
      'GET /graphql HTTP/1.1',
      'host: localhost',
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
      `x-forwarded-for: ${address}`,
    ];
    const answer = await raw(server, `${handshake.join('\r\n')}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n[\s\S]*retry-after: 5\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!).errors).toEqual([
      {
        message: expect.stringContaining('MAX_SOCKETS_PER_ADDRESS'),
        extensions: { code: 'RATE_LIMITED', limit: 3, retryAfterSeconds: 5 },
      },
    ]);

    (await open('192.0.2.2')).close();
    sockets.pop()?.close();
    await eventually(() =>
      open(address).then(
        (ws) => sockets.push(ws) > 0,
        () => false,
      ),
    );
    await expect(open(address)).rejects.toThrow('429');
    for (const ws of sockets) ws.terminate();
  });

  it('are counted together; queries are not', async () => {
    const address = '192.0.2.3';
    const socket = await open(address);
    const flows = [await stream(address), await stream(address)];
    for (const flow of flows) await flow.next();
    await expect(open(address)).rejects.toThrow('429');
    const refused = await stream(address);
    expect(await refused.ended).toEqual([
      {
        message: expect.stringContaining('MAX_SOCKETS_PER_ADDRESS'),
        extensions: { code: 'RATE_LIMITED', limit: 3, retryAfterSeconds: 5 },
      },
    ]);
    const response = await fetch(`${server.graphql}?${new URLSearchParams({ query: STATS })}`, {
      headers: { accept: 'text/event-stream', ...from(address) },
    });
    expect(response.status).toBe(429);
    await response.body?.cancel();
    // What a client offers to read as a stream, and is none.
    const answer = await post(
      server,
      '{ viewer { name } }',
      {},
      { accept: '*/*, text/event-stream', ...from(address) },
    );
    expect(answer.status).toBe(200);

    flows[0]!.stop();
    await eventually(async () => {
      const flow = await stream(address);
      const first = await flow.next().then(
        () => true,
        () => false,
      );
      if (first) flow.stop();
      return first;
    });
    flows[1]!.stop();
    socket.terminate();
  });

  it('are those of a whole network that a customer has to himself, in IPv6', async () => {
    const sockets = [await open('2001:db8::1'), await open('2001:db8::2:3'), await open('2001:db8:0:0:ffff::1')];
    await expect(open('2001:db8::4')).rejects.toThrow('429');
    sockets.push(await open('2001:db8:0:1::1'));
    for (const ws of sockets) ws.terminate();
  });
});

describe('behind no proxy', () => {
  const server = useServer({ engine: 'sqlite', env: { MAX_SOCKETS_PER_ADDRESS: '2' } });

  it('nobody gets more by saying that he is many', async () => {
    await using _one = await openSocket(server);
    await using _two = await openSocket(server);
    const third = new WebSocket(server.socket, 'graphql-transport-ws', { headers: from('192.0.2.9') });
    await expect(new Promise((resolve, reject) => third.once('open', resolve).once('error', reject))).rejects.toThrow(
      '429',
    );
    expect(await (await sse(server, STATS, {}, from('192.0.2.10'))).ended).toMatchObject([
      { extensions: { code: 'RATE_LIMITED', limit: 2 } },
    ]);
  });
});
