import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type CreateSpaceInput,
  createSpaceMutation,
  deleteSpaceMutation,
  spaceQuery,
  submitInferenceMutation,
  type UpdateSpaceInput,
  updateSpaceMutation,
} from '../../client/sdk/index.ts';
import type { Json } from '../../src/domain/json.ts';
import { createLog } from '../../src/log.ts';
import { openServer } from '../../src/server.ts';
import { ask, post } from '../help/client.ts';
import { upload } from '../help/files.ts';
import { eventually, find, newSpace, openFuture, read, submit, watch } from '../help/jobs.ts';
import { rawInput, startRawApp } from '../help/raw-app.ts';
import { engines, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker } from '../help/worker.ts';

const create = (server: TestServer, input: CreateSpaceInput) => post(server, createSpaceMutation, { input });
const update = (server: TestServer, input: UpdateSpaceInput) => post(server, updateSpaceMutation, { input });
const remove = (server: Pick<TestServer, 'graphql'>, id: string) => post(server, deleteSpaceMutation, { id });
const see = async (server: TestServer, id: string) => (await ask(server, spaceQuery, { id })).space;

describe.each(engines)('deleting a space on %s', (engine) => {
  const server = useServer({ engine });

  it('is refused while jobs run, and changes nothing', async () => {
    const space = await newSpace(server);
    await submit(server, space);
    const waiting = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    const { errors } = await remove(server, space);
    expect(errors[0]).toMatchObject({
      message: `Space ${space} has 1 jobs running; cancel them or wait`,
      extensions: { code: 'CONFLICT', field: 'id' },
    });
    expect(await read(server, waiting.id)).toMatchObject({ status: 'QUEUED', queuePosition: 1 });
    await submit(server, space);
    expect((await update(server, { id: space, title: 'Still here' })).data?.updateSpace.title).toBe('Still here');
    await work.complete();
    expect((await worker.work()).job).toBe(waiting.id);
  });

  it('ends its queued jobs before their watchers’ eyes, deletes its jobs with their files, and tells its apps', async () => {
    const space = await newSpace(server, {}, { prompt: true, files: { accept: ['*/*'] } });
    const given = async () => {
      const answer = await fetch(`${server.url}/files?name=a.txt`, { method: 'POST', body: 'content' });
      return ((await answer.json()) as { id: string }).id;
    };
    const worker = await openWorker(server, space);
    const done = await submit(server, space, { files: [await given()] });
    await (await worker.work()).complete({ files: [await given()] });
    await worker.leave();
    const queued = await submit(server, space, { files: [await given()] });
    const folders = [done, queued].map(({ id }) => join(server.dataDir, 'files', 'jobs', id));
    for (const folder of folders) await access(folder);

    await using socket = await openSocket(server);
    const watcher = watch(socket, queued.id);
    await watcher.next();
    expect((await remove(server, space)).data).toEqual({ deleteSpace: true });
    const seen = await watcher.rest();
    expect(seen.at(-1)).toMatchObject({ status: 'CANCELLED', space: null });
    expect(await watcher.ended).toBe('complete');

    for (const folder of folders) await expect(access(folder)).rejects.toThrow('ENOENT');
    expect(await find(server, done.id)).toBeNull();
    expect(await find(server, queued.id)).toBeNull();
    expect(await see(server, space)).toBeNull();
  });

  it('[promise 6] shows an end also to who watches a job that an app is given meanwhile', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using socket = await openSocket(server);
    const watcher = watch(socket, id);
    // A process that is slow after it has seen that nothing runs.
    const looked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const { engine: real } = server;
    const queue = async (of: string) => {
      const found = await real.jobs.queue(of);
      looked.resolve();
      await gate.promise;
      return found;
    };
    const slow = await openServer({ ...real, jobs: { ...real.jobs, queue } }, server.config, createLog('silent'));
    const removed = remove({ graphql: `${slow.url}/graphql` }, space);
    await looked.promise;
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    gate.resolve();
    expect((await removed).data).toEqual({ deleteSpace: true });
    expect((await watcher.rest()).at(-1)).toMatchObject({ status: 'CANCELLED' });
    expect(await worker.event('LeaseRevoked')).toMatchObject({ jobId: id, leaseToken: work.lease });
    await slow.close();
  });

  it('ends the registration of an app that serves nothing else; one that does goes on', async () => {
    const [doomed, other] = [await newSpace(server), await newSpace(server)];
    await using single = await openWorker(server, doomed);
    await using both = await openWorker(server, [doomed, other]);
    await remove(server, doomed);
    const [error] = (await single.flow.ended) as { message: string; extensions: { code?: string } }[];
    expect(error).toMatchObject({ message: `Space ${doomed} was deleted`, extensions: { code: 'NOT_FOUND' } });
    const { id } = await submit(server, other);
    expect((await both.work()).job).toBe(id);
    // Its socket lives on: the ended registration was one operation of it.
    expect((await single.socket.request('{ viewer { name } }')).data).toEqual({ viewer: { name: 'Anonymous' } });
  });

  it('leaves an id that can be used again, with nothing of before', async () => {
    const space = await newSpace(server);
    const old = await submit(server, space);
    await remove(server, space);
    await create(server, { id: space, title: 'New', policy: { whenOffline: 'QUEUE' } });
    const page = 'query ($id: ID!) { space(id: $id) { title jobs { nodes { id } } connection { queued } } }';
    expect(await ask(server, page, { id: space })).toEqual({
      space: { title: 'New', jobs: { nodes: [] }, connection: { queued: 0 } },
    });
    const fresh = await submit(server, space);
    expect(fresh).toMatchObject({ queuePosition: 1 });
    expect(fresh.id).not.toBe(old.id);
  });

  it('goes on where a process ended in the middle of it, and lets nobody use the id before', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    const { documents } = server.engine;
    // As a killed process leaves it: begun, the space gone, its jobs not.
    await documents.put('space-deletion', space, { until: server.engine.now() + 3_600_000 }, 0);
    await server.server.services.spaces.remove(space);
    expect((await create(server, { id: space, title: 'Too early' })).errors[0]).toMatchObject({
      message: `Space "${space}" is being deleted; try again in a moment`,
      extensions: { code: 'CONFLICT', field: 'input.id' },
    });
    expect((await documents.put('space-deletion', space, { until: 0 }, 1)) ?? null).toBe(2);
    await eventually(async () => (await documents.get('space-deletion', space)) === null);
    expect(await find(server, id)).toBeNull();
    expect((await create(server, { id: space, title: 'New' })).data?.createSpace.title).toBe('New');
  });

  it('does not mind a job that its retention removes meanwhile', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    const { engine: real } = server;
    const list: typeof real.jobs.list = async (...args) => {
      const found = await real.jobs.list(...args);
      if (found.some((job) => job.id === id)) await real.jobs.remove(id);
      return found;
    };
    const other = await openServer({ ...real, jobs: { ...real.jobs, list } }, server.config, createLog('silent'));
    expect((await remove({ graphql: `${other.url}/graphql` }, space)).data).toEqual({ deleteSpace: true });
    await other.close();
  });

  it('takes neither submits nor apps from its first moment on, though its process ended before it did anything', async () => {
    const space = await newSpace(server);
    const { documents } = server.engine;
    await documents.put('space-deletion', space, { until: server.engine.now() + 3_600_000 }, 0);
    const { errors } = await post(server, submitInferenceMutation, { input: { space, prompt: 'Too late' } });
    expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'input.space' });
    await using app = await startRawApp(server.socket, rawInput([space]));
    expect(await app.ended).toMatchObject([{ extensions: { code: 'NOT_FOUND', field: 'input.spaces' } }]);
    expect((await server.engine.presence.list(space)).apps).toEqual([]);
    expect(await see(server, space)).toBeNull();
    expect((await update(server, { id: space, title: 'Changed' })).errors[0]?.extensions.code).toBe('NOT_FOUND');
    await documents.remove('space-deletion', space);
    await documents.remove('space', space);
  });

  it('leaves no app behind that registers meanwhile', async () => {
    const space = await newSpace(server);
    const { engine: real } = server;
    const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const register: typeof real.presence.register = async (...args) => {
      reached.resolve();
      await gate.promise;
      return real.presence.register(...args);
    };
    const wrapped = { ...real, presence: { ...real.presence, register } };
    const slow = await openServer(wrapped, server.config, createLog('silent'));
    await using app = await startRawApp(`${slow.url.replace('http', 'ws')}/graphql`, rawInput([space]));
    await reached.promise;
    expect((await remove(server, space)).data).toEqual({ deleteSpace: true });
    gate.resolve();
    expect(await app.ended).toMatchObject([{ extensions: { code: 'NOT_FOUND', field: 'input.spaces' } }]);
    await eventually(async () => (await real.presence.list(space)).apps.length === 0);
    await slow.close();
  });

  it('ends what an app has there whose process did not hear of it, and leaves it what it has elsewhere', async () => {
    const [space, other] = [await newSpace(server), await newSpace(server)];
    const { engine: real } = server;
    // As during an outage.
    const listenSpace: typeof real.bus.listenSpace = (id, handler) =>
      real.bus.listenSpace(id, (signal) => signal.type !== 'deleted' && handler(signal));
    const wrapped = { ...real, bus: { ...real.bus, listenSpace } };
    const deaf = await openServer(wrapped, server.config, createLog('silent'));
    const address = `${deaf.url.replace('http', 'ws')}/graphql`;
    await using single = await startRawApp(address, rawInput([space]));
    await using both = await startRawApp(address, rawInput([space, other]));
    await Promise.all([single.registered, both.registered]);
    expect((await remove(server, space)).data).toEqual({ deleteSpace: true });
    const deleted = { message: `Space ${space} was deleted`, extensions: { code: 'NOT_FOUND', field: 'input.spaces' } };
    expect(await single.ended).toMatchObject([deleted]);
    const presentIn = async (id: string) => (await real.presence.list(id)).apps.map(({ spaces }) => spaces);
    await eventually(async () => (await presentIn(other)).join() === other && (await presentIn(space)).length === 0);
    both.goodbye();
    await deaf.close();
  });

  it('lets no new space of its id begin while it lasts, however closely they meet', async () => {
    const space = await newSpace(server);
    const { engine: real } = server;
    const [looked, created, begun, done] = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    let armed = true;
    const get = async <T extends Json>(kind: string, id: string) => {
      const found = await real.documents.get<T>(kind, id);
      if (kind === 'space-deletion' && id === space && armed) {
        armed = false;
        looked!.resolve();
        await created!.promise;
      }
      return found;
    };
    const list: typeof real.jobs.list = async (...args) => {
      begun!.resolve();
      await done!.promise;
      return real.jobs.list(...args);
    };
    const maker = await openServer(
      { ...real, documents: { ...real.documents, get } },
      server.config,
      createLog('silent'),
    );
    const deleter = await openServer({ ...real, jobs: { ...real.jobs, list } }, server.config, createLog('silent'));
    const input = { id: space, title: 'New' };
    const making = post({ graphql: `${maker.url}/graphql` }, createSpaceMutation, { input });
    await looked!.promise;
    const removing = remove({ graphql: `${deleter.url}/graphql` }, space);
    await begun!.promise;
    created!.resolve();
    expect((await making).errors[0]).toMatchObject({
      message: `Space "${space}" is being deleted; try again in a moment`,
      extensions: { code: 'CONFLICT', field: 'input.id', retryAfterSeconds: 1 },
    });
    done!.resolve();
    expect((await removing).data).toEqual({ deleteSpace: true });
    expect(await see(server, space)).toBeNull();
    expect((await create(server, input)).data?.createSpace.title).toBe('New');
    await Promise.all([maker.close(), deleter.close()]);
  });

  it('that cannot be finished holds up neither other deletions nor the sweep of uploads', async () => {
    const [stuck, other] = [await newSpace(server), await newSpace(server)];
    const { id: file } = await upload(server, 'forgotten');
    const { engine: real } = server;
    const { documents } = real;
    for (const id of [stuck, other]) {
      await documents.put('space-deletion', id, { until: real.now() + 3_600_000 }, 0);
    }
    const put: typeof documents.put = async (kind, id, ...rest) => {
      if (kind === 'space-deletion' && id === stuck) throw new Error('Not this one');
      return documents.put(kind, id, ...rest);
    };
    const future = await openFuture({ ...server, engine: { ...real, documents: { ...documents, put } } }, 7_200_000);
    await eventually(async () => (await documents.get('space-deletion', other)) === null);
    await eventually(async () => (await documents.get('upload', file)) === null);
    expect(await documents.get('space-deletion', stuck)).not.toBeNull();
    await future.close();
    await documents.remove('space-deletion', stuck);
  });
});
