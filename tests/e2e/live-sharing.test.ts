import { describe, expect, it } from 'vitest';
import { deleteSpaceMutation } from '../../client/sdk/index.ts';
import { createLog } from '../../src/log.ts';
import { openServer } from '../../src/server.ts';
import { ask } from '../help/client.ts';
import { cancel, eventually, newSpace, submit } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { openSocket, type RawSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { newTracked, type Seen, told, UPDATES } from './live-reports.ts';

describe.each(engines)('watchers who share on %s', (engine) => {
  const server = useServer({ engine });
  const follow = (socket: RawSocket, id: string, query = UPDATES) => socket.subscribe<Seen>(query, { id });

  it('the same words of the same job are one execution, on whatever sockets; other words or jobs are not', async () => {
    const [job, other] = [newTracked(), newTracked()];
    for (const id of [job, other]) await told(server, 'reportProgress', { job: id, stage: 'one' });
    await using first = await openSocket(server);
    await using second = await openSocket(server);
    const groups = async (socket: RawSocket, id: string, query?: string) => {
      expect(await follow(socket, id, query).next()).toMatchObject({ stage: 'one' });
      return server.server.groups();
    };
    expect(await groups(first, job)).toBe(1);
    expect(await groups(second, job)).toBe(1);
    expect(await groups(first, job)).toBe(1);
    expect(await groups(second, other)).toBe(2);
    expect(await groups(second, job, 'subscription ($id: ID!) { jobUpdates(id: $id) { stage } }')).toBe(3);
    // One listener for each job all the while.
    expect(server.server.topics()).toBe(2);
  });

  it('[promise 6] who comes late gets the present first, and everybody the same end once', async () => {
    const job = newTracked();
    await told(server, 'reportProgress', { job, stage: 'early' });
    await using socket = await openSocket(server);
    const flows = [follow(socket, job)];
    await flows[0]!.next();
    for (let n = 0; n < 20; n++) {
      const { revision } = await told(server, 'reportProgress', { job, stage: `${n}` });
      const late = follow(socket, job);
      expect(await late.next()).toMatchObject({ stage: `${n}`, revision });
      flows.push(late);
    }
    const { revision } = await told(server, 'reportComplete', { job });
    for (const flow of flows) {
      const seen = await flow.rest();
      expect(seen.filter(({ status }) => status === 'COMPLETED')).toEqual([seen.at(-1)]);
      expect(seen.at(-1)).toMatchObject({ revision });
      expect(await flow.ended).toBe('complete');
    }
  });

  it('[promise 6] who comes late gets what has changed without a revision', async () => {
    const job = newTracked();
    const query = 'subscription ($id: ID!) { jobUpdates(id: $id) { revision outputLength } }';
    await told(server, 'reportProgress', { job, stage: 'writing' });
    await using socket = await openSocket(server);
    const first = follow(socket, job, query);
    expect(await first.next()).toEqual({ revision: 1, outputLength: 0 });
    await told(server, 'reportOutput', { job, offset: 0, text: 'Words' });
    let late: Seen;
    do {
      const flow = follow(socket, job, query);
      late = await flow.next();
      flow.stop();
    } while (late.outputLength === 0);
    expect(late).toEqual({ revision: 1, outputLength: 5 });
    // Those who were there are not told of it: it is no revision.
    await told(server, 'reportComplete', { job });
    expect((await first.rest()).map(({ revision }) => revision)).toEqual([2]);
  });

  it.each([
    ['an alias', 'subscription ($id: ID!) { it: jobUpdates(id: $id) { id status stage attempt revision } }', 1],
    [
      'a fragment at the root',
      'subscription ($id: ID!) { ...F } fragment F on Subscription { jobUpdates(id: $id) { id status stage attempt revision } }',
      0,
    ],
    [
      'a fragment without a name',
      'subscription ($id: ID!) { ... on Subscription { it: jobUpdates(id: $id) { id status stage attempt revision } } }',
      0,
    ],
  ])('%s shows the same', async (_what, query, groups) => {
    const job = newTracked();
    await told(server, 'reportProgress', { job, stage: 'one' });
    await using socket = await openSocket(server);
    const flow = follow(socket, job, query);
    const again = follow(socket, job, query);
    expect(await flow.next()).toMatchObject({ stage: 'one', revision: 1 });
    expect(await again.next()).toMatchObject({ stage: 'one', revision: 1 });
    expect(server.server.groups()).toBe(groups);
    await told(server, 'reportProgress', { job, stage: 'two' });
    expect(await flow.next()).toMatchObject({ stage: 'two', revision: 2 });
    await told(server, 'reportComplete', { job });
    expect((await again.rest()).at(-1)).toMatchObject({ status: 'COMPLETED', revision: 3 });
    expect(await flow.ended).toBe('complete');
  });

  it('an error of the source reaches every member, and ends nothing else on their sockets', async () => {
    const space = await newSpace(server);
    const job = newTracked();
    await told(server, 'reportProgress', { job, stage: 'one' });
    await using first = await openSocket(server);
    await using second = await openSocket(server);
    const state = 'subscription ($id: ID!) { spaceConnection(space: $id) { status } }';
    const flows = [first, second, first].map((socket) => follow(socket, space, state));
    const kept = [first, second].map((socket) => follow(socket, job));
    for (const flow of [...flows, ...kept]) await flow.next();
    expect(server.server.groups()).toBe(2);
    await ask(server, deleteSpaceMutation, { id: space });
    for (const flow of flows) expect(await flow.ended).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    await told(server, 'reportComplete', { job });
    for (const flow of kept) expect((await flow.rest()).at(-1)).toMatchObject({ status: 'COMPLETED' });
    await eventually(() => server.server.topics() + server.server.groups() === 0);
  });

  it('what ends with an error makes room for other operations on its socket', async () => {
    await using socket = await openSocket(server);
    const tooMany = server.config.limits.operationsPerSocket + 10;
    const flows = Array.from({ length: tooMany }, (_, n) => follow(socket, `no such job ${n}`));
    for (const flow of flows) expect(await flow.ended).not.toBe('complete');
    const space = await newSpace(server);
    const state = 'subscription ($id: ID!) { spaceConnection(space: $id) { status } }';
    const failing = Array.from({ length: tooMany / 2 }, () => follow(socket, space, state));
    for (const flow of failing) await flow.next();
    await ask(server, deleteSpaceMutation, { id: space });
    for (const flow of failing) await flow.ended;
    const job = newTracked();
    await told(server, 'reportComplete', { job });
    const after = Array.from({ length: server.config.limits.operationsPerSocket }, () => follow(socket, job));
    for (const flow of after) expect(await flow.ended).toBe('complete');
  });

  it('[lesson graphql-ws #653] one who leaves while their group opens harms nobody', async () => {
    const { engine: real } = server;
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const listenJob: typeof real.bus.listenJob = async (id, handler) => {
      asked.resolve();
      await gate.promise;
      return real.bus.listenJob(id, handler);
    };
    const slow = await openServer({ ...real, bus: { ...real.bus, listenJob } }, server.config, createLog('silent'));
    const at = { socket: `${slow.url.replace('http', 'ws')}/graphql` };
    const { id } = await submit(server, await newSpace(server));
    const [gone, leaver, stays] = [await openSocket(at), await openSocket(at), await openSocket(at)];
    follow(gone, id);
    await asked.promise;
    const left = follow(leaver, id);
    const kept = [follow(leaver, id), follow(stays, id)];
    for (const socket of [leaver, stays]) await socket.request('{ viewer { id } }');
    left.stop();
    gone.cut();
    await gone.closed;
    await leaver.request('{ viewer { id } }');
    expect(slow.groups()).toBe(1);
    gate.resolve();
    for (const flow of kept) expect(await flow.next()).toMatchObject({ status: 'QUEUED' });
    await cancel(server, id);
    for (const flow of kept) expect((await flow.rest()).at(-1)).toMatchObject({ status: 'CANCELLED' });
    await eventually(() => slow.topics() + slow.groups() + slow.services.counters.watchers === 0);
    for (const socket of [leaver, stays]) socket.cut();
    await slow.close();
  });
});
