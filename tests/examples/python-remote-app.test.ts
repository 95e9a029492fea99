import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Person as Administrator, newToken, signIn, withAccounts } from '../help/people.ts';
import { connectPerson, type Person } from '../help/person.ts';
import { startProcess } from '../help/process.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';
import { startProxy, type TcpProxy } from '../help/tcp-proxy.ts';
import { outputOf, type Program, startPythonWith } from './python.ts';

const SPACE = 'words';

const startApp = (url: string, SPACEDOCK_TOKEN = '') =>
  startPythonWith({ SPACEDOCK_TOKEN }, 'remote_app.py', '--url', url, '--space', SPACE);

interface Stage extends AsyncDisposable {
  server: TestServer;
  person: Person;
  /** Between the app and the server. */
  line: TcpProxy;
  app: Program;
  admin: Administrator;
  /** The public part of the app's token. */
  token: string;
  upload(content: string | Uint8Array, name: string): Promise<{ id: string }>;
}

/** A server, a person at it, and the example behind a line that can be broken, registered. */
async function openStage(engine: 'sqlite' | 'redis', policy: Parameters<Person['space']>[1] = {}): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startServer(withAccounts({ engine })));
  const admin = await signIn(server);
  const person = stack.use(connectPerson(server.url, { token: admin.secret! }));
  const line = stack.use(await startProxy(server.url));
  await person.space(SPACE, policy);
  const { id: token, secret } = await newToken(server, admin, { role: 'APP', spaces: [SPACE] });
  const app = stack.use(startApp(line.url, secret!));
  await app.said(/Serving words/);
  return {
    server,
    admin,
    token,
    person,
    line,
    app,
    upload: async (data, name) => ({ id: await person.connection.upload({ name, data }) }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const LINE = 'the quick brown fox jumps over the lazy dog\n';

/** A job that the app fetches a file for, over a line so slow that it takes a minute; fetching when this resolves. */
async function startSlowJob({ person, line, upload }: Stage): Promise<string> {
  const { id: file } = await upload(LINE.repeat(300_000), 'long.txt');
  line.throttle(200_000);
  const { id } = await person.submit(SPACE, '', { files: [file] });
  await person.watch(id).take(({ stage }) => stage === 'downloading');
  return id;
}

interface Silent extends AsyncDisposable {
  url: string;
  /** Pushes a request. */
  assign(job: object): void;
  /** The first report has come. */
  reported: Promise<unknown>;
  /** What comes back for a Ping. */
  ping(payload: object | undefined): Promise<unknown>;
}

/** What looks like a server to an app, registers it, and leaves its reports unanswered. */
async function startSilent(): Promise<Silent> {
  const http = createServer();
  const reported = once(http, 'request');
  const sockets = new WebSocketServer({ server: http, handleProtocols: () => 'graphql-transport-ws' });
  let app: WebSocket | undefined;
  const push = (pendingRequests: object) =>
    app?.send(JSON.stringify({ type: 'next', id: '1', payload: { data: { pendingRequests } } }));
  sockets.on('connection', (socket) => {
    app = socket;
    socket.once('message', () => socket.send('{"type":"connection_ack"}'));
    socket.on('message', (text) => {
      if (JSON.parse(`${text}`).type === 'subscribe') push({ __typename: 'AppRegistered', lost: [] });
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    assign: (job) => push({ __typename: 'RequestAssigned', lease: { token: 'a' }, job }),
    reported,
    async ping(payload) {
      app!.send(JSON.stringify({ type: 'ping', payload }));
      const [text] = await once(app!, 'message');
      return JSON.parse(`${text}`);
    },
    async [Symbol.asyncDispose]() {
      app?.terminate();
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}

describe.each(engines)('the remote app in Python on %s', (engine) => {
  it('counts the words of a prompt and of files, streams output, and says how sure it is', async () => {
    await using stage = await openStage(engine);
    const { server, person, admin } = stage;
    const fox = await stage.upload(`${LINE}the Fée\n`, 'fox.txt');
    const binary = await stage.upload(new Uint8Array(100).fill(0xff), 'noise.bin');
    const { id } = await person.submit(SPACE, 'to be or not to be', { files: [fox.id, binary.id] });
    const job = await person.end(id);
    expect(job).toMatchObject({ status: 'COMPLETED', attempt: 1, app: { name: 'word statistics (Python)' } });
    expect(job.result).toMatchObject({
      prompt: { words: 6, distinct: 4, common: expect.arrayContaining([['to', 2]]) },
      'fox.txt': { words: 11, distinct: 9, common: expect.arrayContaining([['the', 3]]) },
      'noise.bin': { words: 0, distinct: 0 },
    });
    // Of 18 + 52 + 100 characters 100 are none.
    expect(job.confidence).toBeCloseTo(1 - 100 / 170);
    expect(await outputOf(server, id, admin.headers)).toBe(
      'prompt: 6 words, 4 distinct\nfox.txt: 11 words, 9 distinct\nnoise.bin: 0 words, 0 distinct\n',
    );
  });

  it('answers Pings while it works, so that a second request comes through; and stops when cancelled', async () => {
    await using stage = await openStage(engine);
    const { person, app } = stage;
    const slow = await startSlowJob(stage);
    const { id: quick } = await person.submit(SPACE, 'quick');
    expect(await person.end(quick)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
    expect(await person.job(slow)).toMatchObject({ status: 'RUNNING', attempt: 1 });
    await person.cancel(slow);
    const { status, cancellation } = await person.end(slow);
    expect({ status, confirmed: cancellation?.confirmedAt }).toEqual({
      status: 'CANCELLED',
      confirmed: expect.any(String),
    });
    await app.said(new RegExp(`${slow}: cancelled`));
  });

  it('comes back after a lost connection, and finishes what it holds in the same attempt', async () => {
    await using stage = await openStage(engine);
    const { person, line, app } = stage;
    const { id: file } = await stage.upload(LINE.repeat(500_000), 'long.txt');
    const { id } = await person.submit(SPACE, '', { files: [file] });
    await person.watch(id).take(({ stage }) => stage === 'analyzing');
    line.cut();
    await app.said(/Serving words[\s\S]*Not connected[\s\S]*Serving words/);
    expect(await person.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: { 'long.txt': {} } });
  });

  it('stops work whose lease is gone, and goes on with the next', async () => {
    await using stage = await openStage(engine, { maxRunSeconds: 3 });
    const { person, app } = stage;
    const id = await startSlowJob(stage);
    expect(await person.end(id)).toMatchObject({ status: 'TIMED_OUT' });
    await app.said(new RegExp(`${id}: not ours any more`));
    const next = await person.submit(SPACE, 'next');
    expect(await person.end(next.id)).toMatchObject({ status: 'COMPLETED' });
  });

  it('ends when its token is revoked, and says so', async () => {
    await using stage = await openStage(engine);
    const { admin, app, token } = stage;
    await admin.ask('mutation ($id: ID!) { revokeToken(id: $id) }', { id: token });
    const { code, output } = await app.ended;
    expect(code).toBe(1);
    expect(output).toMatch(/The server does not register this app: These credentials are not valid.*another token\n$/);
  });

  it('says goodbye on Ctrl-C: its work is free for others at once', async () => {
    await using stage = await openStage(engine);
    const { person, app } = stage;
    const id = await startSlowJob(stage);
    const look = person.look(SPACE);
    const job = person.watch(id);
    app.signal('SIGINT');
    await job.take(({ status }) => status === 'QUEUED');
    await look.take(({ status }) => status === 'DISCONNECTED');
    expect(look.all.map(({ status }) => status)).not.toContain('RECONNECTING');
    const { code, output } = await app.ended;
    expect(code).toBe(0);
    expect(output).toMatch(/Goodbye\n$/);
    expect(output).not.toContain('Traceback');
  });
});

describe('the remote app in Python', () => {
  it('survives a server that is stopped and started again', async () => {
    await using server = await startProcess();
    await using person = connectPerson(server.url);
    await person.space(SPACE);
    await using app = startApp(server.url);
    await app.said(/Serving words/);
    await server.terminate();
    // It heard that the server drains, and tried at once.
    await app.said(/Again at once\n[\s\S]*Again in/);
    await server.restart();
    await app.said(/Serving words[\s\S]*Serving words/);
    const { id } = await person.submit(SPACE, 'again');
    expect(await person.end(id)).toMatchObject({ status: 'COMPLETED', result: { prompt: { words: 1 } } });
  });

  it('answers a Ping with its payload, also while its work waits for an answer', async () => {
    await using server = await startSilent();
    await using app = startApp(server.url);
    await app.said(/Serving words/);
    server.assign({ id: 'words.1', attempt: 1, input: { prompt: 'to be', files: [] } });
    await server.reported;
    expect(await server.ping({ lease: 'a' })).toEqual({ type: 'pong', payload: { lease: 'a' } });
    expect(await server.ping(undefined)).toEqual({ type: 'pong' });
  });

  it('ends when its space does not exist, and says so', async () => {
    await using server = await startServer();
    await using app = startApp(server.url);
    const { code, output } = await app.ended;
    expect(code).toBe(1);
    expect(output).toMatch(/The server does not register this app: .*words/);
  });

  it('serves the server that SPACEDOCK_URL names', async () => {
    await using server = await startSilent();
    await using app = startPythonWith({ SPACEDOCK_URL: server.url }, 'remote_app.py', '--space', SPACE);
    await app.said(/Serving words/);
  });
});
