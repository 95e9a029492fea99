import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SUBJECTS } from '../../src/settings.ts';
import { endsWithUs } from '../help/children.ts';
import { newUser, signIn, withAccounts } from '../help/people.ts';
import { startServer } from '../help/server.ts';
import { MAIN, run, start } from './command.ts';
import { childrenOf, gone } from './tools.ts';

let scratch: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
});

afterEach(async () => {
  await rm(scratch, { recursive: true });
});

test('serve runs a server as its flags say, and leaves on SIGTERM', async () => {
  await using serving = start(['serve', '--port', '0', '--data-dir', join(scratch, 'data'), '--log-level', 'info']);
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(
    await serving.until(/Spacedock is at http/, 'stderr'),
  ) as RegExpExecArray;
  expect((await fetch(`${url}/ready`)).ok).toBe(true);
  const [, password] = /"admin", with the password (\S+)\n/.exec(
    await serving.until(/with the password \S+\n/, 'stderr'),
  ) as RegExpExecArray;
  const env = { SPACEDOCK_URL: url, SPACEDOCK_CONFIG_DIR: join(scratch, 'config') };
  expect(await run(['space', 'create', 'words'], { env })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`Sign in with: spacedock login --url ${url}\n`),
  });
  const login = ['login', '--name', 'admin', '--password-stdin'];
  expect((await run(login, { env, input: `${password}\n` })).code).toBe(0);
  expect((await run(['space', 'create', 'words'], { env })).code).toBe(0);
  expect(await readdir(join(scratch, 'data'))).not.toEqual([]);
  serving.signal('SIGTERM');
  expect((await serving.ended).code).toBe(0);
});

test('a bad value is refused with the name of its variable, from a flag as from the environment', async () => {
  const data = ['--data-dir', scratch];
  expect(await run(['serve', '--port', 'many', ...data])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('PORT'),
  });
  const env = { REDIS_URL: 'mysql://x' };
  expect(await run(['serve', ...data], { env })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('REDIS_URL'),
  });
});

test('a bad value is shown as it was given, with what it must be', async () => {
  const { code, stderr } = await run(['serve', '--data-dir', scratch], { env: { PORT: 'abc', MAX_FILE_BYTES: '1.5' } });
  expect(code).toBe(2);
  expect(stderr).toContain(
    'PORT: must be a whole number from 0 to 65535 (it is "abc")\nMAX_FILE_BYTES: must be a whole number of bytes, at least 1 (it is "1.5")\n',
  );
});

test('every variable of the configuration has a flag, which says what the reference says', async () => {
  const { stdout } = await run(['serve', '--help']);
  const described = stdout.replaceAll(/\s+/g, ' ');
  for (const [subject, settings] of Object.entries(SUBJECTS)) {
    expect(described).toContain(` ${subject}: --`);
    for (const [variable, { says, takes, shown }] of Object.entries(settings)) {
      const flag = `--${variable.toLowerCase().replaceAll('_', '-')} <${takes}>`;
      expect(described).toContain(`${flag} ${says} (${shown && `default: ${shown}, `}env: ${variable})`);
    }
  }
});

test('the first administrator has the password that was chosen, and open access is for this machine alone', async () => {
  const data = ['--port', '0', '--data-dir', join(scratch, 'data')];
  {
    await using serving = start(['serve', ...data, '--admin-password', 'correct horse battery']);
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(await serving.until(/Spacedock is at http/, 'stderr')) ?? [];
    const env = { SPACEDOCK_CONFIG_DIR: join(scratch, 'config') };
    const login = ['login', '--url', url, '--name', 'admin', '--password-stdin'];
    // It is made in the server's first moments.
    while ((await run(login, { env, input: 'correct horse battery' })).code !== 0);
    serving.signal('SIGTERM');
    expect((await serving.ended).stderr).not.toMatch(/horse|with the password/);
  }
  const open = ['serve', ...data, '--access', 'open', '--host', '0.0.0.0'];
  expect(await run(open)).toMatchObject({ code: 2, stderr: expect.stringContaining('ACCESS: "open"') });
  const proxied = { env: { ACCESS: 'open', PUBLIC_URL: 'https://dock.example' } };
  expect(await run(['serve', ...data], proxied)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('unset PUBLIC_URL'),
  });
  expect(await run(['serve', ...data, '--session-days', 'long'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('SESSION_DAYS'),
  });
});

test('check goes through the life of a job and leaves nothing behind', async () => {
  await using server = await startServer();
  const { code, stdout } = await run(['check', '--url', server.url]);
  expect(stdout.replaceAll(/ \([\d.]+ s\)/g, '').split('\n')).toEqual([
    '✓ the server is ready',
    '✓ you come as Anonymous (ADMIN)',
    '✓ a space can be made',
    '✓ an app can connect',
    '✓ a job with a file reaches the app and ends',
    '✓ its progress is seen live',
    '✓ its result is right',
    '✓ its file comes back byte for byte',
    '✓ a wrong request is refused with its code',
    '✓ the space can be deleted',
    '',
  ]);
  expect(code).toBe(0);
  expect((await run(['space', 'list', '--json', '--url', server.url])).stdout).toBe('[]\n');
});

