import { describe, expect, it } from 'vitest';
import {
  deleteSpaceMutation,
  jobsChangedSubscription,
  jobUpdatesSubscription,
  spaceConnectionSubscription,
} from '../../client/sdk/index.ts';
import { ask, post, sse } from '../help/client.ts';
import type { Flow } from '../help/flow.ts';
import { cancel, eventually, freshId, newSpace, submit, submitMany, watch } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker } from '../help/worker.ts';

describe.each(engines)('those who watch on %s', (engine) => {
  const server = useServer({ engine });

  it('many watchers of one job are one listener, and all of them see the end', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    const sockets = await Promise.all(Array.from({ length: 10 }, () => openSocket(server)));
    const flows = sockets.flatMap((socket) => Array.from({ length: 30 }, () => watch(socket, id)));
    for (const flow of flows) await flow.next();
    expect([server.server.topics(), server.server.groups()]).toEqual([1, 1]);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    await work.progress({ progress: 0.5 });
    await work.complete({ result: 'for all' });
    for (const flow of flows) {
      expect((await flow.rest()).at(-1)).toMatchObject({ status: 'COMPLETED', result: 'for all' });
      expect(await flow.ended).toBe('complete');
    }
    for (const socket of sockets) await socket.close();
    await eventually(() => server.server.topics() + server.server.groups() === 0);
  });

  it('[promise 10] [lesson gradio #13584] a job lives on when its submitter is gone, and is found again by its id', async () => {
    const space = await newSpace(server);
    const page = await openSocket(server);
    const { submitInference } = await page.ask<{ submitInference: { id: string } }>(
      'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }',
      { input: { space, prompt: 'Do not wait for me' } },
    );
    const watcher = watch(page, submitInference.id);
    await watcher.next();
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    await watcher.until(({ status }) => status === 'RUNNING');
    page.cut();
    await eventually(() => server.server.topics() + server.server.groups() === 0);
    await work.progress({ stage: 'alone', progress: 0.7 });
    await using again = await openSocket(server);
    const second = watch(again, submitInference.id);
    expect(await second.next()).toMatchObject({ status: 'RUNNING', stage: 'alone', progress: 0.7 });
    await work.complete({ result: 'Here' });
    expect((await second.rest()).at(-1)).toMatchObject({ status: 'COMPLETED', result: 'Here' });
  });

  it('[lesson graphql-redis-subscriptions #598] a thousand who come and go at any moment leave nothing behind', async () => {
    const space = await newSpace(server);
    const [kept, ...ids] = await submitMany(server, space, ['1', '2', '3', '4']);
    const socket = await openSocket(server);
    const keeper = watch(socket, kept!);
    await keeper.next();
    const open = [
      () => watch(socket, ids[0]!),
      () => watch(socket, ids[1]!),
      () => socket.subscribe(spaceConnectionSubscription, { space }),
      () => socket.subscribe(jobsChangedSubscription, { space }),
    ];
    for (let n = 0; n < 1000; n++) {
      const kind = n % open.length;
      const flow: Flow<unknown> = open[kind]!();
      const when = n % 3;
      if (when === 0) flow.stop();
      // What changes is not there at the beginning: nobody waits for the first of it.
      else if (when === 1 || kind === 3) setImmediate(flow.stop);
      else void flow.next().then(flow.stop, () => undefined);
      if (n % 100 === 0) await socket.request('{ viewer { id } }');
    }
    // Some by a connection that is cut, over both transports.
    const cut = await openSocket(server);
    for (let n = 0; n < 50; n++) watch(cut, ids[n % 3]!);
    cut.cut();
    for (let n = 0; n < 20; n++) {
      const flow = await sse(server, jobUpdatesSubscription, { id: ids[n % 3]! });
      flow.stop();
    }
    await eventually(() => server.server.topics() === 1 && server.server.groups() === 1);
    await eventually(() => server.server.services.counters.watchers === 1);
    // The one who stayed has missed nothing.
    await cancel(server, kept!);
    expect((await keeper.rest()).at(-1)).toMatchObject({ status: 'CANCELLED' });
    await eventually(() => server.server.topics() + server.server.groups() === 0);
    await socket.close();
    await ask(server, deleteSpaceMutation, { id: space });
  });

  it('[lesson graphql-ws #653] who leaves while the subscription is still being opened is gone', async () => {
    const ids = Array.from({ length: 30 }, () => freshId('tracked'));
    for (let round = 0; round < 5; round++) {
      const socket = await openSocket(server);
      for (const id of ids) watch(socket, id);
      if (round % 2) await socket.request('{ viewer { id } }');
      socket.cut();
      await socket.closed;
    }
    await eventually(() => server.server.topics() + server.server.groups() === 0);
    await eventually(() => server.server.services.counters.watchers === 0);
  });
});

describe('those who have left', () => {
  const server = useServer({ engine: 'redis' });

  it('leave no channel in Redis that nobody listens to', async () => {
    const channels = async () => {
      const { redis } = server;
      const { Redis } = await import('ioredis');
      const client = new Redis(redis!.url);
      const found = (await client.call('PUBSUB', 'CHANNELS', '*')) as string[];
      client.disconnect();
      return found.sort();
    };
    const space = await newSpace(server);
    const ids = await submitMany(server, space, ['1', '2', '3']);
    const before = await channels();
    const socket = await openSocket(server);
    for (const id of ids) await watch(socket, id).next();
    await socket.subscribe(spaceConnectionSubscription, { space }).next();
    expect((await channels()).length).toBeGreaterThan(before.length + 3);
    socket.cut();
    await eventually(async () => (await channels()).length === before.length);
    expect(await channels()).toEqual(before);
    expect((await post(server, '{ viewer { id } }')).errors).toEqual([]);
  });
});
