import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { post } from '../help/client.ts';
import { raw } from '../help/raw-http.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';

const json = { 'content-type': 'application/json' };
const VIEWER = '{ viewer { name } }';

describe('the origin of a page', () => {
  const SUBSCRIBE = JSON.stringify({ query: 'subscription { jobUpdates(id: "x") { id } }' });
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

  it('of a page from a file or in a sandboxed frame is refused with what to do: no setting names it', async () => {
    await using server = await startServer({ env: { ALLOWED_ORIGINS: 'https://app.example' } });
    const { errors, status } = await post(server, VIEWER, {}, { origin: 'null' });
    expect([status, errors[0]?.extensions.code]).toEqual([403, 'FORBIDDEN']);
    expect(errors[0]?.message).toMatch(/page from a file or in a sandboxed frame.*serve the page over http/);
    expect(errors[0]?.message).not.toContain('ALLOWED_ORIGINS');
    expect((await post(server, VIEWER, {}, { origin: 'https://evil.example' })).errors[0]?.message).toContain(
      'ALLOWED_ORIGINS',
    );
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

  it('is not asked of a request without one, but its host is: a page may read what is said to its own name', async () => {
    await using server = await startServer();
    const get = (host: string, at: { url: string } = server) =>
      raw(
        at,
        `GET /graphql?query=${encodeURIComponent(VIEWER)} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
      );
    for (const host of ['localhost', 'localhost:4000', '127.0.0.1:1', '[::1]', '127.0.0.2']) {
      expect(await get(host)).toMatch(/^HTTP\/1\.1 200 /);
    }
    for (const host of [
      'evil.example',
      'evil.example:4000',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '%',
      '',
    ]) {
      const answer = await get(host);
      expect(answer).toMatch(/^HTTP\/1\.1 403 /);
      expect(answer).toContain('"code":"FORBIDDEN"');
      expect(answer).toContain('PUBLIC_URL');
    }
    const upgrade =
      'connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==';
    const shake = `GET /graphql HTTP/1.1\r\nhost: evil.example\r\n${upgrade}\r\n\r\n`;
    expect(await raw(server, shake)).toMatch(/^HTTP\/1\.1 403 /);

    await using named = await startServer({
      env: { ACCESS: 'accounts', PUBLIC_URL: 'https://dock.example/x', ALLOWED_ORIGINS: 'https://app.example' },
    });
    for (const host of ['dock.example', 'app.example', 'localhost:1']) expect(await get(host, named)).toMatch(/ 200 /);
    expect(await get('evil.example', named)).toMatch(/ 403 /);
    await using any = await startServer({ env: { ACCESS: 'accounts', ALLOWED_ORIGINS: '*' } });
    expect(await get('anything.example', any)).toMatch(/ 200 /);
    await using open = await startServer({ env: { HOST: '0.0.0.0', ACCESS: 'accounts' } });
    expect(await get('anything.example', { url: open.url.replace('localhost', '127.0.0.1') })).toMatch(/ 200 /);
  });

  it('is one of a list where there is one, or the server’s own, or the public address', async () => {
    const env = {
      ALLOWED_ORIGINS: 'https://app.example, http://localhost:3000',
      PUBLIC_URL: 'https://localhost:8443/x',
    };
    await using server = await startServer({ env });
    for (const origin of ['https://app.example', 'http://localhost:3000', 'https://localhost:8443', server.url]) {
      expect([origin, ...(await admitted(server, origin))]).toEqual([origin, ...all]);
    }
    for (const origin of ['http://app.example', 'https://app.example:8443', 'http://localhost:3001']) {
      expect([origin, ...(await admitted(server, origin))]).toEqual([origin, ...none]);
    }
  });

  it('is the server’s own where it is bound to more than this machine, or any with *', async () => {
    await using open = await startServer({ env: { HOST: '0.0.0.0', ACCESS: 'accounts' } });
    const here = { ...open, url: open.url.replace('localhost', '127.0.0.1') };
    const server = { ...here, graphql: `${here.url}/graphql`, socket: `${here.url.replace('http', 'ws')}/graphql` };
    await open.server.services.spaces.create('open', 'Open', {
      visitors: true,
      inputs: { files: { accept: ['*/*'] } },
    });
    expect(await admitted(server, here.url)).toEqual(all);
    expect(await admitted(server, 'http://localhost:5173')).toEqual(none);
    await using any = await startServer({ env: { ACCESS: 'accounts', ALLOWED_ORIGINS: '*' } });
    await any.server.services.spaces.create('open', 'Open', {
      visitors: true,
      inputs: { files: { accept: ['*/*'] } },
    });
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
