import { once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { submitInferenceMutation } from '../../client/sdk/index.ts';
import { multipart, post, postBody } from '../help/client.ts';
import { PNG, stored, upload, uploadForm } from '../help/files.ts';
import { eventually, newSpace } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';

const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';

const tooManyBytes = new Uint8Array(1024 * 1024 + 1);

describe.each(engines)('a file refused on %s', (engine) => {
  const server = useServer({ engine, env: { MAX_FILE_BYTES: `${1024 * 1024}`, MAX_BODY_BYTES: `${4 * 1024 * 1024}` } });

  it.each<[string, () => Promise<{ status: number; errors?: unknown }>]>([
    ['as the body', () => upload(server, tooManyBytes)],
    ['as a form', () => uploadForm(server, tooManyBytes)],
    ['in pieces without a length', () => upload(server, new Blob([tooManyBytes, tooManyBytes]).stream())],
  ])('for its size, sent %s, is 413 and leaves nothing', async (_how, send) => {
    const answer = await send();
    expect(answer).toMatchObject({
      status: 413,
      errors: [{ extensions: { code: 'FILE_TOO_LARGE', field: 'file', limit: 1024 * 1024 } }],
    });
    expect(await stored(server)).toEqual([]);
  });

  it('for its space’s rules is named by its place among the files, and the space’s limit', async () => {
    const files = { accept: ['text/plain', '.csv', 'image/*'], maxBytes: 1000, maxCount: 2 };
    const space = await newSpace(server, {}, { prompt: true, files });
    const give = async (...ids: string[]) =>
      (await post(server, submitInferenceMutation, { input: { space, files: ids } })).errors[0]?.extensions;
    const ids = async (...names: string[]) =>
      Promise.all(names.map(async (name) => (await upload(server, 'x', name)).id));

    expect(await give(...(await ids('a.txt', 'b.json')))).toMatchObject({
      code: 'FILE_TYPE_NOT_ACCEPTED',
      field: 'input.files.1',
    });
    const large = await upload(server, 'x'.repeat(1001));
    expect(await give(large.id)).toMatchObject({ code: 'FILE_TOO_LARGE', field: 'input.files.0', limit: 1000 });
    expect(await give(...(await ids('a.txt', 'b.txt', 'c.txt')))).toMatchObject({
      code: 'INPUT_NOT_ACCEPTED',
      limit: 2,
    });
    const [twice] = await ids('a.txt');
    expect(await give(twice!, twice!)).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.files' });
    expect(await give('no-upload')).toMatchObject({ code: 'NOT_FOUND', field: 'input.files.0' });
    const bare = await newSpace(server);
    const none = await post(server, submitInferenceMutation, { input: { space: bare, files: await ids('a.txt') } });
    expect(none.errors[0]?.extensions).toMatchObject({ code: 'INPUT_NOT_ACCEPTED', field: 'input.files.0' });
    expect(await give(...[...(await ids('A.CSV')), (await upload(server, PNG, 'b.PNG')).id])).toBeUndefined();
  });

  it('as a part of a GraphQL request is refused and nothing of it is kept', async () => {
    const files = { accept: ['text/plain'], maxBytes: 1000 };
    const space = await newSpace(server, {}, { prompt: true, files });
    const before = await stored(server);
    const give = async (...parts: File[]) => {
      const named = Object.fromEntries(parts.map((part, n) => [`input.files.${n}`, part]));
      const form = multipart(SUBMIT, { input: { space, files: parts.map(() => null) } }, named);
      return (await postBody(server, form)).errors[0]?.extensions;
    };
    expect(await give(new File(['x'], 'a.json'))).toMatchObject({ code: 'FILE_TYPE_NOT_ACCEPTED' });
    expect(await give(new File(['x'.repeat(1001)], 'a.txt'))).toMatchObject({ code: 'FILE_TOO_LARGE', limit: 1000 });
    expect(await stored(server)).toEqual(before);
  });

  it('that is none: without a name, a part, or an end', async () => {
    const before = await stored(server);
    expect(await upload(server, 'x', '')).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'BAD_USER_INPUT', field: 'name' } }],
    });
    const form = new FormData();
    form.set('other', 'text');
    const bare = await fetch(`${server.url}/files`, { method: 'POST', body: form });
    expect(await bare.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT', field: 'file' } }] });
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const body = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nbegun';
    const broken = await fetch(`${server.url}/files`, { method: 'POST', headers, body });
    expect(broken.status).toBe(400);
    const unbounded = await fetch(`${server.url}/files`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data' },
      body,
    });
    expect(unbounded.status).toBe(400);
    await eventually(async () => (await stored(server)).every((path) => before.includes(path)));
  });

  it.each([
    ['the body', 'content-type: text/plain'],
    ['a form', 'content-type: multipart/form-data; boundary=x'],
  ])('because its sender went away in the middle of %s leaves nothing', async (_what, header) => {
    const before = await stored(server);
    const { port, hostname } = new URL(server.url);
    const sender = createConnection(Number(port), hostname);
    const begin = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n';
    sender.write(
      `POST /files?name=a.txt HTTP/1.1\r\nhost: localhost\r\n${header}\r\ncontent-length: 900000\r\n\r\n${begin}`,
    );
    sender.write(Buffer.alloc(200_000));
    const added = async () => (await stored(server)).filter((path) => !before.includes(path));
    await eventually(async () => (await added()).length === 1);
    sender.destroy();
    await once(sender, 'close');
    await eventually(async () => (await added()).length === 0);
  });
});
