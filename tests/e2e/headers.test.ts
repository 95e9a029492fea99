import { request as ask, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { raw } from '../help/raw-http.ts';
import { useServer } from '../help/use-server.ts';

const json = { 'content-type': 'application/json' };
const STRICT = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};
const CLOSED = "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The sources that a policy gives each directive. */
const sourcesOf = (policy: string) =>
  Object.fromEntries(
    policy.split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources];
    }),
  );

describe('every answer', () => {
  const server = useServer({ engine: 'sqlite', env: { MAX_BODY_BYTES: '1000' } });

  it.each<[string, string, RequestInit, number]>([
    ['the way to the page', '/', { redirect: 'manual' }, 302],
    ['a query', '/graphql?query={viewer{name}}', {}, 200],
    ['a mutation that is refused', '/graphql', { method: 'POST', body: '{"query":"mutation{x}"}', headers: json }, 200],
    ['a broken body', '/graphql', { method: 'POST', body: '{', headers: json }, 400],
    [
      'a body of another type',
      '/graphql',
      { method: 'POST', body: '{', headers: { 'content-type': 'text/plain' } },
      415,
    ],
    ['a body too large', '/graphql', { method: 'POST', body: 'x'.repeat(2000), headers: json }, 413],
    ['a form it does not have', '/graphql', { headers: { accept: 'image/png' } }, 406],
    ['a method it does not have', '/graphql', { method: 'PUT', body: '{}' }, 405],
    ['a preflight', '/graphql', { method: 'OPTIONS', headers: { origin: 'http://localhost:1' } }, 204],
    ['another origin', '/graphql', { headers: { origin: 'https://evil.example' } }, 403],
    ['another path', '/nowhere', {}, 404],
    ['/health', '/health', {}, 200],
    ['/ready', '/ready', {}, 200],
    ['/stats', '/stats', {}, 200],
    ['/metrics', '/metrics', {}, 200],
    ['/schema.graphql', '/schema.graphql', {}, 200],
    ['an upload', '/files?name=x', { method: 'POST', body: 'x' }, 201],
    ['a forged link', '/files/a/b?expires=1&signature=x', {}, 403],
  ])('says what a browser may do with it: %s', async (_what, path, init, status) => {
    const response = await fetch(server.url + path, init);
    await response.arrayBuffer();
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      ...STRICT,
      'content-security-policy': CLOSED,
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(response.headers.has('strict-transport-security')).toBe(false);
  });

  it('says so of a stream of events', async () => {
    const query = 'subscription { stats { engine } }';
    const response = await new Promise<IncomingMessage>((resolve) => {
      ask(
        `${server.graphql}?${new URLSearchParams({ query })}`,
        { headers: { accept: 'text/event-stream' } },
        resolve,
      ).end();
    });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({ ...STRICT, 'content-security-policy': CLOSED, 'x-accel-buffering': 'no' });
    response.destroy();
  });

  it.each([
    ['elsewhere', 'GET /elsewhere', [], 404],
    ['from another origin', 'GET /graphql', ['origin: https://evil.example'], 403],
    ['without a key', 'GET /graphql', [], 400],
    [
      'of another version',
      'GET /graphql',
      ['sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-version: 5'],
      400,
    ],
  ] as const)('says so, and why, of a WebSocket that it does not open: %s', async (_what, line, more, status) => {
    const head = [`${line} HTTP/1.1`, 'host: localhost', 'connection: Upgrade', 'upgrade: websocket', ...more];
    const answer = await raw(server, `${head.join('\r\n')}\r\n\r\n`);
    const [fields, body] = answer.split('\r\n\r\n') as [string, string];
    expect(fields).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    for (const [name, value] of Object.entries({ ...STRICT, 'content-security-policy': CLOSED })) {
      expect(fields).toContain(`${name}: ${value}`);
    }
    expect(JSON.parse(body)).toEqual({
      errors: [{ message: expect.stringMatching(/\S/), extensions: { code: expect.any(String) } }],
    });
  });

  it('lets the page to try the API run its own scripts, known by their hash, and nothing else', async () => {
    const response = await fetch(server.graphql, { headers: { accept: 'text/html' } });
    await response.arrayBuffer();
    expect(Object.fromEntries(response.headers)).toMatchObject(STRICT);
    const sources = sourcesOf(response.headers.get('content-security-policy') ?? '');
    expect(sources).toMatchObject({
      'default-src': ["'none'"],
      'object-src': ["'none'"],
      'base-uri': ["'none'"],
      'form-action': ["'none'"],
      'frame-ancestors': ["'none'"],
      'connect-src': ["'self'"],
    });
    expect(sources['script-src']).toHaveLength(4);
    for (const source of sources['script-src'] ?? []) expect(source).toMatch(/^'sha256-[A-Za-z0-9+/]{43}='$/);
  });
});

describe('a server that people reach by https', () => {
  const server = useServer({
    engine: 'sqlite',
    env: { ACCESS: 'accounts', PUBLIC_URL: 'https://spacedock.example.org/' },
  });

  it('is to be asked by https from then on', async () => {
    for (const path of ['/health', '/nowhere', '/graphql?query={viewer{name}}']) {
      const { headers } = await fetch(server.url + path);
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
    }
  });
});
