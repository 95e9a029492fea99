import { lstat, mkdir, mkdtempDisposable, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { parse } from 'content-disposition';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { submitInferenceMutation } from '../../client/sdk/index.ts';
import { createStorage, jobFolder, jobKey, uploadKey } from '../../src/service/storage.ts';
import { post } from '../help/client.ts';
import { stored, upload, uploadForm } from '../help/files.ts';
import { newSpace, read, submit } from '../help/jobs.ts';
import { raw } from '../help/raw-http.ts';
import { engines, startServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';

const any = { prompt: true, files: { accept: ['*/*'] } };

/** Pieces of names, ids and paths that people try. */
const tricks = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '..',
          '.',
          '/',
          '\\',
          '\0',
          '\r\n',
          '\n',
          '%2e%2e',
          '%2f',
          '%5c',
          '%00',
          '~',
          'C:',
          '\\\\?\\C:\\',
          'file://',
        ],
        ...[
          '"',
          "'",
          ';',
          '=',
          '*',
          "filename*=UTF-8''x",
          '<b>',
          '\u202e',
          '\u2067',
          '\ud800',
          'é',
          '😀',
          ' ',
          'jobs',
          'uploads',
        ],
        ...[
          'con',
          'NUL',
          'com1',
          'LPT¹',
          '.txt',
          'x'.repeat(400),
          '00000000-0000-0000-0000-000000000000',
          'etc/passwd',
        ],
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

test('no id makes a path out of the storage, and none but an id makes any', () => {
  const root = resolve('/storage');
  const within = (key: () => string) => {
    let path: string;
    try {
      path = resolve(root, key());
    } catch (error) {
      return (error as Error).message.startsWith('No path is made of');
    }
    return path.startsWith(`${root}${sep}`) && path.split(sep).length > 3;
  };
  fc.assert(
    fc.property(tricks, tricks, (one, other) => {
      expect(within(() => uploadKey(one))).toBe(true);
      expect(within(() => jobFolder(one))).toBe(true);
      expect(within(() => jobKey(one, other))).toBe(true);
    }),
    { numRuns: 5000 },
  );
  for (const bad of [
    '..',
    '.',
    '',
    'a/b',
    '../x',
    'a\0',
    'a\n',
    'a.b',
    '~',
    'space.00000000-0000-0000-0000-00000000000g',
  ]) {
    expect(() => jobFolder(bad)).toThrow('No path is made of');
    expect(() => uploadKey(bad)).toThrow('No path is made of');
  }
});

describe.each(engines)('on %s', (engine) => {
  const server = useServer({ engine });

  it('a file of whatever name lies where its ids say, and is downloaded under a name that is harmless', async () => {
    const space = await newSpace(server, {}, any);
    await fc.assert(
      fc.asyncProperty(tricks, async (name) => {
        const before = await stored(server);
        // A form cannot carry every name; a query can.
        const sent =
          name === '' ? await uploadForm(server, 'content', 'a') : await upload(server, 'content', wellFormed(name));
        expect(sent.status).toBe(201);
        const { id, input } = await submit(server, space, { files: [sent.id] });
        expect((await stored(server)).filter((path) => !before.includes(path))).toEqual([`jobs/${id}/${sent.id}`]);
        const response = await fetch(`${server.url}${input!.files[0]!.url}`);
        expect(await response.text()).toBe('content');
        const header = response.headers.get('content-disposition')!;
        expect(header).toMatch(/^(inline|attachment)(;|$)[\x20-\x7e]*$/);
        const { filename } = parse(header).parameters;
        expect(filename).toBe(sent.name);
        expect(filename).not.toMatch(/[/\\\p{Cc}\p{Bidi_Control}]/u);
      }),
      { numRuns: 40 },
    );
  });

  it('an id that is a path is no upload, and a path that is none of ours leads nowhere', async () => {
    const space = await newSpace(server, {}, any);
    const secret = join(server.dataDir, 'secret');
    await writeFile(secret, 'out of bounds');
    await fc.assert(
      fc.asyncProperty(tricks, tricks, async (one, other) => {
        const { errors } = await post(server, submitInferenceMutation, { input: { space, files: [wellFormed(one)] } });
        expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'input.files.0' });
        for (const path of [`${one}/${other}`, [one, other].map(encodeURIComponentLoosely).join('/')]) {
          const target = `/files/${path.replaceAll(/[\0-\x20\x7f-\uffff]/g, '')}`;
          const answer = await raw(server, `GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
          // What leads out of /files leads to the first page.
          expect([target, answer.split('\r\n')[0]]).toEqual([
            target,
            expect.stringMatching(/^HTTP\/1\.1 (40[034]|302) /),
          ]);
        }
      }),
      { numRuns: 40 },
    );
    for (const path of [
      '../secret',
      '..%2fsecret',
      '%2e%2e/secret',
      '..\\secret',
      '..%5csecret',
      '%2e%2e%2fsecret%00',
    ]) {
      const answer = await raw(server, `GET /files/${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 40[034] /);
      expect(answer).not.toContain('out of bounds');
    }
  });
});

/** As it can be sent at all. */
const wellFormed = (text: string): string => text.toWellFormed();
const encodeURIComponentLoosely = (text: string): string => encodeURIComponent(wellFormed(text));

describe('a link that somebody put into the storage', () => {
  /** A server with a file of a job, and something next to its storage that is none of its business. */
  async function scene() {
    const server = await startServer();
    const files = join(server.dataDir, 'files');
    const outside = join(server.dataDir, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'out of bounds');
    const space = await newSpace(server, {}, any);
    const { id } = await upload(server, 'content');
    const job = await submit(server, space, { files: [id] });
    const get = async () => {
      const response = await fetch(`${server.url}${(await read(server, job.id)).input!.files[0]!.url}`);
      return { status: response.status, text: await response.text() };
    };
    return { server, files, outside, space, job: job.id, id, get, [Symbol.asyncDispose]: () => server.close() };
  }

  it('is not followed to a file elsewhere', async () => {
    await using at = await scene();
    const path = join(at.files, 'jobs', at.job, at.id);
    expect(await at.get()).toEqual({ status: 200, text: 'content' });
    await rm(path);
    await symlink(join(at.outside, 'secret'), path);
    const { status, text } = await at.get();
    expect(status).toBe(404);
    expect(text).not.toContain('out of bounds');
    await at.server.server.services.jobs.remove(at.job);
    expect(await readFile(join(at.outside, 'secret'), 'utf8')).toBe('out of bounds');
    await expect(lstat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not followed to a directory elsewhere: nothing is read, written or deleted there', async () => {
    await using at = await scene();
    await rename(join(at.files, 'jobs', at.job), join(at.outside, at.job));
    await symlink(join(at.outside, at.job), join(at.files, 'jobs', at.job));
    expect((await at.get()).text).not.toContain('content');
    await rm(join(at.files, 'uploads'), { recursive: true });
    await symlink(at.outside, join(at.files, 'uploads'));
    const before = await readdir(at.outside, { recursive: true });
    expect((await upload(at.server, 'more')).status).toBe(500);
    await at.server.server.services.jobs.remove(at.job);
    expect(await readdir(at.outside, { recursive: true })).toEqual(before);
    expect(await readdir(join(at.files, 'jobs'))).toEqual([]);
  });

  it('is not followed by a move, a copy or a deletion', async () => {
    await using scratch = await mkdtempDisposable(join(tmpdir(), 'spacedock-test-'));
    const [root, outside] = ['files', 'outside'].map((name) => join(scratch.path, name));
    await mkdir(join(root!, 'uploads'), { recursive: true });
    await mkdir(join(outside!, 'job'), { recursive: true });
    await symlink(outside!, join(root!, 'jobs'));
    const [id, other] = [1, 2].map((n) => `00000000-0000-0000-0000-00000000000${n}`);
    await writeFile(join(root!, 'uploads', id!), 'content');
    await writeFile(join(outside!, 'job', other!), 'out of bounds');
    const storage = createStorage(root!);
    const before = await readdir(outside!, { recursive: true });
    await expect(storage.move(uploadKey(id!), jobKey('job', id!))).rejects.toThrow('is a link');
    await expect(storage.move(uploadKey(id!), jobKey('new', id!))).rejects.toThrow('is a link');
    await expect(storage.copy(uploadKey(id!), jobKey('job', id!))).rejects.toThrow('is a link');
    await expect(storage.copy(jobKey('job', other!), uploadKey(other!))).rejects.toThrow('is a link');
    await expect(storage.find(jobKey('job', other!))).rejects.toThrow('is a link');
    await expect(storage.remove(jobKey('job', other!))).rejects.toThrow('is a link');
    await expect(storage.removeFolder(jobFolder('job'))).rejects.toThrow('is a link');
    expect(await readdir(outside!, { recursive: true })).toEqual(before);
    expect(await readFile(join(root!, 'uploads', id!), 'utf8')).toBe('content');
  });

  it('may be the storage itself', async () => {
    await using scratch = await mkdtempDisposable(join(tmpdir(), 'spacedock-test-'));
    await mkdir(join(scratch.path, 'volume'));
    await symlink(join(scratch.path, 'volume'), join(scratch.path, 'link'));
    await using server = await startServer({ env: { FILES_URL: `file://${scratch.path}/link` } });
    const { id } = await upload(server, 'content');
    const { input } = await submit(server, await newSpace(server, {}, any), { files: [id] });
    expect(await (await fetch(`${server.url}${input!.files[0]!.url}`)).text()).toBe('content');
  });
});
