import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../help/server.ts';
import { type CommandOptions, type RunningCommand, run, start } from './command.ts';

const talkative = `python3 '${join(import.meta.dirname, 'programs/talkative.py')}'`;

let server: TestServer;
let scratch: string;
let app: RunningCommand | undefined;

beforeEach(async () => {
  server = await startServer();
  scratch = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
});

afterEach(async () => {
  await app?.[Symbol.asyncDispose]();
  app = undefined;
  await server.close();
  await rm(scratch, { recursive: true });
});

const spacedock = (args: string[], options: CommandOptions = {}) =>
  run(args, { ...options, env: { SPACEDOCK_URL: server.url, ...options.env } });
const begin = (args: string[], options: CommandOptions = {}) =>
  start(args, { ...options, env: { SPACEDOCK_URL: server.url, ...options.env } });

async function serve(space: string[], how: string[]) {
  await spacedock(['space', 'create', 'words', ...space]);
  app = begin(['app', '--spaces', 'words', ...how], { env: { TMPDIR: scratch } });
  await app.until(/Registration successful\n/);
}

const jobOf = async (id: string) => JSON.parse((await spacedock(['job', id, '--json'])).stdout);

test('a submit prints the id of its job, and watch its result', async () => {
  await serve([], ['--exec', 'cat']);
  const { code, stdout, stderr } = await spacedock(['submit', 'words', '--prompt', 'hello']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^words\.[0-9a-f-]{36}\n$/);

  const watched = await spacedock(['watch', stdout.trim()]);
  expect(watched.code).toBe(0);
  expect(JSON.parse(watched.stdout)).toMatchObject({ job: stdout.trim(), prompt: 'hello' });
  expect(watched.stderr).toMatch(/^(RUNNING .*\n)*COMPLETED after .* s\n$/);
});

test('in a pipe the way is told in plain lines on stderr, and only the result is on stdout', async () => {
  await serve([], ['--exec', talkative]);
  const prompt = 'print ::progress 0.5 reading page one\\n{"words": 2, "confidence": 0.75}';
  const { code, stdout, stderr } = await spacedock(['submit', 'words', '--prompt', prompt, '--watch']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ words: 2, confidence: 0.75 });
  expect(stderr).toMatch(/^Job words\.\S+\n/);
  expect(stderr).toMatch(/\nCOMPLETED after [\d.]+ s, confidence 75 %\n$/);
  expect(stderr).not.toContain('\u001b');
});

test('text is printed as text', async () => {
  await serve([], ['--exec', 'echo "Dear all,"']);
  expect((await spacedock(['submit', 'words', '--prompt', 'x', '--watch'])).stdout).toBe('Dear all,\n');
});

test('on a terminal there is a progress bar', async () => {
  await serve([], ['--seconds', '1']);
  const { code, stdout } = await spacedock(['submit', 'words', '--prompt', 'x', '--watch'], {
    terminal: true,
    input: undefined,
  });
  expect(code).toBe(0);
  expect(stdout).toMatch(/RUNNING.*█+░*.*thinking/s);
  expect(stdout).toContain('\u001b[32mCOMPLETED');
});

test('the exit code tells the outcome: 1 failed', async () => {
  await serve([], ['--exec', talkative]);
  const { code, stdout, stderr } = await spacedock(['submit', 'words', '--prompt', 'exit 3', '--watch']);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(
    /FAILED.*The program ended with exit code 3: a traceback\nValueError: no such model \(PROGRAM_FAILED\)\n$/,
  );
});

test('the exit code tells the outcome: 3 cancelled', async () => {
  await spacedock(['space', 'create', 'words', '--when-offline', 'queue']);
  await using command = begin(['submit', 'words', '--prompt', 'x', '--watch']);
  const [, id] = /Job (\S+)\n/.exec(await command.until(/QUEUED place 1/, 'stderr')) as RegExpExecArray;
  expect(await spacedock(['cancel', id as string])).toMatchObject({ code: 0, stdout: 'CANCELLED\n' });
  expect(await command.ended).toMatchObject({ code: 3, stdout: '' });
});

