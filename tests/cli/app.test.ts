import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask } from '../help/client.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { type RunningCommand, run, start } from './command.ts';
import { alive, gone } from './tools.ts';

const programs = join(import.meta.dirname, 'programs');
const examples = join(import.meta.dirname, '../../client/examples/exec');
const samples = join(import.meta.dirname, '../../client/examples/ocr/samples');

let server: TestServer;
/** Where the apps of a test keep their temporary files. */
let scratch: string;
let app: RunningCommand | undefined;

beforeEach(async () => {
  server = await startServer({ env: { KEEPALIVE_SECONDS: '5' } });
  scratch = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
  await spacedock('space', 'create', 'words', '--accept', '*/*');
});

afterEach(async () => {
  await app?.[Symbol.asyncDispose]();
  app = undefined;
  await server.close();
  await rm(scratch, { recursive: true });
});

const spacedock = (...args: string[]) => run(args, { env: { SPACEDOCK_URL: server.url } });
const submit = async (prompt: string, ...more: string[]) =>
  (await spacedock('submit', 'words', '--prompt', prompt, ...more)).stdout.trim();
const submitAndWatch = async (prompt: string, ...more: string[]) =>
  JSON.parse((await spacedock('submit', 'words', '--prompt', prompt, '--watch', '--json', ...more)).stdout);

async function serve(...how: string[]): Promise<RunningCommand> {
  app = start(['app', '--host', server.url, '--spaces', 'words', ...how], { env: { TMPDIR: scratch } });
  await app.until(/^Registration successful\n/m);
  return app;
}

const pidsIn = (said: string) => /pids (\d+) (\d+)/.exec(said)?.slice(1).map(Number) as number[];

/** The app after SIGTERM. */
async function drained() {
  app?.signal('SIGTERM');
  return app?.ended;
}

test('the demo app says exactly what scripts wait for, and repeats what it was sent', async () => {
  await serve('--seconds', '0.5');
  const file = join(scratch, 'a.txt');
  await writeFile(file, 'hello');
  const job = await submitAndWatch('a prompt', '--file', file);
  expect(job).toMatchObject({
    status: 'COMPLETED',
    progress: 1,
    result: { prompt: 'a prompt', files: [{ name: 'a.txt', type: 'text/plain', size: 5 }] },
  });
  expect(job.events.map(({ stage }: { stage: string }) => stage)).toContain('thinking');
  expect(await drained()).toEqual({
    code: 0,
    stdout: 'Registration successful\n[REQUEST] New inference request received\n[RESULT] Result sent\n',
    stderr: `Serving words at ${server.url} with the demo app, which has no model: 0.5 s of simulated work
Submit with: spacedock submit words --prompt TEXT --watch --url ${server.url} (files with --file)
`,
  });
});

test('a program is named at the start, with how it is run', async () => {
  const running = await serve('--exec', 'cat');
  expect(await running.until(/\n/, 'stderr')).toContain(' with this program, run once per request: cat\n');
});

test('an app that leaves says neither that it registered nor that it takes more, and status shows it leaving', async () => {
  const running = await serve('--exec', 'echo begun; sleep 600', '--kill-after', '0.1');
  await submit('x');
  await running.until(/REQUEST/);
  await using watching = start(['status', 'words', '--watch'], { env: { SPACEDOCK_URL: server.url } });
  await watching.until(/connected, 1 app, 1 of 1 busy/);
  running.signal('SIGTERM');
  await watching.until(/leaving, takes no more, 1 finishing, 0 queued/);
  const { stdout } = await spacedock('status', 'words');
  expect(stdout).toMatch(/^words: leaving, takes no more, 1 finishing, 0 queued\n.*\n.*leaving +1 finishing /);
  running.signal('SIGTERM');
  expect((await running.ended).stdout.match(/Registration/g)).toHaveLength(1);
});

test('--verbose adds ids, prompts, files and times', async () => {
  await serve('--seconds', '0.1', '--verbose');
  const id = await submit('a prompt');
  const output = await (app as RunningCommand).until(/Result sent\n {2}.*after.*\n/);
  expect(output).toMatch(
    /\[REQUEST\] New inference request received\n {2}job words\.\S+ in words, attempt 1.*\n {2}prompt: a prompt\n/,
  );
  expect(output).toContain(`  ${id} after 0.`);
});

