import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { createAccess } from '../../src/service/access.ts';
import { createAccounts } from '../../src/service/accounts.ts';
import { viewerOfAccount } from '../../src/service/sessions.ts';
import { post } from '../help/client.ts';
import { openEngine } from '../help/engine.ts';
import {
  ADMIN_PASSWORD,
  newToken,
  newUser,
  newVisitor,
  type Person,
  person,
  signIn,
  withAccounts,
} from '../help/people.ts';
import { engines, startServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';

const ME = '{ viewer { id name role } }';

describe.each(engines)('who is asking, on %s', (engine) => {
  const server = useServer(withAccounts({ engine }));

  it('is a visitor with an id of their own, kept in a cookie', async () => {
    const first = await post<{ viewer: { id: string; role: string } }>(server, ME);
    const cookie = first.headers.get('set-cookie')!;
    expect(cookie).toMatch(
      /^spacedock_visitor=sdv_[0-9a-f-]{36}\.[\w-]{43}; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/i,
    );
    expect(first.data).toMatchObject({ viewer: { role: 'ANONYMOUS' } });
    const again = await post(server, ME, {}, { cookie: cookie.split(';')[0]! });
    expect(again.data).toEqual(first.data);
    expect(again.headers.get('set-cookie')).toBeNull();
    const other = await post<{ viewer: { id: string } }>(server, ME);
    expect(other.data!.viewer.id).not.toBe(first.data!.viewer.id);
    const forged = cookie.split(';')[0]!.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    expect((await post<{ viewer: { id: string } }>(server, ME, {}, { cookie: forged })).data).not.toEqual(first.data);
  });

  it('is a visitor over WebSocket too, who is told the token to come again with', async () => {
    await using socket = await person(server, null).socket({ init: false });
    socket.send({ type: 'connection_init' });
    const { payload } = await socket.take(({ type }) => type === 'connection_ack');
    const { session } = payload as { session: string };
    const me = await socket.ask(ME);
    expect(await person(server, session).ask(ME)).toEqual(me);
  });

  it('is who signed in, by token or by cookie, until they sign out', async () => {
    const admin = await signIn(server);
    const ada = await newUser(server, admin, 'Ada');
    expect(await ada.ask(ME)).toMatchObject({ viewer: { name: 'Ada', role: 'USER' } });
    await using socket = await ada.socket();
    expect(await socket.ask(ME)).toEqual(await ada.ask(ME));
    const login = 'mutation { login(name: "ADA", password: "password of Ada") { token viewer { name } } }';
    const signedIn = await post<{ login: { token: string } }>(server, login);
    const cookie = signedIn.headers.getSetCookie().find((text) => text.startsWith('spacedock_session='))!;
    expect(cookie).toMatch(/; HttpOnly; SameSite=Lax$/i);
    const browser = { cookie: cookie.split(';')[0]! };
    expect((await post(server, ME, {}, browser)).data).toEqual(await ada.ask(ME));
    // As browsers ask that would take a stream as well: it is answered, and no connection cut.
    const out = await post(
      server,
      'mutation { logout }',
      {},
      {
        ...browser,
        accept: 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed',
      },
    );
    expect(out.data).toEqual({ logout: true });
    expect(out.headers.getSetCookie().join()).toContain('spacedock_session=; Max-Age=0');
    expect((await post<{ viewer: { role: string } }>(server, ME, {}, browser)).data?.viewer.role).toBe('ANONYMOUS');
    expect(await person(server, signedIn.data!.login.token).refusal(ME)).toBe('UNAUTHENTICATED');
    // The other session of the same person goes on.
    expect(await ada.ask(ME)).toMatchObject({ viewer: { name: 'Ada' } });
  });

  it('does nothing from a page that is shown to somebody else: who has signed in or out in another tab', async () => {
    const admin = await signIn(server);
    const ada = await newUser(server, admin, 'ada-in-a-tab');
    await admin.ask('mutation { createSpace(input: { id: "desk", title: "Desk", visitors: true }) { id } }');
    const idOf = async (who: Person) => (await who.ask<{ viewer: { id: string } }>('{ viewer { id } }')).viewer.id;
    const visitor = await newVisitor(server);
    const send = async (who: Person, shownTo: string) => {
      const headers = { ...who.headers, 'spacedock-viewer': shownTo };
      const asked = await post(server, ME, {}, headers);
      const sent = await fetch(`${server.url}/files?name=a.txt`, { method: 'POST', body: 'text', headers });
      return [asked.status, asked.errors[0]?.extensions.code, sent.status];
    };
    const [adasId, visitorsId] = [await idOf(ada), await idOf(visitor)];
    expect(await send(ada, adasId)).toEqual([200, undefined, 201]);
    for (const who of [visitor, await newVisitor(server)])
      expect(await send(who, 'visitor')).toEqual([200, undefined, 201]);
    for (const [who, shownTo] of [
      [admin, adasId],
      [visitor, adasId],
      [ada, 'visitor'],
      [ada, visitorsId],
      [ada, ''],
    ] as const) {
      expect(await send(who, shownTo), shownTo).toEqual([401, 'UNAUTHENTICATED', 401]);
    }
  });

  it('stays signed in as long as they come: a use puts off the end of the session', async () => {
    const flo = await newUser(server, await signIn(server), 'Flo');
    const { documents } = server.engine;
    type Session = { account: string; expiresAt: number };
    const stored = async () => (await documents.list<Session>('session')).find(({ value }) => value.account === 'flo')!;
    const { id, value, revision } = await stored();
    const soon = server.engine.now() + 3_600_000;
    await documents.put('session', id, { ...value, expiresAt: soon }, revision, soon);
    await flo.ask(ME);
    expect((await stored()).value.expiresAt).toBeGreaterThan(server.engine.now() + 29 * 86_400_000);
  });

  it('is refused with one message, whatever is wrong', async () => {
    const admin = await signIn(server);
    await newUser(server, admin, 'Bob');
    const tried = await Promise.all(
      [
        ['Bob', 'wrong password'],
        ['nobody', 'password of Bob'],
        ['', ''],
      ].map(async ([name, password]) => {
        const query =
          'mutation ($name: String!, $password: String!) { login(name: $name, password: $password) { token } }';
        return (await post(server, query, { name, password })).errors[0];
      }),
    );
    expect(new Set(tried.map((error) => error?.message)).size).toBe(1);
    expect(tried[0]?.extensions.code).toBe('UNAUTHENTICATED');
    for (const secret of [
      'x',
      `sdt_0123456789abcdef_${'A'.repeat(43)}`,
      `sds_${'A'.repeat(43)}`,
      `sdv_${'0'.repeat(36)}.${'A'.repeat(43)}`,
    ]) {
      const answer = await post(server, ME, {}, { authorization: `Bearer ${secret}` });
      expect([answer.status, answer.errors[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
      const socket = await person(server, secret).socket({ init: false });
      socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${secret}` } });
      expect((await socket.closed).code).toBe(4401);
    }
    expect((await post(server, ME, {}, { authorization: 'Basic YTpi' })).errors[0]?.extensions).toEqual({
      code: 'UNAUTHENTICATED',
      field: 'authorization',
    });
  });

  it('changes their password, which ends their other sessions and sockets, and not this one', async () => {
    const admin = await signIn(server);
    const here = await newUser(server, admin, 'Cleo');
    const elsewhere = await signIn(server, 'cleo', 'password of Cleo');
    const socket = await elsewhere.socket();
    const change = 'mutation ($current: String!, $new: String!) { changePassword(current: $current, new: $new) }';
    expect(await here.refusal(change, { current: 'wrong password', new: 'another password' })).toBe('UNAUTHENTICATED');
    expect(await here.refusal(change, { current: 'password of Cleo', new: 'short' })).toBe('BAD_USER_INPUT');
    expect(await here.ask(change, { current: 'password of Cleo', new: 'another password' })).toEqual({
      changePassword: true,
    });
    expect((await socket.closed).code).toBe(4403);
    expect(await elsewhere.refusal(ME)).toBe('UNAUTHENTICATED');
    expect(await here.ask(ME)).toMatchObject({ viewer: { name: 'Cleo' } });
    await signIn(server, 'Cleo', 'another password');
  });

  it('is disabled by an administrator: sessions, scripts and sockets end', async () => {
    const admin = await signIn(server);
    const dora = await newUser(server, admin, 'Dora');
    const script = await newToken(server, dora, { role: 'USER' });
    const sockets = [await dora.socket(), await script.socket()];
    await admin.ask('mutation { disableUser(name: "DORA") { enabled } }');
    for (const socket of sockets) expect((await socket.closed).code).toBe(4403);
    for (const gone of [dora, script]) expect(await gone.refusal(ME)).toBe('UNAUTHENTICATED');
    await expect(signIn(server, 'Dora', 'password of Dora')).rejects.toThrow('UNAUTHENTICATED');
    await admin.ask('mutation { enableUser(name: "dora") { enabled } }');
    await signIn(server, 'Dora', 'password of Dora');
    expect(await admin.refusal('mutation { disableUser(name: "Admin") { enabled } }')).toBe('CONFLICT');
  });

  it('is made an administrator, and no more one, wherever they are: sockets end, and scripts for administrators', async () => {
    const admin = await signIn(server);
    const fay = await newUser(server, admin, 'Fay');
    const give = 'mutation ($name: String!, $role: Role!) { setUserRole(name: $name, role: $role) { name role } }';
    const before = await fay.socket();
    expect(await admin.ask(give, { name: 'FAY', role: 'ADMIN' })).toEqual({
      setUserRole: { name: 'Fay', role: 'ADMIN' },
    });
    expect((await before.closed).code).toBe(4403);
    expect(await fay.ask(ME)).toMatchObject({ viewer: { name: 'Fay', role: 'ADMIN' } });
    const script = await newToken(server, fay, { role: 'ADMIN' });
    const sockets = [await fay.socket(), await script.socket()];
    await admin.ask(give, { name: 'Fay', role: 'USER' });
    for (const socket of sockets) expect((await socket.closed).code).toBe(4403);
    expect(await script.refusal(ME)).toBe('UNAUTHENTICATED');
    expect(await fay.refusal('{ users { id } }')).toBe('FORBIDDEN');
    expect(await admin.refusal(give, { name: 'admin', role: 'USER' })).toBe('CONFLICT');
    expect(await admin.refusal(give, { name: 'Fay', role: 'APP' })).toBe('BAD_USER_INPUT');
    expect(await admin.refusal(give, { name: 'nobody', role: 'USER' })).toBe('NOT_FOUND');
    const { auditLog } = await admin.ask<{ auditLog: { nodes: object[] } }>(
      '{ auditLog(kind: [ROLE_CHANGED]) { nodes { actor { name } subject detail } } }',
    );
    expect(auditLog.nodes).toEqual(
      ['USER', 'ADMIN'].map((role) => ({ actor: { name: 'admin' }, subject: 'Fay', detail: { role } })),
    );
  });

  it('is never the last administrator to go, though two do away with each other at the same moment', async () => {
    await using opened = await openEngine(engine);
    const { documents } = opened.engine;
    const looking = Promise.withResolvers<void>();
    let looks = 0;
    // Who is left is looked at when both have been written.
    const list: typeof documents.list = async (kind) => {
      if (++looks === 2) looking.resolve();
      await looking.promise;
      return documents.list(kind);
    };
    const together: Engine = { ...opened.engine, documents: { ...documents, list } };
    const accounts = createAccounts(together, createAccess(together));
    const [gus, hal] = await Promise.all(
      ['Gus', 'Hal'].map(async (name) => viewerOfAccount(await accounts.create(name, 'some password', 'ADMIN'), null)),
    );
    const over = [accounts.setRole('Gus', 'USER', hal!), accounts.setEnabled('Hal', false, gus!)];
    const conflict = { status: 'rejected', reason: { code: 'CONFLICT' } };
    expect(await Promise.allSettled(over)).toMatchObject([conflict, conflict]);
    expect((await accounts.list()).map(({ role, enabled }) => [role, enabled])).toEqual([
      ['ADMIN', true],
      ['ADMIN', true],
    ]);
  });

  it('comes with a token that is shown once, listed with its last use, and revoked with what it opened', async () => {
    const admin = await signIn(server);
    const reporter = await newToken(server, admin, { role: 'REPORTER', name: 'nightly', prefix: 'night-' });
    expect(reporter.secret).toMatch(/^sdt_[0-9a-f]{16}_[\w-]{43}$/);
    const socket = await reporter.socket();
    expect(await socket.ask(ME)).toEqual({ viewer: { id: reporter.id, name: 'nightly', role: 'REPORTER' } });
    const { tokens } = await admin.ask<{ tokens: { id: string; lastUsedAt: string | null; prefix: string }[] }>(
      '{ tokens { id lastUsedAt prefix } }',
    );
    expect(tokens.find(({ id }) => id === reporter.id)).toMatchObject({
      prefix: 'night-',
      lastUsedAt: expect.any(String),
    });
    const stored = await server.engine.documents.get('token', reporter.id);
    expect(JSON.stringify(stored)).not.toContain(reporter.secret!.split('_')[2]);
    expect(await admin.ask('mutation ($id: ID!) { revokeToken(id: $id) }', { id: reporter.id })).toEqual({
      revokeToken: true,
    });
    expect((await socket.closed).code).toBe(4403);
    expect(await reporter.refusal(ME)).toBe('UNAUTHENTICATED');
    const ada = await newUser(server, admin, 'Eve');
    expect(
      await ada.refusal('mutation { createToken(input: { name: "x", role: APP, spaces: ["x"] }) { secret } }'),
    ).toBe('FORBIDDEN');
  });

  it('sees of jobs only their own: two visitors never see each other’s', async () => {
    const admin = await signIn(server);
    await admin.ask(
      'mutation { createSpace(input: { id: "open", title: "Open", visitors: true, policy: { whenOffline: QUEUE } }) { id } }',
    );
    const [one, two] = [await newVisitor(server), await newVisitor(server)];
    const submit = 'mutation { submitInference(input: { space: "open", prompt: "hi" }) { id } }';
    const { submitInference } = await one.ask<{ submitInference: { id: string } }>(submit);
    const { id } = submitInference;
    const read = '($id: ID!) { job(id: $id) { id } }';
    expect(await one.ask(`query ${read}`, { id })).toEqual({ job: { id } });
    expect(await two.ask(`query ${read}`, { id })).toEqual({ job: null });
    expect(await two.refusal('mutation ($id: ID!) { cancelJob(id: $id) { id } }', { id })).toBe('NOT_FOUND');
    expect(await two.ask('{ jobs { nodes { id } } }')).toEqual({ jobs: { nodes: [] } });
    expect(await one.ask('{ jobs { nodes { id } } }')).toEqual({ jobs: { nodes: [{ id }] } });
  });
});

it('the first administrator has a password of its own, told once', async () => {
  const told: string[][] = [];
  const options = withAccounts({ engine: 'redis' as const, firstAdmin: (...words: string[]) => void told.push(words) });
  await using server = await startServer({ ...options, env: { ...options.env, ADMIN_PASSWORD: '' } });
  await expect.poll(() => told.length).toBe(1);
  expect(told[0]).toEqual(['admin', expect.stringMatching(/^[\w-]{20}$/)]);
  await signIn(server, 'admin', told[0]![1]);
  await using second = await server.second();
  await signIn(second, 'admin', told[0]![1]);
  expect(told.length).toBe(1);
  expect(ADMIN_PASSWORD).not.toBe(told[0]![1]);
});