test('check says which step failed and what to do, and still cleans up', async () => {
  // Files above this are refused, so the one of the check is.
  await using server = await startServer({ env: { MAX_FILE_BYTES: '1000' } });
  const { code, stdout } = await run(['check', '--url', server.url]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ a job with a file reaches the app and ends: .*FILE_TOO_LARGE\)\n {2}Send a smaller file/);
  expect(stdout).toMatch(/✓ the space can be deleted/);
});

test('check tries what the caller may do, and says what the rest needs', async () => {
  await using server = await startServer(withAccounts());
  const admin = await signIn(server);
  const ada = await newUser(server, admin, 'Ada');
  const shown = async (secret: string | null) => {
    const env = { SPACEDOCK_URL: server.url, ...(secret && { SPACEDOCK_TOKEN: secret }) };
    const { code, stdout } = await run(['check'], { env });
    return { code, lines: stdout.replaceAll(/ \([\d.]+ s\)/g, '').split('\n') };
  };
  const rest = expect.stringMatching(
    /^– a space, an app and a job .* takes an administrator; sign in as one with spacedock login/,
  );
  expect(await shown(null)).toEqual({
    code: 0,
    lines: [
      '✓ the server is ready',
      '✓ you come as Visitor (ANONYMOUS)',
      '✓ the spaces that you may see are listed: 0',
      '✓ a wrong request is refused with its code',
      rest,
      '',
    ],
  });
  expect((await shown(ada.secret)).lines).toEqual(
    expect.arrayContaining(['✓ you come as Ada (USER)', '✓ a job of your own is reported on, and seen live', rest]),
  );
  const whole = await shown(admin.secret);
  expect([whole.code, whole.lines.at(-2)]).toEqual([0, '✓ the space can be deleted']);
  const refused = await shown('stale');
  expect(refused.code).toBe(1);
  expect(refused.lines).toEqual([
    '✓ the server is ready',
    expect.stringMatching(/^✗ the server lets you in: .*\(UNAUTHENTICATED\)$/),
    expect.stringContaining('SPACEDOCK_TOKEN'),
    '',
  ]);
});

test('demo --once ends with the text of the sample, and nothing of it stays', async () => {
  const { code, stdout, stderr } = await run(['demo', '--once'], { env: { TMPDIR: scratch } });
  expect(stdout).toContain('Starting the app that reads images');
  expect(stdout).toContain('Submitting client/examples/ocr/samples/clean-scan.png');
  expect(stderr).toMatch(/RUNNING \d+ % /);
  expect(stderr).toMatch(/COMPLETED after [\d.]+ s, confidence \d\d %\n/);
  expect(code).toBe(0);
  expect(await readdir(scratch)).toEqual([]);
});

test('a demo whose reader goes away (| head) leaves nothing behind', async () => {
  const env = { ...process.env, TMPDIR: scratch };
  const demo = endsWithUs(spawn(process.execPath, [MAIN, 'demo'], { env, stdio: ['ignore', 'pipe', 'ignore'] }));
  const [stdout, ended] = [demo.stdout, once(demo, 'exit')];
  await once(stdout, 'data');
  stdout.destroy();
  expect(await ended).toEqual([141, null]);
  expect(await readdir(scratch)).toEqual([]);
});

test('demo goes on serving until Ctrl-C, and its processes end with it, however it ends', async () => {
  for (const [signal, code] of [
    ['SIGINT', 0],
    ['SIGKILL', null],
  ] as const) {
    await using demo = start(['demo', '--data-dir', join(scratch, 'data')]);
    const said = await demo.until(/Ctrl-C ends the demo/);
    const [, url = ''] = /(http:\S+)\/graphql/.exec(said) as RegExpExecArray;
    const env = { SPACEDOCK_URL: url, SPACEDOCK_CONFIG_DIR: join(scratch, 'config') };
    // In a clone: with the Node that is there, whatever the one on the PATH is.
    const { stdout: sees } = await promisify(execFile)('sh', ['-c', /npx node \S+ status ocr/.exec(said)![0]], {
      env: { ...process.env, ...env },
    });
    expect(sees).toMatch(/ocr/);
    // The space takes what visitors send. As it says, one who signs in may do more.
    const sample = join(import.meta.dirname, '../../client/examples/ocr/samples/invoice.png');
    expect((await run(['submit', 'ocr', '--file', sample, '--watch'], { env })).code).toBe(0);
    const [, login = '', password = ''] =
      / (login --name admin).* {2}sign in; the password is (\S+)\n/.exec(said) ?? [];
    expect((await run([...login.split(' '), '--password-stdin'], { env, input: password })).code).toBe(0);
    expect((await run(['check'], { env })).stdout).toContain('✓ the space can be deleted');
    const children = await childrenOf(demo.pid);
    expect(children).toHaveLength(2);
    demo.signal(signal);
    expect((await demo.ended).code).toBe(code);
    await Promise.all(children.map(gone));
  }
});
