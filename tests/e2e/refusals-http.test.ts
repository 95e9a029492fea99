import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { multipart, post, postBody } from '../help/client.ts';
import { freshId } from '../help/jobs.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';

const json = { 'content-type': 'application/json' };
const VIEWER = '{ viewer { name } }';

/** What the server answers to bytes. */
async function raw(server: TestServer, ...bytes: (string | Buffer)[]): Promise<string> {
  const { port, hostname } = new URL(server.url);
  const socket = createConnection(Number(port), hostname);
  const answer: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => answer.push(chunk));
  // The server may close while it is still being sent to.
  socket.on('error', () => undefined);
  for (const part of bytes) socket.write(part);
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(answer).toString();
}

describe.each(engines)('HTTP on %s', (engine) => {
  const server = useServer({ engine, env: { MAX_BODY_BYTES: '20000' } });
  const codeOf = async (response: Response) => {
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
    return [response.status, errors[0]?.extensions.code];
  };

  it.each<[string, string, Record<string, string>, number]>([
    ['no JSON', '{"query": ', json, 400],
    ['JSON that is no request', '[1, 2]', json, 400],
    ['no query', '{"variables": {}}', json, 400],
    ['a query that is no text', '{"query": 5}', json, 400],
    ['variables that are a text', JSON.stringify({ query: VIEWER, variables: 'x' }), json, 400],
    ['several requests at once', JSON.stringify([{ query: VIEWER }, { query: VIEWER }]), json, 400],
    [
      'infinity as a variable',
      '{"query": "query ($n: Int!) { jobs(first: $n) { nodes { id } } }", "variables": {"n": 1e999}}',
      json,
      400,
    ],
    ['an empty body', '', json, 400],
    ['a broken form', '--x\r\n', { 'content-type': 'multipart/form-data; boundary=x' }, 400],
  ])('refuses %s', async (_what, body, headers, status) => {
    const answer = await postBody(server, body, headers);
    expect([answer.status, answer.errors[0]?.extensions.code]).toEqual([status, 'BAD_USER_INPUT']);
  });

  it('refuses a body of another type', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect((await fetch(server.graphql, { method: 'POST', body: VIEWER, headers })).status).toBe(415);
  });

  it('refuses a form whose map leads nowhere', async () => {
    const form = multipart('mutation ($f: File!) { x(f: $f) }', {}, { 'a.b.c': new File(['x'], 'x') });
    expect((await postBody(server, form)).errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it('refuses a body over the limit before it is read, and says the limit', async () => {
    const { status, errors } = await post(server, VIEWER, { text: 'x'.repeat(20_000) });
    expect(status).toBe(413);
    expect(errors[0]?.extensions).toEqual({ code: 'PAYLOAD_TOO_LARGE', limit: 20_000 });
    const unread = await raw(server, 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999\r\n\r\n{"query":');
    expect(unread).toContain('PAYLOAD_TOO_LARGE');
    expect(unread).toContain('413');
  });

  it('answers also to a client that sends a large body to its end', async () => {
    const body = Buffer.alloc(8 * 1024 * 1024, 32);
    const answer = await raw(
      server,
      `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
      body,
    );
    expect(answer).toContain('PAYLOAD_TOO_LARGE');
  });

  it('wants to know how long a body is', async () => {
    const head =
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
    const answer = await raw(server, `${head}2\r\n{}\r\n0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"field":"Content-Length"');
  });

  it('takes no mutation by GET, and no subscription without a stream', async () => {
    const get = (query: string) =>
      fetch(`${server.graphql}?${new URLSearchParams({ query })}`, { headers: { accept: 'application/json' } });
    const id = freshId();
    const mutation = await get(`mutation { createSpace(input: { id: "${id}", title: "x" }) { id } }`);
    expect(await codeOf(mutation)).toEqual([405, 'BAD_USER_INPUT']);
    expect((await post(server, 'query ($id: ID!) { space(id: $id) { id } }', { id })).data).toEqual({ space: null });
    const query = await get(VIEWER);
    expect(await query.json()).toEqual({ data: { viewer: { name: 'Anonymous' } } });
  });

  it('knows no other paths, and says where the API is', async () => {
    for (const [method, path] of [
      ['GET', '/nowhere'],
      ['POST', '/health'],
      ['DELETE', '/graphql/x'],
      ['PUT', '/files'],
    ]) {
      const response = await fetch(`${server.url}${path}`, { method });
      expect(await codeOf(response)).toEqual([404, 'NOT_FOUND']);
    }
    expect(await (await fetch(`${server.url}/nowhere`)).text()).toContain('/graphql');
  });

  it('survives requests that are none', async () => {
    for (const request of [
      'GET // HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      'GET http://[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      'GET // HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
      'GET http://[ HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
      'GET /elsewhere HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
      'GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
      'GARBAGE\r\n\r\n',
    ]) {
      expect(await raw(server, request)).toMatch(/^HTTP\/1\.1 40[04] /);
    }
    expect((await post(server, VIEWER)).data).toEqual({ viewer: { name: 'Anonymous' } });
  });
});

describe('the origin of a page', () => {
  const SUBSCRIBE = JSON.stringify({ query: 'subscription { stats { engine } }' });
  /** Whether it is let in over HTTP, SSE, WebSocket and to files. */
  async function admitted(server: TestServer, origin: string): Promise<boolean[]> {
    const http = await post(server, VIEWER, {}, { origin });
    const stop = new AbortController();
    const headers = { ...json, origin, accept: 'text/event-stream' };
    const sse = await fetch(server.graphql, { method: 'POST', body: SUBSCRIBE, headers, signal: stop.signal });
    const streams = sse.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    stop.abort();
    const socket = await openSocket(server, { origin }).catch(() => null);
    socket?.cut();
    const upload = await fetch(`${server.url}/files?name=x`, { method: 'POST', body: 'x', headers: { origin } });
    if (!streams) expect([http.status, http.errors[0]?.extensions.code, sse.status]).toEqual([403, 'FORBIDDEN', 403]);
    return [http.status === 200, streams, socket !== null, upload.status === 201];
  }
  const all = [true, true, true, true];
  const none = [false, false, false, false];

  it('may be any of this machine while the server is bound to it, and none else', async () => {
    await using server = await startServer();
    for (const origin of [server.url, 'http://localhost:5173', 'https://127.0.0.1', 'http://[::1]:80']) {
      expect([origin, ...(await admitted(server, origin))]).toEqual([origin, ...all]);
    }
    for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null', 'nonsense', 'file://']) {
      expect([origin, ...(await admitted(server, origin))]).toEqual([origin, ...none]);
    }
  });

  it('is not believed for a name that was made to point at this machine', async () => {
    await using server = await startServer();
    const headers = { ...json, host: 'evil.example', origin: 'http://evil.example' };
    const { port, hostname } = new URL(server.url);
    const socket = createConnection(Number(port), hostname);
    const body = JSON.stringify({ query: VIEWER });
    const lines = Object.entries({ ...headers, 'content-length': body.length }).map((pair) => pair.join(': '));
    socket.end(`POST /graphql HTTP/1.1\r\n${lines.join('\r\n')}\r\nconnection: close\r\n\r\n${body}`);
    expect(Buffer.concat(await socket.toArray()).toString()).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('is one of a list where there is one, or the public address', async () => {
    const env = { ALLOWED_ORIGINS: 'https://app.example, http://localhost:3000', PUBLIC_URL: 'https://dock.example/x' };
    await using server = await startServer({ env });
    for (const origin of ['https://app.example', 'http://localhost:3000', 'https://dock.example']) {
      expect([origin, ...(await admitted(server, origin))]).toEqual([origin, ...all]);
    }
    for (const origin of ['http://app.example', 'https://app.example:8443', 'http://localhost:3001', server.url]) {
      expect([origin, ...(await admitted(server, origin))]).toEqual([origin, ...none]);
    }
  });

  it('is the server’s own where it is bound to more than this machine, or any with *', async () => {
    await using open = await startServer({ env: { HOST: '0.0.0.0' } });
    const here = { ...open, url: open.url.replace('localhost', '127.0.0.1') };
    const server = { ...here, graphql: `${here.url}/graphql`, socket: `${here.url.replace('http', 'ws')}/graphql` };
    expect(await admitted(server, here.url)).toEqual(all);
    expect(await admitted(server, 'http://localhost:5173')).toEqual(none);
    await using any = await startServer({ env: { ALLOWED_ORIGINS: '*' } });
    expect(await admitted(any, 'https://anywhere.example')).toEqual(all);
  });

  it('that is let in gets the headers that browsers ask for, and the answer to their question before', async () => {
    await using server = await startServer();
    const origin = 'http://localhost:5173';
    const asked = await fetch(server.graphql, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-allow-headers': 'content-type',
    });
    const answer = await post(server, VIEWER, {}, { origin });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('vary')).toContain('Origin');
    const foreign = await post(server, VIEWER, {}, { origin: 'https://evil.example' });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('that is refused tells the operator which setting would let it in', async () => {
    const said: string[] = [];
    const log = {
      debug() {},
      info() {},
      error() {},
      warn: (_fields: unknown, text?: string) => void said.push(text ?? ''),
    };
    await using server = await startServer({ log });
    const { errors } = await post(server, VIEWER, {}, { origin: 'https://evil.example' });
    expect(errors[0]?.message).toContain('ALLOWED_ORIGINS');
    await expect(openSocket(server, { origin: 'https://evil.example' })).rejects.toThrow('403');
    const line = 'Origin https://evil.example is not allowed; an operator can add it to ALLOWED_ORIGINS';
    expect(said.filter((text) => text === line)).toHaveLength(2);
  });
});
