import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { post } from '../help/client.ts';
import { browserEnv, CLIENT, newKey, startIssuer, type TestIssuer } from '../help/issuer.ts';
import { newUser, signIn, withAccounts } from '../help/people.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';

const HOME = 'https://dock.example.org';
const ME = '{ viewer { id name role } }';

interface Visit {
  status: number;
  /** Where it sends the browser. */
  location: string | null;
  headers: Headers;
  text: string;
}

/** A browser that reaches the server as HOME, keeps its cookies, and goes nowhere by itself. */
function newBrowser(server: TestServer, jar = new Map<string, string>()) {
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  async function go(address: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Visit> {
    const home = address.startsWith(HOME);
    const response = await fetch(home ? `${server.url}${address.slice(HOME.length)}` : address, {
      method,
      redirect: 'manual',
      headers: { ...(home && jar.size > 0 ? { cookie: cookie() } : {}), ...headers },
    });
    for (const line of home ? response.headers.getSetCookie() : []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/; Max-Age=0/.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    const { status, headers: got } = response;
    return { status, location: got.get('location'), headers: got, text: await response.text() };
  }
  return {
    jar,
    go,
    /** To the issuer, and what it sends back: the address of the callback. */
    async begin(path = '/'): Promise<string> {
      const { location } = await go(`${HOME}/login/oidc?return=${encodeURIComponent(path)}`);
      return (await go(location!)).location!;
    },
    me: async () => (await post<{ viewer: object }>(server, ME, {}, { cookie: cookie() })).data?.viewer,
  };
}

const codeOf = ({ text }: Visit): string => JSON.parse(text).errors[0].extensions.code;

describe.each(engines)('signing in with a browser at an issuer, on %s', (engine) => {
  let issuer: TestIssuer;
  let server: TestServer;
  const lines: string[] = [];
  beforeAll(async () => {
    issuer = await startIssuer();
    const sink = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const log = pino({ level: 'trace' }, sink);
    server = await startServer(withAccounts({ engine, log, env: browserEnv(issuer, HOME) }));
  });
  beforeEach(() => {
    issuer.mood = 'well';
    issuer.idToken = {};
    issuer.person = { sub: 'ada', preferred_username: 'Ada' };
  });
  afterEach(() => {
    expect(server.server.services.counters.errors, 'unexpected errors of the server').toBe(0);
  });
  afterAll(async () => {
    await server.close();
    await issuer[Symbol.asyncDispose]();
    const log = lines.join('');
    for (const secret of [CLIENT.secret, encodeURIComponent(CLIENT.secret), ...issuer.given])
      expect(log).not.toContain(secret);
  });

  it('begins a session, and ends where it was asked to', async () => {
    const page = await post<{ signIn: { oidc: string } }>(server, '{ signIn { password oidc } }');
    expect(page.data).toEqual({ signIn: { password: true, oidc: `${HOME}/login/oidc` } });
    const browser = newBrowser(server);
    const begun = await browser.go(
      `${page.data!.signIn.oidc}?return=${encodeURIComponent('/jobs?status=RUNNING#top')}`,
    );
    expect(begun.status).toBe(303);
    const [pending] = begun.headers.getSetCookie();
    expect(pending).toMatch(
      /^spacedock_oidc_[\w-]{8}=[\w-]+\.[\w-]{43}; Max-Age=600; Path=\/login\/oidc; HttpOnly; Secure; SameSite=Lax$/i,
    );
    const asked = new URL(begun.location!);
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      tenant: '1',
      response_type: 'code',
      client_id: CLIENT.id,
      redirect_uri: `${HOME}/login/oidc/callback`,
      scope: 'openid profile email',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    const back = await browser.go((await browser.go(begun.location!)).location!);
    expect([back.status, back.location]).toEqual([303, `${HOME}/jobs?status=RUNNING#top`]);
    expect(back.headers.get('referrer-policy')).toBe('no-referrer');
    const session = back.headers.getSetCookie().find((line) => line.startsWith('spacedock_session='));
    expect(session).toMatch(
      /^spacedock_session=sds_[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/i,
    );
    expect([...browser.jar.keys()]).toEqual(['spacedock_session']);
    expect(await browser.me()).toMatchObject({ name: 'Ada', role: 'USER' });
  });

  it('is the same person as with a token, and has the role that the issuer says each time', async () => {
    const browser = newBrowser(server);
    await browser.go(await browser.begin());
    const me = await browser.me();
    const bearer = await issuer.token({ sub: 'ada' });
    expect(
      (await post<{ viewer: object }>(server, ME, {}, { authorization: `Bearer ${bearer}` })).data?.viewer,
    ).toEqual(me);
    const iat = Math.floor(Date.now() / 1000) + 2;
    issuer.idToken = { claims: { groups: ['spacedock-admins'], iat } };
    const other = newBrowser(server);
    await other.go(await other.begin());
    expect(await other.me()).toEqual({ ...me, role: 'ADMIN' });
    expect(await browser.me()).toEqual({ ...me, role: 'ADMIN' });
    issuer.idToken = { claims: { iat: iat + 1 } };
    await other.go(await other.begin());
    expect(await browser.me()).toEqual(me);
  });

  it('works in several windows at a time, of which only the last few are remembered', async () => {
    const browser = newBrowser(server);
    const callbacks = [await browser.begin('/a'), await browser.begin('/b')];
    expect((await browser.go(callbacks[0]!)).location).toBe(`${HOME}/a`);
    expect((await browser.go(callbacks[1]!)).location).toBe(`${HOME}/b`);
    for (let n = 0; n < 12; n++) await browser.begin();
    expect(browser.jar.size).toBeLessThan(8);
  });

  it('is not completed by a browser that did not begin it', async () => {
    const callback = await newBrowser(server).begin();
    const victim = newBrowser(server);
    const answer = await victim.go(callback);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
    await victim.begin();
    expect(codeOf(await victim.go(callback))).toBe('FORBIDDEN');
    expect(victim.jar.has('spacedock_session')).toBe(false);
    expect(issuer.asked['/token'] ?? 0).toBeLessThan(100);
  });

  it('does not take another state, nor a cookie that was changed', async () => {
    const browser = newBrowser(server);
    const callback = new URL(await browser.begin());
    const name = [...browser.jar.keys()][0]!;
    const cookie = browser.jar.get(name)!;
    const state = callback.searchParams.get('state')!;
    callback.searchParams.set('state', `${state.slice(0, -1)}${state.endsWith('A') ? 'B' : 'A'}`);
    expect(codeOf(await browser.go(callback.href))).toBe('FORBIDDEN');
    callback.searchParams.set('state', state);
    const [body = '', signature = ''] = cookie.split('.');
    const pending = JSON.parse(Buffer.from(body, 'base64url').toString());
    const changed = Buffer.from(JSON.stringify({ ...pending, returnTo: '//evil.example' })).toString('base64url');
    for (const value of [`${changed}.${signature}`, body, `.${signature}`, 'x', `${body}.${'A'.repeat(43)}`]) {
      const forger = newBrowser(server, new Map([[name, value]]));
      expect(codeOf(await forger.go(callback.href))).toBe('FORBIDDEN');
    }
    expect((await newBrowser(server, new Map([[name, cookie]])).go(callback.href)).status).toBe(303);
  });

  it('is done once: neither its cookie nor its code is good again', async () => {
    const browser = newBrowser(server);
    const callback = await browser.begin();
    const copy = new Map(browser.jar);
    // What only looks ahead uses nothing up.
    expect((await browser.go(callback, {}, 'HEAD')).status).toBe(404);
    expect((await browser.go(callback)).status).toBe(303);
    const asked = issuer.asked['/token'];
    expect(codeOf(await newBrowser(server, copy).go(callback))).toBe('FORBIDDEN');
    expect(issuer.asked['/token']).toBe(asked);
    const thief = newBrowser(server);
    const own = new URL(await thief.begin());
    own.searchParams.set('code', new URL(callback).searchParams.get('code')!);
    expect(codeOf(await thief.go(own.href))).toBe('UNAUTHENTICATED');
    expect(thief.jar.has('spacedock_session')).toBe(false);
  });

  it('does not take a code that was given to another browser', async () => {
    const victim = newBrowser(server);
    const stolen = new URL(await victim.begin()).searchParams.get('code')!;
    const thief = newBrowser(server);
    const own = new URL(await thief.begin());
    own.searchParams.set('code', stolen);
    expect(codeOf(await thief.go(own.href))).toBe('UNAUTHENTICATED');
  });

  it.each<[string, () => Promise<TestIssuer['idToken']>]>([
    ['another nonce', async () => ({ claims: { nonce: 'A'.repeat(43) } })],
    ['no nonce', async () => ({ claims: { nonce: undefined } })],
    ['another audience', async () => ({ claims: { aud: 'spacedock' } })],
    ['another authorized party', async () => ({ claims: { aud: [CLIENT.id, 'other'], azp: 'other' } })],
    ['another issuer', async () => ({ claims: { iss: 'https://id.example.org' } })],
    ['an expiry in the past', async () => ({ claims: { exp: Math.floor(Date.now() / 1000) - 10 } })],
    ['a foreign signature', async () => ({ options: { key: await newKey(issuer.key.kid) } })],
  ])('is refused an id token with %s', async (_what, make) => {
    issuer.idToken = await make();
    const browser = newBrowser(server);
    const answer = await browser.go(await browser.begin());
    expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHENTICATED']);
    expect(browser.jar.has('spacedock_session')).toBe(false);
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example/',
    'https:evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    '/\n//evil.example',
    ' //evil.example',
    '@evil.example',
    '.evil.example',
    '',
    `/${'a'.repeat(2048)}`,
  ])('goes nowhere else: %j', async (path) => {
    const browser = newBrowser(server);
    const answer = await browser.go(`${HOME}/login/oidc?return=${encodeURIComponent(path)}`);
    expect([answer.status, answer.location, codeOf(answer)]).toEqual([400, null, 'BAD_USER_INPUT']);
  });

  it.each([
    '/.//evil.example',
    '/a/..//evil.example',
    '/%2f/evil.example',
    '/%5cevil.example',
    '/x?to=//evil.example',
    '/%0d%0aset-cookie:a=b',
  ])('stays here with %j', async (path) => {
    const browser = newBrowser(server);
    const { location, headers } = await browser.go(await browser.begin(path));
    expect(new URL(location!).origin).toBe(HOME);
    expect(headers.getSetCookie().join()).not.toContain('a=b');
  });

  it('tells a person on a page what is wrong, and a program in JSON', async () => {
    const html = { accept: 'text/html,application/xhtml+xml' };
    const browser = newBrowser(server);
    const callback = new URL(await browser.begin());
    callback.searchParams.delete('code');
    callback.searchParams.set('error', 'access_denied');
    callback.searchParams.set('error_description', '<script>alert(1)</script>');
    const page = await browser.go(callback.href, html);
    expect([page.status, page.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.text).toContain('The issuer did not sign you in (access_denied); sign in again');
    expect(page.text).toContain(`href="${HOME}/login/oidc"`);
    expect(page.text).not.toContain('script');
    const other = new URL(await browser.begin());
    other.searchParams.set('iss', 'https://id.example.org');
    expect(codeOf(await browser.go(other.href))).toBe('FORBIDDEN');
    const lone = await newBrowser(server).go(`${HOME}/login/oidc/callback?error=%3Cb%3E&state=`, html);
    expect([lone.status, lone.text.includes('<b>')]).toEqual([403, false]);
  });

  it('is refused to who has the name of a local user, and to who is disabled', async () => {
    const admin = await signIn(server);
    const name = 'Bob';
    await newUser(server, admin, name);
    issuer.person = { sub: 'mallory', preferred_username: name };
    const browser = newBrowser(server);
    const taken = await browser.go(await browser.begin());
    expect([taken.status, codeOf(taken)]).toEqual([403, 'FORBIDDEN']);
    expect(taken.text).toContain('another user’s');
    issuer.person = { sub: 'eve', preferred_username: 'Eve' };
    await browser.go(await browser.begin());
    await admin.ask('mutation { disableUser(name: "Eve") { enabled } }');
    expect(await browser.me()).toMatchObject({ role: 'ANONYMOUS' });
    expect(codeOf(await browser.go(await browser.begin()))).toBe('FORBIDDEN');
  });

  it('is put off while the issuer is away', async () => {
    const browser = newBrowser(server);
    const callback = await browser.begin();
    issuer.mood = 'away';
    const answer = await browser.go(callback);
    expect([answer.status, JSON.parse(answer.text).errors[0].extensions]).toEqual([
      503,
      { code: 'INTERNAL_SERVER_ERROR', retryAfterSeconds: 5 },
    ]);
    expect(lines.join('')).toContain('The issuer does not exchange codes');
    issuer.mood = 'well';
    expect((await browser.go(await browser.begin())).status).toBe(303);
  });
});

it('a wrong client secret is the operator’s to mend: the log names it, and does not show it', async () => {
  await using issuer = await startIssuer();
  const lines: string[] = [];
  const log = pino(
    { level: 'trace' },
    new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk)) as undefined) }),
  );
  const env = { ...browserEnv(issuer, HOME), OIDC_CLIENT_SECRET: 'planted secret' };
  await using server = await startServer(withAccounts({ log, env }));
  const browser = newBrowser(server);
  expect(codeOf(await browser.go(await browser.begin()))).toBe('UNAUTHENTICATED');
  expect(lines.join('')).toContain('OIDC_CLIENT_SECRET');
  expect(lines.join('')).not.toContain('planted');
});

