import { once } from 'node:events';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { submitInferenceMutation } from '../../client/sdk/index.ts';
import { createLook } from '../../src/service/content.ts';
import { multipart, post, postBody } from '../help/client.ts';
import { type ContentName, contents } from '../help/contents.ts';
import { stored, upload, uploadForm } from '../help/files.ts';
import type { ApiError } from '../help/flow.ts';
import { newSpace, read, submit } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker } from '../help/worker.ts';

const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
const COMPLETE = 'mutation ($input: ReportCompleteInput!) { reportComplete(input: $input) { status } }';
const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';

const any = { prompt: true, files: { accept: ['*/*'], maxCount: 100 } };

type Sent = [content: ContentName, name: string, said: string, judged: string];

const HONEST: Sent[] = [
  ['png', 'a.png', '', 'image/png'],
  ['jpeg', 'a.jpg', 'image/jpg', 'image/jpg'],
  ['gif', 'a.gif', '', 'image/gif'],
  ['pdf', 'a.pdf', 'application/pdf', 'application/pdf'],
  ['mp3', 'a.mp3', '', 'audio/mpeg'],
  ['wav', 'a.wav', 'audio/x-wav', 'audio/x-wav'],
  ['mp4', 'a.mp4', '', 'video/mp4'],
  ['zip', 'a.zip', 'application/x-zip-compressed', 'application/x-zip-compressed'],
  ['docx', 'a.docx', '', DOCX],
  ['ppm', 'a.ppm', '', 'image/x-portable-pixmap'],
  ['svg', 'a.svg', '', 'image/svg+xml'],
  ['html', 'a.html', '', 'text/html'],
  ['xml', 'a.xml', '', 'application/xml'],
  ['json', 'a.json', '', 'application/json'],
  ['csv', 'a.csv', '', 'text/csv'],
  ['latin1', 'a.csv', '', 'text/csv'],
  ['utf16', 'a.csv', '', 'text/csv'],
  ['prose', 'a.txt', '', 'text/plain'],
  ['prose', 'README', '', 'text/plain'],
  ['empty', 'a.txt', '', 'text/plain'],
  ['noise', 'a.own', 'application/x-own', 'application/x-own'],
];
const OTHERWISE: Sent[] = [
  ['png', 'a.txt', 'text/plain', 'image/png'],
  ['pdf', 'a.png', 'image/png', 'application/pdf'],
  ['docx', 'a', '', DOCX],
  ['html', 'a.png', 'image/png', 'text/html'],
  ['svg', 'a.png', 'image/png', 'image/svg+xml'],
  ['script', 'a.png', 'image/png', 'text/plain'],
  ['polyglot', 'a.gif', 'image/gif', 'text/plain'],
  ['prose', 'a.bmp', 'image/bmp', 'text/plain'],
  ['xml', 'a.svg', 'image/svg+xml', 'application/xml'],
  ['noise', 'a.png', 'image/png', 'application/octet-stream'],
  ['noise', 'a.csv', 'text/csv', 'application/octet-stream'],
  ['noise', 'a.mp3', 'audio/mpeg', 'application/octet-stream'],
  ['empty', 'a.png', 'image/png', 'application/octet-stream'],
];

describe.each(engines)('the type of a file on %s', (engine) => {
  const server = useServer({ engine });

  it.each([...HONEST, ...OTHERWISE])('%s, sent as %s %j, is %s', async (content, name, said, judged) => {
    const sent = await uploadForm(server, contents[content], name, said);
    expect(sent).toMatchObject({ status: 201, type: judged });
    // As the body of the request nothing is said of it but its name.
    const bare = await fetch(`${server.url}/files?name=${name}`, {
      method: 'POST',
      headers: { 'content-type': said || 'application/x-www-form-urlencoded' },
      body: contents[content],
    });
    expect(await bare.json()).toMatchObject({ type: judged });
    const space = await newSpace(server, {}, any);
    const job = await submit(server, space, { files: [sent.id] });
    const { data } = await post<{ job: { input: { files: { type: string }[] } } }>(
      server,
      'query ($id: ID!) { job(id: $id) { input { files { type } } } }',
      { id: job.id },
    );
    expect(data?.job.input.files).toEqual([{ type: judged }]);
  });

  it('is kept of a result as it was judged, and never a reason to refuse it', async () => {
    const space = await newSpace(server, {}, { prompt: true, files: { accept: ['text/plain'] } });
    await submit(server, space);
    await submit(server, space);
    await using worker = await openWorker(server, space);
    const byId = await worker.work();
    const id = (await uploadForm(server, contents.html, 'a.png', 'image/png')).id;
    expect((await byId.complete({ files: [id] })).data).toMatchObject({ status: 'COMPLETED' });
    const { job, lease } = await worker.work();
    const part = new File([contents.png], 'a.txt', { type: 'text/plain' });
    const report = multipart(COMPLETE, { input: { job, lease, files: [null] } }, { 'input.files.0': part });
    expect((await postBody(server, report)).errors).toEqual([]);
    const types = async (of: string) =>
      (
        await post<{ job: { files: { type: string }[] } }>(
          server,
          'query ($id: ID!) { job(id: $id) { files { type } } }',
          { id: of },
        )
      ).data?.job.files;
    expect(await types(byId.job)).toEqual([{ type: 'text/html' }]);
    expect(await types(job)).toEqual([{ type: 'image/png' }]);
  });
});

