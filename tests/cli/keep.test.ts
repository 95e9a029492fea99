import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createKeepRunner } from '../../client/cli/keep.ts';
import type { Runner } from '../../client/cli/runner.ts';
import type { HandlerResult } from '../../client/sdk/index.ts';
import { alive, recordingTools, request } from './tools.ts';

const kept = `python3 '${join(import.meta.dirname, 'programs/kept.py')}'`;
const example = `python3 '${join(import.meta.dirname, '../../client/examples/exec/keep.py')}'`;

let runner: Runner | undefined;
let log = '';

afterEach(async () => {
  await runner?.close();
  runner = undefined;
  log = '';
});

function keep(command: string, killAfterSeconds = 5) {
  const started = createKeepRunner({ command, killAfterSeconds, onStderr: (text) => (log += text) });
  runner = started;
  return (prompt: string, tools = recordingTools(), id = 'words.1') =>
    Promise.resolve(started.handler(request(prompt, { id }), tools.tools)) as Promise<HandlerResult>;
}

test('one process answers every request', async () => {
  const run = keep(kept);
  const [first, second] = [await run('pid'), await run('pid')];
  expect(first).toMatchObject({ confidence: 0.5, message: 'here it is', result: { pid: expect.any(Number) } });
  expect(second.result).toEqual(first.result);
});

test('progress, other output for the operator, and files', async () => {
  const recording = recordingTools();
  const { result, files } = await keep(kept)('progress', recording);
  expect(recording.reported).toMatchObject([{ stage: 'half', progress: 0.25, message: 'of half' }]);
  expect(result).toBe('done');
  expect(log).toContain('a library says hello');
  const [file] = files as { name: string; data: Blob }[];
  expect([file?.name, await file?.data.text()]).toEqual(['out.txt', 'kept']);
});

test('words are streamed as they come', async () => {
  const recording = recordingTools();
  expect((await keep(kept)('words', recording)).result).toBe('Once upon');
  expect(recording.output()).toBe('Once upon');
});

test('several requests are in it at once, and answers find their request', async () => {
  const run = keep(kept);
  const [one, two] = [recordingTools(), recordingTools()];
  const held = [run('hold', one, 'words.1'), run('hold', two, 'words.2')];
  await Promise.all([one, two].map((recording) => recording.until(({ stage }) => stage === 'held')));
  expect((await run('release')).result).toBe(2);
  const results = (await Promise.all(held)).map(({ result }) => result);
  expect(new Set(results).size).toBe(2);
});

test('a failure carries its code and whether to try again', async () => {
  await expect(keep(kept)('fail')).rejects.toMatchObject({
    message: 'cannot',
    details: { code: 'NO_WAY', retryable: true },
  });
});

test('a cancel reaches the program, which lives on if it stops the work', async () => {
  const run = keep(kept);
  const { result } = await run('pid');
  const recording = recordingTools();
  const held = run('hold', recording);
  await recording.until(({ stage }) => stage === 'held');
  recording.cancel();
  await expect(held).rejects.toThrow('cancelled');
  expect((await run('pid')).result).toEqual(result);
});

test('a program that ignores a cancel is ended, its other requests fail retryably, and it starts again', async () => {
  const run = keep(kept, 0.2);
  const { pid } = (await run('pid')).result as { pid: number };
  const [one, two] = [recordingTools(), recordingTools()];
  const ignored = run('ignore', one, 'words.1');
  const bystander = run('hold', two, 'words.2');
  await Promise.all([one.until(() => true), two.until(() => true)]);
  one.cancel();
  await Promise.all([
    expect(ignored).rejects.toThrow('cancelled'),
    expect(bystander).rejects.toMatchObject({ details: { code: 'PROGRAM_FAILED', retryable: true } }),
  ]);
  expect(alive(pid)).toBe(false);
  expect(((await run('pid')).result as { pid: number }).pid).not.toBe(pid);
});

test('a program that dies fails what it had, retryably with the end of stderr, and starts again', async () => {
  const run = keep(kept);
  await expect(run('die')).rejects.toMatchObject({
    message: 'The program ended with exit code 9: out of memory',
    details: { code: 'PROGRAM_FAILED', retryable: true },
  });
  expect((await run('pid')).confidence).toBe(0.5);
  expect(log).toContain('Starting it again in');
});

test('a request that waits for a restart can be cancelled', async () => {
  const run = keep(kept);
  await run('die').catch(() => {});
  const recording = recordingTools();
  const waiting = run('pid', recording);
  recording.cancel();
  await expect(waiting).rejects.toThrow('cancelled');
});

test('a program that cannot start makes requests fail, not hang', async () => {
  await expect(keep('no-such-program-here')('pid')).rejects.toMatchObject({
    message: expect.stringContaining('no-such-program-here'),
    details: { retryable: true },
  });
});

test('a line that is too long fails its request, and the program lives on', async () => {
  const run = keep(kept);
  const { result } = await run('pid');
  await expect(run('flood')).rejects.toMatchObject({ details: { code: 'PAYLOAD_TOO_LARGE' } });
  expect((await run('pid')).result).toEqual(result);
});

test('closing lets the program end by itself', async () => {
  const { pid } = (await keep(kept)('pid')).result as { pid: number };
  await runner?.close();
  expect(alive(pid)).toBe(false);
});

test('closing ends a program that does not leave, and what waits for it', async () => {
  const run = keep(`python3 -c 'import time; time.sleep(600)'`, 0.2);
  const waiting = expect(run('pid')).rejects.toMatchObject({ details: { retryable: true } });
  await runner?.close();
  await waiting;
});

test('the example factors numbers, and refuses without one', async () => {
  const run = keep(example);
  expect((await run('360 and 1000003')).result).toEqual({ 360: [2, 2, 2, 3, 3, 5], 1000003: [1000003] });
  await expect(run('no number')).rejects.toMatchObject({ details: { code: 'NO_NUMBERS' } });
});

test('the operator is told once of a program that never answers, and how it should', async () => {
  const told = Promise.withResolvers<void>();
  const started = createKeepRunner({
    command: 'cat > /dev/null',
    killAfterSeconds: 0.1,
    silenceSeconds: 0.1,
    onStderr(text) {
      log += text;
      if (text.includes('has not answered')) told.resolve();
    },
  });
  runner = started;
  const recording = recordingTools();
  const answer = Promise.resolve(started.handler(request('x'), recording.tools)).catch((error) => error);
  await told.promise;
  recording.cancel();
  await answer;
  expect(log).toContain('The program has not answered in 0.1 s.');
  expect(log).toContain('{"type":"result","id":"1"');
});

test('a command that is not found is said so, with what to do', async () => {
  const told = Promise.withResolvers<string>();
  runner = createKeepRunner({
    command: 'no-such-program-here',
    killAfterSeconds: 1,
    onStderr: (text) => text.includes('Starting it again') && told.resolve(text),
  });
  expect(await told.promise).toMatch(/no-such-program-here.*\nThe shell found no such command: .*PATH.*\n/);
});
