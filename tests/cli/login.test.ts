import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_PASSWORD, newToken, newUser, type Person, signIn, withAccounts } from '../help/people.ts';
import { startServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';
import { type CommandOptions, type Outcome, run, start } from './command.ts';

const server = useServer(withAccounts());
let home: string;
let admin: Person;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
  admin = await signIn(server);
});

afterEach(async () => {
  await rm(home, { recursive: true });
});

const environment = () => ({ SPACEDOCK_URL: server.url, SPACEDOCK_CONFIG_DIR: home });
const cli = (args: string[], { env, ...options }: CommandOptions = {}): Promise<Outcome> =>
  run(args, { ...options, env: { ...environment(), ...env } });
const login = (name: string, password: string) =>
  cli(['login', '--name', name, '--password-stdin'], { input: password });
const kept = async () => JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8'));

describe('login', () => {
  it('keeps a session for this server and this user alone, until logout', async () => {
    expect(await login('ADMIN', `${ADMIN_PASSWORD}\n`)).toEqual({
      code: 0,
      stdout: '',
      stderr: `Signed in to ${server.url} as admin (ADMIN).\n`,
    });
    expect((await stat(join(home, 'credentials.json'))).mode & 0o777).toBe(0o600);
    expect(await readdir(home)).toEqual(['credentials.json']);
    const { sessions } = await kept();
    expect(sessions).toEqual({ [server.url]: { name: 'admin', token: expect.stringMatching(/^sds_/) } });
    expect((await cli(['space', 'create', 'mine'])).code).toBe(0);
    expect((await cli(['whoami'])).stdout).toBe('admin (ADMIN)\n');
    // Another server's is its own.
    await using other = await startServer(withAccounts());
    const elsewhere = await cli(['whoami', '--json'], { env: { SPACEDOCK_URL: other.url } });
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({ role: 'ANONYMOUS', from: 'visitor' });
    expect(await cli(['logout'])).toMatchObject({ code: 0, stderr: `Signed out of ${server.url}.\n` });
    expect((await kept()).sessions).toEqual({});
    const ended = await cli(['whoami'], { env: { SPACEDOCK_TOKEN: sessions[server.url].token } });
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('UNAUTHENTICATED') });
    expect(await cli(['logout'])).toMatchObject({ code: 0, stderr: expect.stringContaining('Nobody was signed in') });
  });

  it('asks on a terminal, and shows nothing of the password', async () => {
    await using typed = start(['login'], { env: environment(), terminal: true });
    await typed.until(/Name: /);
    typed.write('admin\r');
    await typed.until(/Password of admin at .*: /);
    typed.write(`${ADMIN_PASSWORD}x\x7f\r`);
    const { code, stdout } = await typed.ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining('Signed in to')]);
    expect(stdout).not.toContain(ADMIN_PASSWORD.slice(0, 4));
    await using left = start(['login', '--name', 'admin'], { env: environment(), terminal: true });
    await left.until(/Password of admin/);
    left.write('\x03');
    expect((await left.ended).code).toBe(130);
  });

  it('with a wrong password keeps nothing, and what was kept stays', async () => {
    await login('admin', ADMIN_PASSWORD);
    const before = await kept();
    expect(await login('admin', 'wrong password')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^error: The name or the password is not right, or the user is disabled\nTry again\..*spacedock user password NAME --url .*\n/,
      ),
    });
    expect(await kept()).toEqual(before);
  });

  it('ends the session of before', async () => {
    await login('admin', ADMIN_PASSWORD);
    const { token } = (await kept()).sessions[server.url];
    await login('admin', ADMIN_PASSWORD);
    expect((await cli(['whoami', '--token', token])).code).toBe(2);
    expect((await cli(['whoami'])).code).toBe(0);
  });
});

