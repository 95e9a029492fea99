import { on, once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { answerOf, multipart, post, postBody } from '../help/client.ts';
import { eventually, freshId, newSpace } from '../help/jobs.ts';
import { raw } from '../help/raw-http.ts';
import { engines } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';

const json = { 'content-type': 'application/json' };
const VIEWER = '{ viewer { name } }';

describe.each(engines)('HTTP on %s', (engine) => {
  const server = useServer({ engine, env: { MAX_BODY_BYTES: '20000', MAX_FILE_BYTES: '20000' } });
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

  it.each(['{"query": ', ''])('says of a broken body only what the client needs: %j', async (body) => {
    const { errors } = await postBody(server, body, json);
    expect(errors).toEqual([{ message: expect.stringContaining('JSON'), extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it.each(['variables', 'extensions'])('refuses %s in a URL that are no JSON, by name', async (field) => {
    const before = server.server.services.counters.errors;
    const refused = [{ message: `${field}: send a JSON object`, extensions: { code: 'BAD_USER_INPUT', field } }];
    for (const [query, value] of [
      [VIEWER, 'xx'],
      ['subscription { stats { engine } }', '{"a":'],
    ]) {
      const parameters = new URLSearchParams({ query: query!, [field]: value! });
      for (const accept of ['application/graphql-response+json', 'application/json', '*/*']) {
        const response = await fetch(`${server.graphql}?${parameters}`, { headers: { accept } });
        expect([response.status, (await answerOf(response)).errors]).toEqual([400, refused]);
      }
      const events = await fetch(`${server.graphql}?${parameters}`, { headers: { accept: 'text/event-stream' } });
      expect(events.status).toBe(400);
      const [, data] = /^event: next\ndata: (.+)$/m.exec(await events.text()) ?? [];
      expect(JSON.parse(data!)).toEqual({ errors: refused });
    }
    expect(server.server.services.counters.errors).toBe(before);
    const asked = new URLSearchParams({ query: 'query ($id: ID!) { space(id: $id) { id } }', variables: '{"id":"x"}' });
    expect(await (await fetch(`${server.graphql}?${asked}`)).json()).toEqual({ data: { space: null } });
  });

  it('refuses a body of another type, and says which it takes', async () => {
    const request = Buffer.from(JSON.stringify({ query: VIEWER }));
    const form = Buffer.from(`${new URLSearchParams({ query: VIEWER })}`);
    for (const [type, body] of [
      ['text/plain', request],
      ['application/jsonp', request],
      ['', request],
      ['application/x-www-form-urlencoded', form],
      ['application/x-www-form-urlencoded;charset=UTF-8', form],
      ['application/x-www-form-urlencoded, text/plain', form],
    ] as const) {
      const response = await fetch(server.graphql, {
        method: 'POST',
        body,
        headers: type ? { 'content-type': type } : {},
      });
      const { errors } = await answerOf(response);
      expect([response.status, errors[0]?.extensions]).toEqual([
        415,
        { code: 'BAD_USER_INPUT', field: 'Content-Type' },
      ]);
      expect(errors[0]?.message).toContain('application/json');
    }
  });

  it('refuses to answer in a form that it does not have, before anything is done, and says which it has', async () => {
    const id = freshId();
    const create = `mutation { createSpace(input: { id: "${id}", title: "x" }) { id } }`;
    for (const [query, accept] of [
      [create, 'text/plain'],
      [create, 'image/png, application/xml;q=0.5'],
      [VIEWER, 'application/json; charset=latin1'],
      ['subscription { stats { engine } }', 'application/json'],
    ]) {
      const headers = { ...json, accept: accept! };
      const response = await fetch(server.graphql, { method: 'POST', body: JSON.stringify({ query }), headers });
      const { errors } = await answerOf(response);
      expect([response.status, errors[0]?.extensions]).toEqual([406, { code: 'BAD_USER_INPUT', field: 'Accept' }]);
      expect(errors[0]?.message).toContain('application/graphql-response+json');
      expect(errors[0]?.message).toContain('text/event-stream');
    }
    expect((await post(server, 'query ($id: ID!) { space(id: $id) { id } }', { id })).data).toEqual({ space: null });
    expect((await post(server, '{ stats { thisProcess { watchers } } }')).data).toEqual({
      stats: { thisProcess: { watchers: 0 } },
    });
  });

  it('takes files only where the schema says File, and names where they were put', async () => {
    const space = await newSpace(
      server,
      {},
      { prompt: true, parameters: { type: 'object' }, files: { accept: ['*/*'] } },
    );
    const submit = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
    const input = { space, prompt: 'x', parameters: {}, files: [null] };
    const file = new File(['x'], 'x.txt');
    for (const path of ['input.parameters', 'input.parameters.x', 'input.parameters.x.y', 'input.prompt']) {
      const { status, errors } = await postBody(
        server,
        multipart(submit, { input: { ...input, files: [] } }, { [path]: file }),
      );
      expect([status, errors[0]?.extensions]).toEqual([400, { code: 'BAD_USER_INPUT', field: path }]);
      expect(errors[0]?.message).toBe(`${path}: a file goes only where the schema says File`);
    }
    for (const path of ['input.files.0', 'input.files']) {
      expect((await postBody(server, multipart(submit, { input }, { [path]: file }))).errors).toEqual([]);
    }
  });

  it('is served as if there were no offer to whoever offers another protocol than WebSocket', async () => {
    const offer =
      'host: localhost\r\nconnection: Upgrade, HTTP2-Settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk';
    expect(await raw(server, `GET /health HTTP/1.1\r\n${offer}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    const body = JSON.stringify({ query: VIEWER });
    const headers = `content-type: application/json\r\ncontent-length: ${body.length}`;
    const answer = await raw(server, `POST /graphql HTTP/1.1\r\n${offer}\r\n${headers}\r\n\r\n${body}`);
    expect(answer).toContain('{"data":{"viewer":{"name":"Anonymous"}}}');
  });

  it('refuses a form whose map leads nowhere', async () => {
    const form = multipart('mutation ($f: File!) { x(f: $f) }', {}, { 'a.b.c': new File(['x'], 'x') });
    expect((await postBody(server, form)).errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it('refuses a body over the limit before it is read, and says the limit', async () => {
    const { status, errors } = await post(server, VIEWER, { text: 'x'.repeat(20_000) });
    expect(status).toBe(413);
    expect(errors[0]?.extensions).toEqual({ code: 'PAYLOAD_TOO_LARGE', limit: 20_000 });
    const unread = await raw(
      server,
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999999\r\n\r\n{"query":',
    );
    expect(unread).toContain('PAYLOAD_TOO_LARGE');
    expect(unread).toContain('413');
  });

  it('answers also to a client that sends a large body to its end', async () => {
    const body = Buffer.alloc(8 * 1024 * 1024, 32);
    const answer = await raw(
      server,
      `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
      body,
    );
    expect(answer).toContain('PAYLOAD_TOO_LARGE');
  });

  it.each([
    ['/graphql', 'PAYLOAD_TOO_LARGE'],
    ['/files?name=x', 'FILE_TOO_LARGE'],
  ])('answers at once to a client of %s, and lets it send the rest', async (path, code) => {
    const rest = Buffer.alloc(4 * 1024 * 1024, 32);
    const { port, hostname } = new URL(server.url);
    const socket = createConnection(Number(port), hostname);
    const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${2 * rest.length}\r\n\r\n`;
    for (const part of [head, rest]) socket.write(part);
    let answer = '';
    for await (const text of on(socket, 'data')) {
      answer += text;
      if (answer.endsWith('}')) break;
    }
    expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);
    expect(answer).toContain(code);
    // Still open: an error or an end here is what the client would have seen instead of the answer.
    socket.write(rest.subarray(1));
    await eventually(() => socket.writableLength === 0);
    expect([socket.errored, socket.readableEnded]).toEqual([null, false]);
    socket.write(rest.subarray(0, 1));
    await once(socket, 'close');
    expect(socket.errored).toBeNull();
  });

  it('cuts off one that goes on sending for ever', async () => {
    const piece = Buffer.alloc(4 * 1024 * 1024, 32);
    const { port, hostname } = new URL(server.url);
    const socket = createConnection(Number(port), hostname);
    const cut = new Promise((resolve) => {
      socket.once('error', resolve);
      socket.once('close', resolve);
    });
    let sent = 0;
    const more = () => {
      sent += piece.length;
      socket.write(piece, (error) => !error && !socket.destroyed && more());
    };
    socket.write('POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n\r\n', more);
    await cut;
    expect(sent).toBeGreaterThan(64 * 1024 * 1024);
    expect(sent).toBeLessThan(128 * 1024 * 1024);
    socket.destroy();
  });

  it('wants to know how long a body is', async () => {
    const head =
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
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
      'GET // HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
      'GET http://[ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
      'GET // HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
      'GET http://[ HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
      'GET /elsewhere HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
      'GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
      'GARBAGE\r\n\r\n',
    ]) {
      expect(await raw(server, request)).toMatch(/^HTTP\/1\.1 40[04] /);
    }
    expect((await post(server, VIEWER)).data).toEqual({ viewer: { name: 'Anonymous' } });
  });
});

describe('a large body', () => {
  const server = useServer({ engine: 'sqlite', env: { MAX_BODY_BYTES: `${40 * 1024 * 1024}` } });

  it('is taken up to the limit that is configured, and refused above it by its name', async () => {
    const text = 'x'.repeat(30 * 1024 * 1024);
    expect((await post(server, VIEWER, { text })).data).toEqual({ viewer: { name: 'Anonymous' } });
    const form = multipart(VIEWER, {}, { text: new File([text], 'x') });
    expect((await postBody(server, form)).data).toEqual({ viewer: { name: 'Anonymous' } });
    const { status, errors } = await post(server, VIEWER, { text: text + text });
    expect([status, errors[0]?.extensions]).toEqual([413, { code: 'PAYLOAD_TOO_LARGE', limit: 40 * 1024 * 1024 }]);
    expect(errors[0]?.message).toContain('MAX_BODY_BYTES');
  });
});
