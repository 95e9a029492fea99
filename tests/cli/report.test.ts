import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectPerson, type Person } from '../help/person.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { type CommandOptions, run, start } from './command.ts';
import { followOutput } from './output-flow.ts';

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
const report = (job: string, args: string[], options: CommandOptions = {}) =>
  run(['report', job, ...args], { env: env(), ...options });
const begin = (job: string, args: string[]) => start(['report', job, ...args], { env: env() });

test('a script reports from the title to the result, and each report says how the job stands', async () => {
  const job = 'script';
  const first = await report(job, [
    '--title',
    'Nightly',
    '--stage',
    'compile',
    '--progress',
    '0.4',
    '--message',
    'main.c',
  ]);
  expect(first).toEqual({ code: 0, stdout: 'RUNNING 40 % compile: main.c\n', stderr: '' });
  expect(await report(job, ['--title', 'Other', '--stage', 'link', '--metadata', '{"files": 3}'])).toMatchObject({
    code: 0,
    stdout: 'RUNNING 40 % link\n',
  });
  expect(await person.job(job)).toMatchObject({ title: 'Nightly', attempt: 1, metadata: { files: 3 } });
  expect(await report(job, ['--complete', '{"url": "/builds/7"}', '--message', 'Built'])).toMatchObject({
    code: 0,
    stdout: 'COMPLETED 100 % complete: Built\n',
  });
  expect(await person.job(job)).toMatchObject({ result: { url: '/builds/7' } });
});

test('a failure, a result in words, and one job after the other under one id', async () => {
  expect((await report('again', ['--fail', 'no space left'])).stdout).toBe('FAILED 0 % no space left\n');
  const late = await report('again', ['--stage', 'x']);
  expect(late).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('spacedock report again --restart'),
  });
  expect(await report('again', ['--restart', '--complete', 'fine'])).toMatchObject({ code: 0 });
  expect(await person.job('again')).toMatchObject({ status: 'COMPLETED', attempt: 2, result: 'fine' });
});

test('[promise 2] a script whose job was begun anew by the next one is told, and changes nothing', async () => {
  const job = 'overlap';
  const [first, second] = [
    await report(job, ['--restart', '--stage', 'work', '--print-attempt']),
    await report(job, ['--restart', '--print-attempt']),
  ].map(({ stdout }) => stdout.trim());
  expect([first, second]).toEqual(['1', '2']);
  for (const late of [['--stage', 'late'], ['--complete', 'late'], ['--fail', 'late'], ['--cancelled']]) {
    expect(await report(job, ['--attempt', '1', ...late])).toMatchObject({
      code: 6,
      stdout: '',
      stderr: expect.stringMatching(
        /Attempt 1 of job overlap is over; it is at attempt 2 \(LEASE_LOST\)\n.*begun anew/,
      ),
    });
  }
  const input = 'line\n'.repeat(1000);
  const output = await report(job, ['--attempt', '1', '--tee'], { input });
  expect(output).toMatchObject({ code: 6, stdout: input, stderr: expect.stringContaining('LEASE_LOST') });
  expect(await report(job, ['--attempt', '2', '--stage', 'link'])).toMatchObject({
    code: 0,
    stdout: 'RUNNING 0 % link\n',
  });
  expect(await report(job, ['--attempt', '2', '--complete', 'second'])).toMatchObject({ code: 0 });
  expect(await person.job(job)).toMatchObject({ status: 'COMPLETED', attempt: 2, result: 'second' });
  // No report on an attempt of a job that is gone begins another.
  expect(await report('gone', ['--attempt', '2', '--stage', 'x'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('NOT_FOUND'),
  });
  await expect(person.job('gone')).rejects.toThrow();
});

test('a cancel is exit code 3 until the script has stopped, also when it is late', async () => {
  const job = 'unwanted';
  await report(job, ['--stage', 'work']);
  await person.cancel(job);
  const told = await report(job, ['--stage', 'work', '--progress', '0.5']);
  expect(told).toMatchObject({ code: 3, stdout: 'CANCELLING\n', stderr: expect.stringContaining('--cancelled') });
  expect(await report(job, ['--cancelled'])).toMatchObject({ code: 3, stdout: expect.stringMatching(/^CANCELLED /) });
  expect(await report(job, ['--stage', 'still'])).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(/^CANCELLED /),
  });
});