describe('a command', () => {
  it('comes with --token, else SPACEDOCK_TOKEN, else the session, else as a visitor', async () => {
    const who = async (args: string[], env = {}) =>
      JSON.parse((await cli(['whoami', '--json', ...args], { env })).stdout);
    expect(await who([])).toMatchObject({ from: 'visitor', role: 'ANONYMOUS' });
    await newUser(server, admin, 'Ada');
    await login('Ada', 'password of Ada');
    expect(await who([])).toMatchObject({ from: 'session', name: 'Ada' });
    const env = { SPACEDOCK_TOKEN: (await newToken(server, admin, { role: 'REPORTER', name: 'nightly' })).secret! };
    expect(await who([], env)).toMatchObject({ from: 'SPACEDOCK_TOKEN', name: 'nightly', role: 'REPORTER' });
    expect(await who(['--token', admin.secret!], env)).toMatchObject({ from: '--token', role: 'ADMIN' });
  });

  it('says when the session is over, and how to sign in again', async () => {
    await newUser(server, admin, 'Bob');
    await login('Bob', 'password of Bob');
    await admin.ask('mutation { resetPassword(name: "Bob", new: "another password") }');
    for (const args of [['jobs'], ['submit', 'x'], ['report', 'x', '--stage', 'y']]) {
      expect(await cli(args)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(`Sign in again with: spacedock login --url ${server.url}\n`),
      });
    }
  });

  it('says what a token that is refused came from, and an app ends with it', async () => {
    const env = { SPACEDOCK_TOKEN: 'stale' };
    const refused = await cli(['jobs'], { env });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('What SPACEDOCK_TOKEN gives is') });
    expect(await cli(['app', '--spaces', 'x'], { env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('refuses the token'),
    });
    await login('admin', ADMIN_PASSWORD);
    await admin.ask('mutation { createSpace(input: { id: "served", title: "Served" }) { id } }');
    const { id, secret } = await newToken(server, admin, { role: 'APP', spaces: ['served'] });
    await using app = start(['app', '--spaces', 'served'], { env: { ...environment(), SPACEDOCK_TOKEN: secret! } });
    await app.until(/Registration successful/);
    await cli(['token', 'revoke', id], { env: { SPACEDOCK_TOKEN: admin.secret! } });
    expect(await app.ended).toMatchObject({ code: 2, stderr: expect.stringContaining('(UNAUTHENTICATED)') });
    await using own = start(['app', '--spaces', 'served'], { env: environment() });
    await own.until(/Registration successful/);
    expect(await own.until(/Signed in as admin\./, 'stderr')).toContain('spacedock token create --spaces served --url');
  });

  it('tells who is not signed in what needs it', async () => {
    expect(await cli(['space', 'create', 'x'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/sign in first.*\nSign in with: spacedock login/),
    });
    const tracked = await cli(['track', 'nightly', '--', 'sh', '-c', 'echo done; exit 4']);
    expect(tracked).toMatchObject({ code: 4, stdout: 'done\n' });
    expect(tracked.stderr).toMatch(
      /nightly was refused.*: Reporting on tracked jobs: sign in first\nSign in with: spacedock login/,
    );
    expect(tracked.stderr).not.toMatch(/in time|not taken any more/);
    await newUser(server, admin, 'Cleo');
    await login('Cleo', 'password of Cleo');
    expect(await cli(['space', 'create', 'x'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('You are signed in as Cleo.'),
    });
  });

  it('refuses a file of credentials that is none of its own, and leaves it alone', async () => {
    await writeFile(join(home, 'credentials.json'), '{"sessions": 1}');
    expect(await cli(['jobs'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Delete it') });
    expect(await readFile(join(home, 'credentials.json'), 'utf8')).toBe('{"sessions": 1}');
  });
});

it('where nothing can be kept a command works all the same, and login says so', async () => {
  await writeFile(join(home, 'file'), '');
  const env = { SPACEDOCK_CONFIG_DIR: join(home, 'file') };
  expect(await cli(['space', 'list'], { env })).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('cannot be kept'),
  });
  const args = ['login', '--name', 'admin', '--password-stdin'];
  expect(await cli(args, { env, input: ADMIN_PASSWORD })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('SPACEDOCK_CONFIG_DIR names another directory'),
  });
});

describe('a visitor', () => {
  beforeEach(async () => {
    const create = `mutation { createSpace(input: { id: "open", title: "Open", visitors: true, policy: { whenOffline: QUEUE } }) { id } }`;
    await admin.refusal(create);
  });

  it('finds what it submitted from this machine again, and nobody else does', async () => {
    const { stdout: id } = await cli(['submit', 'open', '--prompt', 'hi']);
    expect((await cli(['job', id.trim()])).stdout).toContain(id.trim());
    expect((await cli(['jobs'])).stdout).toContain(id.trim());
    expect((await cli(['cancel', id.trim()])).stdout).toBe('CANCELLED\n');
    const elsewhere = { SPACEDOCK_CONFIG_DIR: join(home, 'elsewhere') };
    expect(await cli(['job', id.trim()], { env: elsewhere })).toMatchObject({ code: 2 });
    const [file = ''] = await readdir(join(home, 'visitors'));
    expect((await stat(join(home, 'visitors', file))).mode & 0o777).toBe(0o600);
  });

  it('is one, also when its first commands come at once', async () => {
    const submitted = await Promise.all(
      Array.from({ length: 4 }, (_, n) => cli(['submit', 'open', '--prompt', `${n}`])),
    );
    const ids = submitted.map(({ stdout }) => stdout.trim()).sort();
    const listed = JSON.parse((await cli(['jobs', '--json'])).stdout) as { id: string }[];
    expect(listed.map(({ id }) => id).sort()).toEqual(ids);
  });

  it('begins anew at a server that began anew', async () => {
    await cli(['submit', 'open', '--prompt', 'hi']);
    const [file = ''] = await readdir(join(home, 'visitors'));
    await writeFile(join(home, 'visitors', file), `sdv_00000000-0000-0000-0000-000000000000.${'A'.repeat(43)}\n`);
    expect((await cli(['whoami'])).stdout).toBe('Visitor (ANONYMOUS)\n');
    const { code, stdout } = await cli(['submit', 'open', '--prompt', 'hi']);
    expect(code).toBe(0);
    expect((await cli(['jobs'])).stdout).toContain(stdout.trim());
  });
});