test('whether a file is text does not depend on where its chunks end', async () => {
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'spacedock-test-'));
  const path = join(scratch.path, 'file');
  const chunks = fc.array(fc.nat(60), { maxLength: 6 });
  const text = async (whole: Buffer, cuts: number[]) => {
    await writeFile(path, whole);
    const look = createLook();
    const ends = cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b);
    for (const [index, from] of [0, ...ends].entries()) look.take(whole.subarray(from, ends[index]));
    return (await look.content(path)).text;
  };
  await fc.assert(
    // With a control character in it, only UTF-8 makes a text of it.
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 20 }), chunks, async (letters, cuts) => {
      const good = Buffer.from(`\u0001é日😀${letters.replaceAll('\0', '')}`);
      expect(await text(good, cuts)).toBe(true);
      expect(await text(Buffer.concat([good, Buffer.from('😀').subarray(0, 1 + (cuts.length % 3))]), cuts)).toBe(false);
      expect(await text(Buffer.concat([good, Buffer.from([0])]), cuts)).toBe(false);
      expect(await text(Buffer.concat([Buffer.from([0xff]), good]), cuts)).toBe(false);
    }),
    { numRuns: 50 },
  );
});

interface Answer {
  errors: ApiError[];
}

describe.each(engines)('a space that says what files it takes, on %s', (engine) => {
  const server = useServer({ engine });

  /** The three ways in which files come. */
  const ways: [string, (space: string, files: File[]) => Promise<Answer>][] = [
    [
      'uploaded and submitted over HTTP',
      async (space, files) => post(server, submitInferenceMutation, { input: { space, files: await ids(files) } }),
    ],
    [
      'uploaded and submitted over a WebSocket',
      async (space, files) => {
        await using socket = await openSocket(server);
        return await socket.request(SUBMIT, { input: { space, files: await ids(files) } });
      },
    ],
    [
      'as parts of the request',
      (space, files) => {
        const named = Object.fromEntries(files.map((file, index) => [`input.files.${index}`, file]));
        return postBody(server, multipart(SUBMIT, { input: { space, files: files.map(() => null) } }, named));
      },
    ],
  ];
  const ids = (files: File[]) =>
    Promise.all(files.map(async (file) => (await uploadForm(server, file, file.name, file.type)).id));
  const file = (content: ContentName, name: string, type = '') => new File([contents[content]], name, { type });
  const take = (...accept: string[]) => newSpace(server, {}, { prompt: true, files: { accept } });

  describe.each(ways)('%s', (way, give) => {
    it.each<[string[], ContentName, string]>([
      [['image/*'], 'png', 'a.txt'],
      [['image/png'], 'png', 'a.png'],
      [['image/svg+xml'], 'svg', 'a.svg'],
      [['.svg'], 'svg', 'a.svg'],
      [['text/csv'], 'csv', 'a.csv'],
      [['text/csv'], 'latin1', 'a.csv'],
      [['.csv'], 'csv', 'A.CSV'],
      [['.own'], 'noise', 'a.own'],
      [['.own'], 'zip', 'a.own'],
      [['text/*'], 'script', 'a.png'],
      [['audio/*'], 'mp3', 'a.mp3'],
      [['application/pdf', 'image/*'], 'pdf', 'a.png'],
      [['*/*'], 'noise', 'a.png'],
    ])('one that takes %j takes %s called %s', async (accept, content, name) => {
      expect((await give(await take(...accept), [file(content, name)])).errors).toEqual([]);
    });

    it.each<[string[], ContentName, string, string, string]>([
      [['image/*'], 'html', 'a.png', 'image/png', 'a.png is text/html by its content; accepted are image/*'],
      [['image/*'], 'svg', 'a.png', 'image/png', 'a.png is image/svg+xml by its content; accepted are image/*'],
      [['image/*'], 'svg', 'a.svg', '', 'image/svg+xml is named by itself'],
      [['image/*'], 'script', 'a.png', 'image/png', 'a.png is text/plain by its content'],
      [['image/*'], 'polyglot', 'a.gif', 'image/gif', 'a.gif is text/plain by its content'],
      [['image/png'], 'jpeg', 'a.png', 'image/png', 'a.png is image/jpeg by its content; accepted are image/png'],
      [['text/*'], 'png', 'a.txt', 'text/plain', 'a.txt is image/png by its content; accepted are text/*'],
      [['.csv'], 'png', 'a.csv', 'text/csv', 'a.csv is image/png by its content; accepted are .csv'],
      [['.csv'], 'noise', 'a.csv', 'text/csv', 'a.csv is application/octet-stream by its content'],
      [['.png'], 'html', 'a.png', 'image/png', 'a.png is text/html by its content; accepted are .png'],
      [['.csv'], 'csv', 'a.txt', 'text/csv', 'a.txt is text/csv; accepted are .csv'],
      [['application/pdf', '.zip'], 'script', 'a.zip', 'application/pdf', 'a.zip is text/plain by its content'],
      [['audio/*', 'video/*'], 'noise', 'a.mp4', 'video/mp4', 'a.mp4 is application/octet-stream by its content'],
    ])('one that takes %j refuses %s called %s and said to be %j: %s', async (accept, content, name, type, message) => {
      const before = await stored(server);
      const { errors } = await give(await take(...accept), [file(content, name, type)]);
      expect(errors[0]).toMatchObject({
        message: expect.stringContaining('input.files.0: '),
        extensions: { code: 'FILE_TYPE_NOT_ACCEPTED', field: 'input.files.0' },
      });
      expect(errors[0]?.message).toContain(message);
      // What came with the request is gone with it; what was uploaded before is the sender's.
      if (way.startsWith('as parts')) expect(await stored(server)).toEqual(before);
    });

    it('takes files of the largest size and in the largest number, and not one byte or one file more', async () => {
      const files = { accept: ['*/*'], maxBytes: 1000, maxCount: 3 };
      const space = await newSpace(server, {}, { prompt: true, files });
      const sized = (bytes: number) => new File(['x'.repeat(bytes)], `${bytes}.txt`);
      expect((await give(space, [sized(1000), sized(1), sized(1000)])).errors).toEqual([]);
      const before = await stored(server);
      expect((await give(space, [sized(1), sized(1001)])).errors[0]?.extensions).toEqual({
        code: 'FILE_TOO_LARGE',
        field: 'input.files.1',
        limit: 1000,
      });
      expect((await give(space, [1, 2, 3, 4].map(sized))).errors[0]?.extensions).toEqual({
        code: 'INPUT_NOT_ACCEPTED',
        field: 'input.files.0',
        limit: 3,
      });
      if (way.startsWith('as parts')) expect(await stored(server)).toEqual(before);
    });
  });
});

