import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { post, postBody, sse } from '../help/client.ts';
import { newToken, newUser, newVisitor, type Person, person, serve, signIn, withAccounts } from '../help/people.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { type Cast, CLUB, FAR, newCast, newJob, newTracked, PATIENT, PUBLIC } from './access-cast.ts';

const ME = '{ viewer { id name role } }';
const EVIL = 'https://evil.example';
const FORM = 'application/x-www-form-urlencoded';

interface Raw {
  status: number;
  cookies: string[];
  body: string;
}

/** A request as a browser would write it: fetch sets some of these headers itself. */
async function raw(
  server: TestServer,
  path: string,
  headers: Record<string, string>,
  body: string | null = null,
): Promise<Raw> {
  const request = httpRequest(`${server.url}${path}`, { method: body === null ? 'GET' : 'POST', headers });
  if (body !== null) request.setHeader('content-length', Buffer.byteLength(body));
  request.end(body ?? undefined);
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode!, cookies: response.headers['set-cookie'] ?? [], body: text };
}

const login = (name: string, password: string) =>
  `mutation { login(name: "${name}", password: "${password}") { token } }`;

/** What a browser keeps of somebody who has signed in. */
async function browserOf(server: TestServer, name: string, password = `password of ${name}`): Promise<string> {
  const { headers } = await post(server, login(name, password));
  return headers
    .getSetCookie()
    .map((text) => text.split(';')[0])
    .join('; ');
}

const boundary = 'xxxx';
const multipart = (query: string) =>
  [
    `--${boundary}\r\nContent-Disposition: form-data; name="operations"\r\n\r\n${JSON.stringify({ query })}\r\n`,
    `--${boundary}\r\nContent-Disposition: form-data; name="map"\r\n\r\n{}\r\n--${boundary}--\r\n`,
  ].join('');

