import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Connection, connect, watchJob } from '../../client/sdk/index.ts';
import { ask, multipart, post, postBody, sse } from '../help/client.ts';
import { stored } from '../help/files.ts';
import { cancel, eventually, freshId, newSpace, submit, watch } from '../help/jobs.ts';
import { makeCertificate, type ProxyServer, proxies, quietPort, startProxy } from '../help/proxy.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';

const MIB = 1024 * 1024;
const REPORT = 'mutation ($input: ReportProgressInput!) { reportProgress(input: $input) { revision } }';
const COMPLETE = 'mutation ($input: ReportCompleteInput!) { reportComplete(input: $input) { id } }';
const WATCH = 'subscription ($id: ID!) { jobUpdates(id: $id) { stage status } }';

describe.each(proxies)('%s, as docs/deploy sets it up, before two processes', (name) => {
  let directory: string;
  let at: ProxyServer;
  let servers: [TestServer, TestServer];
  const before = getCACertificates('default');

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
    const tls = await makeCertificate(directory);
    setDefaultCACertificates([...before, await readFile(tls.certificate, 'utf8')]);
    const port = await quietPort();
    const first = await startServer({
      engine: 'redis',
      // Not all of loopback: clients of this test come from there as well.
      trustProxy: ['127.0.0.1'],
      env: {
        PUBLIC_URL: `https://127.0.0.1:${port}`,
        MAX_FILE_BYTES: `${24 * MIB}`,
        MAX_SOCKETS_PER_ADDRESS: '20',
      },
    });
    servers = [first, await first.second()];
    at = await startProxy(name, { port, servers: servers.map(({ url }) => url), tls });
  });
  afterAll(async () => {
    setDefaultCACertificates(before);
    await at[Symbol.asyncDispose]();
    for (const server of [...servers].reverse()) await server.close();
    await rm(directory, { recursive: true });
  });

  it('answers queries, and leads from http to https', async () => {
    const { data, headers } = await post(at, '{ viewer { role } }');
    expect(data).toMatchObject({ viewer: {} });
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=/);
    expect((await fetch(`${at.url}/`, { redirect: 'manual' })).headers.get('location')).toBe('/graphql');
    const plain = await fetch(`${at.plain}/graphql`, { redirect: 'manual', headers: { host: '127.0.0.1' } });
    expect([301, 308]).toContain(plain.status);
    expect(plain.headers.get('location')).toMatch(/^https:\/\/127\.0\.0\.1(:\d+)?\/graphql$/);
  });

  it('keeps what is for monitoring to itself', async () => {
    expect((await fetch(`${at.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${servers[0].url}/metrics`)).status).toBe(200);
  });

  it('passes WebSockets on, with pages of its own origin and no others', async () => {
    const space = await newSpace(at);
    const { id } = await submit(at, space);
    await using socket = await openSocket(at, { origin: at.url });
    const flow = watch(socket, id);
    expect(await flow.next()).toMatchObject({ id, status: 'QUEUED' });
    await cancel(at, id);
    expect((await flow.rest()).at(-1)).toMatchObject({ status: 'CANCELLED' });
    await expect(openSocket(at, { origin: 'https://evil.example' })).rejects.toThrow('403');
  });

  it('passes each event on when it happens', async () => {
    const job = freshId('job');
    const report = (stage: string) => ask(at, REPORT, { input: { job, stage } });
    await report('0');
    const flow = await sse<{ stage: string }>(at, WATCH, { id: job });
    expect(await flow.next()).toMatchObject({ stage: '0' });
    // None of these would come, if it were held back for more.
    for (const stage of ['1', '2', '3']) {
      await report(stage);
      expect(await flow.next()).toMatchObject({ stage });
    }
    flow.stop();
  });

  it('keeps silent connections: what is silent has its signs of life', async () => {
    const flow = await sse<{ stage: string }>(at, WATCH, { id: freshId('silent') });
    await eventually(() => flow.comments() > 2);
    flow.stop();
  });

  it('passes large uploads on as they come', async () => {
    const half = Buffer.alloc(8 * MIB, 1);
    const asking = request(`${at.url}/files?name=large.bin`, {
      method: 'POST',
      headers: { 'content-length': 2 * half.length },
    });
    const held = async () => (await Promise.all(servers.map(stored))).flat().length;
    const already = await held();
    asking.write(half);
    await eventually(async () => (await held()) > already);
    asking.end(half);
    const [response] = await once(asking, 'response');
    expect(response.statusCode).toBe(201);
    expect(JSON.parse(await text(response))).toMatchObject({ size: 2 * half.length });
  });

  it('takes large bodies of the API, and lets the server say what is too large', async () => {
    const space = await newSpace(at, {}, { prompt: true, files: { accept: ['*/*'] } });
    const submits =
      'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { input { files { size url } } } }';
    const file = new File([Buffer.alloc(5 * MIB, 1)], 'five.bin');
    const form = multipart(submits, { input: { space, prompt: 'x', files: [null] } }, { 'input.files.0': file });
    const { data, errors } = await postBody<{ submitInference: { input: { files: { size: number; url: string }[] } } }>(
      at,
      form,
    );
    expect(errors).toEqual([]);
    const [stored] = data!.submitInference.input.files;
    expect(stored?.size).toBe(5 * MIB);
    // The link is one through the proxy.
    expect(stored?.url.startsWith(at.url)).toBe(true);
    expect((await (await fetch(stored!.url)).arrayBuffer()).byteLength).toBe(5 * MIB);

    const large = JSON.stringify({ query: '{ viewer { role } }', variables: { text: 'x'.repeat(32 * MIB) } });
    for (const [path, body, code] of [
      ['/files?name=x', Buffer.alloc(25 * MIB), 'FILE_TOO_LARGE'],
      ['/graphql', Buffer.from(large), 'PAYLOAD_TOO_LARGE'],
    ] as const) {
      const refused = await send(`${at.url}${path}`, body);
      expect([refused.status, JSON.parse(refused.body).errors[0].extensions.code]).toEqual([413, code]);
    }
  });

  it('says who its clients are, and passes on nothing that they make up', async () => {
    const open = (localAddress: string, forged: string) =>
      new Promise<WebSocket>((resolve, reject) => {
        const headers = { 'x-forwarded-for': forged, 'x-real-ip': forged, forwarded: `for=${forged}` };
        const ws = new WebSocket(at.socket, 'graphql-transport-ws', { localAddress, headers });
        // One that never greets would be closed, and count no more.
        ws.once('open', () => ws.send('{"type":"connection_init"}', () => resolve(ws)));
        ws.once('error', reject);
      });
    const sockets: WebSocket[] = [];
    // As many as both processes take of one address, each time another that is made up.
    let refused = 0;
    for (let n = 0; n < 41 && refused === 0; n++) {
      await open('127.0.0.2', `192.0.2.${n}`).then(
        (ws) => sockets.push(ws),
        (error) => {
          expect(String(error)).toContain('429');
          refused++;
        },
      );
    }
    expect(refused).toBe(1);
    sockets.push(await open('127.0.0.3', '192.0.2.1'));
    for (const ws of sockets) ws.terminate();
  });

  it('leads clients on to the other process when one drains', async () => {
    const job = freshId('job');
    const report = (stage: string) => ask(servers[0], REPORT, { input: { job, stage } });
    await report('begin');
    const [staying, leaving] = servers;
    const held = ({ server }: TestServer) => server.services.counters.activeConnections;
    await eventually(() => servers.every((server) => held(server) === 0));
    const watchers: { connection: Connection; seen: unknown[]; watching: Promise<void> }[] = [];
    while (watchers.length < 2 || held(leaving) === 0) {
      const connection = connect({ url: at.url });
      const seen: unknown[] = [];
      const watching = (async () => {
        for await (const { stage } of watchJob(connection, job)) seen.push(stage);
      })();
      watchers.push({ connection, seen, watching });
      await eventually(() => seen.includes('begin'));
    }
    await leaving.close();
    const query = new URLSearchParams({ query: '{ viewer { role } }' });
    for (let n = 0; n < 6; n++) expect((await fetch(`${at.graphql}?${query}`)).status).toBe(200);
    await report('after');
    await eventually(() => watchers.every(({ seen }) => seen.includes('after')) && held(staying) === watchers.length);
    await ask(staying, COMPLETE, { input: { job } });
    for (const { connection, watching } of watchers) {
      await watching;
      await connection.close();
    }
  });
});

/** A body over HTTP/1.1: Node's own HTTP/2 keeps no more than 10 MB under way. */
async function send(url: string, body: Buffer): Promise<{ status: number; body: string }> {
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const asking = request(url, { method: 'POST', headers });
  // Who is refused may be cut off while he still sends.
  asking.on('error', () => undefined);
  asking.end(body);
  const [response] = await once(asking, 'response');
  return { status: response.statusCode, body: await text(response) };
}
