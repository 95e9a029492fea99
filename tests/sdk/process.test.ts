import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { endsWithUs } from '../help/children.ts';
import { openStage } from './stage.ts';

const PROGRAM = fileURLToPath(new URL('programs/app.ts', import.meta.url));

interface Program extends AsyncDisposable {
  child: ChildProcess;
  lines: string[];
  /** Resolves when the program has said this line. */
  said(line: object): Promise<void>;
  /** The exit code, or the signal that ended it. */
  exited: Promise<number | string>;
}

function run(...args: string[]): Program {
  const child = endsWithUs(spawn(process.execPath, [PROGRAM, ...args], { stdio: 'pipe' }));
  child.stderr.pipe(process.stderr, { end: false });
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout! });
  output.on('line', (line) => lines.push(line));
  const exited = once(child, 'exit').then(([code, signal]) => code ?? signal);
  return {
    child,
    lines,
    exited,
    async said(line) {
      const text = JSON.stringify(line);
      while (!lines.includes(text)) {
        const ended = exited.then((how) => Promise.reject(new Error(`It ended with ${how} before it said ${text}`)));
        await Promise.race([once(output, 'line'), ended]);
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

test.each(['SIGTERM', 'SIGINT'] as const)('an app that gets %s finishes its work and exits with 0', async (signal) => {
  await using stage = await openStage();
  await using program = run(stage.server.url);
  await program.said({ event: 'registered' });
  const { id } = await stage.submit();
  await stage.until(id, (job) => job.stage === 'working');
  program.child.kill(signal);
  await program.said({ event: 'draining' });
  program.child.stdin!.write('go on\n');
  expect(await stage.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: 'as told' });
  await program.said({ done: true });
  expect(await program.exited).toBe(0);
});

test('a second signal closes at once, and the work goes to another app', async () => {
  await using stage = await openStage();
  await using program = run(stage.server.url);
  await program.said({ event: 'registered' });
  const { id } = await stage.submit();
  await stage.until(id, (job) => job.stage === 'working');
  program.child.kill('SIGTERM');
  await program.said({ event: 'draining' });
  program.child.kill('SIGTERM');
  await program.said({ done: true });
  expect(await program.exited).toBe(0);
  await stage.actor({ handler: () => ({ result: 'by another' }) });
  expect(await stage.end(id)).toMatchObject({ status: 'COMPLETED', result: 'by another' });
});

test('a handler that blocks the event loop from its first line on gets its request once, and completes it', async () => {
  await using stage = await openStage({}, { env: { APP_SILENCE_SECONDS: '30' } });
  await using program = run(stage.server.url, 'block');
  await program.said({ event: 'registered' });
  // Longer than the five seconds in which a delivery must be confirmed.
  const { id } = await stage.submit({ prompt: '7000' });
  expect(await stage.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: 'unblocked' });
  await program.said({ event: 'result' });
  expect(program.lines.filter((line) => line === '{"event":"request"}')).toHaveLength(1);
  expect(program.lines.filter((line) => line === '{"event":"disconnected"}')).toEqual([]);
});