describe.each(engines)('a foreign page with a victim’s cookie, on %s', (engine) => {
  const server = useServer(withAccounts({ engine, env: PATIENT }));
  let cookie: string;
  let victim: Person;
  beforeAll(async () => {
    const admin = await signIn(server);
    victim = await newUser(server, admin, 'Victim');
    cookie = await browserOf(server, 'Victim');
  });

  /** What the victim would have lost. */
  const MAKE = 'mutation { createToken(input: { name: "stolen", role: USER }) { secret } }';
  const made = async () => (await victim.ask<{ tokens: unknown[] }>('{ tokens { name } }')).tokens;
  const json = JSON.stringify({ query: MAKE });
  const own = { accept: 'application/json', 'content-type': 'application/json' };

  it('is what a page of our own could do: the cookie itself is good', async () => {
    const asked = JSON.stringify({ query: ME });
    const pages: Record<string, string>[] = [
      {},
      { origin: server.url, 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
    ];
    for (const from of pages) {
      const { body } = await raw(server, '/graphql', { ...own, cookie, ...from }, asked);
      expect(JSON.parse(body).data.viewer.name).toBe('Victim');
    }
  });

  it.each<[string, Record<string, string>, string, string, string]>([
    ['JSON from a foreign origin', { origin: EVIL }, 'application/json', json, 'FORBIDDEN'],
    ['JSON from an opaque origin', { origin: 'null' }, 'application/json', json, 'FORBIDDEN'],
    [
      'JSON without origin, cross-site',
      { 'sec-fetch-site': 'cross-site' },
      'application/json',
      json,
      'UNAUTHENTICATED',
    ],
    ['JSON from a neighbour', { 'sec-fetch-site': 'same-site' }, 'application/json', json, 'UNAUTHENTICATED'],
    ['a form of plain text', { 'sec-fetch-site': 'cross-site' }, 'text/plain', json, 'BAD_USER_INPUT'],
    ['a form of plain text, old browser', {}, 'text/plain', json, 'BAD_USER_INPUT'],
    ['a form', { 'sec-fetch-site': 'cross-site' }, FORM, `query=${encodeURIComponent(MAKE)}`, 'BAD_USER_INPUT'],
    ['a form, old browser', {}, FORM, `query=${encodeURIComponent(MAKE)}`, 'BAD_USER_INPUT'],
    ['a form with files, from a foreign origin', { origin: EVIL }, 'multipart/form-data', '', 'FORBIDDEN'],
    ['a form with files', { 'sec-fetch-site': 'cross-site' }, 'multipart/form-data', '', 'UNAUTHENTICATED'],
    ['a form with files, old browser', {}, 'multipart/form-data', '', 'UNAUTHENTICATED'],
    ['a form with files, capitals', {}, 'MULTIPART/FORM-DATA', '', 'BAD_USER_INPUT'],
  ])('%s does nothing in their name', async (_what, from, type, body, code) => {
    const before = await made();
    const form = /multipart/i.test(type);
    const answer = await raw(
      server,
      '/graphql',
      { accept: 'application/json', cookie, ...from, 'content-type': form ? `${type}; boundary=${boundary}` : type },
      form ? multipart(MAKE) : body,
    );
    expect(JSON.parse(answer.body).errors[0].extensions.code).toBe(code);
    expect(answer.cookies).toEqual([]);
    expect(await made()).toEqual(before);
  });

  it('an <img> changes nothing, and asks as nobody', async () => {
    const site = { 'sec-fetch-site': 'cross-site', cookie, accept: 'application/json' };
    const change = await raw(server, `/graphql?query=${encodeURIComponent(MAKE)}`, site);
    expect(change.status).toBe(405);
    const read = await raw(server, `/graphql?query=${encodeURIComponent(ME)}`, site);
    expect(JSON.parse(read.body).data.viewer.role).toBe('ANONYMOUS');
    // A browser that does not say where it comes from cannot be made to change anything by GET either.
    expect((await raw(server, `/graphql?query=${encodeURIComponent(MAKE)}`, { cookie })).status).toBe(405);
    expect(await made()).toEqual([]);
  });

  it('signs nobody in as somebody else, or out, or takes their visitor’s jobs', async () => {
    const attackers = multipart(login('Victim', 'password of Victim'));
    const type = `multipart/form-data; boundary=${boundary}`;
    const pages: Record<string, string>[] = [{ 'sec-fetch-site': 'cross-site' }, {}];
    for (const from of pages) {
      for (const query of [attackers, multipart('mutation { logout }'), multipart(ME)]) {
        const headers = { ...from, accept: 'application/json', 'content-type': type };
        expect((await raw(server, '/graphql', headers, query)).cookies).toEqual([]);
        expect((await raw(server, '/graphql', { ...headers, cookie }, query)).cookies).toEqual([]);
      }
    }
    // A page of our own is told to remember.
    const page = { ...own, origin: server.url, 'sec-fetch-site': 'same-origin' };
    const signedIn = await raw(
      server,
      '/graphql',
      page,
      JSON.stringify({ query: login('Victim', 'password of Victim') }),
    );
    expect(signedIn.cookies.join()).toContain('spacedock_session=sds_');
  });

  it('opens no WebSocket', async () => {
    for (const origin of [EVIL, 'null']) {
      const ws = new WebSocket(server.socket, 'graphql-transport-ws', { origin, headers: { cookie } });
      const [error] = (await once(ws, 'error')) as [Error];
      expect(error.message).toContain('403');
    }
  });
});

describe('where any origin is let in', () => {
  const server = useServer(withAccounts({ env: { ALLOWED_ORIGINS: '*' } }));
  let cookie: string;
  beforeAll(async () => {
    await newUser(server, await signIn(server), 'Victim');
    cookie = await browserOf(server, 'Victim');
  });
  const asker = async (headers: Record<string, string>) => {
    const ws = new WebSocket(server.socket, 'graphql-transport-ws', {
      headers,
      ...(headers.origin ? { origin: headers.origin } : {}),
    });
    await once(ws, 'open');
    ws.send(JSON.stringify({ type: 'connection_init' }));
    await once(ws, 'message');
    ws.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: ME } }));
    const [data] = await once(ws, 'message');
    ws.terminate();
    return JSON.parse(`${data}`).payload.data.viewer.role;
  };

  it('a cookie counts from our own pages alone, on every transport', async () => {
    expect(await asker({ origin: server.url, cookie })).toBe('USER');
    expect(await asker({ origin: EVIL, cookie })).toBe('ANONYMOUS');
    const headers = { accept: 'application/json', 'content-type': 'application/json', cookie };
    const role = async (origin: string) =>
      JSON.parse((await raw(server, '/graphql', { ...headers, origin }, JSON.stringify({ query: ME }))).body).data
        .viewer.role;
    expect(await role(server.url)).toBe('USER');
    expect(await role(EVIL)).toBe('ANONYMOUS');
  });

  it('a foreign page signs nobody in', async () => {
    const body = JSON.stringify({ query: login('Victim', 'password of Victim') });
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    expect((await raw(server, '/graphql', { ...headers, origin: EVIL }, body)).cookies).toEqual([]);
  });
});