test('SIGTERM lets the request in hand finish', async () => {
  const running = await serve('--seconds', '1');
  const id = await submit('x');
  await running.until(/REQUEST/);
  running.signal('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/\[RESULT\] Result sent\n$/) });
  expect((await spacedock('watch', id)).code).toBe(0);
});

test('a space that is not there ends the app, naming the nearest', async () => {
  const { code, stdout, stderr } = await spacedock('app', '--url', server.url, '--spaces', 'wordz');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/error: .*did you mean "words".*NOT_FOUND/);
  expect(stderr.match(/did you mean/g)).toHaveLength(1);
});

test('an app that an administrator disconnects says so, and does not blame its token', async () => {
  app = start(['app', '--host', server.url, '--spaces', 'words'], { env: { SPACEDOCK_TOKEN: 'any' } });
  await app.until(/^Registration successful\n/m);
  const { remoteApps } = await ask<{ remoteApps: { id: string }[] }>(server, '{ remoteApps { id } }');
  await ask(server, 'mutation ($id: ID!) { disconnectApp(id: $id) }', { id: remoteApps[0]!.id });
  const { code, stderr } = await app.ended;
  expect(code).toBe(2);
  expect(stderr).toContain('error: An administrator disconnected this remote app\nIts work went to others.');
  expect(stderr).not.toContain('SPACEDOCK_TOKEN');
});

test('--exec: a Python program serves a space, with files both ways', async () => {
  await serve('--exec', `python3 '${examples}/infer.py'`);
  const out = join(scratch, 'out');
  const job = await submitAndWatch('to be or not to be', '--file', `${samples}/clean-scan.png`, '--out', out);
  expect(job).toMatchObject({
    status: 'COMPLETED',
    confidence: 1,
    result: {
      prompt: { words: 6, distinct: 4 },
      files: { 'clean-scan.png': { width: expect.any(Number), height: expect.any(Number) } },
    },
    files: [{ name: 'report.json' }],
  });
  expect(await readdir(out)).toEqual(['report.json']);
  await drained();
  expect(await readdir(scratch)).toEqual(['out']);
});

test('--exec: a failing program fails its job with the end of stderr, and the app goes on', async () => {
  const running = await serve('--exec', `python3 '${programs}/talkative.py'`);
  expect(await submitAndWatch('exit 3')).toMatchObject({
    status: 'FAILED',
    attempt: 1,
    error: { code: 'PROGRAM_FAILED', message: expect.stringContaining('ValueError: no such model') },
  });
  expect(await submitAndWatch('print fine')).toMatchObject({ status: 'COMPLETED', result: 'fine' });
  expect(await submitAndWatch('exit 75')).toMatchObject({ status: 'FAILED', attempt: 2 });
  expect(await running.until(/FAILED/, 'stderr')).toContain('a traceback\nValueError');
});

test('--exec: a cancel ends the whole process group and is confirmed', async () => {
  await serve('--exec', `python3 '${programs}/stubborn.py'; true`, '--kill-after', '0.3', '--verbose');
  await using watching = start(['submit', 'words', '--prompt', 'x', '--watch', '--json'], {
    env: { SPACEDOCK_URL: server.url },
  });
  const said = await watching.until(/running: pids \d+ \d+/, 'stderr');
  const pids = pidsIn(said);
  expect(pids.map(alive)).toEqual([true, true]);
  await spacedock('cancel', /Job (\S+)/.exec(said)?.[1] as string);

  const { code, stdout } = await watching.ended;
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ status: 'CANCELLED', cancellation: { confirmedAt: expect.any(String) } });
  await app?.until(/CANCELLED/, 'stderr');
  expect(pids.map(alive)).toEqual([false, false]);
  await drained();
  expect(await readdir(scratch)).toEqual([]);
});