describe('the largest file', () => {
  const MAX = 100_000;
  const server = useServer({ engine: 'sqlite', env: { MAX_FILE_BYTES: `${MAX}` } });
  const blob = (bytes: number) => new Blob([new Uint8Array(bytes)]);
  const tooLarge = (field: string) => ({ code: 'FILE_TOO_LARGE', field, limit: MAX });

  it.each<[string, (bytes: number) => Promise<{ status: number; errors?: ApiError[]; size: number }>]>([
    ['as the body', (bytes) => upload(server, blob(bytes))],
    ['as the body, in pieces without a length', (bytes) => upload(server, blob(bytes).stream())],
    ['as a form', (bytes) => uploadForm(server, blob(bytes))],
  ])('comes %s, and one byte more does not', async (_how, give) => {
    expect(await give(MAX)).toMatchObject({ status: 201, size: MAX });
    const before = await stored(server);
    const { status, errors } = await give(MAX + 1);
    expect([status, errors?.[0]?.extensions]).toEqual([413, tooLarge('file')]);
    expect(await stored(server)).toEqual(before);
  });

  it('comes as a part of a request, and one byte more does not', async () => {
    const space = await newSpace(server, {}, any);
    const give = async (bytes: number) => {
      const part = { 'input.files.0': new File([blob(bytes)], 'a') };
      return postBody(server, multipart(SUBMIT, { input: { space, files: [null] } }, part));
    };
    expect((await give(MAX)).errors).toEqual([]);
    expect((await give(MAX + 1)).errors[0]?.extensions).toEqual(tooLarge('input.files.0'));
  });

  it('is refused before it is sent, where its length is known', async () => {
    const { port, hostname } = new URL(server.url);
    const sender = createConnection(Number(port), hostname);
    sender.write(`POST /files?name=a HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${MAX + 1}\r\n\r\n`);
    const [answer] = (await once(sender, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 413 /);
    sender.destroy();
  });

  it('of a result is the same', async () => {
    const space = await newSpace(server, {}, any);
    await submit(server, space);
    await using worker = await openWorker(server, space);
    const { job, lease } = await worker.work();
    const give = async (bytes: number) => {
      const part = { 'input.files.0': new File([blob(bytes)], 'a') };
      return postBody(server, multipart(COMPLETE, { input: { job, lease, files: [null] } }, part));
    };
    expect((await give(MAX + 1)).errors[0]?.extensions).toEqual(tooLarge('input.files.0'));
    expect((await give(MAX)).errors).toEqual([]);
    expect((await read(server, job)).files).toMatchObject([{ size: MAX }]);
  });
});
