import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newToken, signIn, withAccounts } from '../help/people.ts';
import { connectPerson, type Person } from '../help/person.ts';
import { engines } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';
import { startFlaky } from './flaky.ts';
import { outputOf, type Program, startPython, startPythonWith } from './python.ts';

const FILES = { 'a.txt': 'one', 'b.txt': '', 'deep/ü.txt': 'two\n' };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const SUMS = Object.entries(FILES)
  .map(([name, text]) => `${sha256(text)}  ${name}\n`)
  .join('');

/** Small files, and a directory with one that takes many seconds to hash: it is all hole, and takes no room. */
let directory: string;
let large: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spacedock-reporter-'));
  large = await mkdtemp(join(tmpdir(), 'spacedock-reporter-'));
  await mkdir(join(directory, 'deep'));
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(directory, name), text);
  await writeFile(join(large, 'hole'), '');
  await truncate(join(large, 'hole'), 2 ** 36);
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  await rm(large, { recursive: true });
});

describe.each(engines)('the reporter in Python on %s', (engine) => {
  const server = useServer(withAccounts({ engine }));
  let admin: string;
  let token: string;
  beforeAll(async () => {
    const someone = await signIn(server);
    admin = someone.secret!;
    token = (await newToken(server, someone, { role: 'REPORTER' })).secret!;
  });
  const report = (job: string, from: string, url = server.url, SPACEDOCK_TOKEN = token) =>
    startPythonWith({ SPACEDOCK_TOKEN }, 'reporter.py', '--url', url, '--directory', from, '--patience', '30', job);
  const person = (): Person => connectPerson(server.url, { token: admin });

  /** Hashing for a long time when this resolves. */
  async function startLong(someone: Person, job: string): Promise<Program> {
    const watch = someone.watch(job);
    const program = report(job, large);
    await watch.take(({ stage, progress }) => stage === 'hashing' && progress > 0);
    return program;
  }

  it('reports its stages, its output and its result', async () => {
    await using someone = person();
    const watch = someone.watch('plain');
    await using program = report('plain', directory);
    const { code, output } = await program.ended;
    expect({ code, output }).toEqual({ code: 0, output: 'Job plain\n3 files, 7 bytes\n' });
    const job = await watch.take(({ finishedAt }) => finishedAt !== null);
    expect(job).toMatchObject({ status: 'COMPLETED', message: '3 files', result: { files: 3, bytes: 7 } });
    expect(job.events.map(({ stage }) => stage)).toEqual([null, 'scanning', 'hashing', 'complete']);
    expect(await outputOf(server, 'plain')).toBe(SUMS);
  });

  it('gets everything through when requests and answers are lost, once each', async () => {
    await using flaky = await startFlaky(server.url);
    await using program = report('flaky', directory, flaky.url);
    expect(await program.ended).toMatchObject({ code: 0 });
    expect(flaky.faults()).toBeGreaterThanOrEqual(3);
    await using someone = person();
    expect(await someone.job('flaky')).toMatchObject({ status: 'COMPLETED', result: { files: 3, bytes: 7 } });
    expect(await outputOf(server, 'flaky')).toBe(SUMS);
  });

  it('sends long output in pieces that follow on, counted in bytes', async () => {
    const many = await mkdtemp(join(tmpdir(), 'spacedock-reporter-'));
    const names = Array.from({ length: 700 }, (_, n) => `${'ü'.repeat(100)}${1000 + n}`);
    for (const name of names) await writeFile(join(many, name), '');
    await using program = report('pieces', many);
    expect(await program.ended).toMatchObject({ code: 0 });
    expect(await outputOf(server, 'pieces')).toBe(names.map((name) => `${sha256('')}  ${name}\n`).join(''));
    await rm(many, { recursive: true });
  });

  it('begins a job anew that is there from before', async () => {
    for (const _ of [1, 2]) {
      await using program = report('nightly', directory);
      expect(await program.ended).toMatchObject({ code: 0 });
    }
    await using someone = person();
    expect(await someone.job('nightly')).toMatchObject({ status: 'COMPLETED', attempt: 2 });
    expect(await outputOf(server, 'nightly')).toBe(SUMS);
  });

  it('[promise 2] that overlaps with the next run of its job is told, and the result of that stands', async () => {
    await using someone = person();
    await using first = await startLong(someone, 'cron');
    await using second = report('cron', directory);
    expect(await first.ended).toMatchObject({
      code: 1,
      output: 'Job cron\nReplaced: Attempt 1 of job cron is over; it is at attempt 2\n',
    });
    expect(await second.ended).toMatchObject({ code: 0 });
    expect(await someone.job('cron')).toMatchObject({
      status: 'COMPLETED',
      attempt: 2,
      result: { files: 3, bytes: 7 },
    });
    expect(await outputOf(server, 'cron')).toBe(SUMS);
  });

  it('says that its token is refused', async () => {
    await using program = report('refused', directory, server.url, 'stale');
    expect(await program.ended).toMatchObject({ code: 1, output: expect.stringMatching(/^Refused: .*another token/) });
  });

  it('reports an exception as a failure', async () => {
    await using program = report('broken', join(directory, 'none'));
    expect(await program.ended).toMatchObject({ code: 1, output: expect.stringContaining('is no directory') });
    await using someone = person();
    expect(await someone.job('broken')).toMatchObject({
      status: 'FAILED',
      error: { code: 'APP_ERROR', message: expect.stringContaining('NotADirectoryError') },
    });
  });

  it('sees that it is cancelled, stops, and confirms it', async () => {
    await using someone = person();
    await using program = await startLong(someone, 'long');
    await someone.cancel('long');
    expect(await program.ended).toMatchObject({ code: 1, output: 'Job long\nCancelled\n' });
    const { status, cancellation } = await someone.job('long');
    expect({ status, confirmed: cancellation?.confirmedAt }).toEqual({
      status: 'CANCELLED',
      confirmed: expect.any(String),
    });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('tells of its end by %s', async (signal) => {
    await using someone = person();
    await using program = await startLong(someone, signal);
    program.signal(signal);
    expect(await program.ended).toMatchObject({ code: 130 });
    expect(await someone.job(signal)).toMatchObject({ status: 'FAILED', error: { code: 'INTERRUPTED' } });
  });
});

describe('the reporter in Python', () => {
  it('gives up on a server that is not there when its patience is over', async () => {
    const url = 'http://127.0.0.1:9';
    await using program = startPython('reporter.py', '--url', url, '--directory', directory, '--patience', '0.5', 'a');
    expect(await program.ended).toMatchObject({ code: 1, output: expect.stringMatching(/^Unreachable: .*:9: /) });
  });

  it.each([
    ['the one that SPACEDOCK_URL names', 'http://127.0.0.1:9', []],
    ['the one that --url names, whatever SPACEDOCK_URL says', 'http://127.0.0.1:19', ['--url', 'http://127.0.0.1:9']],
  ])('reports to %s', async (_which, SPACEDOCK_URL, flags) => {
    const args = ['--directory', directory, '--patience', '0.5', ...flags, 'a'];
    await using program = startPythonWith({ SPACEDOCK_URL }, 'reporter.py', ...args);
    expect(await program.ended).toMatchObject({ code: 1, output: expect.stringMatching(/^Unreachable: .*:9: /) });
  });
});
