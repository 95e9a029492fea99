import { expect, test } from 'vitest';
import { newUser, signIn, withAccounts } from '../help/people.ts';
import { useServer } from '../help/use-server.ts';
import { run, start } from './command.ts';

const server = useServer(withAccounts());

/** Commands of the administrator, or of whose secret is given. */
async function prompt(secret?: string) {
  const admin = await signIn(server);
  const env = { SPACEDOCK_URL: server.url, SPACEDOCK_TOKEN: secret ?? admin.secret! };
  return { admin, env, cli: (args: string[], input = '') => run(args, { env, input }) };
}

test('a token for an app is made, used, listed and revoked', async () => {
  const { cli, env } = await prompt();
  await cli(['space', 'create', 'words']);
  const { code, stdout, stderr } = await cli(['token', 'create', '--spaces', 'words', '--days', '7']);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^sdt_\w{16}_[\w-]{43}\n$/)]);
  expect(stderr).toContain(`\n  SPACEDOCK_TOKEN=SECRET spacedock app --spaces words --url ${server.url}\n`);
  expect(stderr).not.toContain(stdout.trim());
  const [, id = ''] = /token revoke (\w+)/.exec(stderr) ?? [];

  // What it says to start the app with does.
  const [, line = ''] = /spacedock (app .*)\n/.exec(stderr) ?? [];
  await using app = start([...line.split(' '), '--seconds', '0'], { env: { SPACEDOCK_TOKEN: stdout.trim() } });
  await app.until(/Registration successful/);
  expect((await cli(['submit', 'words', '--prompt', 'hi', '--watch'])).code).toBe(0);

  const list = (await cli(['token', 'list'])).stdout;
  expect(list.split('\n')[0]).toMatch(/^ID +NAME +FOR +OWNER +LAST USED +ENDS$/);
  expect(list).toMatch(new RegExp(`\n${id} +app of words +app of words +admin +20\\S+ +20\\S+\n`));
  const [token] = JSON.parse((await cli(['token', 'list', '--json'])).stdout);
  expect(token).toMatchObject({ id, role: 'APP', spaces: ['words'] });
  expect(await cli(['token', 'revoke', id])).toMatchObject({ code: 0, stderr: `Revoked ${id}.\n` });
  expect((await app.ended).code).toBe(2);
  expect(await cli(['token', 'revoke', id])).toMatchObject({ code: 2, stderr: expect.stringContaining('no token') });
  expect(env.SPACEDOCK_TOKEN).not.toBe(stdout.trim());
});

test('a token for a reporter is bound to its prefix, and one for a script acts as who made it', async () => {
  const { admin, cli } = await prompt();
  const made = await cli(['token', 'create', 'backup', '--prefix', 'backup-', '--json']);
  const { secret, role } = JSON.parse(made.stdout);
  expect(role).toBe('REPORTER');
  const reporter = await prompt(secret);
  expect((await reporter.cli(['report', 'backup-1', '--stage', 'running'])).code).toBe(0);
  expect(await reporter.cli(['report', 'nightly', '--stage', 'running'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/begins with backup-.*\n.*The token of SPACEDOCK_TOKEN/),
  });
  const ada = await newUser(server, admin, 'Ada');
  const script = (await (await prompt(ada.secret!)).cli(['token', 'create', 'ci'])).stdout.trim();
  expect((await (await prompt(script)).cli(['whoami'])).stdout).toBe('Ada (USER)\n');
  expect((await (await prompt(ada.secret!)).cli(['token', 'create', '--reporter'])).code).toBe(2);
});

test('on a terminal the line to start an app with is complete', async () => {
  const { cli, env } = await prompt();
  await cli(['space', 'create', 'shown']);
  const { stdout } = await run(['token', 'create', '--spaces', 'shown'], { env, terminal: true });
  expect(stdout).toMatch(/SPACEDOCK_TOKEN=sdt_\w{16}_[\w-]{43} spacedock app --spaces shown/);
});

