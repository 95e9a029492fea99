import { once } from 'node:events';
import { lstat, statfs } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { submitInferenceMutation } from '../../client/sdk/index.ts';
import { createUploadQuota } from '../../src/service/upload-quota.ts';
import { multipart, post, postBody } from '../help/client.ts';
import { stored, type Uploaded, upload, uploadForm } from '../help/files.ts';
import { cancel, eventually, newSpace, submit } from '../help/jobs.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';

const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
const any = { prompt: true, files: { accept: ['*/*'], maxCount: 100 } };
const bytes = (count: number) => new Blob([new Uint8Array(count)]);

/** The three ways in which an upload comes. */
const ways: [string, (server: TestServer, count: number) => Promise<Uploaded>][] = [
  ['as the body', (server, count) => upload(server, bytes(count))],
  ['in pieces without a length', (server, count) => upload(server, bytes(count).stream())],
  ['as a form', (server, count) => uploadForm(server, bytes(count))],
];

const refusal = ({ status, errors }: Uploaded) => ({ status, ...errors?.[0]?.extensions });
const limited = (limit: number) => ({
  status: 429,
  code: 'RATE_LIMITED',
  field: 'file',
  limit,
  retryAfterSeconds: expect.toSatisfy((seconds: number) => seconds >= 1 && seconds <= 3600),
});

/** All uploads become a job's: the quota is free again. */
async function claim(server: TestServer, ids: string[]): Promise<string> {
  return (await submit(server, await newSpace(server, {}, any), { files: ids })).id;
}