describe('a cookie', () => {
  const server = useServer(withAccounts());
  const visitorOf = async (cookie: string) => {
    const { data, headers } = await post<{ viewer: { id: string } }>(server, ME, {}, { cookie });
    return { id: data!.viewer.id, given: headers.getSetCookie() };
  };

  it('of another server, or changed, makes a new visitor', async () => {
    await using other = await startServer(withAccounts());
    const { secret } = await newVisitor(other);
    const [id, signature] = secret!.slice(4).split('.') as [string, string];
    const known = `visitor_${id}`;
    const mine = (await newVisitor(server)).secret!;
    for (const forged of [
      secret!,
      `sdv_${id}.${mine.split('.')[1]}`,
      `sdv_${id.replace(/^./, (c) => (c === '0' ? '1' : '0'))}.${signature}`,
      `sdv_${id}.`,
      'sdv_',
      `sdv_${id}`,
    ]) {
      const { id: found, given } = await visitorOf(`spacedock_visitor=${forged}`);
      expect(found).toMatch(/^visitor_/);
      expect(found).not.toBe(known);
      expect(given.join()).toContain('spacedock_visitor=sdv_');
    }
  });

  it('that somebody planted before the sign-in is worth nothing after it', async () => {
    const admin = await signIn(server);
    await newUser(server, admin, 'Fay');
    const planted = (await newVisitor(server)).secret!;
    const before = `spacedock_visitor=${planted}; spacedock_session=sds_${'A'.repeat(43)}`;
    const { headers } = await post(server, login('Fay', 'password of Fay'), {}, { cookie: before });
    const session = headers.getSetCookie().find((text) => text.startsWith('spacedock_session=sds_'))!;
    expect(session).not.toContain('AAAA');
    expect((await visitorOf(before)).id).toMatch(/^visitor_/);
    const again = await post(server, login('Fay', 'password of Fay'), {}, { cookie: session.split(';')[0]! });
    expect(again.headers.getSetCookie().join()).not.toContain(session.split(';')[0]);
  });

  it('of a session that is over leaves the visitor who they were before', async () => {
    const admin = await signIn(server);
    await newUser(server, admin, 'Gus');
    const visitor = `spacedock_visitor=${(await newVisitor(server)).secret}`;
    const { id } = await visitorOf(visitor);
    const session = (await browserOf(server, 'Gus')).split('; ').find((text) => text.startsWith('spacedock_session='))!;
    const both = `${visitor}; ${session}`;
    expect((await visitorOf(both)).id).toMatch(/^user_/);
    await admin.ask('mutation { resetPassword(name: "Gus", new: "something else") }');
    const after = await visitorOf(both);
    expect(after.id).toBe(id);
    expect(after.given.join()).toContain('spacedock_session=; Max-Age=0');
    expect(after.given.join()).not.toContain('spacedock_visitor');
  });

  it('is a header of its own: a token in the address is nobody’s', async () => {
    const { secret } = await signIn(server);
    for (const name of ['token', 'access_token', 'authorization', 'spacedock_session']) {
      const query = `${name}=${secret}`;
      const { body } = await raw(server, `/graphql?query=${encodeURIComponent(ME)}&${query}`, {
        accept: 'application/json',
      });
      expect(JSON.parse(body).data.viewer.role).toBe('ANONYMOUS');
      await using socket = await openSocket({ socket: `${server.socket}?${query}` });
      expect(await socket.ask(ME)).toMatchObject({ viewer: { role: 'ANONYMOUS' } });
      expect((await raw(server, `/metrics?${query}`, {})).status).toBe(401);
    }
  });
});

