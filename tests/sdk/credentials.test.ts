import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { createCredentials } from '../../client/sdk/credentials.ts';
import {
  connect,
  createProgressReporter,
  createSpaceMutation,
  createUrqlClient,
  jobQuery,
  jobsQuery,
  type SpacedockError,
  spacesQuery,
  submitInferenceMutation,
  type VisitorMemory,
  watchJob,
} from '../../client/sdk/index.ts';
import { newToken, type Person, signIn, withAccounts } from '../help/people.ts';
import { startServer } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { useServer } from '../help/use-server.ts';
import { SPACE, startActor } from './stage.ts';

test('a token is a string, or is asked for anew each time', async () => {
  let turn = 0;
  const each = createCredentials(async () => `t${++turn}`);
  expect(await createCredentials('secret').authorization()).toEqual({ authorization: 'Bearer secret' });
  expect(await createCredentials('from-a-file\n').authorization()).toEqual({ authorization: 'Bearer from-a-file' });
  expect(await each.authorization()).toEqual({ authorization: 'Bearer t1' });
  expect(await each.authorization()).toEqual({ authorization: 'Bearer t2' });
  for (const none of [undefined, '', () => undefined]) {
    expect(await createCredentials(none).authorization()).toBeUndefined();
  }
});

test('what no header can carry is refused before it is sent, and a token that cannot be got is a lost connection', async () => {
  await expect(createCredentials('two words').authorization()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  const away = createCredentials(() => Promise.reject(new Error('the vault is sealed')));
  await expect(away.authorization()).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
    message: 'No token could be got: the vault is sealed',
  });
});

/** What a place outside the connection would keep. */
function notebook(token?: string): VisitorMemory & { token: string | undefined } {
  return {
    token,
    read() {
      return this.token;
    },
    write(next) {
      this.token = next;
    },
  };
}

describe('who is not signed in', () => {
  const server = useServer(withAccounts());

  /** A space for visitors, with an app that works until it is told to go on. */
  async function open(): Promise<{ admin: Person; goOn(): void; close(): Promise<void> }> {
    const admin = await signIn(server);
    const person = connect({ url: server.url, token: admin.secret! });
    const input = { id: SPACE, title: 'Stage', visitors: true, inputs: { prompt: true, files: { accept: ['*/*'] } } };
    await person.request(createSpaceMutation, { input }).catch(() => {});
    await person.close();
    const { secret } = await newToken(server, admin, { role: 'APP', spaces: [SPACE] });
    const waiting = Promise.withResolvers<void>();
    const actor = startActor({
      url: server.url,
      token: secret!,
      spaces: [SPACE],
      drainOnSignals: false,
      async handler({ prompt, files: [file] }, { progress, fetchFile }) {
        await progress('working', 0.5);
        await waiting.promise;
        return { result: { prompt, file: file ? await (await fetchFile(file)).text() : null } };
      },
    });
    await actor.app.registered;
    return { admin, goOn: waiting.resolve, close: async () => actor[Symbol.asyncDispose]() };
  }

  it('finds a job again after its connection was cut in the middle of it, with its file', async () => {
    const stage = await open();
    await using proxy = await startProxy(server.url);
    const visitor = connect({ url: proxy.url, token: () => undefined });
    const file = await visitor.upload({ name: 'note.txt', type: 'text/plain', data: 'mine' });
    const { submitInference } = await visitor.request(submitInferenceMutation, {
      input: { space: SPACE, prompt: 'hi', files: [file] },
    });
    const { id } = submitInference;
    let last: unknown;
    let cut = false;
    for await (const job of watchJob(visitor, id)) {
      last = job.result;
      if (job.stage !== 'working' || cut) continue;
      cut = true;
      proxy.cut();
      stage.goOn();
    }
    expect([cut, last]).toEqual([true, { prompt: 'hi', file: 'mine' }]);
    const lost = new Promise<void>((resolve) =>
      visitor.onChange(({ type }) => {
        if (type === 'lost') resolve();
      }),
    );
    const watching = watchJob(visitor, 'unknown').next();
    proxy.cut();
    await lost;
    expect((await visitor.request(jobQuery, { id })).job?.status).toBe('COMPLETED');
    expect((await visitor.request(jobsQuery, {})).jobs.nodes.map((job) => job.id)).toEqual([id]);
    const other = connect({ url: server.url });
    expect((await other.request(jobQuery, { id })).job).toBeNull();
    await Promise.all([visitor.close(), other.close(), stage.close()]);
    expect((await watching).done).toBe(true);
  });

  it('comes again as the same with what was kept, and as another once the server does not know that any more', async () => {
    const stage = await open();
    const memory = notebook();
    const first = connect({ url: server.url, visitor: memory });
    const { id } = (await first.request(submitInferenceMutation, { input: { space: SPACE, prompt: 'hi' } }))
      .submitInference;
    await first.close();
    expect(memory.token).toMatch(/^sdv_/);
    const again = connect({ url: server.url, visitor: memory });
    expect((await again.request(jobQuery, { id })).job?.id).toBe(id);
    await again.close();
    const forged = `sdv_00000000-0000-0000-0000-000000000000.${'A'.repeat(43)}`;
    memory.write(forged);
    const anew = connect({ url: server.url, visitor: memory });
    expect((await anew.request(jobQuery, { id })).job).toBeNull();
    expect(memory.token).toMatch(/^sdv_/);
    expect(memory.token).not.toBe(forged);
    stage.goOn();
    await Promise.all([anew.close(), stage.close()]);
  });

  it('is one and the same over HTTP and WebSocket with urql', async () => {
    const stage = await open();
    const client = createUrqlClient({ url: server.url });
    const submit = () => client.mutation(submitInferenceMutation, { input: { space: SPACE, prompt: 'hi' } });
    const [one, two] = await Promise.all([submit(), submit()]);
    stage.goOn();
    const ids = [one, two].map(({ data }) => data!.submitInference.id);
    for (const id of ids) expect((await client.query(jobQuery, { id })).data?.job?.id).toBe(id);
    expect((await client.query(jobsQuery, {})).data?.jobs.nodes).toHaveLength(2);
    // Its socket is closed while nothing is subscribed to.
    await expect.poll(() => server.server.services.counters.activeConnections).toBe(1);
    await stage.close();
  });

  it('is told to sign in where that is needed', async () => {
    const connection = connect({ url: server.url });
    const input = { id: 'mine', title: 'Mine' };
    await expect(connection.request(createSpaceMutation, { input })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await connection.close();
    await using reporter = createProgressReporter({ url: server.url });
    await expect(reporter.report('nightly', 'running')).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('sign in'),
    });
  });
});

