import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandOptions, type RunningCommand, run, startScript } from '../cli/command.ts';
import { followOutput } from '../cli/output-flow.ts';
import { newToken, newUser, signIn, withAccounts } from '../help/people.ts';
import { connectPerson, type Person } from '../help/person.ts';
import { startServer, type TestServer } from '../help/server.ts';

const EXAMPLES = join(import.meta.dirname, '../../client/examples');

let server: TestServer;
let person: Person;
let scratch: string;
let reporter: string;
let storyteller: string;
let user: string;
beforeAll(async () => {
  server = await startServer(withAccounts());
  const admin = await signIn(server);
  person = connectPerson(server.url, { token: admin.secret! });
  for (const id of ['stories', 'endless']) await person.space(id);
  reporter = (await newToken(server, admin, { role: 'REPORTER' })).secret!;
  storyteller = (await newToken(server, admin, { role: 'APP', spaces: ['stories', 'endless'] })).secret!;
  user = (await newUser(server, admin, 'Ada')).secret!;
  scratch = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
});
afterAll(async () => {
  await person[Symbol.asyncDispose]();
  await server.close();
  await rm(scratch, { recursive: true });
});

/** With the kind of token that it is for. */
function start(name: string, args: string[] = [], options: CommandOptions = {}): RunningCommand {
  const env = { SPACEDOCK_TOKEN: name === 'stream' ? storyteller : reporter };
  return startScript(join(EXAMPLES, name, 'main.ts'), ['--url', server.url, ...args], { input: '', env, ...options });
}

/** The id of the job that an example begins, as it says it. */
async function jobOf(example: RunningCommand): Promise<string> {
  const said = await example.until(/^spacedock watch \S+\n/m);
  const [, job, same] = /Job (\S+)\nspacedock watch (\S+)\n/.exec(said) as RegExpExecArray;
  expect(same).toBe(job);
  return job as string;
}

describe('video', () => {
  it('renders a film, and each report says how far it is', async () => {
    const out = join(scratch, 'zoom.y4m');
    const watch = person.watch('film');
    await using example = start('video', ['--job', 'film', '--out', out, '--frames', '3']);
    expect(await jobOf(example)).toBe('film');
    const header = 'YUV4MPEG2 W320 H240 F24:1 Cmono\n';
    const bytes = header.length + 3 * (6 + 320 * 240);
    expect(await example.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`zoom.y4m: ${bytes} bytes\n`),
    });
    const last = await watch.take(({ finishedAt }) => finishedAt !== null);
    expect(last).toMatchObject({
      status: 'COMPLETED',
      title: 'Render 3 frames',
      result: { file: out, frames: 3, bytes },
    });
    expect(last.events).toContainEqual(expect.objectContaining({ stage: 'rendering' }));
    const film = await readFile(out);
    expect(film.subarray(0, header.length + 6).toString()).toBe(`${header}FRAME\n`);
    const frame = (index: number) => film.subarray(header.length + 6 + index * (6 + 320 * 240)).subarray(0, 320 * 240);
    expect(new Set(frame(0)).size).toBeGreaterThan(50);
    expect(frame(0).equals(frame(2))).toBe(false);
  });

  it('leaves when it is cancelled, and nothing behind', async () => {
    const out = join(scratch, 'cancelled.y4m');
    await using example = start('video', ['--job', 'unwanted-film', '--out', out, '--frames', '100000']);
    await person.watch('unwanted-film').take(({ stage }) => stage === 'rendering');
    await person.cancel('unwanted-film');
    expect(await example.ended).toMatchObject({ code: 3, stdout: expect.stringContaining('Cancelled\n') });
    expect(await person.job('unwanted-film')).toMatchObject({
      status: 'CANCELLED',
      cancellation: { confirmedAt: expect.any(String) },
    });
    await expect(readFile(out)).rejects.toThrow('ENOENT');
  });
});

describe('pipeline', () => {
  it('goes through its stages, each as much of the whole as it weighs', async () => {
    await writeFile(join(scratch, 'a.txt'), 'common words, rare ones');
    await writeFile(join(scratch, 'b.md'), 'Common WORDS');
    await writeFile(join(scratch, 'c.bin'), 'common');
    await using example = start('pipeline', ['--directory', scratch]);
    const job = await jobOf(example);
    const { code, stdout } = await example.ended;
    expect([code, stdout.split('\n').slice(2, 4)]).toEqual([0, ['common: in 2 files', 'words: in 2 files']]);
    const { events, result, progress } = await person.job(job);
    expect(events.map(({ stage }) => stage).filter(Boolean)).toEqual(expect.arrayContaining(['ranking', 'complete']));
    expect([progress, result]).toEqual([1, expect.arrayContaining([{ word: 'ones', files: 1 }])]);
  });
});

