import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectPerson, type Person } from '../help/person.ts';
import { startProcess } from '../help/process.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { type CommandOptions, run, start } from './command.ts';
import { followOutput } from './output-flow.ts';
import { alive, gone } from './tools.ts';

let server: TestServer;
let person: Person;
beforeAll(async () => {
  server = await startServer();
  person = connectPerson(server.url);
});
afterAll(async () => {
  await person[Symbol.asyncDispose]();
  await server.close();
});

const env = () => ({ SPACEDOCK_URL: server.url });
const track = (job: string, args: string[], options: CommandOptions = {}) =>
  run(['track', job, ...args], { env: env(), ...options });
const begin = (job: string, args: string[], options: CommandOptions = {}) =>
  start(['track', job, ...args], { env: env(), ...options });
const outputOf = (job: string) => followOutput(person.connection, job).whole;

test('a command runs as usual, and others see its output, its progress and its end', async () => {
  const script =
    'printf "compiling "; echo main.c; echo "::progress 0.5 linking all of it"; echo careful >&2; echo $SPACEDOCK_JOB';
  const watch = person.watch('build');
  const { code, stdout, stderr } = await track('build', [
    '--title',
    'Build',
    '--stage',
    'compiling',
    '--',
    'sh',
    '-c',
    script,
  ]);
  expect(code).toBe(0);
  expect(stdout).toBe('compiling main.c\n::progress 0.5 linking all of it\nbuild\n');
  expect(stderr).toBe('Job build; watch it with: spacedock watch build\ncareful\n');
  const last = await watch.take(({ finishedAt }) => finishedAt !== null);
  expect(last).toMatchObject({ status: 'COMPLETED', title: 'Build', attempt: 1 });
  expect(last.events).toContainEqual(expect.objectContaining({ stage: 'linking', message: 'all of it' }));
  expect((await outputOf('build')).split('\n').sort()).toEqual(['', 'build', 'careful', 'compiling main.c']);
});

test('in a terminal, too, and what is typed reaches the command', async () => {
  await using command = begin('typed', ['--', 'sh', '-c', 'printf "name? "; read name; echo "hello $name"'], {
    terminal: true,
  });
  await command.until(/name\? /);
  command.write('Ada\n');
  const { code, stdout } = await command.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/name\? Ada\r\nhello Ada\r\n$/);
  expect(await outputOf('typed')).toBe('name? hello Ada\n');
});

test('a failure has the end of stderr, and its exit code is passed on', async () => {
  const { code } = await track('broken', ['--', 'sh', '-c', 'echo "main.c: no such file" >&2; exit 7']);
  expect(code).toBe(7);
  expect(await person.job('broken')).toMatchObject({
    status: 'FAILED',
    error: { code: 'PROGRAM_FAILED', message: 'The program ended with exit code 7: main.c: no such file' },
    metadata: { exitCode: 7, signal: null },
  });
  expect((await track('broken', ['--', 'true'])).code).toBe(0);
  expect(await person.job('broken')).toMatchObject({ status: 'COMPLETED', attempt: 2, title: 'true' });
});

test('arguments reach the command as they are', async () => {
  const { stdout } = await track('words', ['--', 'printf', '%s|', '$HOME', 'a b', '--stage', '; exit 1']);
  expect(stdout).toBe('$HOME|a b|--stage|; exit 1|');
});

test('a command that is not there is exit code 127, one that may not run 126, and a failed job', async () => {
  const none = await track('none', ['--', 'no-such-command-here']);
  expect(none).toMatchObject({
    code: 127,
    stderr: expect.stringContaining('no-such-command-here: there is no such command'),
  });
  expect(await person.job('none')).toMatchObject({ status: 'FAILED' });
  expect(await track('none', ['--', import.meta.filename])).toMatchObject({ code: 126 });
});

