import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ask, post, sse } from '../help/client.ts';
import type { Flow } from '../help/flow.ts';
import { newSpace, submit } from '../help/jobs.ts';
import { engines, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker } from '../help/worker.ts';

interface Chunk {
  job: string;
  attempt: number;
  offset: number;
  end: number;
  text: string;
}

const OUTPUT = `subscription ($id: ID!, $after: Float, $attempt: Int) {
  jobOutput(id: $id, after: $after, attempt: $attempt) { job attempt offset end text }
}`;
const REPORT =
  'mutation ($input: ReportOutputInput!) { reportOutput(input: $input) { id status revision outputLength } }';
const newId = () => `out-${randomUUID()}`;
const bytes = (text: string) => Buffer.byteLength(text);

async function write(server: Pick<TestServer, 'graphql'>, input: Record<string, unknown>) {
  const { data, errors } = await post<{ reportOutput: { status: string; revision: number; outputLength: number } }>(
    server,
    REPORT,
    { input },
  );
  return { job: data?.reportOutput ?? null, refusal: errors[0]?.extensions };
}

const complete = (server: Pick<TestServer, 'graphql'>, job: string, lease?: string) =>
  ask(server, 'mutation ($input: ReportCompleteInput!) { reportComplete(input: $input) { id } }', {
    input: { job, lease },
  });

/** Everything to the end, checked to follow on within each attempt. */
async function joined(flow: Flow<Chunk>): Promise<Record<number, string>> {
  const texts: Record<number, string> = {};
  let last: Chunk | null = null;
  for (const chunk of await flow.rest()) {
    if (last && chunk.attempt === last.attempt) expect(chunk.offset).toBe(last.end);
    else if (last) expect(chunk).toMatchObject({ offset: 0 });
    expect(chunk.end - chunk.offset).toBe(bytes(chunk.text));
    texts[chunk.attempt] = (texts[chunk.attempt] ?? '') + chunk.text;
    last = chunk;
  }
  return texts;
}