/** Bytes of all files. */
async function taken(server: TestServer): Promise<number> {
  const sizes = (await stored(server)).map(async (path) => (await lstat(join(server.dataDir, 'files', path))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

describe.each(engines)('unclaimed uploads on %s', (engine) => {
  const env = { MAX_UPLOADS_PER_VIEWER: '3', MAX_UPLOADS_BYTES_PER_VIEWER: '1000' };
  const server = useServer({ engine, env });

  it.each(ways)('are as many as may be, and not one more, %s', async (_way, give) => {
    const ids = [];
    for (let n = 0; n < 3; n++) ids.push((await give(server, 1)).id);
    const before = await stored(server);
    const refused = await give(server, 1);
    expect(refusal(refused)).toEqual(limited(3));
    expect(refused.errors?.[0]?.message).toBe(
      'file: you have uploads that no job has taken, and there can be 3 at most (MAX_UPLOADS_PER_VIEWER); submit them, or wait: they go after an hour',
    );
    expect(await stored(server)).toEqual(before);
    await claim(server, [ids.pop()!]);
    const last = await give(server, 1);
    expect(last.status).toBe(201);
    await claim(server, [...ids, last.id]);
  });

  it.each(ways)('take as many bytes as they may, and not one more, %s', async (_way, give) => {
    const first = await give(server, 400);
    expect(refusal(await give(server, 601))).toEqual(limited(1000));
    const second = await give(server, 600);
    expect(second).toMatchObject({ status: 201, size: 600 });
    expect(refusal(await give(server, 1))).toEqual(limited(1000));
    // Empty ones take nothing.
    const empty = await give(server, 0);
    expect(empty.status).toBe(201);
    await claim(server, [first.id, second.id, empty.id]);
    expect(refusal(await give(server, 1001))).toEqual({
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
      field: 'file',
      limit: 1000,
    });
    await claim(server, [(await give(server, 1000)).id]);
  });

  it('are not what came with a request, once that is answered, whatever the answer', async () => {
    const space = await newSpace(server, { maxQueued: 1 }, any);
    const give = async (count: number, change: object = {}) => {
      const part = { 'input.files.0': new File([bytes(count)], 'a') };
      return postBody(server, multipart(SUBMIT, { input: { space, files: [null], ...change } }, part));
    };
    const empty = (await stored(server)).length;
    expect((await give(1001)).errors[0]?.extensions).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', limit: 1000 });
    expect((await give(1000, { idempotencyKey: 'key' })).errors).toEqual([]);
    for (let n = 0; n < 5; n++) {
      expect((await give(1000)).errors[0]?.extensions.code).toBe('QUEUE_FULL');
      expect((await give(1000, { idempotencyKey: 'key' })).errors).toEqual([]);
      expect((await give(999, { idempotencyKey: 'key' })).errors[0]?.extensions.code).toBe('CONFLICT');
    }
    expect(await stored(server)).toHaveLength(empty + 1);
    expect((await upload(server, bytes(1000))).status).toBe(201);
    const [left] = (await stored(server)).filter((path) => path.startsWith('uploads/'));
    await claim(server, [left!.split('/')[1]!]);
  });

  it('of a submit that is refused count as before', async () => {
    const space = await newSpace(server, { maxQueued: 1 }, any);
    await submit(server, space);
    const { id } = await upload(server, bytes(900));
    const { errors } = await post(server, submitInferenceMutation, { input: { space, files: [id] } });
    expect(errors[0]?.extensions.code).toBe('QUEUE_FULL');
    expect(refusal(await upload(server, bytes(101)))).toEqual(limited(1000));
    await claim(server, [id]);
    await claim(server, [(await upload(server, bytes(101))).id]);
  });

  it('whose sender went away in the middle count no more', async () => {
    const { port, hostname } = new URL(server.url);
    const before = await stored(server);
    const senders = Array.from({ length: 3 }, () => {
      const sender = createConnection(Number(port), hostname);
      sender.write('POST /files?name=a HTTP/1.1\r\nhost: localhost\r\ncontent-length: 300\r\n\r\nbegun');
      return sender;
    });
    await eventually(async () => (await stored(server)).length === before.length + 3);
    expect(refusal(await upload(server, bytes(1)))).toEqual(limited(3));
    for (const sender of senders) {
      sender.destroy();
      await once(sender, 'close');
    }
    await eventually(async () => (await stored(server)).length === before.length);
    let id = '';
    await eventually(async () => {
      ({ id } = await upload(server, bytes(1000)));
      return id !== undefined;
    });
    await claim(server, [id]);
  });

  it('that come all at once never pass the limit', async () => {
    for (const [, give] of ways) {
      const sent = await Promise.all(Array.from({ length: 12 }, () => give(server, 400)));
      const accepted = sent.filter(({ status }) => status === 201);
      expect(accepted.length).toBeLessThanOrEqual(2);
      for (const one of sent.filter(({ status }) => status !== 201)) {
        expect(refusal(one)).toMatchObject({ code: 'RATE_LIMITED', limit: expect.toBeOneOf([3, 1000]) });
      }
      if (accepted.length > 0)
        await claim(
          server,
          accepted.map(({ id }) => id),
        );
    }
    await claim(server, [(await upload(server, bytes(1000))).id]);
  });

  it('of a process that was killed count for as long as they are kept, and lock nobody out', async () => {
    const quota = createUploadQuota(server.engine, { count: 2, bytes: 100 }, 400);
    await quota.open('killed', 'a', 90, 'file');
    await expect(quota.open('killed', 'b', 20, 'file')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(quota.open('killed', 'c', 0, 'file')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await quota.open('another', 'a', 100, 'file');
    await eventually(async () => (await server.engine.documents.list('upload')) && !(await quota.has('killed', 'c')));
    await quota.open('killed', 'd', 100, 'file');
  });
});

describe('unclaimed uploads on two processes', () => {
  const env = { MAX_UPLOADS_PER_VIEWER: '5', MAX_UPLOADS_BYTES_PER_VIEWER: '1000' };
  const server = useServer({ engine: 'redis', env });

  it('count together, also when they come all at once', async () => {
    await using second = await server.second();
    const sent = await Promise.all(
      Array.from({ length: 16 }, (_, n) => upload(n % 2 ? server : second, bytes(300).stream())),
    );
    const accepted = sent.filter(({ status }) => status === 201);
    expect(accepted.length).toBeLessThanOrEqual(3);
    expect(await taken(server)).toBe(accepted.length * 300);
    if (accepted.length > 0)
      await claim(
        second,
        accepted.map(({ id }) => id),
      );
    const { id } = await upload(server, bytes(1000));
    expect(refusal(await upload(second, bytes(1)))).toEqual(limited(1000));
    await claim(second, [id]);
    expect((await upload(server, bytes(1000))).status).toBe(201);
  });
});

describe.each(engines)('an upload of somebody else on %s', (engine) => {
  const server = useServer({ engine, env: { MAX_UPLOADS_PER_VIEWER: '2' } });

  it('is NOT_FOUND exactly as one that never was, and counts for its owner alone', async () => {
    const { files } = server.server.services;
    const space = await newSpace(server, {}, any);
    const foreign = await files.receive('a.txt', '', Readable.from([Buffer.from('theirs')]), 'somebody');
    await files.receive('b.txt', '', Readable.from([Buffer.from('theirs')]), 'somebody');
    const unknown = foreign.id.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const say = async (id: string) => {
      const input = { space, files: [id], idempotencyKey: 'key' };
      const { errors } = await post(server, submitInferenceMutation, { input });
      return JSON.stringify(errors).replaceAll(id, 'ID');
    };
    expect(await say(foreign.id)).toContain('NOT_FOUND');
    expect(await say(foreign.id)).toBe(await say(unknown));
    expect((await upload(server, 'mine')).status).toBe(201);
    await expect(files.receive('c.txt', '', Readable.from([]), 'somebody')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { limit: 2 },
    });
    expect(await files.accept([foreign.id], 'any', 'input.files', 'somebody')).toEqual([foreign]);
  });
});

describe('the storage', () => {
  const full = (limit: number) => ({ status: 429, code: 'RATE_LIMITED', field: 'file', limit, retryAfterSeconds: 60 });

  it.each(ways)('takes as many bytes as it may, and not one more, %s, until a job is deleted', async (_way, give) => {
    await using server = await startServer({ env: { MAX_STORAGE_BYTES: '10000' } });
    const first = await give(server, 6000);
    const job = await claim(server, [first.id]);
    expect(refusal(await give(server, 4001))).toEqual(full(10_000));
    expect(await taken(server)).toBe(6000);
    expect((await give(server, 4000)).status).toBe(201);
    const refused = await give(server, 1);
    expect(refusal(refused)).toEqual(full(10_000));
    expect(refused.errors?.[0]?.message).toContain('MAX_STORAGE_BYTES');
    expect(refusal(await give(server, 10_001))).toMatchObject({
      code: expect.stringMatching(/RATE_LIMITED|TOO_LARGE/),
    });
    await server.server.services.jobs.remove(job);
    expect((await give(server, 6000)).status).toBe(201);
    expect(await taken(server)).toBe(10_000);
  });

  it('never takes more, however much comes at once', async () => {
    await using server = await startServer({ env: { MAX_STORAGE_BYTES: '10000' } });
    const sent = await Promise.all(Array.from({ length: 20 }, (_, n) => ways[n % ways.length]![1](server, 900 + n)));
    const accepted = sent.filter(({ status }) => status === 201);
    expect(await taken(server)).toBe(accepted.reduce((sum, { size }) => sum + size, 0));
    expect(await taken(server)).toBeLessThanOrEqual(10_000);
    for (const one of sent.filter(({ status }) => status !== 201)) expect(refusal(one)).toEqual(full(10_000));
    // What was promised to those that were refused is there again.
    const left = 10_000 - (await taken(server));
    expect((await upload(server, bytes(left))).status).toBe(201);
    expect(refusal(await upload(server, bytes(1)))).toEqual(full(10_000));
  });

  it('has all of its room again for the next, when one is done whose length nobody knew', async () => {
    const max = 3 * 1024 * 1024;
    await using server = await startServer({ env: { MAX_STORAGE_BYTES: `${max}` } });
    expect((await upload(server, bytes(100).stream())).status).toBe(201);
    expect((await upload(server, bytes(max - 100))).status).toBe(201);
    expect(refusal(await upload(server, bytes(1)))).toEqual(full(max));
  });

  it('takes no file that is larger than all of it', async () => {
    await using server = await startServer({ env: { MAX_STORAGE_BYTES: '10000' } });
    expect(refusal(await upload(server, bytes(10_001)))).toEqual({
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
      field: 'file',
      limit: 10_000,
    });
  });

  it('sees what another process took', async () => {
    await using server = await startServer({ engine: 'redis', env: { MAX_STORAGE_BYTES: '10000' } });
    await using second = await server.second();
    await upload(server, bytes(6000));
    expect(refusal(await upload(second, bytes(4001)))).toEqual(full(10_000));
    expect((await upload(second, bytes(4000))).status).toBe(201);
  });

  it('takes no copies for a job that is tried anew, when it is full', async () => {
    await using server = await startServer({ env: { MAX_STORAGE_BYTES: '10000' } });
    const job = await claim(server, [(await upload(server, bytes(5001))).id]);
    await cancel(server, job);
    const retry = 'mutation ($id: ID!) { retryJob(id: $id) { id } }';
    const { errors } = await post(server, retry, { id: job });
    expect(errors[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED', field: 'id', limit: 10_000 });
    expect(await taken(server)).toBe(5001);
  });

  it('leaves some of the disk free: nothing is taken before it, and what is under way ends there', async () => {
    const { bavail, bsize } = await statfs(tmpdir());
    const MIB = 1024 * 1024;
    await using server = await startServer({ env: { MIN_FREE_BYTES: `${Number.MAX_SAFE_INTEGER}` } });
    const before = await upload(server, bytes(1));
    expect(refusal(before)).toEqual(full(Number.MAX_SAFE_INTEGER));
    expect(before.errors?.[0]?.message).toContain('MIN_FREE_BYTES');
    const floor = bavail * bsize - 64 * MIB;
    await using nearly = await startServer({ env: { MIN_FREE_BYTES: `${floor}`, MAX_FILE_BYTES: `${512 * MIB}` } });
    const piece = Buffer.alloc(MIB);
    let pieces = 0;
    const endless = new ReadableStream({
      pull: (controller) => (++pieces > 512 ? controller.close() : controller.enqueue(piece)),
    });
    expect(refusal(await upload(nearly, endless))).toEqual(full(floor));
    expect(await stored(nearly)).toEqual([]);
  });
});
