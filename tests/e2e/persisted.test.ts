import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { answerOf, post, postBody } from '../help/client.ts';
import type { Answer } from '../help/flow.ts';
import { startServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';

const root = join(import.meta.dirname, '../..');
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const by = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } });

const VIEWER = 'query Viewer { viewer { name } }';
const STATS = 'subscription Stats { stats { engine } }';
const BROKEN = '{ nothing }';
const viewer = { viewer: { name: expect.any(String) } };

interface Asked {
  query?: string;
  extensions?: unknown;
}

describe('a server with a list of persisted operations', () => {
  const directory = mkdtempSync(join(tmpdir(), 'spacedock-test-'));
  const list = join(directory, 'persisted-documents.json');
  writeFileSync(
    list,
    JSON.stringify({ [`sha256:${hashOf(VIEWER)}`]: VIEWER, [hashOf(STATS)]: STATS, [hashOf(BROKEN)]: BROKEN }),
  );
  const server = useServer({ engine: 'sqlite', env: { PERSISTED_OPERATIONS: list } });
  afterAll(() => rm(directory, { recursive: true }));

  const transports: Record<string, (asked: Asked) => Promise<Answer<unknown>>> = {
    POST: (asked) => postBody(server, JSON.stringify(asked), { 'content-type': 'application/json' }),
    GET: async ({ query, extensions }) => {
      const search = new URLSearchParams({
        ...(query === undefined ? {} : { query }),
        ...(extensions === undefined ? {} : { extensions: JSON.stringify(extensions) }),
      });
      return answerOf(await fetch(`${server.graphql}?${search}`));
    },
    form: ({ query, extensions }) => {
      const form = new FormData();
      form.set('operations', JSON.stringify({ query, extensions }));
      form.set('map', '{}');
      return postBody(server, form);
    },
    WebSocket: async (asked) => {
      await using socket = await openSocket(server);
      socket.send({ type: 'subscribe', id: '1', payload: { query: '', ...asked } });
      const { type, payload } = await socket.take(({ id }) => id === '1');
      if (type === 'error') return { data: null, errors: payload as Answer<unknown>['errors'] };
      return { errors: [], ...(payload as { data: unknown }) };
    },
  };

  describe.each(Object.entries(transports))('over %s', (_name, ask) => {
    it.each<[string, Asked]>([
      ['by its hash', { extensions: by(hashOf(VIEWER)) }],
      ['by its hash as graphql-codegen writes it', { extensions: by(`sha256:${hashOf(VIEWER)}`) }],
      ['by its text', { query: VIEWER }],
      ['by both', { query: VIEWER, extensions: by(hashOf(VIEWER)) }],
    ])('runs what is in it, %s', async (_how, asked) => {
      expect(await ask(asked)).toMatchObject({ data: viewer, errors: [] });
    });

    it.each<[string, Asked, string]>([
      ['another text', { query: '{ viewer { id } }' }, 'FORBIDDEN'],
      ['the same in other words', { query: `${VIEWER} ` }, 'FORBIDDEN'],
      ['what does not parse', { query: '{ viewer {' }, 'FORBIDDEN'],
      ['introspection', { query: '{ __schema { queryType { name } } }' }, 'FORBIDDEN'],
      ['another hash', { extensions: by(hashOf('x')) }, 'FORBIDDEN'],
      ['a name of all objects', { extensions: by('constructor') }, 'FORBIDDEN'],
      [
        'another hash, with its text',
        { query: '{ viewer { id } }', extensions: by(hashOf('{ viewer { id } }')) },
        'FORBIDDEN',
      ],
      [
        'a text under the hash of another',
        { query: '{ viewer { id } }', extensions: by(hashOf(VIEWER)) },
        'BAD_USER_INPUT',
      ],
    ])('refuses %s, and says what to do', async (_what, asked, code) => {
      const { data = null, errors } = await ask(asked);
      expect([data, errors[0]?.extensions.code]).toEqual([null, code]);
      expect(errors[0]?.message).toMatch(/PERSISTED_OPERATIONS|sha256Hash/);
      expect(JSON.stringify(errors)).not.toContain('viewer');
    });

    it.each<[string, Asked]>([
      ['nothing', {}],
      ['extensions of other things', { extensions: { persistedQuery: { sha256Hash: 5 } } }],
    ])('refuses %s', async (_what, asked) => {
      const { errors } = await ask(asked);
      expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    });

    it('finds wrong what is wrong with a document though it is in it', async () => {
      expect((await ask({ extensions: by(hashOf(BROKEN)) })).errors[0]?.message).toContain('Cannot query field');
    });
  });

  it('runs its subscriptions, by hash, over WebSocket and SSE', async () => {
    await using socket = await openSocket(server);
    socket.send({ type: 'subscribe', id: '1', payload: { query: '', extensions: by(hashOf(STATS)) } });
    const { payload } = await socket.take(({ id, type }) => id === '1' && type === 'next');
    expect(payload).toEqual({ data: { stats: { engine: 'sqlite' } } });
    const search = new URLSearchParams({ extensions: JSON.stringify(by(hashOf(STATS))) });
    const response = await fetch(`${server.graphql}?${search}`, { headers: { accept: 'text/event-stream' } });
    const [chunk] =
      (await response.body
        ?.getReader()
        .read()
        .then(({ value }) => [value])) ?? [];
    expect(new TextDecoder().decode(chunk)).toMatch(/next|:/);
    expect(response.status).toBe(200);
  });

  it('does not mix up watchers that name documents by hash alone', async () => {
    await using socket = await openSocket(server);
    socket.send(
      { type: 'subscribe', id: '1', payload: { query: '', extensions: by(hashOf(STATS)) } },
      { type: 'subscribe', id: '2', payload: { query: STATS } },
    );
    for (const wanted of ['1', '2']) await socket.take(({ id, type }) => id === wanted && type === 'next');
    expect(server.server.groups()).toBe(1);
  });
});