test('the exit code tells the outcome: 4 timed out', async () => {
  await spacedock(['space', 'create', 'words', '--when-offline', 'queue', '--max-queue-seconds', '1']);
  const { code, stderr } = await spacedock(['submit', 'words', '--prompt', 'x', '--watch']);
  expect(code).toBe(4);
  expect(stderr).toContain('TIMED_OUT');
});

test('refusals have exit code 2, their code and what to do', async () => {
  await spacedock(['space', 'create', 'words', '--accept', 'image/*']);
  const refused = async (args: string[]) => {
    const { code, stdout, stderr } = await spacedock(args);
    expect([code, stdout]).toEqual([2, '']);
    return stderr;
  };
  await writeFile(join(scratch, 'a.txt'), 'text');
  expect(await refused(['submit', 'words', '--prompt', 'x'])).toMatch(
    /SPACE_NOT_CONNECTED\)\n.*app --spaces words\).*space update words --when-offline queue/,
  );
  expect(await refused(['submit', 'wordz', '--prompt', 'x'])).toMatch(/did you mean "words".*NOT_FOUND/);
  expect(await refused(['job', 'words.nope'])).toMatch(/There is no job words.nope.\n.*: spacedock jobs words\n$/);
  for (const command of ['watch', 'cancel', 'retry'])
    expect(await refused([command, 'words.nope'])).toMatch(/NOT_FOUND\)\n.*: spacedock jobs words\n$/);
  app = begin(['app', '--spaces', 'words']);
  await app.until(/Registration successful\n/);
  expect(await refused(['submit', 'words', '--file', join(scratch, 'a.txt')])).toMatch(
    /FILE_TYPE_NOT_ACCEPTED\)\n.*space list --json/,
  );
});

test('the same idempotency key is the same job, and another input under it a conflict', async () => {
  await spacedock(['space', 'create', 'words', '--when-offline', 'queue']);
  const submit = (prompt: string) => spacedock(['submit', 'words', '--prompt', prompt, '--idempotency-key', 'k']);
  const first = await submit('x');
  expect(await submit('x')).toEqual(first);
  expect(await submit('y')).toMatchObject({ code: 2, stderr: expect.stringContaining('CONFLICT') });
});

test('files go in and come back, also under one name, and overwrite nothing', async () => {
  await serve(['--accept', '*/*'], ['--exec', talkative]);
  await writeFile(join(scratch, 'a.txt'), 'mine');
  const out = join(scratch, 'out');
  for (const round of ['', '-2']) {
    const saved = await spacedock([
      'submit',
      'words',
      '--prompt',
      'files',
      '--file',
      join(scratch, 'a.txt'),
      '--out',
      out,
    ]);
    expect(saved.code).toBe(0);
    expect(saved.stderr).toContain(join(out, `a${round}.txt`));
    expect(await readFile(join(out, `a${round}.txt`), 'utf8')).toBe('first');
    expect(await readFile(join(out, `plots-b${round}.txt`), 'utf8')).toBe('second');
  }
  expect(await readdir(out)).toHaveLength(4);
});

test('files of the result are mentioned with name, type and size, and can be saved later', async () => {
  await serve([], ['--exec', talkative]);
  const { stderr } = await spacedock(['submit', 'words', '--prompt', 'files', '--watch']);
  const [, id] = /^Job (\S+)\n/.exec(stderr) as RegExpExecArray;
  expect(stderr).toContain(
    `file a.txt (text/plain, 5 B)\nfile plots-b.txt (text/plain, 6 B)\nSave with: spacedock job ${id} --out DIR\n`,
  );
  const out = join(scratch, 'out');
  expect((await spacedock(['job', id as string])).stdout).toContain('a.txt (text/plain, 5 B)');
  expect(await spacedock(['job', id as string, '--out', out])).toMatchObject({
    code: 0,
    stderr: `saved ${join(out, 'a.txt')}\nsaved ${join(out, 'plots-b.txt')}\n`,
  });
  expect(await readFile(join(out, 'plots-b.txt'), 'utf8')).toBe('second');
});

