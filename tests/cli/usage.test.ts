import { once } from 'node:events';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from './command.ts';

const COMMANDS = [
  ['serve'],
  ['demo'],
  ['check'],
  ['login'],
  ['logout'],
  ['whoami'],
  ['token'],
  ['token', 'create'],
  ['token', 'list'],
  ['token', 'revoke'],
  ['user'],
  ['user', 'add'],
  ['user', 'list'],
  ['user', 'disable'],
  ['user', 'enable'],
  ['user', 'password'],
  ['space'],
  ['space', 'create'],
  ['space', 'update'],
  ['space', 'list'],
  ['space', 'delete'],
  ['status'],
  ['jobs'],
  ['app'],
  ['submit'],
  ['job'],
  ['watch'],
  ['cancel'],
  ['retry'],
];

/** An address where nobody listens. */
async function nobody(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return `http://127.0.0.1:${port}`;
}

test.each([[[]], ...COMMANDS.map((command) => [command])])(
  'the help of %j goes to stdout without colours in a pipe',
  async (command) => {
    const { code, stdout, stderr } = await run([...command, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: ${['spacedock', ...command].join(' ')} `));
    expect(stdout).not.toContain('\u001b[');
  },
);

test('what the help and the guide of apps refer to comes with the package', async () => {
  const root = join(import.meta.dirname, '../..');
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: string[] };
  const packed = globSync(files, { cwd: root });
  expect((await run(['app', '--help'])).stdout).toContain('client/cli/README.md');
  expect(packed).toContain('client/cli/README.md');
  for (const example of ['infer.py', 'keep.py']) expect(packed).toContain(`client/examples/exec/${example}`);
});

test.each([
  [['sbmit'], 'Did you mean submit?'],
  [['submit'], "missing required argument 'space'"],
  [['submit', 'x', '--priority', '101'], 'whole number from -100 to 100'],
  [['submit', 'x', '--file', '/no/such/file'], 'There is no file /no/such/file.'],
  [['submit', 'x', '--file', '/tmp'], '/tmp is not a file.'],
  [['submit', 'x', '--parameters', '[1]'], 'JSON object'],
  [['space', 'create', 'a b'], 'letters, digits'],
  [['space', 'create', 'x'.repeat(65)], 'letters, digits'],
  [['space', 'create', 'x', '--max-bytes', 'lots'], '10MB'],
  [['space', 'create', 'x', '--parameters', '{"type":'], 'not JSON'],
  [['space', 'create', 'x', '--when-offline', 'maybe'], 'Allowed choices are reject, queue'],
  [['space', 'create', 'x', '--no-accept', '--max-files', '2'], 'make no sense'],
  [['space', 'list', '--url', 'ftp://x'], 'http://127.0.0.1:4000'],
  [['space', 'delete', 'x'], '--yes'],
  [['space', 'update', 'x'], 'Nothing to change'],
  [['space', 'update', 'x', '--json', '--url', 'http://x'], 'Nothing to change'],
  [['space', 'create', 'x', '--visibility', 'secret'], 'Allowed choices are public, private'],
  [['login'], 'There is no terminal to ask on'],
  [['login', '--name', 'admin', '--password-stdin'], 'the password as one line'],
  [['user', 'add', 'Ada'], 'Give the password on stdin, as one line, and say so with --password-stdin.'],
  [['user', 'password'], 'the present password and the new one on stdin, a line each'],
  [['token', 'create', '--spaces', 'a', '--reporter'], 'cannot be used with'],
  [['token', 'create', '--days', '0'], 'whole number from 1 to 3650'],
  [['jobs', '--limit', '0'], 'whole number from 1'],
  [['status', '--watch'], 'one space'],
  [['app'], '--spaces'],
  [['app', '--spaces', ','], 'at least one space'],
  [['app', '--spaces', 'x', '--exec', 'a', '--keep', 'b'], 'cannot be used with'],
  [['app', '--spaces', 'x', '--capacity', '0'], 'whole number from 1'],
  [['app', '--spaces', 'x', '--seconds', 'soon'], '2-10'],
  [['app', '--spaces', 'x', '--kill-after', '-1'], 'number of seconds'],
])('wrong usage is refused on stderr with exit code 2: %j', async (args, message) => {
  const { code, stdout, stderr } = await run(args);
  expect(stderr).toContain(message);
  expect([code, stdout]).toEqual([2, '']);
});

test('a server that is not there is said so, with what to do and an exit code of its own', async () => {
  const url = await nobody();
  for (const args of [
    ['space', 'list'],
    ['status', 'x'],
    ['job', 'x.1'],
    ['submit', 'x'],
  ]) {
    const { code, stdout, stderr } = await run([...args, '--url', url]);
    expect([code, stdout]).toEqual([5, '']);
    expect(stderr).toMatch(/^error: .*ECONNREFUSED.*\n.*spacedock serve.*\n$/);
  }
});

test('--debug shows where an error comes from, and nothing else does', async () => {
  const url = await nobody();
  expect((await run(['space', 'list', '--url', url, '--debug'])).stderr).toMatch(/\n +at /);
  expect((await run(['space', 'list', '--url', url])).stderr).not.toMatch(/\n +at /);
});

test('the address can come from the environment, and the option wins', async () => {
  const [one, two] = [await nobody(), await nobody()];
  const env = { SPACEDOCK_URL: one };
  expect((await run(['space', 'list'], { env })).stderr).toContain(one);
  expect((await run(['space', 'list', '--url', two], { env })).stderr).toContain(two);
});

test('a terminal gets colours unless NO_COLOR is set', async () => {
  const args = ['submit'];
  expect((await run(args, { terminal: true })).stdout).toContain('\u001b[31merror:');
  expect((await run(args, { terminal: true, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b[');
});

test('check against nobody says what is wrong and what to do', async () => {
  const { code, stdout } = await run(['check', '--url', await nobody()]);
  expect(stdout).toMatch(
    /^✗ the server is ready: http:\/\/127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED.*\n {2}Is it running/,
  );
  expect(code).toBe(1);
});