describe('credentials that end, in another process on one Redis', () => {
  const server = useServer(withAccounts({ engine: 'redis', env: PATIENT }));
  let second: TestServer;
  let admin: Person;
  let cast: Cast;
  beforeAll(async () => {
    cast = await newCast(server);
    admin = cast.admin;
    second = await server.second();
    return () => second.close();
  });
  const there = (who: Person) => person(second, who.secret);
  const SPACES = 'subscription ($space: ID!) { spaceConnection(space: $space) { status } }';

  /** Everything somebody may have open, and how it ends when `end` is done: in how many milliseconds after its answer. */
  async function cut(who: Person, end: () => Promise<unknown>): Promise<{ codes: number[]; ms: number }> {
    const sockets = await Promise.all([there(who).socket(), there(who).socket()]);
    const watched = sockets[0]!.subscribe(SPACES, { space: PUBLIC });
    await watched.next();
    const streams = await Promise.all(
      ['text/event-stream', 'multipart/mixed', '*/*'].map((accept) => stream(second, who, accept)),
    );
    await end();
    const answered = performance.now();
    const codes = (await Promise.all(sockets.map(({ closed }) => closed))).map(({ code }) => code);
    await Promise.all(streams.map(({ end }) => end));
    await expect(watched.ended).rejects.toThrow();
    return { codes, ms: performance.now() - answered };
  }

  /** Begins a stream; resolves to its end. */
  async function stream(at: TestServer, who: Person, accept: string): Promise<{ end: Promise<unknown> }> {
    const response = await fetch(at.graphql, {
      method: 'POST',
      body: JSON.stringify({ query: SPACES, variables: { space: PUBLIC } }),
      headers: { ...who.headers, 'content-type': 'application/json', accept },
    });
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBeTruthy();
    const drain = async () => {
      while (!(await reader.read()).done);
    };
    return { end: drain().catch(() => 'cut') };
  }

  it.each<[string, (at: TestServer) => Promise<{ who: Person; end: () => Promise<unknown> }>]>([
    [
      'a token that is revoked',
      async (at) => {
        const who = await newToken(at, admin, { role: 'REPORTER' });
        return { who, end: () => admin.ask('mutation ($id: ID!) { revokeToken(id: $id) }', { id: who.id }) };
      },
    ],
    [
      'a session that is ended',
      async (at) => {
        const who = await newUser(at, admin, `u${randomUUID()}`);
        return { who, end: () => who.ask('mutation { logout }') };
      },
    ],
    [
      'a user who is disabled',
      async (at) => {
        const name = `u${randomUUID()}`;
        const who = await newUser(at, admin, name);
        return { who, end: () => admin.ask('mutation ($n: String!) { disableUser(name: $n) { id } }', { n: name }) };
      },
    ],
    [
      'the script of a user who is disabled',
      async (at) => {
        const name = `u${randomUUID()}`;
        const who = await newToken(at, await newUser(at, admin, name), { role: 'USER' });
        return { who, end: () => admin.ask('mutation ($n: String!) { disableUser(name: $n) { id } }', { n: name }) };
      },
    ],
    [
      'a token that was made with one that is revoked',
      async (at) => {
        const maker = await newToken(at, admin, { role: 'ADMIN' });
        const who = await newToken(at, maker, { role: 'REPORTER' });
        return { who, end: () => admin.ask('mutation ($id: ID!) { revokeToken(id: $id) }', { id: maker.id }) };
      },
    ],
  ])('%s: sockets and streams end within a second', async (_what, prepare) => {
    const { who, end } = await prepare(server);
    const { codes, ms } = await cut(who, end);
    expect(codes).toEqual([4403, 4403]);
    expect(ms).toBeLessThan(1000);
    expect(await there(who).refusal(ME)).toBe('UNAUTHENTICATED');
    expect(await who.refusal(ME)).toBe('UNAUTHENTICATED');
  });

  it('an administrator who is one no more: sessions and scripts end', async () => {
    await admin.ask(
      'mutation { createUser(input: { name: "Boss", password: "password of Boss", role: ADMIN }) { id } }',
    );
    const boss = await signIn(server, 'Boss', 'password of Boss');
    const script = await newToken(server, boss, { role: 'ADMIN' });
    const sockets = [await there(boss).socket(), await there(script).socket()];
    const { engine } = server;
    const { value, revision } = (await engine.documents.get<Record<string, string>>('account', 'boss'))!;
    await engine.documents.put('account', 'boss', { ...value, role: 'USER' }, revision);
    await engine.bus.publish('access', { kind: 'account', id: 'boss' });
    for (const { closed } of sockets) expect((await closed).code).toBe(4403);
    expect(await there(boss).refusal('{ users { id } }')).toBe('FORBIDDEN');
    expect(await there(script).refusal(ME)).toBe('UNAUTHENTICATED');
  });

  it('a client that does not answer the close gets nothing done any more', async () => {
    const who = await newToken(server, admin, { role: 'REPORTER' });
    const ws = new WebSocket(second.socket, 'graphql-transport-ws');
    await once(ws, 'open');
    ws.send(JSON.stringify({ type: 'connection_init', payload: who.headers }));
    await once(ws, 'message');
    // What comes in is not looked at: the close neither.
    const { _socket: tcp } = ws as unknown as { _socket: import('node:net').Socket };
    tcp.removeAllListeners('data');
    let heard = Buffer.alloc(0);
    const closing = Promise.withResolvers<void>();
    tcp.on('data', (data: Buffer) => {
      heard = Buffer.concat([heard, data]);
      if (heard.includes('revoked')) closing.resolve();
    });
    await admin.ask('mutation ($id: ID!) { revokeToken(id: $id) }', { id: who.id });
    await closing.promise;
    const late = `late-${randomUUID()}`;
    const query = `mutation { startJob(input: { id: "${late}" }) { id } }`;
    ws.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }));
    const { activeConnections } = second.server.services.counters;
    ws.terminate();
    // What it sent was taken in before its end was seen.
    await expect.poll(() => second.server.services.counters.activeConnections).toBeLessThan(activeConnections);
    expect(await admin.ask('query ($id: ID!) { job(id: $id) { id } }', { id: late })).toEqual({ job: null });
  });

  it('a token that runs out while it is used: the socket closes with 4403, and a stream is cut', async () => {
    const who = await newToken(server, admin, { role: 'REPORTER', expiresInDays: 1 });
    const { engine } = server;
    const { value, revision } = (await engine.documents.get<Record<string, number>>('token', who.id))!;
    await engine.documents.put('token', who.id, { ...value, expiresAt: engine.now() + 1500 }, revision);
    const job = await newTracked(who);
    const UPDATES = 'subscription ($id: ID!) { jobUpdates(id: $id) { revision } }';
    await using socket = await there(who).socket();
    const watched = socket.subscribe(UPDATES, { id: job });
    await watched.next();
    const streamed = await sse(second, UPDATES, { id: job }, who.headers);
    await streamed.next();
    expect(await socket.closed).toMatchObject({ code: 4403, reason: 'The credentials have expired' });
    await expect(streamed.ended).rejects.toThrow();
    const late = await there(who).socket({ init: false });
    late.send({ type: 'connection_init', payload: who.headers });
    expect((await late.closed).code).toBe(4401);
  });
});

