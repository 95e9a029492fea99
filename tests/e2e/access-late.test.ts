import { createConnection, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { post } from '../help/client.ts';
import { newToken, newUser, type Person, signIn, withAccounts } from '../help/people.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';

/** A request of which only the beginning has been sent, and which the server has in hand. */
async function begun(server: TestServer, who: Person, path: string, type: string, body: string) {
  const { hostname, port } = new URL(server.url);
  const socket: Socket = createConnection(Number(port), hostname);
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  socket.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(answer)));
  const head = `POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: ${who.headers.authorization}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n`;
  const taken = new Promise((resolve) => socket.once('data', resolve));
  socket.write(head);
  await taken;
  socket.write(body.slice(0, 10));
  return { finish: () => void socket.write(body.slice(10)), ended };
}

let serial = 0;

describe.each(engines)('a request that was begun before its credentials ended, on %s', (engine) => {
  const server = useServer(withAccounts({ engine }));

  it('is cut in the middle of its body, and nothing of it is done', async () => {
    const admin = await signIn(server);
    const name = `mallory-${++serial}`;
    const create = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }';
    await admin.ask(create, { input: { name, password: 'password of Mallory', role: 'ADMIN' } });
    const mallory = await signIn(server, name, 'password of Mallory');
    // Known by then, so that a request is in hand as soon as it is taken.
    await mallory.ask('{ viewer { id } }');
    const back = 'mutation { createUser(input: { name: "back", password: "password123", role: ADMIN }) { id } }';
    const json = JSON.stringify({ query: back });
    const requests = [
      await begun(server, mallory, '/graphql', 'application/json', json),
      await begun(server, mallory, '/files?name=x.txt', 'text/plain', 'x'.repeat(100)),
    ];
    await admin.ask('mutation ($name: String!) { disableUser(name: $name) { id } }', { name });
    for (const { ended } of requests) expect(await ended).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    for (const { finish } of requests) finish();
    const { users } = await admin.ask<{ users: { name: string }[] }>('{ users { name } }');
    expect(users.map(({ name }) => name)).not.toContain('back');
    await expect.poll(() => server.engine.documents.list('upload'), { timeout: 10_000 }).toEqual([]);
  });

  it('is answered where it ends them itself', async () => {
    const admin = await signIn(server);
    const ada = await newUser(server, admin, `ada-${++serial}`);
    const script = await newToken(server, ada, { role: 'USER' });
    expect(await script.ask('mutation ($id: ID!) { revokeToken(id: $id) }', { id: script.id })).toEqual({
      revokeToken: true,
    });
    expect(await ada.ask('mutation { logout }')).toEqual({ logout: true });
  });
});

describe('what outlives what it was made for', () => {
  const server = useServer(withAccounts());
  const space = (id: string, visibility: string) =>
    `mutation { createSpace(input: { id: "${id}", title: "x", visibility: ${visibility} }) { id } }`;

  it('is no token of an app: who makes a space of the same name again has other apps', async () => {
    const admin = await signIn(server);
    for (const id of ['first', 'second']) await admin.ask(space(id, 'PUBLIC'));
    const one = await newToken(server, admin, { role: 'APP', spaces: ['first'] });
    const both = await newToken(server, admin, { role: 'APP', spaces: ['first', 'second'] });
    const sockets = [await one.socket(), await both.socket()];
    await admin.ask('mutation { deleteSpace(id: "first") }');
    for (const socket of sockets) expect((await socket.closed).code).toBe(4403);
    await admin.ask(space('first', 'PRIVATE'));
    expect(await one.refusal('{ viewer { id } }')).toBe('UNAUTHENTICATED');
    expect(await both.ask('{ spaces { id } }')).toEqual({ spaces: [{ id: 'second' }] });
  });

  it('is no token of an administrator, to a script of theirs that has a user’s rights', async () => {
    const admin = await signIn(server);
    const script = await newToken(server, admin, { role: 'USER' });
    const strong = await newToken(server, admin, { role: 'REPORTER' });
    const { tokens } = await script.ask<{ tokens: { id: string }[] }>('{ tokens { id } }');
    expect(tokens.map(({ id }) => id)).toEqual([script.id]);
    expect(await script.ask('mutation ($id: ID!) { revokeToken(id: $id) }', { id: strong.id })).toEqual({
      revokeToken: false,
    });
  });

  it('is no reporter without a prefix, where an empty one was asked for', async () => {
    const admin = await signIn(server);
    const create = 'mutation { createToken(input: { name: "x", role: REPORTER, prefix: "" }) { secret } }';
    expect(await admin.refusal(create)).toBe('BAD_USER_INPUT');
  });
});

it('who is signed in is a visitor to pages of other ports of this machine', async () => {
  await using server = await startServer(withAccounts());
  const login = 'mutation { login(name: "admin", password: "correct horse battery") { token } }';
  await signIn(server);
  const signedIn = await post(server, login, {}, { origin: server.url });
  const cookie = signedIn.headers
    .getSetCookie()
    .find((text) => text.startsWith('spacedock_session='))!
    .split(';')[0]!;
  const roleAt = async (origin: string) => {
    const { data } = await post<{ viewer: { role: string } }>(server, '{ viewer { role } }', {}, { origin, cookie });
    return data?.viewer.role;
  };
  expect(await roleAt(server.url)).toBe('ADMIN');
  for (const origin of ['http://localhost:8888', 'http://127.0.0.1:9999', 'https://localhost']) {
    expect([origin, await roleAt(origin)]).toEqual([origin, 'ANONYMOUS']);
    // Nor is anybody signed in, or out, there.
    expect((await post(server, login, {}, { origin })).headers.getSetCookie()).toEqual([]);
  }
});
