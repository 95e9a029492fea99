import { describe, expect, it } from 'vitest';
import { post } from '../help/client.ts';
import { ADMIN_PASSWORD, newToken, newUser, type Person, person, signIn, withAccounts } from '../help/people.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';

const LOGIN = 'mutation ($name: String!, $password: String!) { login(name: $name, password: $password) { token } }';

interface Entry {
  kind: string;
  actor: { name: string } | null;
  address: string | null;
  subject: string | null;
  detail: unknown;
}

async function log(admin: Person, ...kinds: string[]): Promise<Entry[]> {
  const query =
    'query ($kind: [AuditKind!]) { auditLog(first: 100, kind: $kind) { nodes { kind actor { name } address subject detail } } }';
  return (await admin.ask<{ auditLog: { nodes: Entry[] } }>(query, { kind: kinds })).auditLog.nodes;
}

async function attempt(server: TestServer, name: string, password: string) {
  const { errors } = await post(server, LOGIN, { name, password });
  return errors[0]?.extensions ?? null;
}

describe.each(engines)('signing in, on %s', (engine) => {
  it('is refused after so many wrong passwords for a name, the right one too, at every process, and nobody else', async () => {
    const options = withAccounts({ engine, env: { MAX_SIGN_IN_FAILURES_PER_NAME: '3' } });
    await using server = await startServer(options);
    const admin = await signIn(server);
    await newUser(server, admin, 'Ada');
    for (let n = 0; n < 3; n++) expect(await attempt(server, 'ada', `guess ${n}`)).toEqual({ code: 'UNAUTHENTICATED' });
    const limited = { code: 'RATE_LIMITED', limit: 3, retryAfterSeconds: expect.any(Number) };
    expect(await attempt(server, 'ADA', 'password of Ada')).toEqual(limited);
    if (engine === 'redis') {
      await using second = await server.second();
      expect(await attempt(second, 'Ada', 'password of Ada')).toEqual(limited);
    }
    expect(await attempt(server, 'admin', ADMIN_PASSWORD)).toBeNull();
    // An administrator who gives her another password lets her in at once.
    await admin.ask('mutation { resetPassword(name: "Ada", new: "another password") }');
    expect(await attempt(server, 'Ada', 'another password')).toBeNull();
  });

  it('is refused after so many failures of an address, whatever the names', async () => {
    await using server = await startServer(withAccounts({ engine, env: { MAX_SIGN_IN_FAILURES_PER_ADDRESS: '4' } }));
    await signIn(server);
    const burst = await Promise.all(Array.from({ length: 12 }, (_, n) => attempt(server, `name${n}`, 'guess')));
    const codes = burst.map((answer) => answer?.code);
    expect(codes.filter((code) => code === 'UNAUTHENTICATED').length).toBeLessThanOrEqual(4);
    expect(codes.filter((code) => code === 'RATE_LIMITED').length).toBeGreaterThanOrEqual(8);
    // One of the right password is one like any other.
    for (let n = 0; n < 4; n++) await attempt(server, `more${n}`, 'guess');
    expect(await attempt(server, 'admin', ADMIN_PASSWORD)).toMatchObject({ code: 'RATE_LIMITED', limit: 4 });
  });

  it('takes a password of 256 characters, and of a longer one only that it is wrong', async () => {
    await using server = await startServer(withAccounts({ engine }));
    const admin = await signIn(server);
    const create = 'mutation ($password: String!) { createUser(input: { name: "Ada", password: $password }) { id } }';
    expect(await admin.refusal(create, { password: '🔑'.repeat(257) })).toBe('BAD_USER_INPUT');
    expect(await admin.refusal(create, { password: '🔑'.repeat(256) })).toBeNull();
    expect(await attempt(server, 'Ada', '🔑'.repeat(256))).toBeNull();
    expect(await attempt(server, 'Ada', '🔑'.repeat(1_000_000))).toEqual({ code: 'UNAUTHENTICATED' });
  });

  it('and all that follows is in the audit log, without a word that is secret', async () => {
    await using server = await startServer(withAccounts({ engine }));
    const admin = await signIn(server);
    const ada = await newUser(server, admin, 'Ada');
    await attempt(server, 'Ada', 'a wrong guess');
    await attempt(server, 'a password where the name goes', 'x');
    const change = 'mutation ($new: String!) { changePassword(current: "password of Ada", new: $new) }';
    await ada.ask(change, { new: 'the next password' });
    const app = await newToken(server, ada, { role: 'USER', name: 'script' });
    await ada.ask('mutation ($id: ID!) { revokeToken(id: $id) }', { id: app.id });
    await ada.ask('mutation { logout }');
    await admin.ask('mutation { disableUser(name: "Ada") { id } }');
    await admin.ask('mutation { enableUser(name: "Ada") { id } }');
    const kinds = [
      ...['USER_ENABLED', 'USER_DISABLED', 'SIGNED_OUT', 'TOKEN_REVOKED', 'TOKEN_CREATED', 'PASSWORD_CHANGED'],
      ...['SIGN_IN_FAILED', 'SIGN_IN_FAILED', 'SIGNED_IN', 'USER_CREATED', 'SIGNED_IN'],
    ];
    await expect.poll(async () => (await log(admin, ...new Set(kinds))).map(({ kind }) => kind)).toEqual(kinds);
    const entries = await log(admin, ...new Set(kinds));
    const by = (kind: string) => entries.find((entry) => entry.kind === kind)!;
    expect(by('SIGNED_OUT')).toMatchObject({ actor: { name: 'Ada' }, address: '127.0.0.1', subject: 'Ada' });
    expect(by('USER_DISABLED')).toMatchObject({ actor: { name: 'admin' }, subject: 'Ada' });
    expect(by('TOKEN_CREATED')).toMatchObject({ subject: app.id, detail: { name: 'script', role: 'USER' } });
    const failed = entries.filter(({ kind }) => kind === 'SIGN_IN_FAILED').map(({ subject }) => subject);
    expect(failed).toEqual([null, 'Ada']);
    const secrets = [
      app.secret!,
      ada.secret!,
      'password of Ada',
      'next password',
      'wrong guess',
      'where the name goes',
    ];
    for (const secret of secrets) expect(JSON.stringify(entries)).not.toContain(secret);
    expect(await person(server, null).refusal('{ auditLog { nodes { id } } }')).toBe('UNAUTHENTICATED');
  });
});
