import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { blocksRunBy } from '../docs/documents.ts';
import { endsWithUs } from '../help/children.ts';
import { newToken, signIn, withAccounts } from '../help/people.ts';
import { engines, startServer } from '../help/server.ts';

/** The blocks of the section on curl: the one that watches, and the one that reports. */
const [watch, report] = blocksRunBy('client/examples/README.md', 'tests/examples/curl.test.ts').map(({ text }) => text);

interface Shell extends AsyncDisposable {
  /** Resolves when it has printed something. */
  readonly begun: Promise<unknown>;
  readonly ended: Promise<{ code: number | null; output: string }>;
}

/** What bash makes of a block, with $URL as the README has it. */
function run(block: string, url: string, SPACEDOCK_TOKEN = ''): Shell {
  const env = { ...process.env, URL: url, SPACEDOCK_TOKEN };
  const child = endsWithUs(spawn('bash', ['-eu', '-c', block], { env, stdio: ['ignore', 'pipe', 'pipe'] }));
  let output = '';
  const begun = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        resolve(text);
      });
    }
  });
  const ended = new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
  return {
    begun,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const linesOf = (output: string) => output.trim().split('\n');

describe.each(engines)('the lines with curl in the README on %s', (engine) => {
  it('watch a job from before it begins, report on it, and read it', async () => {
    await using server = await startServer(withAccounts({ engine }));
    const { secret } = await newToken(server, await signIn(server), { role: 'REPORTER' });
    await using watching = run(watch!, server.url);
    await watching.begun;
    await using reporting = run(report!, server.url, secret!);
    const reported = await reporting.ended;
    expect(reported.code).toBe(0);
    const [started, progress, output, completed, read] = linesOf(reported.output).map((line) => JSON.parse(line).data);
    expect(started).toEqual({ startJob: { id: 'nightly-backup', status: 'RUNNING' } });
    expect(progress).toEqual({ reportProgress: { status: 'RUNNING' } });
    expect(output).toEqual({ reportOutput: { status: 'RUNNING', outputLength: 17 } });
    expect(completed).toEqual({ reportComplete: { status: 'COMPLETED' } });
    expect(read.job).toMatchObject({ title: 'Nightly backup', status: 'COMPLETED', result: { volumes: 10 } });
    const watched = await watching.ended;
    expect(watched.code).toBe(0);
    expect(linesOf(watched.output)).toContain('event: next');
    expect(watched.output).toMatch(/"status":"COMPLETED".*"result":\{"volumes":10\}.*\n\nevent: complete\ndata:\n/);

    // As it says: the next night begins it anew.
    await using again = run(report!, server.url, secret!);
    expect((await again.ended).output).not.toContain('errors');
  });
});