describe.each(engines)('streamed output on %s', (engine) => {
  const server = useServer({ engine, env: { MAX_OUTPUT_BYTES: '100000' } });

  it('[promise 7] is replayed from the log and then live, until the job ends, and raises no revision', async () => {
    const job = newId();
    const first = await write(server, { job, offset: 0, text: 'Once ' });
    expect(first.job).toEqual({ id: job, status: 'RUNNING', revision: 1, outputLength: 5 });
    await using socket = await openSocket(server);
    const flow = socket.subscribe<Chunk>(OUTPUT, { id: job });
    expect(await flow.next()).toEqual({ job, attempt: 1, offset: 0, end: 5, text: 'Once ' });
    expect((await write(server, { job, offset: 5, text: 'upon 😀' })).job).toMatchObject({
      revision: 1,
      outputLength: 14,
    });
    expect(await flow.next()).toEqual({ job, attempt: 1, offset: 5, end: 14, text: 'upon 😀' });
    const after = await sse<Chunk>(server, OUTPUT, { id: job, after: 10, attempt: 1 });
    expect(await after.next()).toMatchObject({ offset: 10, text: '😀' });
    await complete(server, job);
    expect(await flow.rest()).toEqual([]);
    expect(await flow.ended).toBe('complete');
    expect(await after.ended).toBe('complete');
    // Who comes after the end gets all of it.
    expect(await joined(socket.subscribe<Chunk>(OUTPUT, { id: job }))).toEqual({ 1: 'Once upon 😀' });
  });

  it('may be watched before the job is there, and before there is output', async () => {
    const job = newId();
    await using socket = await openSocket(server);
    const flow = socket.subscribe<Chunk>(OUTPUT, { id: job });
    await write(server, { job, offset: 0, text: 'a' });
    expect(await flow.next()).toMatchObject({ text: 'a' });
    await complete(server, job);
    expect(await flow.ended).toBe('complete');
    const silent = newId();
    const nothing = socket.subscribe<Chunk>(OUTPUT, { id: silent });
    await complete(server, silent);
    expect(await nothing.rest()).toEqual([]);
  });

  it('what is told while the log is being looked at is not forgotten for the older answer', async () => {
    const job = newId();
    await ask(server, 'mutation ($input: StartJobInput!) { startJob(input: $input) { id } }', { input: { id: job } });
    const { output, bus } = server.engine;
    const { length } = output;
    output.length = async (id) => {
      output.length = length;
      const older = await length(id);
      const told = Promise.withResolvers<void>();
      const unlisten = await bus.listenOutput(job, () => told.resolve());
      await write(server, { job, offset: 0, text: 'meanwhile' });
      await told.promise;
      unlisten();
      return older;
    };
    await using socket = await openSocket(server);
    expect(await socket.subscribe<Chunk>(OUTPUT, { id: job }).next()).toMatchObject({ text: 'meanwhile' });
  });

  it('[promise 7] a repeat adds its new tail alone, a hole is refused with the right offset', async () => {
    const job = newId();
    await write(server, { job, offset: 0, text: 'one\n' });
    expect((await write(server, { job, offset: 0, text: 'one\ntwo\n' })).job).toMatchObject({ outputLength: 8 });
    expect((await write(server, { job, offset: 0, text: 'one\n' })).job).toMatchObject({ outputLength: 8 });
    const gap = await write(server, { job, offset: 9, text: 'four\n' });
    expect(gap.refusal).toMatchObject({ code: 'OUTPUT_GAP', field: 'input.offset', limit: 8 });
    await complete(server, job);
    await using socket = await openSocket(server);
    expect(await joined(socket.subscribe<Chunk>(OUTPUT, { id: job }))).toEqual({ 1: 'one\ntwo\n' });
  });

  it('beyond the limit of an attempt is refused, and what was there stays', async () => {
    const job = newId();
    const text = 'x'.repeat(60_000);
    await write(server, { job, offset: 0, text });
    const full = await write(server, { job, offset: 60_000, text });
    expect(full.refusal).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', field: 'input.text', limit: 100_000 });
    expect((await write(server, { job, offset: 60_000, text: 'y' })).job).toMatchObject({ outputLength: 60_001 });
    await complete(server, job);
    await using socket = await openSocket(server);
    expect(await joined(socket.subscribe<Chunk>(OUTPUT, { id: job }))).toEqual({ 1: `${text}y` });
  });

  it('of an inference job belongs to lease and attempt: another attempt replays from 0 and says so', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    const first = await worker.work();
    const lease = first.lease;
    await write(server, { job: id, lease, offset: 0, text: 'first try' });
    await using socket = await openSocket(server);
    const flow = socket.subscribe<Chunk>(OUTPUT, { id });
    expect(await flow.next()).toMatchObject({ attempt: 1, text: 'first try' });
    expect((await write(server, { job: id, offset: 9, text: '!' })).refusal).toMatchObject({ code: 'BAD_USER_INPUT' });
    await first.fail({ retryable: true });
    const second = await worker.work();
    expect((await write(server, { job: id, lease, offset: 9, text: '!' })).refusal).toMatchObject({
      code: 'LEASE_LOST',
    });
    await write(server, { job: id, lease: second.lease, offset: 0, text: 'second' });
    expect(await flow.next()).toEqual({ job: id, attempt: 2, offset: 0, end: 6, text: 'second' });
    const { errors } = await (async () => {
      const old = socket.subscribe<Chunk>(OUTPUT, { id, after: 3, attempt: 1 });
      const how = await old.ended;
      return { errors: how === 'complete' ? [] : how };
    })();
    expect(errors[0]?.extensions).toMatchObject({ code: 'OUTPUT_TRUNCATED', field: 'attempt', limit: 2 });
    await second.complete();
    expect(await flow.ended).toBe('complete');
  });

  it.each([
    ['an unknown inference job', { id: 'none.00000000-0000-7000-8000-000000000000' }, 'NOT_FOUND', 'id'],
    ['no id at all', { id: 'a b' }, 'NOT_FOUND', 'id'],
    ['a negative place', { id: 'some', after: -1 }, 'BAD_USER_INPUT', 'after'],
    ['a place past the end', { id: 'some', after: 7 }, 'BAD_USER_INPUT', 'after'],
    ['an attempt to come', { id: 'some', attempt: 2 }, 'BAD_USER_INPUT', 'attempt'],
  ])('%s is refused, and the socket lives', async (_what, variables, code, field) => {
    if ((await post(server, 'query { job(id: "some") { id } }')).data)
      await write(server, { job: 'some', offset: 0, text: 'x' });
    await using socket = await openSocket(server);
    const how = await socket.subscribe<Chunk>(OUTPUT, variables).ended;
    expect(how).not.toBe('complete');
    if (how !== 'complete') expect(how[0]?.extensions).toMatchObject({ code, field });
    expect(await socket.request('{ viewer { name } }')).toMatchObject({ errors: [] });
    expect(server.server.topics()).toBe(0);
  });
});