describe('a server without a list', () => {
  const server = useServer({ engine: 'sqlite' });

  it('refuses a hash alone, and takes no notice of one beside a document', async () => {
    await using socket = await openSocket(server);
    const body = JSON.stringify({ extensions: by(hashOf(VIEWER)) });
    const { errors } = await postBody(server, body, { 'content-type': 'application/json' });
    socket.send({ type: 'subscribe', id: '1', payload: { query: '', extensions: by(hashOf(VIEWER)) } });
    const { payload } = await socket.take(({ id }) => id === '1');
    for (const [error] of [errors, payload as typeof errors]) {
      expect([error?.extensions, error?.message]).toEqual([
        { code: 'BAD_USER_INPUT', field: 'query' },
        expect.stringContaining('send the document'),
      ]);
    }
    const both = JSON.stringify({ query: VIEWER, extensions: by(hashOf('x')) });
    expect((await postBody(server, both, { 'content-type': 'application/json' })).data).toEqual(viewer);
    expect((await post(server, VIEWER)).data).toEqual(viewer);
  });
});

describe('the list', () => {
  const directory = mkdtempSync(join(tmpdir(), 'spacedock-test-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it.each([
    ['is not there', null, 'no such file'],
    ['is no JSON', '{', 'JSON'],
    ['is something else', '[1]', 'something else'],
    ['has other values', '{"a": 1}', 'something else'],
    [
      'has other hashes',
      JSON.stringify({ [createHash('sha1').update(VIEWER).digest('hex')]: VIEWER }),
      "hashAlgorithm: 'sha256'",
    ],
  ])('is refused at the start by name, if it %s', async (_what, text, why) => {
    const path = join(directory, 'list.json');
    await rm(path, { force: true });
    if (text !== null) await writeFile(path, text);
    const starting = startServer({ env: { PERSISTED_OPERATIONS: path } });
    await expect(starting).rejects.toThrow(/^PERSISTED_OPERATIONS: /);
    await expect(starting).rejects.toThrow(why);
  });

  it('is what graphql-codegen writes', async () => {
    const config = `export default {
      schema: ${JSON.stringify(join(root, 'schema.graphql'))},
      documents: [${JSON.stringify(join(directory, 'documents.graphql'))}],
      generates: {
        ${JSON.stringify(`${directory}/gql/`)}: {
          preset: 'client',
          presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' } },
        },
      },
    };`;
    await writeFile(join(directory, 'documents.graphql'), `${VIEWER} ${STATS}`);
    await writeFile(join(directory, 'codegen.mjs'), config);
    const codegen = join(root, 'node_modules/.bin/graphql-codegen');
    await promisify(execFile)(codegen, ['--config', join(directory, 'codegen.mjs')], { cwd: root });
    const list = join(directory, 'gql/persisted-documents.json');
    const hashes = Object.keys(JSON.parse(await readFile(list, 'utf8')) as object);
    expect(hashes).toHaveLength(2);
    await using server = await startServer({ env: { PERSISTED_OPERATIONS: list } });
    const answers = await Promise.all(
      hashes.map((hash) =>
        postBody(server, JSON.stringify({ extensions: by(hash) }), { 'content-type': 'application/json' }),
      ),
    );
    expect(answers.map(({ data }) => data)).toContainEqual(viewer);
  });
});
