import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Word } from '../../client/examples/ocr/recognise.ts';
import {
  type Connection,
  cancelJobMutation,
  connect,
  createSpaceMutation,
  type JobSnapshot,
  submitInferenceMutation,
  type UploadSource,
  watchJob,
} from '../../client/sdk/index.ts';
import { endsWithUs } from '../help/children.ts';
import { newToken, signIn, withAccounts } from '../help/people.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';
import { editDistance, normal, numbersIn, sampleFile, sampleImage, sampleText } from './samples.ts';

let server: TestServer;
let connection: Connection;
let token: string;
let app: ChildProcessByStdio<null, Readable, Readable>;
const lines: string[] = [];

interface Watched {
  last: JobSnapshot;
  snapshots: JobSnapshot[];
}

async function submit(files: UploadSource[], parameters?: { [key: string]: string }): Promise<string> {
  const ids = await Promise.all(files.map((file) => connection.upload(file)));
  const input = { space: 'ocr', files: ids, parameters };
  return (await connection.request(submitInferenceMutation, { input })).submitInference.id;
}

async function watch(id: string, onSnapshot?: (job: JobSnapshot) => void): Promise<Watched> {
  const snapshots: JobSnapshot[] = [];
  for await (const snapshot of watchJob(connection, id)) {
    snapshots.push(snapshot);
    onSnapshot?.(snapshot);
  }
  const last = snapshots.at(-1);
  if (last === undefined) throw new Error('Nothing was seen of the job.');
  return { last, snapshots };
}

const sample = (name: string) => fileURLToPath(sampleFile(name));
const resultOf = (job: JobSnapshot) => job.result as { text: string; words: Word[]; pages: { file: string }[] };

async function contentOf(file: { url: string } | undefined): Promise<string> {
  const response = await fetch(connection.resolve(file?.url ?? ''));
  expect(response.status).toBe(200);
  return response.text();
}

async function createSpace(): Promise<void> {
  const parameters = JSON.parse(await readFile(sampleFile('../parameters.json'), 'utf8'));
  const files = { accept: ['image/*'], maxBytes: 20e6, maxCount: 10 };
  const inputs = { prompt: false, files, parameters };
  await connection.request(createSpaceMutation, { input: { id: 'ocr', title: 'Read images', inputs } });
}

/** As a user starts it, in a process of its own; back when it says that it is registered. */
async function startApp(): Promise<typeof app> {
  const options = ['--host', server.url, '--space', 'ocr', '--capacity', '1', '--verbose'];
  const child = endsWithUs(
    spawn(process.execPath, [sample('../main.ts'), ...options], {
      env: { ...process.env, SPACEDOCK_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  lines.length = 0;
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  const output = createInterface(child.stdout).on('line', (line) => lines.push(line));
  while (!lines.includes('Registration successful')) await once(output, 'line');
  return child;
}

describe.for(engines)('on %s', (engine) => {
  beforeAll(async () => {
    server = await startServer(withAccounts({ engine }));
    const admin = await signIn(server);
    connection = connect({ url: server.url, token: admin.secret! });
    await createSpace();
    token = (await newToken(server, admin, { role: 'APP', spaces: ['ocr'] })).secret!;
    app = await startApp();
  });

  afterAll(async () => {
    if (app?.exitCode === null) app.kill('SIGKILL');
    await connection?.close();
    await server?.close();
  });

  test.for([
    ['clean-scan', 'png'],
    ['invoice', 'png'],
    ['photo', 'jpg'],
  ])('%s goes through the space and comes back as text', async ([name, ending]) => {
    const { last, snapshots } = await watch(await submit([sample(`${name}.${ending}`)]));
    expect(last).toMatchObject({ status: 'COMPLETED', error: null, attempt: 1, app: { name: 'ocr' } });

    const { text, words, pages } = resultOf(last);
    const expected = await sampleText(`${name}.txt`);
    if (name === 'photo') expect(editDistance(normal(text), expected)).toBeLessThanOrEqual(3);
    else expect(normal(text)).toBe(expected);
    expect(numbersIn(text)).toEqual(numbersIn(expected));
    expect(words.map((word) => word.text).join(' ')).toBe(normal(text));
    expect(pages).toMatchObject([{ file: `${name}.${ending}` }]);
    expect(last.confidence).toBeGreaterThan(0.85);
    expect(last.confidence).toBeLessThanOrEqual(1);

    expect(last.files.map((file) => file.name)).toEqual(['text.txt']);
    expect(await contentOf(last.files[0])).toBe(`${text}\n`);

    const values = snapshots.map(({ progress }) => progress);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    const underway = snapshots.filter(({ stage, progress }) => stage === 'recognizing text' && progress < 1);
    expect(new Set(underway.map(({ progress }) => progress)).size).toBeGreaterThan(1);
  });

  test('several images of one request come back as several text files', async () => {
    const files = ['formats/line.webp', 'formats/line.tiff'].map(sample);
    const { last } = await watch(await submit(files, { layout: 'block' }));
    const line = await sampleText('formats/line.txt');
    expect(last.status).toBe('COMPLETED');
    expect(resultOf(last).text).toBe(`${line}\n\n${line}`);
    expect(last.files.map(({ name }) => name).sort()).toEqual(['1-line.txt', '2-line.txt', 'text.txt']);
    expect(await contentOf(last.files.find(({ name }) => name === '2-line.txt'))).toBe(`${line}\n`);
  });

  test('a damaged image fails clearly and at once, and the next one is read', async () => {
    const data = (await sampleImage('invoice.png')).slice(0, 20_000);
    const { last } = await watch(await submit([{ name: 'damaged.png', type: 'image/png', data }]));
    expect(last).toMatchObject({
      status: 'FAILED',
      attempt: 1,
      error: {
        code: 'INPUT_NOT_READABLE',
        message: 'damaged.png cannot be read. This is no image, or a damaged one.',
      },
    });

    const next = await watch(await submit([sample('formats/line.png')]));
    expect(resultOf(next.last).text).toBe(await sampleText('formats/line.txt'));
  });

  test('a cancelled job stops in mid-work, and the next one is read', async () => {
    const id = await submit([sample('clean-scan.png')]);
    let cancelled: Promise<unknown> | undefined;
    const { last } = await watch(id, ({ stage }) => {
      if (stage === 'recognizing text') cancelled ??= connection.request(cancelJobMutation, { id });
    });
    await cancelled;
    expect(last).toMatchObject({
      status: 'CANCELLED',
      result: null,
      cancellation: { confirmedAt: expect.any(String) },
    });

    const next = await watch(await submit([sample('formats/line.png')]));
    expect(resultOf(next.last).text).toBe(await sampleText('formats/line.txt'));
  });

  test('the app ends well when it is told to, and has said what it did', async () => {
    app.kill('SIGTERM');
    expect(await once(app, 'close')).toEqual([0, null]);
    expect(lines).toContain('[REQUEST] New inference request received');
    expect(lines).toContain('[RESULT] Result sent');
    expect(lines).toContain('[FAILED] damaged.png cannot be read. This is no image, or a damaged one.');
  });
});