test('stdin is streamed as it comes, in whole characters, and goes on to stdout', async () => {
  const job = 'stream';
  await using command = begin(job, ['--tee']);
  const flow = followOutput(person.connection, job);
  command.write('one 😀 ');
  await flow.until('one 😀 ');
  const more = Buffer.from('two é!\n');
  command.write(more.subarray(0, 5));
  // With this the first half of é has been read, too.
  await command.until(/two $/);
  command.write(more.subarray(5));
  await flow.until('one 😀 two é!\n');
  command.endInput();
  expect(await command.ended).toMatchObject({ code: 0, stdout: 'one 😀 two é!\n', stderr: 'RUNNING 0 %\n' });
});

test('stdin, then the end, in one command; more than fits in memory at once passes at the pace of the server', async () => {
  const input = `${'0123456789abcdef'.repeat(2 ** 18)}é\n`;
  const { code, stdout } = await report('large', ['--output', '--complete', '[1]'], { input });
  expect([code, stdout]).toEqual([0, '']);
  expect(await followOutput(person.connection, 'large').whole).toBe(input);
  expect(await person.job('large')).toMatchObject({ status: 'COMPLETED', result: [1] });
});

test('a cancel ends the reading, and with it what writes', async () => {
  const job = 'endless';
  await using command = begin(job, ['--output']);
  command.write('y\n');
  await person.watch(job).take(({ status }) => status === 'RUNNING');
  await person.cancel(job);
  command.write('y\n');
  expect(await command.ended).toMatchObject({ code: 3, stderr: expect.stringMatching(/^CANCELLING\n/) });
});

test('a cancel that it was too silent to hear of ends the reading, too', async () => {
  const job = 'silent';
  await using command = begin(job, ['--output']);
  command.write('y\n');
  await person.watch(job).take(({ status }) => status === 'RUNNING');
  await person.cancel(job);
  await report(job, ['--cancelled']);
  command.write('y\n');
  expect(await command.ended).toMatchObject({ code: 3, stderr: expect.stringMatching(/^CANCELLED /) });
});

test('what the server refuses ends nothing that is passed on', async () => {
  await report('over', ['--complete']);
  const input = 'line\n'.repeat(50_000);
  const outcome = await report('over', ['--tee'], { input });
  expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('JOB_FINISHED') });
  expect(outcome.stdout).toBe(input);
});

test('a server that is not there is exit code 5, after the time that it was given', async () => {
  await using proxy = await startProxy(server.url);
  proxy.swallow();
  const outcome = await report('lost', ['--stage', 'x', '--wait', '0.2', '--url', proxy.url]);
  expect(outcome).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('within 0.2 s') });
});

test.each([
  [[], 'There is nothing to report'],
  [['--progress', '0.5'], '--progress needs a --stage'],
  [['--stage', 'x', '--progress', '40'], 'a number from 0 to 1'],
  [['--stage', 'x', '--metadata', '{a}'], 'It is not JSON'],
  [['--message', 'x'], '--message needs a --stage, or --complete'],
  [['--complete', '--fail', 'x'], 'cannot be used with'],
  [['--attempt', '0', '--stage', 'x'], 'whole number from 1'],
  [['--attempt', '1', '--restart'], 'cannot be used with'],
  [['--attempt', '1'], 'There is nothing to report'],
])('%j is refused: %s', async (args, words) => {
  expect(await report('wrong', args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) });
});

test('an id that is none is refused before anything is sent', async () => {
  expect(await report('a.b', ['--stage', 'x'])).toMatchObject({ code: 2, stderr: expect.stringContaining('A-Z a-z') });
});