describe('a token that is refused', () => {
  const server = useServer(withAccounts());
  const REFUSED = /refuses the token: .*Sign in again, or use another token \(4401\)$/;

  it('ends every call and stream, and a report, for good', async () => {
    const unsendable = connect({ url: server.url, token: 'two words' });
    await expect(unsendable.request(spacesQuery, {})).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('cannot be one'),
    });
    await unsendable.close();
    const connection = connect({ url: server.url, token: `sdt_0123456789abcdef_${'A'.repeat(43)}` });
    const expected = { code: 'UNAUTHENTICATED', closeCode: 4401, message: expect.stringMatching(REFUSED) };
    await expect(connection.request(spacesQuery, {})).rejects.toMatchObject(expected);
    await expect(watchJob(connection, 'any').next()).rejects.toMatchObject(expected);
    await connection.close();
    await using reporter = createProgressReporter({ url: server.url, token: 'stale' });
    await expect(reporter.report('nightly', 'running')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('ends an app at its start, and when it is revoked later', async () => {
    const admin = await signIn(server);
    await admin.ask('mutation { createSpace(input: { id: "stage", title: "Stage" }) { id } }');
    const wrong = startActor({ url: server.url, token: 'stale', spaces: [SPACE], handler: () => {} });
    await expect(wrong.app.done).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(wrong.events.at(-1)).toMatchObject({ type: 'refused', final: true });

    const { id, secret } = await newToken(server, admin, { role: 'APP', spaces: [SPACE] });
    const actor = startActor({ url: server.url, token: secret!, spaces: [SPACE], handler: () => {} });
    await actor.app.registered;
    await admin.ask('mutation ($id: ID!) { revokeToken(id: $id) }', { id });
    await expect(actor.app.done).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringMatching(REFUSED),
    });
    expect(await actor.event('disconnected')).toMatchObject({ code: 4403 });
  });

  it('is asked for anew when it was revoked, and a stream goes on with the next', async () => {
    const admin = await signIn(server);
    const tokens = [await newToken(server, admin, { role: 'ADMIN' }), await newToken(server, admin, { role: 'ADMIN' })];
    await admin.ask('mutation { startJob(input: { id: "long" }) { id } }');
    let asked = 0;
    const connection = connect({ url: server.url, token: () => tokens[Math.min(asked++, 1)]!.secret! });
    const stages: (string | null)[] = [];
    const lost: SpacedockError[] = [];
    connection.onChange((change) => change.type === 'lost' && lost.push(change.error));
    for await (const { stage, status } of watchJob(connection, 'long')) {
      stages.push(stage);
      if (stages.length > 1 || status !== 'RUNNING') continue;
      await admin.ask('mutation ($id: ID!) { revokeToken(id: $id) }', { id: tokens[0]!.id });
      await expect.poll(() => lost[0]?.closeCode).toBe(4403);
      await admin.ask('mutation { reportComplete(input: { job: "long" }) { id } }');
    }
    expect(stages.at(-1)).toBe('complete');
    expect(asked).toBe(2);
    // The next one ends it, as there is no other.
    const watch = watchJob(connection, 'other');
    const next = watch.next();
    await expect.poll(() => server.server.topics()).toBe(1);
    await admin.ask('mutation ($id: ID!) { revokeToken(id: $id) }', { id: tokens[1]!.id });
    await expect(next).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await connection.close();
  });

  it('is tried again where the server says 4403 before it says hello: it may be a matter of moments', async () => {
    const closing = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'graphql-transport-ws' });
    await once(closing, 'listening');
    const url = `http://127.0.0.1:${(closing.address() as AddressInfo).port}`;
    const given: unknown[] = [];
    closing.on('connection', (socket) =>
      socket.once('message', (data) => {
        given.push(JSON.parse(String(data)).payload.authorization);
        socket.close(given.length < 3 ? 4403 : 4401, 'expired');
      }),
    );
    let turn = 0;
    const connection = connect({ url, token: () => `t${++turn}` });
    await expect(watchJob(connection, 'any').next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(given).toEqual(['Bearer t1', 'Bearer t2', 'Bearer t3']);
    await connection.close();
    closing.close();
  });
});

test('where access is open nobody need say who they are, and no visitor is kept', async () => {
  await using server = await startServer();
  const memory = notebook();
  const connection = connect({ url: server.url, visitor: memory });
  await connection.request(createSpaceMutation, { input: { id: SPACE, title: 'Stage' } });
  expect(memory.token).toBeUndefined();
  await connection.close();
});
