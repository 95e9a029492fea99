import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type SubmitInferenceInput, submitInferenceMutation, updateSpaceMutation } from '../../client/sdk/index.ts';
import type { Json } from '../../src/domain/json.ts';
import { createLog } from '../../src/log.ts';
import { openServer } from '../../src/server.ts';
import { ask, post } from '../help/client.ts';
import { upload } from '../help/files.ts';
import { cancel, end, freshId, newSpace, read, submit } from '../help/jobs.ts';
import { engines, type TestServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker } from '../help/worker.ts';

const trySubmit = (server: TestServer, input: SubmitInferenceInput) => post(server, submitInferenceMutation, { input });

describe.each(engines)('an idempotency key on %s', (engine) => {
  const server = useServer({ engine });

  it('[lesson cog #914] brings the first job back, however often and however much at once it is submitted', async () => {
    const space = await newSpace(server);
    const jobs = await Promise.all(
      Array.from({ length: 20 }, () => submit(server, space, { prompt: 'Once', idempotencyKey: 'key' })),
    );
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    await work.complete({ result: 'Done' });
    const again = await submit(server, space, { prompt: 'Once', idempotencyKey: 'key' });
    expect(again).toMatchObject({ id: work.job, status: 'COMPLETED', result: 'Done' });
    const other = await submit(server, space, { prompt: 'Once', idempotencyKey: 'another key' });
    expect(other.id).not.toBe(work.job);
  });

  it('belongs to its space', async () => {
    const one = await submit(server, await newSpace(server), { idempotencyKey: 'key' });
    const other = await submit(server, await newSpace(server), { idempotencyKey: 'key' });
    expect(other.id).not.toBe(one.id);
  });

  it('used for another input is a CONFLICT that names the first job', async () => {
    const inputs = { prompt: true, files: { accept: ['*/*'] }, parameters: { type: 'object' } };
    const space = await newSpace(server, {}, inputs);
    const first = { space, prompt: 'One', parameters: { a: 1 }, idempotencyKey: 'key' };
    const { id } = await submit(server, space, first);
    expect((await submit(server, space, first)).id).toBe(id);
    for (const change of [{ prompt: 'Two' }, { parameters: { a: 2 } }, { parameters: undefined }, { prompt: null }]) {
      const { errors } = await trySubmit(server, { ...first, ...change });
      expect(errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.idempotencyKey' });
      expect(errors[0]?.message).toContain(id);
    }
  });

  it('used at once for different inputs lets one of them through', async () => {
    const space = await newSpace(server);
    const answers = await Promise.all(
      ['one', 'two', 'three', 'four'].map((prompt) => trySubmit(server, { space, prompt, idempotencyKey: 'key' })),
    );
    expect(answers.filter(({ data }) => data)).toHaveLength(1);
    const codes = answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code));
    expect(codes).toEqual(['CONFLICT', 'CONFLICT', 'CONFLICT']);
  });

  it('is looked at before every other refusal', async () => {
    const space = await newSpace(server, { maxQueued: 1, whenOffline: 'QUEUE' });
    const first = { space, prompt: 'One', idempotencyKey: 'key' };
    const { id } = await submit(server, space, first);
    // Full, offline, and not to its taste any more.
    const policy = { whenOffline: 'REJECT' } as const;
    await ask(server, updateSpaceMutation, { input: { id: space, policy, inputs: { prompt: false } } });
    for (const change of [{}, { priority: 1000 }]) {
      expect(await submit(server, space, { ...first, ...change })).toMatchObject({ id, status: 'QUEUED' });
    }
    expect((await trySubmit(server, { ...first, prompt: 'Two' })).errors[0]?.extensions.code).toBe('CONFLICT');
    expect((await trySubmit(server, { ...first, idempotencyKey: 'new' })).errors[0]?.extensions.code).toBe(
      'SPACE_NOT_CONNECTED',
    );
    await cancel(server, id);
  });

  it('is of what was sent, whatever the space’s defaults have become', async () => {
    const schema = (steps: number) => ({ type: 'object', properties: { steps: { type: 'integer', default: steps } } });
    const space = await newSpace(server, {}, { prompt: true, parameters: schema(4) });
    const sent: SubmitInferenceInput = { space, prompt: 'One', idempotencyKey: 'key' };
    const [bare, full] = [sent, { ...sent, idempotencyKey: 'full', parameters: { steps: 4 } }];
    const ids = [(await submit(server, space, bare)).id, (await submit(server, space, full)).id];
    expect((await read(server, ids[0]!)).input?.parameters).toEqual({ steps: 4 });
    for (const parameters of [schema(8), { type: 'object', required: ['size'] }, null]) {
      await ask(server, updateSpaceMutation, { input: { id: space, inputs: { prompt: true, parameters } } });
      expect((await submit(server, space, bare)).id).toBe(ids[0]);
      expect((await submit(server, space, full)).id).toBe(ids[1]);
      const others: SubmitInferenceInput[] = [
        { ...bare, parameters: { steps: 8 } },
        { ...full, parameters: {} },
      ];
      for (const changed of others) {
        expect((await trySubmit(server, changed)).errors[0]?.extensions.code).toBe('CONFLICT');
      }
    }
  });

  it('[lesson cog #914] brings the one job to all who submit the same upload at once', async () => {
    const space = await newSpace(server, {}, { prompt: true, files: { accept: ['*/*'] } });
    for (let round = 0; round < 5; round++) {
      const { id: file } = await upload(server, 'content');
      const sent = { prompt: 'Once', idempotencyKey: `key ${round}`, files: [file] };
      const jobs = await Promise.all(Array.from({ length: 20 }, () => submit(server, space, sent)));
      expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
      expect(jobs[0]!.input?.files).toHaveLength(1);
    }
  });

  it('does not make an upload that is not there come', async () => {
    const space = await newSpace(server, {}, { prompt: true, files: { accept: ['*/*'], maxCount: 3 } });
    const { id: file } = await upload(server, 'content');
    for (const missing of ['nonsense', randomUUID()]) {
      const { errors } = await trySubmit(server, { space, idempotencyKey: 'key', files: [file, missing] });
      expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'input.files.1' });
    }
    const { id } = await submit(server, space, { idempotencyKey: 'key', files: [file] });
    expect(await read(server, id)).toMatchObject({ status: 'QUEUED' });
  });

  it('brings the one job also to those who uploaded the same file again', async () => {
    const space = await newSpace(server, {}, { prompt: true, files: { accept: ['*/*'] } });
    for (let round = 0; round < 5; round++) {
      const files = [await upload(server, 'content'), await upload(server, 'content')].map(({ id }) => id);
      const sent = Array.from({ length: 20 }, (_, n) => ({ idempotencyKey: `key ${round}`, files: [files[n % 2]!] }));
      const jobs = await Promise.all(sent.map((input) => submit(server, space, input)));
      expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
    }
  });

  it.each(['created', 'full'] as const)(
    'waits for the job that its upload is being moved to, or for the upload to come back: %s',
    async (outcome) => {
      const space = await newSpace(server, {}, { prompt: true, files: { accept: ['*/*'] } });
      const { engine: real } = server;
      const [reached, looked, gate] = [0, 1, 2].map(() => Promise.withResolvers<void>());
      let held = false;
      // A process that is slow to store its first job.
      const create: typeof real.jobs.create = async (...args) => {
        if (held) return real.jobs.create(...args);
        held = true;
        reached!.resolve();
        await gate!.promise;
        return outcome === 'full' ? { outcome, queued: 1 } : real.jobs.create(...args);
      };
      const get = async <T extends Json>(kind: string, id: string) => {
        const found = await real.documents.get<T>(kind, id);
        if (held && kind === 'upload') looked!.resolve();
        return found;
      };
      const wrapped = { ...real, jobs: { ...real.jobs, create }, documents: { ...real.documents, get } };
      const slow = await openServer(wrapped, server.config, createLog('silent'));
      const { id: file } = await upload(server, 'content');
      const input = { space, prompt: 'Once', idempotencyKey: 'key', files: [file] };
      const send = () => post({ graphql: `${slow.url}/graphql` }, submitInferenceMutation, { input });
      const first = send();
      await reached!.promise;
      const second = send();
      await looked!.promise;
      gate!.resolve();
      const [one, other] = [await first, await second];
      expect(one.errors.map(({ extensions }) => extensions.code)).toEqual(outcome === 'full' ? ['QUEUE_FULL'] : []);
      expect(other.errors).toEqual([]);
      if (one.data) expect(other.data?.submitInference.id).toBe(one.data.submitInference.id);
      await slow.close();
    },
  );

  it('brings the first job with its files, however they are sent', async () => {
    const space = await newSpace(server, {}, { prompt: true, files: { accept: ['*/*'] } });
    const given = async (text: string, name = 'a.txt') => (await upload(server, text, name)).id;
    const file = await given('content');
    const first = await submit(server, space, { idempotencyKey: 'key', files: [file] });
    // The id again, as a client whose answer was lost sends it; and the same content uploaded again.
    for (const again of [file, await given('content')]) {
      expect((await submit(server, space, { idempotencyKey: 'key', files: [again] })).id).toBe(first.id);
    }
    for (const files of [[await given('other')], [await given('content', 'b.txt')], []]) {
      const { errors } = await trySubmit(server, { space, prompt: 'Hello', idempotencyKey: 'key', files });
      expect(errors[0]?.extensions.code).toBe('CONFLICT');
    }
  });

  it.each([
    ['empty', ''],
    ['longer than 256 characters', 'k'.repeat(257)],
    ['no valid text', 'k\ud800'],
  ])('that is %s is refused', async (_what, idempotencyKey) => {
    const space = await newSpace(server);
    const { errors } = await trySubmit(server, { space, prompt: 'One', idempotencyKey });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.idempotencyKey' });
  });

  it('of a space that is gone is forgotten with it', async () => {
    const id = freshId();
    const create = () =>
      ask(server, 'mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', {
        input: { id, title: id, policy: { whenOffline: 'QUEUE' } },
      });
    await create();
    const first = await submit(server, id, { idempotencyKey: 'key' });
    await ask(server, 'mutation ($id: ID!) { deleteSpace(id: $id) }', { id });
    await create();
    const second = await submit(server, id, { idempotencyKey: 'key', prompt: 'Another' });
    expect(second.id).not.toBe(first.id);
    await cancel(server, second.id);
    expect(await end(server, second.id)).toMatchObject({ status: 'CANCELLED' });
  });
});
