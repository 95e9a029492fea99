import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgressReporter, type ProgressReporter } from '../../client/sdk/index.ts';
import { connectPerson, type Person } from '../help/person.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { type CommandOptions, run, start } from './command.ts';

let server: TestServer;
let person: Person;
let reporter: ProgressReporter;
beforeAll(async () => {
  server = await startServer();
  person = connectPerson(server.url);
  reporter = createProgressReporter({ url: server.url });
});
afterAll(async () => {
  await reporter.close();
  await person[Symbol.asyncDispose]();
  await server.close();
});

const watch = (job: string, args: string[] = [], options: CommandOptions = {}) =>
  start(['watch', job, ...args], { env: { SPACEDOCK_URL: server.url }, ...options });

test('in a pipe output is on stdout as it comes and as it is, and how it goes on stderr', async () => {
  await reporter.report('pipe', 'writing', 0.5);
  await using command = watch('pipe');
  await reporter.reportOutput('pipe', 'Once \u001b[1mupon');
  await command.until(/^Once .*upon$/);
  await reporter.reportOutput('pipe', ' a time\r\n');
  await command.until(/ a time\r\n$/);
  await reporter.reportComplete('pipe');
  const { code, stdout, stderr } = await command.ended;
  expect([code, stdout]).toEqual([0, 'Once \u001b[1mupon a time\r\n']);
  expect(stderr).toMatch(/^RUNNING 50 % writing\nCOMPLETED after /);
});

test.each([
  ['text that was streamed', 'Dear all,\n', 'Dear all,', 'Dear all,\n'],
  ['JSON that was streamed', '{\n "a": [1]}\n', { a: [1] }, '{\n "a": [1]}\n'],
  ['another result', 'thinking', { a: 1 }, 'thinking\n{\n  "a": 1\n}\n'],
  ['a result alone', '', 'fine', 'fine\n'],
])('%s is told once', async (what, output, result, stdout) => {
  const job = what.replaceAll(' ', '-');
  if (output) void reporter.reportOutput(job, output);
  await reporter.reportComplete(job, result);
  await using command = watch(job);
  expect(await command.ended).toMatchObject({ code: 0, stdout });
});

test('a job that is not there yet is waited for, and that is told', async () => {
  await using command = watch('later');
  await command.until(/^There is no job later yet: waiting for its first report\n/, 'stderr');
  await reporter.reportComplete('later', 'fine');
  expect(await command.ended).toMatchObject({ code: 0, stdout: 'fine\n' });
});

test('a script can have the result alone, or the whole job', async () => {
  void reporter.reportOutput('script', 'thinking\n');
  await reporter.reportComplete('script', { a: 1 });
  const [alone, whole] = await Promise.all([watch('script', ['--no-output']).ended, watch('script', ['--json']).ended]);
  expect(JSON.parse(alone.stdout)).toEqual({ a: 1 });
  expect(JSON.parse(whole.stdout)).toMatchObject({ id: 'script', result: { a: 1 } });
});

test('another attempt begins on a line of its own, and its output alone may be the result', async () => {
  await reporter.reportOutput('twice', 'first tr');
  await using command = watch('twice');
  await command.until(/first tr$/);
  void reporter.start('twice', { restart: true });
  void reporter.reportOutput('twice', 'second');
  await command.until(/second$/);
  await reporter.reportComplete('twice', 'second');
  const { stdout, stderr } = await command.ended;
  expect(stdout).toBe('first tr\nsecond');
  expect(stderr).toContain('attempt 2: the output begins anew\n');
});

test('on a terminal it is above the bar, in whole lines and without control sequences', async () => {
  await reporter.report('terminal', 'writing', 0.5);
  await using command = watch('terminal', [], { terminal: true });
  await command.until(/50 % writing/);
  for (const text of ['Once ', 'upon\u001b[2J', ' a time\r\nthere ', 'was'])
    await reporter.reportOutput('terminal', text);
  await command.until(/was/);
  await reporter.reportComplete('terminal', 'fine');
  const { code, stdout } = await command.ended;
  expect(code).toBe(0);
  expect(screen(stdout)).toEqual([
    'Once upon a time',
    'there was',
    expect.stringMatching(/^COMPLETED after /),
    'fine',
    '',
  ]);
});

test('words of a program reach who watches while it runs', async () => {
  await person.space('story');
  const program = `printf 'Once '; sleep 0.2; printf 'upon\\n'; echo '::progress 0.5 half'; read request; echo 'a time'`;
  const env = { SPACEDOCK_URL: server.url };
  await using app = start(['app', '--spaces', 'story', '--exec', program], { env });
  await app.until(/Registration successful\n/);
  const { code, stdout } = await run(['submit', 'story', '--prompt', 'x', '--watch'], { env });
  expect([code, stdout]).toEqual([0, 'Once upon\na time\n']);
});

/** What a terminal shows in the end of what was written to it, by lines: of its movements those that a bar makes. */
function screen(written: string): string[] {
  const lines = [''];
  let column = 0;
  let saved = { line: 0, column: 0 };
  let at = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is read
  for (const [token] of written.matchAll(/\u001b\[\??[\d;]*[A-Za-z]|\u001b[78]|./gsu)) {
    const line = lines[at] ?? '';
    if (token === '\n') lines[++at] ??= '';
    else if (token === '\r' || token === '\u001b[1G') column = 0;
    else if (token === '\u001b7') saved = { line: at, column };
    else if (token === '\u001b8') [at, column] = [saved.line, saved.column];
    else if (token === '\u001b[0K') lines[at] = line.slice(0, column);
    else if (token === '\u001b[2K') lines[at] = '';
    else if (!token.startsWith('\u001b'))
      lines[at] = line.slice(0, column).padEnd(column) + token + line.slice(++column);
  }
  return lines;
}
