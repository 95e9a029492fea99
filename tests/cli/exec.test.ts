import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createExecRunner } from '../../client/cli/exec.ts';
import type { Runner } from '../../client/cli/runner.ts';
import type { HandlerResult, JobFailure, StoredFile } from '../../client/sdk/index.ts';
import { alive, recordingTools, request } from './tools.ts';

const programs = join(import.meta.dirname, 'programs');
const examples = join(import.meta.dirname, '../../client/examples/exec');
const talkative = `python3 '${programs}/talkative.py'`;

let runner: Runner | undefined;
let scratch: string;
let log = '';

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
});

afterEach(async () => {
  await runner?.close();
  runner = undefined;
  log = '';
  await rm(scratch, { recursive: true });
});

function exec(command: string, killAfterSeconds = 5) {
  runner = createExecRunner({ command, killAfterSeconds, onStderr: (text) => (log += text) });
  return (prompt: string, tools = recordingTools(), files: StoredFile[] = []) =>
    Promise.resolve(runner?.handler(request(prompt, { files }), tools.tools)) as Promise<HandlerResult>;
}

async function stored(name: string, type: string, content: string | Buffer): Promise<StoredFile> {
  const path = join(scratch, `${Math.random()}`);
  await writeFile(path, content);
  return { id: name, name, type, size: content.length, url: path };
}

test('a program gets the request as JSON, its files as local paths, and the directory for its own', async () => {
  process.env.SPACEDOCK_TOKEN = 'secret';
  const files = [await stored('a.txt', 'text/plain', 'one'), await stored('a.txt', 'text/plain', 'two')];
  const { result } = await exec(talkative)('echo', recordingTools(), files);
  delete process.env.SPACEDOCK_TOKEN;

  expect(result).toMatchObject({
    job: 'words.1',
    space: 'words',
    prompt: 'echo',
    parameters: null,
    attempt: 1,
    contents: ['one', 'two'],
    files: [
      { name: 'a.txt', type: 'text/plain', size: 3 },
      { name: 'a.txt', type: 'text/plain', size: 3 },
    ],
    environment: { SPACEDOCK_JOB: 'words.1', SPACEDOCK_TOKEN: null },
  });
  const { outputDir, environment } = result as { outputDir: string; environment: Record<string, string> };
  expect(environment.SPACEDOCK_OUTPUT_DIR).toBe(outputDir);
  expect(existsSync(outputDir)).toBe(false);
});

test('what a user sends never reaches the shell', async () => {
  const hostile = `echo $(touch ${scratch}/owned); \`touch ${scratch}/owned\` ' " && touch ${scratch}/owned`;
  const { result } = await exec(talkative)(hostile);
  expect(result).toMatchObject({ prompt: hostile });
  expect(existsSync(join(scratch, 'owned'))).toBe(false);
});

test('progress and messages are passed on while the program runs', async () => {
  const recording = recordingTools();
  await exec(talkative)('print ::progress 0.5 reading page\\nhello\\n[1]', recording);
  expect(recording.reported).toMatchObject([
    { stage: 'reading', progress: 0.5, message: 'page' },
    { stage: 'reading', progress: undefined, message: 'hello' },
  ]);
});

test('what is for people to read is streamed as it comes, and nothing else', async () => {
  const recording = recordingTools();
  const { result } = await exec(talkative)('print Once \\n::progress 0.5 telling\\n{"a":1}\\nupon', recording);
  expect(recording.output()).toBe('Once \nupon');
  expect(result).toEqual({ a: 1 });
});

test('a confidence in the result is the confidence, if it is one', async () => {
  const run = exec(talkative);
  expect(await run('print {"confidence": 0.75}')).toMatchObject({ result: { confidence: 0.75 }, confidence: 0.75 });
  expect((await run('print {"confidence": 75}')).confidence).toBeUndefined();
  expect((await run('print [1]')).confidence).toBeUndefined();
  expect(await run('print')).toMatchObject({ result: null });
});

test('regular files written to the output directory go back, stay until they were sent, and links stay home', async () => {
  const { files } = await exec(talkative)('files');
  const sent = await Promise.all(
    (files as { name: string; data: Blob }[]).map(async ({ name, data }) => [name, await data.text()]),
  );
  expect(sent).toEqual([
    ['a.txt', 'first'],
    ['plots-b.txt', 'second'],
  ]);
  await runner?.sent('words.1');
  await expect((files as { data: Blob }[])[0]?.data.text()).rejects.toThrow();
});