describe('batch', () => {
  it('does them all, tells of those that fail, and goes on', async () => {
    const path = join(scratch, 'item.txt');
    const content = 'again and '.repeat(100);
    await writeFile(path, content);
    await using example = start('batch', [path, join(scratch, 'none.txt'), path]);
    const job = await jobOf(example);
    const compressed = 2 * brotliCompressSync(content).length;
    expect(await example.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('1 of 3 files failed\n') });
    expect(await person.job(job)).toMatchObject({
      status: 'COMPLETED',
      result: { files: 3, failed: [join(scratch, 'none.txt')], bytes: 2000, compressed },
    });
    expect(await followOutput(person.connection, job).whole).toMatch(
      /^item.txt: 1000 to \d+ bytes\nnone.txt: ENOENT.*\nitem.txt: 1000 to \d+ bytes\n$/,
    );
  });
});

describe('errors', () => {
  it('fails with its code, is tried again under the same id, and watchers see both', async () => {
    await using example = start('errors');
    const job = await jobOf(example);
    const { code, stdout } = await example.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /watcher: FAILED parsing: BAD_ORDERS The orders are no JSON: .*\n(.*\n)*watcher: COMPLETED complete\n/,
    );
    expect(stdout).toContain('Attempt 1 failed with BAD_ORDERS\n');
    expect(await person.job(job)).toMatchObject({ status: 'COMPLETED', attempt: 2, result: 49 });
  });
});

describe('polling', () => {
  it('asks until its own job has ended', async () => {
    await using example = start('polling', ['--seconds', '0.05']);
    const job = await jobOf(example);
    const { code, stdout } = await example.ended;
    expect([code, stdout.endsWith('COMPLETED 100 % Job completed\nResult: 348513\n')]).toEqual([0, true]);
    expect(stdout).toMatch(/\nRUNNING \d+ % \d+ of 1000\n/);
    expect(await person.job(job)).toMatchObject({ status: 'COMPLETED', result: 348513 });
  });

  it('waits for one of others that is not there yet', async () => {
    await using example = start('polling', ['--job', 'of-others', '--seconds', '0.05']);
    await example.until(/UNKNOWN 0 %\n/);
    await run(['report', 'of-others', '--fail', 'no space left', '--url', server.url, '--token', reporter]);
    expect(await example.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('APP_ERROR: no space left\n'),
    });
  });
});

describe('service', () => {
  it('answers at once with an address to watch, where the end comes', async () => {
    await using example = start('service', ['--port', '0']);
    const said = await example.until(/^POST \S+\n/m);
    const [, address] = /POST (\S+)\?/.exec(said) as RegExpExecArray;
    const answer = await fetch(`${address}?digits=30`, { method: 'POST' });
    expect(answer.status).toBe(202);
    const { job, watch } = (await answer.json()) as { job: string; watch: string };
    expect(await jobOf(example)).toBe(job);
    const events = await (await fetch(watch, { headers: { accept: 'text/event-stream' } })).text();
    expect(events).toContain('"status":"COMPLETED"');
    expect(events).toMatch(/event: complete\n/);
    expect(await followOutput(person.connection, job).whole).toBe('3.14159265358979323846264338327');
    expect(await person.job(job)).toMatchObject({ result: { digits: 30 }, title: '30 digits of pi' });
    expect((await fetch(`${address}?digits=many`, { method: 'POST' })).status).toBe(400);
    expect((await fetch(address as string)).status).toBe(404);
    example.signal('SIGTERM');
    expect(await example.ended).toMatchObject({ code: 0 });
  });
});

describe('stream', () => {
  it('tells a story on from the prompt, word by word, as many see it as watch', async () => {
    await using example = start('stream', ['--space', 'stories', '--words', '30', '--pause', '0.01']);
    await example.until(/^Serving stories/m);
    const env = { SPACEDOCK_URL: server.url, SPACEDOCK_TOKEN: user };
    const prompt = 'The ship was beginning';
    const { code, stdout } = await run(['submit', 'stories', '--prompt', prompt, '--watch'], { env });
    expect([code, stdout.split(' ')]).toEqual([0, expect.objectContaining({ length: 30 })]);
    // So the book goes on, in two places.
    expect(stdout).toMatch(/^to (load the crates|drift away from) /);
    const job = await jobOf(example);
    expect(await person.job(job)).toMatchObject({ status: 'COMPLETED', result: stdout });
    const own = await run(['submit', 'stories', '--prompt', 'zig zag zig zag', '--watch'], { env });
    expect(own.stdout).toMatch(/^zig zag zig zag zig /);
  });

  it('stops when it is cancelled', async () => {
    await using example = start('stream', ['--space', 'endless', '--words', '1000000']);
    await example.until(/^Serving endless/m);
    const { id } = await person.submit('endless', 'never put down');
    await followOutput(person.connection, id).until(/^her cup, looked at the/);
    await person.cancel(id);
    expect(await person.end(id)).toMatchObject({
      status: 'CANCELLED',
      cancellation: { confirmedAt: expect.any(String) },
    });
  });
});

it('each says what it needs where its token is not accepted', async () => {
  for (const name of ['video', 'stream']) {
    await using example = start(name, ['--token', 'stale', ...(name === 'video' ? ['--out', join(scratch, 'x')] : [])]);
    expect(await example.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('use another token') });
  }
});