describe.each(engines)('who wants more than was given, on %s', (engine) => {
  const server = useServer(withAccounts({ engine, env: PATIENT }));
  let cast: Cast;
  beforeAll(async () => {
    cast = await newCast(server);
  });
  const CREATE =
    'mutation ($input: CreateTokenInput!) { createToken(input: $input) { secret token { id expiresAt } } }';

  it('makes no token that may more, or lives longer, than its maker', async () => {
    const { app, reporter, prefixed, script, owner, visitor, adminScript } = cast;
    const wish = (role: string) => ({ input: { name: 'x', role, ...(role === 'APP' ? { spaces: [PUBLIC] } : {}) } });
    for (const role of ['USER', 'ADMIN', 'APP', 'REPORTER']) {
      for (const program of [app, reporter, prefixed])
        expect(await program.refusal(CREATE, wish(role))).toBe('FORBIDDEN');
      expect(await visitor.refusal(CREATE, wish(role))).toBe('UNAUTHENTICATED');
      if (role !== 'USER') {
        for (const somebody of [owner, script]) expect(await somebody.refusal(CREATE, wish(role))).toBe('FORBIDDEN');
      }
    }
    const short = await newToken(server, adminScript, { role: 'ADMIN', expiresInDays: 1 });
    for (const more of [{}, { expiresInDays: 3650 }]) {
      const made = await short.ask<{ createToken: { token: { expiresAt: string } } }>(CREATE, {
        input: { name: 'longer', role: 'ADMIN', ...more },
      });
      expect(Date.parse(made.createToken.token.expiresAt)).toBeLessThanOrEqual(Date.now() + 86_400_000);
    }
  });

  it('gets no priority, and deletes no space', async () => {
    const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id priority } }';
    for (const [name, code] of [
      ['user', 'FORBIDDEN'],
      ['script', 'FORBIDDEN'],
      ['visitor', 'UNAUTHENTICATED'],
    ] as const) {
      const input = { space: PUBLIC, prompt: 'me first', priority: 1 };
      expect(await cast[name].refusal(SUBMIT, { input })).toBe(code);
      expect(await cast[name].refusal('mutation ($id: ID!) { deleteSpace(id: $id) }', { id: PUBLIC })).toBe(code);
    }
    const input = { space: PUBLIC, prompt: 'first', priority: 1 };
    expect(await cast.admin.ask(SUBMIT, { input })).toMatchObject({ submitInference: { priority: 1 } });
  });

  it('has idempotency keys of their own', async () => {
    const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
    const input = { space: PUBLIC, prompt: 'secret plan', idempotencyKey: 'the-same' };
    const ids = new Set<string>();
    for (const who of [cast.owner, cast.user, cast.visitor, await newVisitor(server)]) {
      ids.add((await who.ask<{ submitInference: { id: string } }>(SUBMIT, { input })).submitInference.id);
      expect(await who.refusal(SUBMIT, { input: { ...input, prompt: 'another' } })).toBe('CONFLICT');
    }
    expect(ids.size).toBe(4);
  });

  it('finds no upload of another, and no foreign page uploads in somebody’s name', async () => {
    const { owner, user, visitor, admin, script } = cast;
    await admin.ask(
      'mutation { createSpace(input: { id: "files", title: "Files", visitors: true, inputs: { files: { accept: ["*/*"] } }, policy: { whenOffline: QUEUE } }) { id } }',
    );
    const upload = async (headers: Record<string, string>) =>
      JSON.parse((await raw(server, '/files?name=a.txt', { 'content-type': 'text/plain', ...headers }, 'mine')).body)
        .id;
    const id = await upload(owner.headers);
    const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
    const input = { space: 'files', prompt: 'hi' };
    for (const who of [user, visitor, admin]) {
      const answer = async (file: string) =>
        JSON.stringify(
          (await post(server, SUBMIT, { input: { ...input, files: [file] } }, who.headers)).errors,
        ).replace(file, '');
      const unknown = await answer(randomUUID());
      expect(unknown).toContain('NOT_FOUND');
      expect(await answer(id)).toBe(unknown);
    }
    const cookie = `spacedock_session=${owner.secret}`;
    const stolen = await upload({ cookie, 'sec-fetch-site': 'cross-site' });
    expect(await owner.refusal(SUBMIT, { input: { ...input, files: [stolen] } })).toBe('NOT_FOUND');
    expect((await raw(server, '/files?name=a.txt', { cookie, origin: EVIL }, 'mine')).status).toBe(403);
    await script.ask(SUBMIT, { input: { ...input, files: [id] } });
  });

  it('cannot take over an app by its instance’s name, nor resume or report under what is another’s', async () => {
    const { admin, app, owner, otherApp } = cast;
    const twin = await newToken(server, admin, { role: 'APP', spaces: [PUBLIC] });
    await using serving = await serve(app, { spaces: [PUBLIC], instance: 'gpu' });
    const job = await newJob(owner);
    let held = await serving.request();
    while (held.job !== job) held = await serving.request();
    // Same space, same instance, same lease: another token is another app.
    await using other = await serve(twin, {
      spaces: [PUBLIC],
      instance: 'gpu',
      capacity: 0,
      resume: [held],
    });
    expect(other.registered).toMatchObject({ kept: [], lost: [job] });
    expect(other.registered.app!.id).not.toBe(serving.registered.app!.id);
    const PROGRESS = 'mutation ($input: ReportProgressInput!) { reportProgress(input: $input) { id } }';
    const COMPLETE = 'mutation ($input: ReportCompleteInput!) { reportComplete(input: $input) { id } }';
    const OUTPUT = 'mutation ($input: ReportOutputInput!) { reportOutput(input: $input) { id } }';
    expect(await twin.refusal(PROGRESS, { input: { ...held, stage: 'stolen' } })).toBe('LEASE_LOST');
    expect(await twin.refusal(COMPLETE, { input: { ...held, result: 'stolen' } })).toBe('LEASE_LOST');
    expect(await twin.refusal(OUTPUT, { input: { ...held, offset: 0, text: 'stolen' } })).toBe('LEASE_LOST');
    expect(await twin.ask('query ($id: ID!) { job(id: $id) { id } }', { id: job })).toEqual({ job: null });
    for (const who of [otherApp, owner, cast.visitor, cast.reporter]) {
      expect(await who.refusal(COMPLETE, { input: { ...held, result: 'stolen' } })).toBe('NOT_FOUND');
    }
    // The one that has it goes on, and its repeated report is answered with the job again.
    await app.ask(PROGRESS, { input: { ...held, stage: 'mine' } });
    await app.ask(COMPLETE, { input: { ...held, result: 'done' } });
    await app.ask(COMPLETE, { input: { ...held, result: 'done' } });
    expect(await twin.refusal(COMPLETE, { input: { ...held, result: 'done' } })).toBe('LEASE_LOST');
    expect(await owner.ask('query ($id: ID!) { job(id: $id) { result stage } }', { id: job })).toMatchObject({
      job: { result: 'done' },
    });
  });

  it('[lesson AI-Horde #395] an app token for one space neither serves another nor reads its jobs', async () => {
    const { otherApp, app, owner, member } = cast;
    for (const spaces of [[PUBLIC], [FAR, PUBLIC], [CLUB], ['nowhere']]) {
      await expect(serve(otherApp, { spaces })).rejects.toThrow('FORBIDDEN');
    }
    for (const who of [owner, cast.reporter])
      await expect(serve(who, { spaces: [PUBLIC] })).rejects.toThrow('FORBIDDEN');
    await expect(serve(cast.visitor, { spaces: [PUBLIC] })).rejects.toThrow('UNAUTHENTICATED');
    const job = await newJob(member, CLUB);
    for (const who of [otherApp, app]) {
      expect(await who.ask('query ($id: ID!) { job(id: $id) { id } }', { id: job })).toEqual({ job: null });
      expect(await who.ask('{ jobs { nodes { id } } }')).toEqual({ jobs: { nodes: [] } });
    }
    expect(await otherApp.ask('{ space(id: "club") { id } spaces { id } }')).toEqual({
      space: null,
      spaces: [{ id: FAR }],
    });
    await using serving = await serve(app, { spaces: [CLUB], instance: 'reads' });
    expect((await serving.request()).job).toBe(job);
    expect(await app.ask('query ($id: ID!) { job(id: $id) { input { prompt } } }', { id: job })).toMatchObject({
      job: { input: { prompt: 'hi' } },
    });
  });

  it('an app that serves spaces of several people shows each the public ones and theirs', async () => {
    const { admin, member, owner, app } = cast;
    await using _serving = await serve(app, { spaces: [PUBLIC, CLUB], instance: 'both' });
    const APPS = 'query ($id: ID!) { space(id: $id) { connection { apps { name spaces } } } }';
    const seen = async (who: Person, id: string) =>
      (
        await who.ask<{ space: { connection: { apps: { spaces: string[] }[] } } }>(APPS, { id })
      ).space.connection.apps.flatMap(({ spaces }) => spaces);
    expect(await seen(owner, PUBLIC)).not.toContain(CLUB);
    expect(await seen(member, CLUB)).toContain(PUBLIC);
    expect(await seen(member, CLUB)).toContain(CLUB);
    const { remoteApps } = await admin.ask<{ remoteApps: { spaces: string[] }[] }>('{ remoteApps { spaces } }');
    expect(remoteApps.flatMap(({ spaces }) => spaces)).toContain(CLUB);
  });

  it('who may not see a space any more does not see it by an old job of theirs, nor by a wrong name', async () => {
    const { admin } = cast;
    const guest = await newUser(server, admin, 'Guest');
    await admin.ask(
      'mutation { createSpace(input: { id: "hidden-place", title: "Hidden", visibility: PRIVATE, members: ["Guest"], policy: { whenOffline: QUEUE } }) { id } }',
    );
    const job = await newJob(guest, 'hidden-place');
    const OWN = 'query ($id: ID!) { job(id: $id) { id space { title connection { apps { name } } } } }';
    expect(await guest.ask(OWN, { id: job })).toMatchObject({ job: { id: job, space: { title: 'Hidden' } } });
    await admin.ask('mutation { updateSpace(input: { id: "hidden-place", members: [] }) { id } }');
    expect(await guest.ask(OWN, { id: job })).toEqual({ job: { id: job, space: null } });
    const WATCH = 'subscription ($space: ID!) { spaceConnection(space: $space) { status } }';
    await using socket = await guest.socket();
    for (const space of ['hidden-plac', 'hidden place', 'hidden-place!', 'hidden-place']) {
      const query = `{ jobs(space: ${JSON.stringify(space)}) { nodes { id } } }`;
      const asked = [
        (await post(server, query, {}, guest.headers)).errors,
        await socket.subscribe(WATCH, { space }).ended,
        await (await sse(server, WATCH, { space }, guest.headers)).ended,
        (
          await post(
            server,
            'mutation ($s: ID!) { submitInference(input: { space: $s, prompt: "x" }) { id } }',
            { s: space },
            guest.headers,
          )
        ).errors,
      ];
      for (const errors of asked) {
        expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
        expect(JSON.stringify(errors)).not.toContain('did you mean');
      }
    }
  });

  it('JSON that names prototypes is JSON', async () => {
    const { reporter, owner, admin } = cast;
    const nasty =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":{"__proto__":{"polluted":1}}}';
    const id = `t-${randomUUID()}`;
    const body = `{"query":"mutation ($input: ReportProgressInput!) { reportProgress(input: $input) { metadata } }","variables":{"input":{"job":"${id}","stage":"x","metadata":${nasty}}},"extensions":{"__proto__":{"polluted":1}}}`;
    const json = { 'content-type': 'application/json', ...reporter.headers };
    await postBody(server, `{"query":"${ME}","__proto__":{"polluted":1}}`, json);
    const { data } = await postBody<{ reportProgress: { metadata: unknown } }>(server, body, json);
    expect(JSON.stringify(data!.reportProgress.metadata)).toBe(nasty);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    await admin.ask(
      'mutation ($s: JSON) { createSpace(input: { id: "proto", title: "p", visitors: true, inputs: { parameters: $s }, policy: { whenOffline: QUEUE } }) { id } }',
      { s: { type: 'object', properties: { n: { type: 'number', default: 1 } } } },
    );
    const submit = `{"query":"mutation ($p: JSON) { submitInference(input: { space: \\"proto\\", prompt: \\"x\\", parameters: $p }) { id input { parameters } } }","variables":{"p":${nasty}}}`;
    await postBody(server, submit, { 'content-type': 'application/json', ...owner.headers });
    for (const path of [
      'variables.__proto__.polluted',
      '__proto__.polluted',
      'variables.constructor.prototype.polluted',
    ]) {
      const form = new FormData();
      form.set('operations', JSON.stringify({ query: ME, variables: {} }));
      form.set('map', JSON.stringify({ 0: [path] }));
      form.set('0', new File(['x'], 'x.txt'));
      await postBody(server, form, owner.headers);
    }
    await using socket = await owner.socket();
    socket.send(
      `{"type":"subscribe","id":"p","__proto__":{"polluted":1},"payload":{"query":"${ME}","variables":{"__proto__":{"polluted":1}}}}`,
    );
    await socket.take(({ id: of }) => of === 'p');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(await owner.ask(ME)).toMatchObject({ viewer: { role: 'USER' } });
  });
});

describe('figures of the server', () => {
  it('are for administrators, where people sign in; whether it is up is for everybody', async () => {
    await using server = await startServer(withAccounts());
    const cast = await newCast(server);
    for (const path of ['/stats', '/metrics']) {
      for (const [name, status] of [
        ['nobody', 401],
        ['visitor', 401],
        ['user', 403],
        ['app', 403],
        ['reporter', 403],
        ['script', 403],
        ['admin', 200],
        ['adminScript', 200],
      ] as const) {
        const response = await fetch(`${server.url}${path}`, { headers: cast[name].headers });
        expect([path, name, response.status]).toEqual([path, name, status]);
        if (status !== 200) expect(await response.text()).not.toContain('uptime');
      }
    }
    for (const path of ['/health', '/ready', '/schema.graphql']) {
      expect((await fetch(`${server.url}${path}`)).status).toBe(200);
    }
  });

  it('are for everybody where access is open', async () => {
    await using server = await startServer();
    for (const path of ['/stats', '/metrics']) expect((await fetch(`${server.url}${path}`)).status).toBe(200);
  });
});
