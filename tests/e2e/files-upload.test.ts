import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { submitInferenceMutation } from '../../client/sdk/index.ts';
import { multipart, post, postBody } from '../help/client.ts';
import { PNG, stored, upload, uploadForm } from '../help/files.ts';
import { cancel, end, eventually, newSpace, openFuture, read, retry, submit } from '../help/jobs.ts';
import { engines, type TestServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker, send } from '../help/worker.ts';

const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
const COMPLETE = 'mutation ($input: ReportCompleteInput!) { reportComplete(input: $input) { status } }';

const any = { prompt: true, files: { accept: ['*/*'], maxCount: 3 } };
const fetchText = async (server: TestServer, { url }: { url: string }) => (await fetch(`${server.url}${url}`)).text();

describe.each(engines)('files on %s', (engine) => {
  const server = useServer({ engine, env: { MAX_FILE_BYTES: `${1024 * 1024}` } });

  it('go in by POST /files, to the app by a link, and a result’s files come back', async () => {
    const space = await newSpace(server, {}, any);
    const picture = Buffer.concat([PNG, randomBytes(300_000 - PNG.length)]);
    const image = await upload(server, picture, 'cat.png');
    expect(image).toMatchObject({ status: 201, name: 'cat.png', type: 'image/png', size: 300_000 });
    const note = await uploadForm(server, 'A cat', 'note', 'text/markdown');
    expect(note).toMatchObject({ status: 201, name: 'note', type: 'text/markdown', size: 5 });
    const { id, input } = await submit(server, space, { files: [image.id, note.id] });
    expect(input?.files.map(({ name, size }) => [name, size])).toEqual([
      ['cat.png', 300_000],
      ['note', 5],
    ]);

    await using worker = await openWorker(server, space);
    const work = await worker.work();
    const [first, second] = work.input.files;
    const got = Buffer.from(await (await fetch(`${server.url}${first!.url}`)).arrayBuffer());
    expect(got.equals(picture)).toBe(true);
    expect(await fetchText(server, second!)).toBe('A cat');
    const result = await upload(server, '<svg/><!-- outlined -->', 'cat.svg');
    await work.complete({ result: 'see file', files: [result.id] });
    const job = await read(server, id);
    expect(job.files).toMatchObject([{ name: 'cat.svg', type: 'image/svg+xml', size: 23 }]);
    expect(await fetchText(server, job.files[0]!)).toBe('<svg/><!-- outlined -->');
  });

  it('go in and come back as parts of a GraphQL multipart request', async () => {
    const space = await newSpace(server, {}, any);
    const files = {
      'input.files.0': new File(['one'], 'one.csv'),
      'input.files.1': new File(['two'], 'two.bin', { type: 'application/x-two' }),
    };
    const form = multipart(SUBMIT, { input: { space, files: [null, null] } }, files);
    const { data } = await postBody<{ submitInference: { id: string } }>(server, form);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    expect(work).toMatchObject({ job: data?.submitInference.id, input: { files: [{ name: 'one.csv', size: 3 }, {}] } });
    expect(await Promise.all(work.input.files.map((file) => fetchText(server, file)))).toEqual(['one', 'two']);
    const { job, lease } = work;
    const report = multipart(
      COMPLETE,
      { input: { job, lease, files: [null] } },
      { 'input.files.0': new File(['out'], 'o.txt') },
    );
    expect((await postBody(server, report)).data).toEqual({ reportComplete: { status: 'COMPLETED' } });
    expect(await fetchText(server, (await read(server, job)).files[0]!)).toBe('out');
  });

  it('may be empty, and may be anything', async () => {
    const space = await newSpace(server, {}, any);
    const empty = await upload(server, '', 'empty.txt');
    expect(empty).toMatchObject({ status: 201, size: 0 });
    // Random ones may begin like a known format.
    const bytes = Buffer.concat([Buffer.alloc(2), randomBytes(1024 * 1024 - 2)]);
    const full = await uploadForm(server, bytes, 'full');
    expect(full).toMatchObject({ size: bytes.length, type: 'application/octet-stream' });
    const { id } = await submit(server, space, { files: [empty.id, full.id] });
    const [first, second] = (await read(server, id)).input!.files;
    expect(await fetchText(server, first!)).toBe('');
    const back = await (await fetch(`${server.url}${second!.url}`)).arrayBuffer();
    const hash = (data: ArrayBuffer | Buffer) =>
      createHash('sha256')
        .update(Buffer.from(data as ArrayBuffer))
        .digest('hex');
    expect(hash(back)).toBe(hash(bytes));
  });

  it.each<[string, string]>([
    ['../../../etc/passwd', 'passwd'],
    ['..\\..\\windows\\system.ini', 'system.ini'],
    ['/absolute', 'absolute'],
    ['..', 'file'],
    ['a/', 'file'],
    ['line\r\nbreak\u0000.txt', 'linebreak.txt'],
    ['"quoted"; filename=other.txt', '"quoted"; filename=other.txt'],
    ['héllo wörld ☃ 日本語 😀.txt', 'héllo wörld ☃ 日本語 😀.txt'],
    [`${'x'.repeat(300)}.txt`, `${'x'.repeat(251)}.txt`],
    ['😀'.repeat(150), '😀'.repeat(127)],
  ])('called %j are harmless: they come back as %j', async (name, harmless) => {
    const space = await newSpace(server, {}, any);
    const before = await stored(server);
    const { id: file } = await upload(server, 'content', name);
    const { id } = await submit(server, space, { files: [file] });
    expect((await stored(server)).filter((path) => !before.includes(path))).toEqual([`jobs/${id}/${file}`]);
    const [found] = (await read(server, id)).input!.files;
    expect(found?.name).toBe(harmless);
    const response = await fetch(`${server.url}${found?.url}`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('content');
    expect(response.headers.get('content-disposition')).toMatch(/^(attachment|inline)/);
  });

  it('belong to one job: an upload is taken once', async () => {
    const space = await newSpace(server, {}, any);
    const { id } = await upload(server, 'once');
    const attempts = await Promise.all(
      [1, 2, 3].map((n) => post(server, submitInferenceMutation, { input: { space, prompt: `${n}`, files: [id] } })),
    );
    expect(attempts.filter(({ data }) => data)).toHaveLength(1);
    for (const { extensions } of attempts.flatMap(({ errors }) => errors)) {
      expect(['NOT_FOUND', 'CONFLICT']).toContain(extensions.code);
    }
    const { errors } = await post(server, submitInferenceMutation, { input: { space, files: [id] } });
    expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'input.files.0' });
  });

  it('of a submit that is refused can be sent again', async () => {
    const space = await newSpace(server, { maxQueued: 1 }, any);
    const first = await submit(server, space);
    const { id } = await upload(server, 'again');
    const refused = await post(server, submitInferenceMutation, { input: { space, files: [id] } });
    expect(refused.errors[0]?.extensions.code).toBe('QUEUE_FULL');
    await using worker = await openWorker(server, space);
    expect((await worker.work()).job).toBe(first.id);
    const job = await submit(server, space, { files: [id] });
    expect(await fetchText(server, job.input!.files[0]!)).toBe('again');
  });

  it('of a result that is not taken stay its sender’s', async () => {
    const space = await newSpace(server, {}, any);
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    const file = await upload(server, 'mine');
    const wrong = { job: id, lease: 'wrong', files: [file.id] };
    expect((await send(worker.socket, 'reportComplete', wrong)).errors[0]?.extensions.code).toBe('LEASE_LOST');
    expect((await work.complete({ files: [file.id] })).data).toMatchObject({ status: 'COMPLETED' });
    expect((await read(server, id)).files).toHaveLength(1);
    // The same report again brings the same files, though they are the job's by now.
    expect((await work.complete({ files: [file.id] })).data).toMatchObject({ status: 'COMPLETED' });
    const other = await upload(server, 'another');
    expect((await work.fail()).errors[0]?.extensions.code).toBe('JOB_FINISHED');
    const next = await submit(server, space, { files: [other.id] });
    expect(await fetchText(server, next.input!.files[0]!)).toBe('another');
  });

  it('of a result whose report comes twice at once are the job’s, and both are answered', async () => {
    const space = await newSpace(server, {}, any);
    await using worker = await openWorker(server, space);
    for (let round = 0; round < 10; round++) {
      const { id } = await submit(server, space);
      const work = await worker.work();
      const file = await upload(server, `result ${round}`);
      const answers = await Promise.all([work.complete({ files: [file.id] }), work.complete({ files: [file.id] })]);
      for (const { data } of answers) expect(data).toMatchObject({ status: 'COMPLETED' });
      const { files } = await read(server, id);
      expect(files).toHaveLength(1);
      expect(await fetchText(server, files[0]!)).toBe(`result ${round}`);
    }
  });

  it('are copied for a job that is tried anew, and outlive the first', async () => {
    const space = await newSpace(server, {}, any);
    const { id } = await submit(server, space, { files: [(await upload(server, 'kept')).id] });
    await using worker = await openWorker(server, space);
    await (await worker.work()).fail();
    const retried = await post<{ retryJob: { id: string } }>(
      server,
      'mutation ($id: ID!) { retryJob(id: $id) { id } }',
      {
        id,
      },
    );
    await server.server.services.jobs.remove(id);
    const job = await read(server, retried.data!.retryJob.id);
    expect(await fetchText(server, job.input!.files[0]!)).toBe('kept');
  });

  it('that nobody claims go after an hour', async () => {
    const before = await stored(server);
    const { id } = await upload(server, 'unclaimed');
    expect(await stored(server)).toContain(`uploads/${id}`);
    const space = await newSpace(server, {}, any);
    const claimed = await upload(server, 'claimed');
    const job = await submit(server, space, { files: [claimed.id] });
    const early = await openFuture(server, 3500_000);
    const late = await openFuture(server, 3700_000);
    await eventually(async () => !(await stored(server)).includes(`uploads/${id}`));
    expect(await stored(server)).toEqual(expect.arrayContaining([`jobs/${job.id}/${claimed.id}`]));
    expect((await stored(server)).filter((path) => path.startsWith('uploads/') && !before.includes(path))).toEqual([]);
    await Promise.all([early.close(), late.close()]);
    const { errors } = await post(server, submitInferenceMutation, { input: { space, files: [id] } });
    expect(errors[0]?.extensions.code).toBe('NOT_FOUND');
  });

  it('copied for a job that never came to be are removed, those of one that did stay', async () => {
    const space = await newSpace(server, {}, any);
    const { id } = await submit(server, space, { files: [(await upload(server, 'copied')).id] });
    await cancel(server, id);
    const { files, jobs } = server.server.services;
    const retried = await retry(server, id);
    // As a process leaves it that is killed between copying and storing.
    const never = `${space}.${randomUUID()}`;
    await files.copy(id, never, (await jobs.input(await jobs.existing(id)))!.files);
    const of = async (job: string) => (await stored(server)).filter((path) => path.startsWith(`jobs/${job}/`));
    expect(await of(never)).toHaveLength(1);
    await files.sweep(server.engine.now() + 3_700_000);
    expect(await of(never)).toEqual([]);
    expect(await of(retried.id)).toHaveLength(1);
  });

  it('that take longer than an hour to come in are whole in the end', async () => {
    const space = await newSpace(server, {}, any);
    const { files } = server.server.services;
    const source = new PassThrough();
    const receiving = files.receive('slow.txt', 'text/plain', source, 'anonymous');
    const before = await stored(server);
    source.write('slow');
    await eventually(async () => (await stored(server)).some((path) => !before.includes(path)));
    await files.sweep(server.engine.now() + 3_700_000);
    source.end('ly');
    const { id } = await receiving;
    const job = await submit(server, space, { files: [id] });
    expect(await fetchText(server, job.input!.files[0]!)).toBe('slowly');
  });
});

describe('files on two processes', () => {
  const server = useServer({ engine: 'redis' });

  it('[promise 8] [lesson gradio #10487] are uploaded on one, submitted on the other, and fetched from either', async () => {
    await using second = await server.second();
    const space = await newSpace(server, {}, any);
    await using worker = await openWorker(server, space);
    const { id: file } = await upload(server, 'Over there');
    const { id } = await submit(second, space, { files: [file] });
    const work = await worker.work();
    for (const at of [server, second]) expect(await fetchText(at, work.input.files[0]!)).toBe('Over there');
    await work.complete({ files: [(await upload(second, 'And back')).id] });
    const job = await end(second, id);
    for (const at of [server, second]) expect(await fetchText(at, job.files[0]!)).toBe('And back');
  });
});