test('a non-zero exit fails the job with the end of stderr', async () => {
  const run = exec(talkative);
  await expect(run('exit 3')).rejects.toMatchObject({
    message: 'The program ended with exit code 3: a traceback\nValueError: no such model',
    details: { code: 'PROGRAM_FAILED', retryable: false, metadata: { exitCode: 3, signal: null } },
  });
});

test('exit code 75, a signal and a shell that saw one are worth another try', async () => {
  await expect(exec(talkative)('exit 75')).rejects.toMatchObject({ details: { retryable: true } });
  await runner?.close();
  await expect(exec(talkative)('kill')).rejects.toMatchObject({
    message: expect.stringMatching(/^The program was ended by SIGKILL/),
    details: { retryable: true },
  });
  await runner?.close();
  await expect(exec(`${talkative}; exit $?`)('kill')).rejects.toMatchObject({ details: { retryable: true } });
});

test('a command that does not exist fails the job with what the shell says', async () => {
  const failure = (await exec('no-such-program-here')('x').catch((error) => error)) as JobFailure;
  expect(failure.message).toMatch(/exit code 127: .*no-such-program-here/);
  expect(log).toMatch(/The shell found no such command: give its full path/);
});

test('a program that does not read its stdin is no trouble', async () => {
  expect(await exec('echo fine')('x'.repeat(1_000_000))).toMatchObject({ result: 'fine' });
});

test('more text than a result may have is refused, not cut', async () => {
  await expect(exec(talkative)('flood 5000000')).rejects.toMatchObject({ details: { code: 'PAYLOAD_TOO_LARGE' } });
});

test('a cancel ends the whole process group, also one that ignores SIGTERM', async () => {
  const recording = recordingTools();
  const run = exec(`python3 '${programs}/stubborn.py'; true`, 0.3)('x', recording);
  const { message } = await recording.until((report) => report.message?.startsWith('pids') ?? false);
  const pids = message?.split(' ').slice(1).map(Number) as number[];
  expect(pids.map(alive)).toEqual([true, true]);
  recording.cancel();
  await expect(run).rejects.toThrow('cancelled');
  expect(pids.map(alive)).toEqual([false, false]);
});

test('what a program leaves behind in its group is ended with it', async () => {
  const { result } = await exec('sleep 600 & echo $!')('x');
  expect(alive(result as number)).toBe(false);
});

test('closing ends what runs, and nothing stays on disk', async () => {
  const recording = recordingTools();
  const command = `echo "dir $SPACEDOCK_OUTPUT_DIR"; sleep 600`;
  const run = exec(command)('x', recording);
  const failed = run.catch((error) => error);
  const { message } = await recording.until((report) => report.message?.startsWith('dir') ?? false);
  const directory = message?.slice(4) as string;
  expect(existsSync(directory)).toBe(true);
  await runner?.close();
  expect(await failed).toMatchObject({ details: { code: 'APP_STOPPED', retryable: true } });
  expect(existsSync(join(directory, '../..'))).toBe(false);
});

test('a request that was cancelled while its files came never starts the program', async () => {
  const recording = recordingTools();
  recording.cancel();
  await expect(exec(`touch '${scratch}/started'`)('x', recording)).rejects.toThrow('cancelled');
  expect(existsSync(join(scratch, 'started'))).toBe(false);
});

test('the example counts words and measures an image', async () => {
  const png = await readFile(join(import.meta.dirname, '../../client/examples/ocr/samples/clean-scan.png'));
  const files = [
    await stored('scan.png', 'image/png', png),
    await stored('poem.txt', 'text/plain', 'to be or not to be'),
  ];
  const recording = recordingTools();
  const {
    result,
    confidence,
    files: sent,
  } = await exec(`python3 '${examples}/infer.py'`)('One two two', recording, files);
  expect(result).toMatchObject({
    prompt: {
      words: 3,
      distinct: 2,
      common: [
        ['two', 2],
        ['one', 1],
      ],
    },
    files: {
      'scan.png': { width: png.readUInt32BE(16), height: png.readUInt32BE(20) },
      'poem.txt': { words: 6, distinct: 4 },
    },
  });
  expect(confidence).toBe(1);
  expect(recording.reported.map(({ stage }) => stage)).toEqual(['reading', 'reading', 'writing']);
  expect(sent).toHaveLength(1);
});