test('--exec: a second SIGTERM ends what runs, and the job goes back', async () => {
  const running = await serve('--exec', `python3 '${programs}/stubborn.py'; true`, '--kill-after', '0.3');
  await using watching = start(['submit', 'words', '--prompt', 'x', '--watch'], { env: { SPACEDOCK_URL: server.url } });
  const said = await watching.until(/running: pids \d+ \d+/, 'stderr');
  const pids = pidsIn(said);
  running.signal('SIGTERM');
  await running.until(/Finishing 1 in hand/, 'stderr');
  running.signal('SIGTERM');
  expect((await running.ended).code).toBe(0);
  expect(pids.map(alive)).toEqual([false, false]);
  expect(await readdir(scratch)).toEqual([]);
  await watching.until(/QUEUED/, 'stderr');
});

test('--keep: one Python process serves several requests at once', async () => {
  await serve('--keep', `python3 '${programs}/kept.py'`, '--capacity', '4', '--verbose');
  const first = await submitAndWatch('pid');
  expect(first).toMatchObject({ status: 'COMPLETED', confidence: 0.5, message: 'here it is' });
  const held = [await submit('hold'), await submit('hold'), await submit('hold')];
  await (app as RunningCommand).until(/(REQUEST.*){4}/s);
  expect((await submitAndWatch('release')).result).toBe(3);
  for (const id of held) expect((await spacedock('watch', id)).code).toBe(0);
  expect((await submitAndWatch('pid')).result).toEqual(first.result);
  expect((await submitAndWatch('progress')).files).toMatchObject([{ name: 'out.txt', size: 4 }]);
  expect(await drained()).toMatchObject({ code: 0 });
  expect(alive(first.result.pid)).toBe(false);
  expect(await readdir(scratch)).toEqual([]);
});

test('leaving in a hurry takes a stubborn program and its files along', async () => {
  const running = await serve('--keep', `python3 '${programs}/stubborn.py'`);
  const pids = pidsIn(await running.until(/pids \d+ \d+/, 'stderr'));
  running.signal('SIGTERM');
  await running.until(/Ending the program/, 'stderr');
  expect(pids.map(alive)).toEqual([true, true]);
  running.signal('SIGTERM');
  expect((await running.ended).code).toBe(130);
  await Promise.all(pids.map(gone));
  expect(await readdir(scratch)).toEqual([]);
});

test('a terminal that closes takes the program along', async () => {
  const args = ['app', '--host', server.url, '--spaces', 'words', '--keep', `python3 '${programs}/stubborn.py'`];
  await using running = start(args, { env: { TMPDIR: scratch }, terminal: true });
  const pids = pidsIn(await running.until(/pids \d+ \d+/));
  running.signal('SIGKILL');
  await Promise.all(pids.map(gone));
});

test('--keep: a program that dies is started again, and its job tried again', async () => {
  await serve('--keep', `python3 '${programs}/kept.py'`);
  const { result } = await submitAndWatch('pid');
  expect(await submitAndWatch('die')).toMatchObject({
    status: 'FAILED',
    attempt: 2,
    error: { code: 'PROGRAM_FAILED', message: expect.stringContaining('exit code 9: out of memory') },
  });
  expect((await submitAndWatch('pid')).result.pid).not.toBe(result.pid);
});

test('--keep: a cancel stops the work and leaves the program', async () => {
  await serve('--keep', `python3 '${programs}/kept.py'`);
  const { result } = await submitAndWatch('pid');
  await using watching = start(['submit', 'words', '--prompt', 'hold', '--watch'], {
    env: { SPACEDOCK_URL: server.url },
  });
  const said = await watching.until(/held/, 'stderr');
  await spacedock('cancel', /Job (\S+)/.exec(said)?.[1] as string);
  expect((await watching.ended).code).toBe(3);
  expect((await submitAndWatch('pid')).result).toEqual(result);
});

test('--keep: the Python example serves a space', async () => {
  await serve('--keep', `python3 '${examples}/keep.py'`, '--capacity', '2');
  expect(await submitAndWatch('360')).toMatchObject({ result: { 360: [2, 2, 2, 3, 3, 5] } });
  expect(await submitAndWatch('none')).toMatchObject({ status: 'FAILED', error: { code: 'NO_NUMBERS' } });
});
