import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { connect, createProgressReporter, type OutputChunk, watchOutput } from '../../client/sdk/index.ts';
import { eventually } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { useServer } from '../help/use-server.ts';

const newId = () => `output-${randomUUID()}`;

describe.each(engines)('a watcher of output on %s', (engine) => {
  const server = useServer({ engine });

  /** A reporter, and a watcher behind a line that can be cut. */
  async function setUp() {
    const proxy = await startProxy(server.url);
    const connection = connect({ url: proxy.url });
    const reporter = createProgressReporter({ url: server.url });
    return {
      proxy,
      connection,
      reporter,
      async [Symbol.asyncDispose]() {
        await reporter.close();
        await connection.close();
        await proxy[Symbol.asyncDispose]();
      },
    };
  }

  const next = async (chunks: AsyncIterator<OutputChunk>): Promise<OutputChunk> => {
    const { done, value } = await chunks.next();
    if (done) throw new Error('The output has ended');
    return value;
  };

  it('[promise 7] goes on after every cut where it was, without hole or repeat, to the end', async () => {
    await using scene = await setUp();
    const { proxy, connection, reporter } = scene;
    const job = newId();
    const chunks = watchOutput(connection, job);
    let seen = '';
    let at = 0;
    for (let round = 0; round < 6; round++) {
      const written = reporter.reportOutput(job, `round ${round} é😀\n`);
      if (round % 2) proxy.cut();
      await written;
      while (!seen.endsWith(`round ${round} é😀\n`)) {
        const chunk = await next(chunks);
        expect(chunk).toMatchObject({ attempt: 1, offset: at, end: at + Buffer.byteLength(chunk.text) });
        at = chunk.end;
        seen += chunk.text;
      }
      if (round % 2 === 0) proxy.cut();
    }
    await reporter.reportComplete(job);
    expect(await chunks.next()).toEqual({ done: true, value: undefined });
    expect(seen).toBe([0, 1, 2, 3, 4, 5].map((round) => `round ${round} é😀\n`).join(''));
  });

  it('asks for no more than what is missing', async () => {
    await using scene = await setUp();
    const { proxy, connection, reporter } = scene;
    const job = newId();
    const chunks = watchOutput(connection, job);
    await reporter.reportOutput(job, 'what is known by then');
    await next(chunks);
    const repeated = proxy.cutBefore('what is known by then').then(() => 'repeated');
    proxy.cut();
    await reporter.reportOutput(job, ', and more');
    expect(await Promise.race([next(chunks), repeated])).toMatchObject({ text: ', and more' });
  });

  it('begins anew with a new attempt, also with one that came while it was away', async () => {
    await using scene = await setUp();
    const { proxy, connection, reporter } = scene;
    const job = newId();
    await reporter.reportOutput(job, 'first');
    const chunks = watchOutput(connection, job);
    expect(await next(chunks)).toMatchObject({ attempt: 1, text: 'first' });
    await reporter.start(job, { restart: true });
    await reporter.reportOutput(job, 'second');
    expect(await next(chunks)).toMatchObject({ attempt: 2, offset: 0, text: 'second' });
    proxy.swallow();
    proxy.cut();
    await reporter.start(job, { restart: true });
    await reporter.reportOutput(job, 'third');
    proxy.heal();
    proxy.cut();
    expect(await next(chunks)).toMatchObject({ attempt: 3, offset: 0, text: 'third' });
    await chunks.return?.();
  });

  it('of an attempt that is gone gets the present one', async () => {
    await using scene = await setUp();
    const { connection, reporter } = scene;
    const job = newId();
    await reporter.reportOutput(job, 'the first attempt');
    await reporter.start(job, { restart: true });
    await reporter.reportOutput(job, 'new');
    const chunks = watchOutput(connection, job, { after: 7, attempt: 1 });
    expect(await next(chunks)).toEqual({ attempt: 2, offset: 0, end: 3, text: 'new' });
    await chunks.return?.();
  });

  it('begins after what is known, and is refused beyond it', async () => {
    await using scene = await setUp();
    const { connection, reporter } = scene;
    const job = newId();
    await reporter.reportOutput(job, 'é known, new');
    await reporter.reportComplete(job);
    const chunks = watchOutput(connection, job, { after: 8, attempt: 1 });
    expect(await next(chunks)).toMatchObject({ offset: 8, text: ', new' });
    const beyond = watchOutput(connection, job, { after: 99 });
    await expect(beyond.next()).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'after', limit: 13 });
    const nothing = watchOutput(connection, 'none.00000000-0000-7000-8000-000000000000');
    await expect(nothing.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('ends when it is told to, with nothing left on the server', async () => {
    await using scene = await setUp();
    const { connection } = scene;
    const stop = new AbortController();
    const waiting = watchOutput(connection, newId(), { signal: stop.signal }).next();
    const left = watchOutput(connection, newId());
    const leaving = left.next();
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await left.return?.();
    expect(await leaving).toEqual({ done: true, value: undefined });
    await eventually(() => server.server.topics() === 0);
  });
});