test('users are added, listed, disabled, enabled, and get roles and passwords', async () => {
  const { cli } = await prompt();
  expect(await cli(['user', 'add', 'Bob', '--password-stdin'], 'a long password\n')).toEqual({
    code: 0,
    stdout: 'Bob\n',
    stderr: `They sign in with: spacedock login --name Bob --url ${server.url}\n`,
  });
  expect(
    (await cli(['user', 'add', 'Cleo', '--admin', '--password-stdin', '--json'], 'a long password')).stdout,
  ).toContain('"role": "ADMIN"');
  const list = async () => (await cli(['user', 'list'])).stdout;
  expect(await list()).toMatch(/^NAME +ROLE +SIGNS IN +SINCE\n(.*\n)*Bob +USER +with a password +20/);
  const bob = await signIn(server, 'Bob', 'a long password');
  expect((await cli(['user', 'disable', 'bob'])).code).toBe(0);
  expect(await list()).toMatch(/\nBob +USER +disabled/);
  expect(await bob.refusal('{ viewer { id } }')).toBe('UNAUTHENTICATED');
  expect((await cli(['user', 'enable', 'bob'])).code).toBe(0);
  expect(await cli(['user', 'role', 'Bob', 'admin'])).toMatchObject({
    code: 0,
    stderr: 'Bob is an administrator now.\n',
  });
  expect(await list()).toMatch(/\nBob +ADMIN/);
  expect((await cli(['user', 'role', 'Bob', 'user'])).code).toBe(0);
  expect(await cli(['user', 'role', 'Bob', 'king'])).toMatchObject({ code: 2 });
  expect((await cli(['user', 'password', 'Bob', '--password-stdin'], 'another password')).code).toBe(0);
  const again = await prompt((await signIn(server, 'Bob', 'another password')).secret!);
  expect(await again.cli(['user', 'password', '--password-stdin'], 'wrong\nthe third password\n')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('The present password is not right.'),
  });
  expect(
    (await again.cli(['user', 'password', '--password-stdin'], 'another password\nthe third password\n')).code,
  ).toBe(0);
  await signIn(server, 'Bob', 'the third password');
  // One's own name is oneself: the session that asks goes on.
  const own = await prompt((await signIn(server, 'Cleo', 'a long password')).secret!);
  expect(
    await own.cli(['user', 'password', 'cleo', '--password-stdin'], 'a long password\na longer password\n'),
  ).toEqual({
    code: 0,
    stdout: '',
    stderr: 'Changed your password.\n',
  });
  expect((await own.cli(['user', 'list'])).code).toBe(0);
  await signIn(server, 'Cleo', 'a longer password');
  expect(await again.cli(['user', 'list'])).toMatchObject({ code: 2, stderr: expect.stringContaining('FORBIDDEN') });
  expect(JSON.parse((await cli(['user', 'list', '--json'])).stdout)).toContainEqual(
    expect.objectContaining({ name: 'Bob', enabled: true }),
  );
});

test('a new password is typed twice', async () => {
  const { env } = await prompt();
  await using typed = start(['user', 'add', 'Eve'], { env, terminal: true });
  await typed.until(/New password of Eve: /);
  typed.write('a long password\r');
  await typed.until(/Once more: /);
  typed.write('a lone password\r');
  expect(await typed.ended).toMatchObject({ code: 2, stdout: expect.stringContaining('The two are not the same.') });
});

test('a space is for its members, for who signs in, or for everybody', async () => {
  const { admin, cli } = await prompt();
  const fay = await prompt((await newUser(server, admin, 'Fay')).secret!);
  const visitor = (args: string[]) => run([...args, '--url', server.url]);
  const create = [
    'space',
    'create',
    'club',
    '--visibility',
    'private',
    '--members',
    'Fay,admin',
    '--when-offline',
    'queue',
  ];
  expect((await cli(create)).code).toBe(0);
  expect((await cli(['space', 'list'])).stdout).toMatch(/\nclub .* (fay, admin|Fay, admin|admin, fay) +prompt\n/);
  expect((await fay.cli(['submit', 'club', '--prompt', 'hi'])).code).toBe(0);
  expect((await visitor(['space', 'list', '--json'])).stdout).not.toContain('club');
  expect((await cli(['space', 'update', 'club', '--members', 'admin'])).code).toBe(0);
  expect((await fay.cli(['submit', 'club', '--prompt', 'hi'])).stderr).toContain('NOT_FOUND');
  expect((await cli(['space', 'update', 'club', '--visibility', 'public'])).code).toBe(0);
  expect((await fay.cli(['submit', 'club', '--prompt', 'hi'])).code).toBe(0);
  expect((await cli(['space', 'list'])).stdout).toMatch(/\nclub .* who signs in +prompt\n/);
  expect((await cli(['space', 'update', 'club', '--visitors'])).code).toBe(0);
  expect((await cli(['space', 'list'])).stdout).toMatch(/\nclub .* everybody +prompt\n/);
  expect((await cli(['space', 'update', 'club', '--no-visitors', '--json'])).stdout).toContain('"visitors": false');
});