test('a cancel ends the command and all that it started, also where SIGTERM is not enough', async () => {
  const stubborn = join(import.meta.dirname, 'programs/stubborn.py');
  await using command = begin('stubborn', ['--kill-after', '0.3', '--', 'python3', stubborn]);
  const said = await command.until(/pids \d+ \d+\n/);
  const pids = said.match(/\d+/g)?.map(Number) as number[];
  expect(pids.map(alive)).toEqual([true, true]);
  await person.watch('stubborn').take(({ status }) => status === 'RUNNING');
  await person.cancel('stubborn');
  expect(await command.ended).toMatchObject({ code: 3, stderr: expect.stringContaining('was cancelled') });
  expect(pids.map(alive)).toEqual([false, false]);
  expect(await person.job('stubborn')).toMatchObject({
    status: 'CANCELLED',
    cancellation: { deliveredAt: expect.any(String), confirmedAt: expect.any(String) },
  });
});

test('a cancel is confirmed when the last process that the command started is gone', async () => {
  const script = `(trap '' TERM; echo pid $(exec sh -c 'echo $PPID'); while :; do sleep 0.1; done) & wait`;
  await using command = begin('family', ['--kill-after', '2', '--', 'sh', '-c', script]);
  const said = await command.until(/pid \d+\n/);
  const pid = Number(/\d+/.exec(said)?.[0]);
  const watch = person.watch('family');
  await watch.take(({ status }) => status === 'RUNNING');
  await person.cancel('family');
  await watch.take(({ status }) => status === 'CANCELLED');
  expect(alive(pid)).toBe(false);
  expect(await command.ended).toMatchObject({ code: 3 });
});

test('a command that ends in its own way when it is cancelled is not reported as done', async () => {
  await using command = begin('polite', [
    '--',
    'sh',
    '-c',
    'trap "echo tidying; exit 0" TERM; echo ready; sleep 600 & wait',
  ]);
  await followOutput(person.connection, 'polite').until('ready\n');
  await person.cancel('polite');
  expect(await command.ended).toMatchObject({ code: 3, stdout: 'ready\ntidying\n' });
  expect(await person.job('polite')).toMatchObject({ status: 'CANCELLED' });
});

test('[promise 2] a run that overlaps with the next one of its job is told, and the result of that stands', async () => {
  await using first = begin('cron', ['--', 'sh', '-c', 'echo first; read line; echo late; exit 4']);
  await followOutput(person.connection, 'cron').until('first\n');
  await using second = begin('cron', ['--', 'sh', '-c', 'echo second; read line']);
  await first.until(/Job cron was begun anew elsewhere/, 'stderr');
  first.write('go on\n');
  const { code, stdout, stderr } = await first.ended;
  expect([code, stdout]).toEqual([4, 'first\nlate\n']);
  expect(stderr.match(/anew elsewhere/g)).toHaveLength(1);
  expect(stderr).not.toContain('is not taken any more');
  expect(await person.job('cron')).toMatchObject({ status: 'RUNNING', attempt: 2 });
  second.write('go on\n');
  expect(await second.ended).toMatchObject({
    code: 0,
    stdout: 'second\n',
    stderr: expect.not.stringContaining('anew'),
  });
  expect(await person.job('cron')).toMatchObject({ status: 'COMPLETED', attempt: 2, error: null });
  expect(await outputOf('cron')).toBe('second\n');
});

test('with --yield the command is stopped when another run begins its job anew', async () => {
  await using first = begin('yielding', ['--yield', '--', 'sh', '-c', 'echo pid $$; sleep 600 & wait']);
  const pid = Number(/\d+/.exec(await first.until(/pid \d+\n/))?.[0]);
  await followOutput(person.connection, 'yielding').until(`pid ${pid}\n`);
  await using second = begin('yielding', ['--yield', '--', 'sh', '-c', 'read line']);
  expect(await first.ended).toMatchObject({ code: 6, stderr: expect.stringContaining('was begun anew elsewhere') });
  expect(alive(pid)).toBe(false);
  second.write('go on\n');
  expect(await second.ended).toMatchObject({ code: 0 });
  expect(await person.job('yielding')).toMatchObject({ status: 'COMPLETED', attempt: 2 });
});

test('Ctrl-C is passed on', async () => {
  await using command = begin(
    'interrupted',
    ['--', 'sh', '-c', 'trap "echo caught; exit 9" INT; echo ready; sleep 600 & wait'],
    {
      terminal: true,
    },
  );
  await command.until(/ready\r\n/);
  command.write('\u0003');
  const { code, stdout } = await command.ended;
  expect([code, stdout.endsWith('caught\r\n')]).toEqual([9, true]);
  expect(await person.job('interrupted')).toMatchObject({ status: 'FAILED', error: { code: 'INTERRUPTED' } });
});

