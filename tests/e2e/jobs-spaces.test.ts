import { describe, expect, it } from 'vitest';
import {
  type CreateSpaceInput,
  createSpaceMutation,
  deleteSpaceMutation,
  spaceQuery,
  spacesQuery,
  submitInferenceMutation,
  type UpdateSpaceInput,
  updateSpaceMutation,
} from '../../client/sdk/index.ts';
import { createSpaces } from '../../src/service/spaces.ts';
import { ask, post } from '../help/client.ts';
import { freshId, newSpace, submit } from '../help/jobs.ts';
import { engines, type TestServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker } from '../help/worker.ts';

const create = (server: TestServer, input: CreateSpaceInput) => post(server, createSpaceMutation, { input });
const update = (server: TestServer, input: UpdateSpaceInput) => post(server, updateSpaceMutation, { input });
const remove = (server: Pick<TestServer, 'graphql'>, id: string) => post(server, deleteSpaceMutation, { id });
const see = async (server: TestServer, id: string) => (await ask(server, spaceQuery, { id })).space;

describe.each(engines)('a space on %s', (engine) => {
  const server = useServer({ engine });

  it('can be changed when the storage came back with older data than this process remembers', async () => {
    const space = await newSpace(server);
    const { documents } = server.engine;
    const old = (await documents.get('space', space))!.value;
    for (const title of ['One', 'Two', 'Three']) await update(server, { id: space, title });
    await documents.remove('space', space);
    await documents.put('space', space, old, 0);
    expect((await update(server, { id: space, title: 'After' })).data?.updateSpace.title).toBe('After');
    expect((await see(server, space))?.title).toBe('After');
  });

  it('is heard of also by a process that could not listen when it started', async () => {
    const space = await newSpace(server);
    const { engine: real } = server;
    let refused = false;
    const listen: typeof real.bus.listen = async (topic, handler) => {
      if (refused) return real.bus.listen(topic, handler);
      refused = true;
      throw new Error('The storage is away');
    };
    const spaces = createSpaces({ ...real, bus: { ...real.bus, listen } }, () => undefined);
    const titleThere = async () => (await spaces.find(space))?.title;
    expect(await titleThere()).toBe(space);
    await update(server, { id: space, title: 'Heard' });
    await expect.poll(titleThere).toBe('Heard');
    await spaces.stop();
  });

  it('is created with defaults, and found by its exact id', async () => {
    const id = `Case-${freshId()}`;
    await create(server, { id, title: 'A title' });
    const space = await see(server, id);
    expect(space).toMatchObject({
      id,
      title: 'A title',
      description: '',
      inputs: { prompt: true, files: null, parameters: null },
      policy: {
        ...{ whenOffline: 'REJECT', order: 'FIFO', maxQueued: 1000, maxQueueSeconds: 600, maxRunSeconds: 120 },
        ...{ retentionSeconds: 3600, maxAttempts: 2 },
      },
      connection: { space: id, status: 'DISCONNECTED', apps: [], capacity: 0, running: 0, queued: 0 },
    });
    expect(space?.connection.lastConnectedAt).toBeNull();
    expect(await see(server, id.toLowerCase())).toBeNull();
    const { spaces } = await ask(server, spacesQuery, {});
    expect(spaces.map((each) => each.id)).toContain(id);
    expect(spaces.map((each) => each.id)).toEqual(spaces.map((each) => each.id).sort());
  });

  it('is there once: ALREADY_EXISTS, and what is there stays', async () => {
    const id = freshId();
    const answers = await Promise.all(['One', 'Two', 'Three'].map((title) => create(server, { id, title })));
    const made = answers.filter(({ data }) => data);
    expect(made).toHaveLength(1);
    const { errors } = await create(server, { id, title: 'Late' });
    expect(errors[0]?.extensions).toMatchObject({ code: 'ALREADY_EXISTS', field: 'input.id' });
    expect(await see(server, id)).toMatchObject({ title: made[0]?.data?.createSpace.title });
  });

  it('keeps what an update leaves out; null takes files and parameters away', async () => {
    const id = freshId();
    const parameters = { type: 'object', properties: { size: { type: 'integer' } } };
    const inputs = { prompt: false, files: { accept: ['image/*', '.csv'], maxCount: 2 }, parameters };
    await create(server, { id, title: 'One', description: 'First', inputs, policy: { maxQueued: 5 } });
    await update(server, { id, title: 'Two', policy: { maxRunSeconds: 60 } });
    expect(await see(server, id)).toMatchObject({
      title: 'Two',
      description: 'First',
      inputs: { prompt: false, files: { accept: ['image/*', '.csv'], maxCount: 2, maxBytes: 26_214_400 }, parameters },
      policy: { maxQueued: 5, maxRunSeconds: 60 },
    });
    await update(server, { id, inputs: { files: { accept: ['*/*'] } } });
    expect(await see(server, id)).toMatchObject({ inputs: { files: { accept: ['*/*'], maxCount: 2 } } });
    await update(server, { id, inputs: { files: null } });
    expect(await see(server, id)).toMatchObject({ inputs: { prompt: false, files: null, parameters } });
    await update(server, { id, inputs: { parameters: null } });
    expect(await see(server, id)).toMatchObject({ inputs: { parameters: null } });
  });

  it('that does not exist is NOT_FOUND, naming the nearest there is', async () => {
    await create(server, { id: 'transcribe', title: 'Transcribe' });
    const { errors } = await post(server, submitInferenceMutation, { input: { space: 'transcibe', prompt: 'x' } });
    expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'input.space' });
    expect(errors[0]?.message).toContain('did you mean "transcribe"?');
    expect((await update(server, { id: 'nothing-like-it', title: 'x' })).errors[0]?.extensions).toMatchObject({
      code: 'NOT_FOUND',
      field: 'input.id',
    });
    expect((await remove(server, 'nothing-like-it')).errors[0]?.extensions).toMatchObject({
      code: 'NOT_FOUND',
      field: 'id',
    });
  });

  it.each<[string, Partial<CreateSpaceInput>, string, number?]>([
    ['an id with other characters', { id: 'a b' }, 'input.id', 64],
    ['an id of 65 characters', { id: 'a'.repeat(65) }, 'input.id', 64],
    ['an empty id', { id: '' }, 'input.id', 64],
    ['an id with a colon', { id: 't:1' }, 'input.id', 64],
    ['an empty title', { title: ' ' }, 'input.title'],
    ['a title with a lone surrogate', { title: '\udc00' }, 'input.title'],
    ['no time in the queue', { policy: { maxQueueSeconds: 0 } }, 'input.policy.maxQueueSeconds', 1],
    ['too long a retention', { policy: { retentionSeconds: 31_536_001 } }, 'input.policy.retentionSeconds', 31_536_000],
    ['too short a retention', { policy: { retentionSeconds: 59 } }, 'input.policy.retentionSeconds', 60],
    ['no attempt', { policy: { maxAttempts: 0 } }, 'input.policy.maxAttempts', 1],
    ['no types of files', { inputs: { files: { accept: [] } } }, 'input.inputs.files.accept', 100],
    ['what is no type', { inputs: { files: { accept: ['png'] } } }, 'input.inputs.files.accept'],
    [
      'half a byte',
      { inputs: { files: { accept: ['*/*'], maxBytes: 1.5 } } },
      'input.inputs.files.maxBytes',
      1024 ** 4,
    ],
    ['parameters that are no schema', { inputs: { parameters: [1] } }, 'input.inputs.parameters'],
    ['parameters of another type', { inputs: { parameters: { type: 'string' } } }, 'input.inputs.parameters'],
    [
      'a schema that cannot be compiled',
      { inputs: { parameters: { type: 'object', properties: { a: { type: 'nonsense' } } } } },
      'input.inputs.parameters',
    ],
  ])('refuses %s', async (_what, input, field, limit) => {
    const { errors } = await create(server, { id: freshId(), title: 'Title', ...input });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
    if (limit !== undefined) expect(errors[0]?.extensions.limit).toBe(limit);
  });

  it('takes parameters that fit its JSON Schema, with its defaults filled in', async () => {
    const parameters = {
      type: 'object',
      properties: {
        steps: { type: 'integer', minimum: 1, default: 20 },
        style: { enum: ['oil', 'ink'], default: 'ink' },
        when: { type: 'string', format: 'date' },
      },
      required: ['steps'],
      additionalProperties: false,
    };
    const space = await newSpace(server, {}, { prompt: false, parameters });
    const give = (given: unknown) =>
      post(server, submitInferenceMutation, { input: { space, parameters: given as never } });
    const { data } = await give({ steps: 5 });
    expect(data?.submitInference.input?.parameters).toEqual({ steps: 5, style: 'ink' });
    expect((await give(null)).data?.submitInference.input?.parameters).toEqual({ steps: 20, style: 'ink' });
    await using worker = await openWorker(server, space);
    expect((await worker.work()).input.parameters).toEqual({ steps: 5, style: 'ink' });

    for (const [given, field] of [
      [{ steps: 0 }, 'input.parameters.steps'],
      [{ steps: 'many' }, 'input.parameters.steps'],
      [{ style: 'crayon' }, 'input.parameters.style'],
      [{ when: 'tomorrow' }, 'input.parameters.when'],
      [{ colour: 'red' }, 'input.parameters'],
      [[1, 2], 'input.parameters'],
      ['text', 'input.parameters'],
    ] as const) {
      const { errors } = await give(given);
      expect(errors[0]?.extensions).toMatchObject({ code: 'INPUT_NOT_ACCEPTED', field });
    }
  });

  it('takes only the kinds of input that it names', async () => {
    const bare = await newSpace(server, {}, { prompt: false });
    const refuse = async (space: string, input: object) =>
      (await post(server, submitInferenceMutation, { input: { space, ...input } })).errors[0]?.extensions;
    expect(await refuse(bare, { prompt: 'Hello' })).toMatchObject({
      code: 'INPUT_NOT_ACCEPTED',
      field: 'input.prompt',
    });
    expect(await refuse(bare, { parameters: {} })).toMatchObject({
      code: 'INPUT_NOT_ACCEPTED',
      field: 'input.parameters',
    });
    expect(await refuse(bare, {})).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input' });
    expect(await refuse(await newSpace(server), { prompt: '' })).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('a space on two processes', () => {
  const server = useServer({ engine: 'redis' });

  it('[promise 8] is the same on both: created, changed and deleted on either', async () => {
    await using second = await server.second();
    const space = await newSpace(server);
    expect(await see(second, space)).toMatchObject({ title: space });
    await update(second, { id: space, title: 'Changed there' });
    await expect.poll(async () => (await see(server, space))?.title).toBe('Changed there');
    await remove(server, space);
    await expect.poll(() => see(second, space)).toBeNull();
  });

  it('goes on changing on both after a deletion that was refused', async () => {
    await using second = await server.second();
    const space = await newSpace(server);
    for (const title of ['One', 'Two', 'Three']) await update(server, { id: space, title });
    await expect.poll(async () => (await see(second, space))?.title).toBe('Three');
    await submit(server, space);
    await using worker = await openWorker(server, space);
    await worker.work();
    expect((await remove(server, space)).errors[0]?.extensions.code).toBe('CONFLICT');
    for (const [n, at] of [second, server].entries()) {
      expect((await update(at, { id: space, title: `After ${n}` })).data?.updateSpace.title).toBe(`After ${n}`);
      for (const other of [server, second]) {
        await expect.poll(async () => (await see(other, space))?.title).toBe(`After ${n}`);
      }
    }
  });
});