test('a long result does not flood a terminal, and is whole in a pipe', async () => {
  const words = Array.from({ length: 300 }, (_, index) => `word${index}`);
  await writeFile(join(scratch, 'result.json'), JSON.stringify({ text: 'Dear all,', words }));
  await serve([], ['--exec', `cat '${scratch}/result.json'`]);
  const submit = (terminal: boolean) => spacedock(['submit', 'words', '--prompt', 'x', '--watch'], { terminal });
  const shown = (await submit(true)).stdout;
  expect(shown).toMatch(
    /COMPLETED.*\r\nDear all,\r\n.*Beside this text: words \(300\)\. All of it: spacedock job words\./s,
  );
  expect(shown).not.toContain('word299');
  expect(JSON.parse((await submit(false)).stdout)).toEqual({ text: 'Dear all,', words });
});

test('a value that an enum does not have is refused with those that it has', async () => {
  const schema = '{"type":"object","properties":{"mode":{"enum":["fast","slow"]}}}';
  await serve(['--parameters', schema], ['--exec', 'cat']);
  expect(await spacedock(['submit', 'words', '--parameters', 'mode=quick'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      'input.parameters.mode: must be equal to one of the allowed values: "fast", "slow"',
    ),
  });
});

test('a prompt can come from stdin, and parameters as pairs', async () => {
  const schema = '{"type":"object","properties":{"steps":{"type":"integer"},"on":{"type":"boolean"}}}';
  await serve(['--parameters', schema], ['--exec', 'cat']);
  const args = [
    'submit',
    'words',
    '--prompt',
    '-',
    '--parameters',
    'steps=3',
    '--parameters',
    'on=true',
    '--watch',
    '--json',
  ];
  const { stdout } = await spacedock(args, { input: 'several\nlines' });
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'COMPLETED',
    result: { prompt: 'several\nlines', parameters: { steps: 3, on: true } },
  });
  const wrong = await spacedock(['submit', 'words', '--prompt', 'x', '--parameters', 'steps=many']);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('steps') });
});

test('Ctrl-C stops the watching and not the job, and says how to go on', async () => {
  await spacedock(['space', 'create', 'words', '--when-offline', 'queue']);
  await using command = begin(['submit', 'words', '--prompt', 'x', '--watch']);
  const [, id] = /Job (\S+)\n/.exec(await command.until(/QUEUED place 1/, 'stderr')) as RegExpExecArray;
  command.signal('SIGINT');
  const { code, stdout, stderr } = await command.ended;
  expect([code, stdout]).toEqual([130, '']);
  expect(stderr).toContain(
    `the job goes on.\nWatch it again: spacedock watch ${id}\nCancel it: spacedock cancel ${id}\n`,
  );
  expect((await jobOf(id as string)).status).toBe('QUEUED');
});

test('a job can be looked at, and tried again', async () => {
  await serve([], ['--exec', 'echo fine']);
  const id = (await spacedock(['submit', 'words', '--prompt', 'x'])).stdout.trim();
  await spacedock(['watch', id]);
  const card = await spacedock(['job', id]);
  expect(card.stdout).toMatch(new RegExp(`^${id}\nStatus +COMPLETED\n`));
  expect(card.stdout).toMatch(/\nPrompt +x\n.*\nResult +fine\nWhat happened\n +20\S+ +QUEUED/s);
  expect(await jobOf(id)).toMatchObject({ id, status: 'COMPLETED', result: 'fine' });
  expect(await spacedock(['cancel', id])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(`JOB_FINISHED\\)\n.*spacedock retry ${id}\n$`),
  });

  const again = await spacedock(['retry', id]);
  expect(again.stdout).toMatch(/^words\./);
  expect(again.stdout.trim()).not.toBe(id);
  expect(await spacedock(['retry', id, '--watch'])).toMatchObject({ code: 0, stdout: 'fine\n' });
});

test('priority goes before order', async () => {
  await spacedock(['space', 'create', 'words', '--when-offline', 'queue']);
  const submit = async (priority: string) =>
    (await spacedock(['submit', 'words', '--prompt', 'x', '--priority', priority])).stdout.trim();
  const [first, low, high] = [await submit('0'), await submit('-5'), await submit('5')];
  const places = await Promise.all([first, low, high].map(async (id) => (await jobOf(id as string)).queuePosition));
  expect(places).toEqual([2, 3, 1]);
});
