import { createHmac } from 'node:crypto';
import { base64url, exportSPKI, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post, sse } from '../help/client.ts';
import { issuerEnv, newKey, startIssuer, type TestIssuer, type TokenOptions } from '../help/issuer.ts';
import { newToken, newUser, person, signIn, withAccounts } from '../help/people.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';

const ME = '{ viewer { id name role } }';
const ADMINS = { groups: ['spacedock-admins'] };
const now = () => Math.floor(Date.now() / 1000);

describe.each(engines)('whoever an issuer vouches for, on %s', (engine) => {
  let issuer: TestIssuer;
  let server: TestServer;
  beforeAll(async () => {
    issuer = await startIssuer();
    server = await startServer(withAccounts({ engine, env: issuerEnv(issuer) }));
  });
  afterAll(async () => {
    expect(server.server.services.counters.errors, 'unexpected errors of the server').toBe(0);
    await server.close();
    await issuer[Symbol.asyncDispose]();
  });
  const withToken = async (claims: JWTPayload, options?: TokenOptions) =>
    person(server, await issuer.token(claims, options));

  it('is signed in over HTTP, WebSocket and a stream of events, always with one account', async () => {
    const ada = await withToken({ sub: 'ada', preferred_username: 'Ada' });
    const me = await ada.ask<{ viewer: { id: string } }>(ME);
    expect(me).toEqual({ viewer: { id: expect.stringMatching(/^user_/), name: 'Ada', role: 'USER' } });
    await using socket = await ada.socket();
    expect(await socket.ask(ME)).toEqual(me);
    const sia = await withToken({ sub: 'sia', ...ADMINS });
    const stats = await sse(server, 'subscription { stats { engine } }', {}, sia.headers);
    expect(await stats.next()).toBeTruthy();
    await stats.stop();
    expect(await (await withToken({ sub: 'ada', preferred_username: 'Ada' })).ask(ME)).toEqual(me);
    const admin = await signIn(server);
    const { users } = await admin.ask<{ users: { name: string }[] }>('{ users { name issuer role } }');
    expect(users.find(({ name }) => name === 'Ada')).toEqual({ name: 'Ada', issuer: issuer.url, role: 'USER' });
    const script = await newToken(server, ada, { role: 'USER' });
    expect(await script.ask(ME)).toMatchObject({ viewer: { role: 'USER' } });
  });

  it('keeps their account when they are called otherwise at the issuer, and when many requests come at once', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        issuer.token({ sub: 'many', preferred_username: `Many${n}`, iat: now() - n }),
      ),
    );
    const seen = await Promise.all(tokens.map((token) => person(server, token).ask<{ viewer: { id: string } }>(ME)));
    expect(new Set(seen.map(({ viewer }) => viewer.id)).size).toBe(1);
    const { name } = (seen[0] as unknown as { viewer: { name: string } }).viewer;
    const renamed = await withToken({ sub: 'many', preferred_username: 'Other' });
    expect(await renamed.ask(ME)).toMatchObject({ viewer: { id: seen[0]!.viewer.id, name } });
  });

  it('never becomes a local user of the same name, nor another person at the issuer', async () => {
    const admin = await signIn(server);
    const bob = await newUser(server, admin, 'Bob');
    const before = await bob.ask(ME);
    for (const name of ['Bob', 'bOB', 'ＢＯＢ', 'admin', 'Admin']) {
      expect(await (await withToken({ sub: 'mallory', preferred_username: name, ...ADMINS })).refusal(ME)).toBe(
        'UNAUTHENTICATED',
      );
    }
    expect(await bob.ask(ME)).toEqual(before);
    // With a name of their own they come in after all.
    expect(await (await withToken({ sub: 'mallory', preferred_username: 'Mallory' })).ask(ME)).toMatchObject({
      viewer: { name: 'Mallory' },
    });
    expect(await (await withToken({ sub: 'trudy', preferred_username: 'mallory' })).refusal(ME)).toBe(
      'UNAUTHENTICATED',
    );
  });

  it('has the role that the newest token says, at once and on what is open', async () => {
    const at = now() - 100;
    const first = await withToken({ sub: 'cleo', preferred_username: 'Cleo', iat: at });
    expect(await first.ask(ME)).toMatchObject({ viewer: { role: 'USER' } });
    const socket = await first.socket();
    expect(await first.refusal('{ users { name } }')).toBe('FORBIDDEN');
    const raised = await withToken({ sub: 'cleo', preferred_username: 'Cleo', iat: at + 10, ...ADMINS });
    await raised.ask('{ users { name } }');
    expect((await socket.closed).code).toBe(4403);
    // One person, one role: the older token is good for the same.
    expect(await first.ask(ME)).toMatchObject({ viewer: { role: 'ADMIN' } });
    const other = await first.socket();
    const lowered = await withToken({ sub: 'cleo', preferred_username: 'Cleo', iat: at + 20, groups: ['staff'] });
    expect(await lowered.ask(ME)).toMatchObject({ viewer: { role: 'USER' } });
    expect((await other.closed).code).toBe(4403);
    for (const older of [first, raised]) expect(await older.refusal('{ users { name } }')).toBe('FORBIDDEN');
  });

  it('is out when an administrator disables them, also under another name', async () => {
    const dora = await withToken({ sub: 'dora', preferred_username: 'Dora' });
    const socket = await dora.socket();
    const admin = await signIn(server);
    await admin.ask('mutation { disableUser(name: "Dora") { enabled } }');
    expect((await socket.closed).code).toBe(4403);
    expect(await dora.refusal(ME)).toBe('UNAUTHENTICATED');
    expect(await (await withToken({ sub: 'dora', preferred_username: 'Dorothea' })).refusal(ME)).toBe(
      'UNAUTHENTICATED',
    );
    await admin.ask('mutation { enableUser(name: "Dora") { enabled } }');
    expect(await dora.ask(ME)).toMatchObject({ viewer: { name: 'Dora' } });
  });

  it('gets no password and no role here', async () => {
    const admin = await signIn(server);
    await (await withToken({ sub: 'emil', preferred_username: 'Emil' })).ask(ME);
    expect(await admin.refusal('mutation { resetPassword(name: "Emil", new: "a new password") }')).toBe('CONFLICT');
    expect(await admin.refusal('mutation { setUserRole(name: "Emil", role: ADMIN) { id } }')).toBe('CONFLICT');
    await expect(signIn(server, 'Emil', 'a new password')).rejects.toThrow('UNAUTHENTICATED');
  });

  it('stays as long as the token is good: sockets and streams of events end with it', async () => {
    const leaving = await withToken({ sub: 'finn', preferred_username: 'Finn', exp: now() - 3, ...ADMINS });
    const socket = await leaving.socket();
    const stats = await sse(server, 'subscription { stats { engine } }', {}, leaving.headers);
    expect(await stats.next()).toBeTruthy();
    expect(await socket.closed).toEqual({ code: 4403, reason: 'The credentials have expired' });
    await expect(stats.rest()).rejects.toThrow();
    expect(await leaving.refusal(ME)).toBe('UNAUTHENTICATED');
  });

  const forged: [string, () => Promise<string>][] = [
    ['of another audience', () => issuer.token({ sub: 'x', aud: 'another' })],
    ['of many audiences, none of them this', () => issuer.token({ sub: 'x', aud: ['a', 'spacedock2'] })],
    ['of no audience', () => issuer.token({ sub: 'x', aud: undefined })],
    ['of another issuer', () => issuer.token({ sub: 'x', iss: 'https://id.example.org' })],
    ['of an issuer of nearly that name', () => issuer.token({ sub: 'x', iss: `${issuer.url}/` })],
    ['of no issuer', () => issuer.token({ sub: 'x', iss: undefined })],
    ['that has expired', () => issuer.token({ sub: 'x', exp: now() - 10 })],
    ['that never expires', () => issuer.token({ sub: 'x', exp: undefined })],
    ['that is not valid yet', () => issuer.token({ sub: 'x', nbf: now() + 20 })],
    ['from the future', () => issuer.token({ sub: 'x', iat: now() + 20 })],
    ['without its time', () => issuer.token({ sub: 'x', iat: undefined })],
    ['of nobody', () => issuer.token({ preferred_username: 'Nobody' })],
    ['of an empty subject', () => issuer.token({ sub: '', preferred_username: 'Nobody' })],
    ['that is for a logout', () => issuer.token({ sub: 'x' }, { header: { typ: 'logout+jwt' } })],
    [
      'with an extension that must be understood',
      () => issuer.token({ sub: 'x' }, { header: { crit: ['exp'] } }).catch(() => 'a.b.c'),
    ],
    [
      'without a signature',
      async () => {
        const [, payload] = (await issuer.token({ sub: 'x' })).split('.');
        return `${base64url.encode('{"alg":"none","typ":"JWT"}')}.${payload}.`;
      },
    ],
    [
      'with the public key as a secret',
      async () => {
        const [, payload] = (await issuer.token({ sub: 'x' })).split('.');
        const head = base64url.encode(JSON.stringify({ alg: 'HS256', kid: issuer.key.kid }));
        const publicKey = await crypto.subtle.importKey(
          'jwk',
          issuer.key.jwk as JsonWebKey,
          { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
          true,
          ['verify'],
        );
        const signature = createHmac('sha256', await exportSPKI(publicKey))
          .update(`${head}.${payload}`)
          .digest('base64url');
        return `${head}.${payload}.${signature}`;
      },
    ],
    ['of an unknown key', async () => issuer.token({ sub: 'x' }, { key: await newKey('unknown') })],
    [
      'of a key that only says it is the issuer’s',
      async () => issuer.token({ sub: 'x' }, { key: await newKey(issuer.key.kid) }),
    ],
    [
      'that brings its own key',
      async () => {
        const key = await newKey('mine');
        return issuer.token(
          { sub: 'x' },
          { key, header: { kid: undefined, jwk: key.jwk, jku: 'http://127.0.0.1:1/keys' } },
        );
      },
    ],
    [
      'that was changed',
      async () => {
        const [head, , signature] = (await issuer.token({ sub: 'x' })).split('.');
        const [, other] = (await issuer.token({ sub: 'x', ...ADMINS })).split('.');
        return `${head}.${other}.${signature}`;
      },
    ],
    ['that is none', async () => `${base64url.encode('{}')}.${base64url.encode('{}')}.AAAA`],
    [
      'whose payload is no object',
      async () =>
        (
          await new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: issuer.key.kid }).sign(issuer.key.privateKey)
        ).replace(/\.[^.]*\./, `.${base64url.encode('"x"')}.`),
    ],
  ];

  it.each(forged)('is nobody with a token %s', async (_what, make) => {
    const secret = await make();
    const answer = await post(server, ME, {}, { authorization: `Bearer ${secret}` });
    expect([answer.status, answer.errors[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
    const socket = await person(server, secret).socket({ init: false });
    socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${secret}` } });
    expect((await socket.closed).code).toBe(4401);
    const stream = await sse(server, 'subscription { stats { engine } }', {}, { authorization: `Bearer ${secret}` });
    await expect(stream.next()).rejects.toThrow('UNAUTHENTICATED');
    expect(await server.engine.documents.get('account', 'x')).toBeNull();
  });

  it.each(['RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'])(
    'may come with a token that is signed with %s',
    async (alg) => {
      const key = await newKey(`key-${alg}`, alg);
      await using other = await startIssuer();
      other.published = [key];
      await using second = await startServer(withAccounts({ env: issuerEnv(other) }));
      const token = await other.token({ sub: alg }, { key });
      expect(await person(second, token).ask(ME)).toMatchObject({ viewer: { name: alg } });
    },
  );
});

it('a token need not name its key, while one of the published ones fits', async () => {
  await using issuer = await startIssuer();
  issuer.published = [await newKey('a'), issuer.key, await newKey('b')];
  await using server = await startServer(withAccounts({ env: issuerEnv(issuer) }));
  const header = { kid: undefined };
  expect(await person(server, await issuer.token({ sub: 'gil' }, { header })).ask(ME)).toMatchObject({
    viewer: { name: 'gil' },
  });
  const foreign = await issuer.token({ sub: 'gil' }, { header, key: await newKey('c') });
  expect(await person(server, foreign).refusal(ME)).toBe('UNAUTHENTICATED');
});

it('any signer with a JWKS vouches for people, without discovery', async () => {
  await using issuer = await startIssuer();
  const env = { OIDC_ISSUER: 'our-gateway', OIDC_AUDIENCE: 'spacedock', JWKS_URL: `${issuer.url}/keys` };
  await using server = await startServer(withAccounts({ env }));
  const token = await issuer.token({ sub: 'hal', iss: 'our-gateway' }, { header: { typ: undefined } });
  expect(await person(server, token).ask(ME)).toMatchObject({ viewer: { name: 'hal', role: 'USER' } });
  expect(issuer.asked).toEqual({ '/keys': 1 });
  expect(await person(server, token).ask('{ signIn { password oidc } }')).toEqual({
    signIn: { password: true, oidc: null },
  });
});

it('two processes know the same people, and end what a third party disabled', async () => {
  await using issuer = await startIssuer();
  await using server = await startServer(withAccounts({ engine: 'redis', env: issuerEnv(issuer) }));
  await using second = await server.second();
  const token = await issuer.token({ sub: 'ida', preferred_username: 'Ida' });
  const [here, there] = await Promise.all([server, second].map((each) => person(each, token).ask(ME)));
  expect(here).toEqual(there);
  const socket = await person(second, token).socket();
  await (await signIn(server)).ask('mutation { disableUser(name: "Ida") { enabled } }');
  expect((await socket.closed).code).toBe(4403);
});