it('a secret is sent as the issuer takes it', async () => {
  await using issuer = await startIssuer();
  issuer.metadata = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
  await using server = await startServer(withAccounts({ env: browserEnv(issuer, HOME) }));
  const browser = newBrowser(server);
  expect((await browser.go(await browser.begin())).status).toBe(303);
});

it('a proxy may have put a path before it', async () => {
  await using issuer = await startIssuer();
  await using server = await startServer(withAccounts({ env: browserEnv(issuer, `${HOME}/dock/`) }));
  const { data } = await post<{ signIn: { oidc: string } }>(server, '{ signIn { oidc } }');
  expect(data!.signIn.oidc).toBe(`${HOME}/dock/login/oidc`);
  const browser = newBrowser(server);
  const begun = await browser.go(`${HOME}/login/oidc?return=/dock/jobs`);
  expect(begun.headers.getSetCookie()[0]).toContain('; Path=/dock/login/oidc;');
  const callback = (await browser.go(begun.location!)).location!;
  expect(callback).toContain(`${HOME}/dock/login/oidc/callback?`);
  expect((await browser.go(callback.replace('/dock/', '/'))).location).toBe(`${HOME}/dock/jobs`);
});

it('where no issuer signs browsers in, the way there says so', async () => {
  await using server = await startServer(withAccounts());
  const answer = await newBrowser(server).go(`${HOME}/login/oidc`);
  expect([answer.status, codeOf(answer)]).toEqual([404, 'NOT_FOUND']);
  expect((await post(server, '{ signIn { password oidc } }')).data).toEqual({ signIn: { password: true, oidc: null } });
  await using open = await startServer();
  expect((await post(open, '{ signIn { password oidc } }')).data).toEqual({ signIn: { password: false, oidc: null } });
});