test('a reader that goes away ends the command', async () => {
  const main = join(import.meta.dirname, '../../client/cli/main.ts');
  const { code, stdout } = await run(
    [
      'track',
      'outer',
      '--',
      'bash',
      '-c',
      `set -o pipefail; '${process.execPath}' '${main}' track inner -- yes | head -n 1`,
    ],
    { env: env() },
  );
  expect([code, stdout]).toEqual([141, 'y\n']);
  expect(await person.job('inner')).toMatchObject({ status: 'FAILED', metadata: { signal: 'SIGPIPE' } });
});

test('what the command leaves in the background lives on', async () => {
  const { code, stdout } = await track('daemon', ['--', 'sh', '-c', 'sleep 600 >/dev/null 2>&1 & echo $!']);
  const pid = Number(stdout);
  expect([code, alive(pid)]).toEqual([0, true]);
  process.kill(pid);
  await gone(pid);
});

test('SIGTERM is passed on', async () => {
  await using command = begin('killed', ['--', 'sh', '-c', 'echo ready; read line; echo $line']);
  await command.until(/ready/);
  command.signal('SIGTERM');
  expect(await command.ended).toMatchObject({ code: 143 });
  expect(await person.job('killed')).toMatchObject({ status: 'FAILED', error: { code: 'INTERRUPTED' } });
});

test('a server that is not there changes nothing for the command', async () => {
  await using proxy = await startProxy(server.url);
  proxy.swallow();
  const outcome = await track('alone', ['--url', proxy.url, '--wait', '0.2', '--', 'sh', '-c', 'echo done; exit 4']);
  expect(outcome).toMatchObject({ code: 4, stdout: 'done\n', stderr: expect.stringContaining('did not take the end') });
});

test('what waits for a silent server when the command ends is on stdout all the same', async () => {
  await using proxy = await startProxy(server.url);
  proxy.swallow();
  const script = 'head -c 1150000 /dev/zero | tr "\\0" x; echo end';
  const { code, stdout } = await track('tail', ['--url', proxy.url, '--wait', '0.2', '--', 'sh', '-c', script]);
  expect([code, stdout.length, stdout.endsWith('xend\n')]).toEqual([0, 1_150_004, true]);
});

test('a server that does not want it changes nothing for the command', async () => {
  const outcome = await track('titled', ['--title', 'x'.repeat(600), '--', 'echo', 'done']);
  expect(outcome).toMatchObject({ code: 0, stdout: 'done\n', stderr: expect.stringContaining('is not reported on: ') });
});

test('a server that is killed and comes back has all of it', async () => {
  await using process = await startProcess();
  await using command = start(['track', 'through', '--', 'cat'], { env: { SPACEDOCK_URL: process.url } });
  command.write('before é\n');
  {
    await using someone = connectPerson(process.url);
    await followOutput(someone.connection, 'through').until('before é\n');
  }
  await process.kill();
  command.write('while it was away\n');
  await command.until(/away\n/);
  await process.restart();
  command.write('after\n');
  command.endInput();
  expect(await command.ended).toMatchObject({ code: 0, stdout: 'before é\nwhile it was away\nafter\n' });
  await using someone = connectPerson(process.url);
  expect(await someone.job('through')).toMatchObject({ status: 'COMPLETED', attempt: 1 });
  expect(await followOutput(someone.connection, 'through').whole).toBe('before é\nwhile it was away\nafter\n');
});

test('output beyond what the server takes does not stop the command', async () => {
  await using small = await startServer({ env: { MAX_OUTPUT_BYTES: '1000' } });
  const input = readFileSync(import.meta.filename, 'utf8').repeat(3);
  const outcome = await run(['track', 'much', '--', 'cat'], { env: { SPACEDOCK_URL: small.url }, input });
  expect(outcome).toMatchObject({ code: 0, stdout: input, stderr: expect.stringContaining('is not taken any more') });
  await using someone = connectPerson(small.url);
  expect(await someone.job('much')).toMatchObject({ status: 'COMPLETED' });
});
