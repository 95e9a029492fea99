import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  createProgressReporter,
  outputLengthQuery,
  type ProgressReporterOptions,
  SpacedockError,
} from '../../client/sdk/index.ts';
import { ask, sse } from '../help/client.ts';
import { cancel, end, eventually, read } from '../help/jobs.ts';
import { startProcess } from '../help/process.ts';
import { type RedisServer, startRedis } from '../help/redis.ts';
import { engines } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { useServer } from '../help/use-server.ts';

const newId = () => `job-${randomUUID()}`;

/** All output of a finished job. */
async function output(server: { graphql: string }, id: string): Promise<string> {
  const chunks = await sse<{ text: string }>(
    server,
    'subscription ($id: ID!) { jobOutput(id: $id) { attempt offset end text } }',
    { id },
  );
  return (await chunks.rest()).map(({ text }) => text).join('');
}

async function outputLength(server: { graphql: string }, id: string): Promise<number> {
  return (await ask(server, outputLengthQuery, { id })).job?.outputLength ?? 0;
}

describe.each(engines)('a progress reporter on %s', (engine) => {
  const server = useServer({ engine, env: { MAX_OUTPUT_BYTES: '1000000' } });
  const open = (options: Partial<ProgressReporterOptions> = {}) =>
    createProgressReporter({ url: server.url, ...options });

  it('tells of a job from its start to its end, and every reply shows it', async () => {
    await using reporter = open();
    const job = newId();
    expect(await reporter.getStatus(job)).toBeNull();
    expect(await reporter.start(job, { title: 'Render', silentSeconds: 60 })).toMatchObject({
      id: job,
      status: 'RUNNING',
      attempt: 1,
      revision: 1,
    });
    expect(await reporter.report(job, 'rendering', 0.25, 'Frame 1', { fps: 24 })).toMatchObject({
      stage: 'rendering',
      progress: 0.25,
      message: 'Frame 1',
      revision: 2,
    });
    expect(await reporter.reportOutput(job, 'a line\n')).toMatchObject({ status: 'RUNNING' });
    expect(await reporter.getStatus(job)).toMatchObject({ title: 'Render', metadata: { fps: 24 }, progress: 0.25 });
    const done = await reporter.reportComplete(job, { url: '/video' }, { message: 'Rendered', confidence: 0.5 });
    expect(done).toMatchObject({ status: 'COMPLETED', stage: 'complete', progress: 1, message: 'Rendered' });
    expect(await read(server, job)).toMatchObject({ result: { url: '/video' }, confidence: 0.5 });
    expect(await output(server, job)).toBe('a line\n');
  });

  it('clamps progress, and refuses what is no number', async () => {
    const refused: [Error, string][] = [];
    await using reporter = open({ onError: (error, job) => refused.push([error, job]) });
    const job = newId();
    expect(await reporter.report(job, 'a', 7)).toMatchObject({ progress: 1 });
    expect(await reporter.report(job, 'a', Number.NEGATIVE_INFINITY)).toMatchObject({ progress: 0 });
    const nan = reporter.report(job, 'a', Number.NaN);
    await expect(nan).rejects.toThrow(TypeError);
    await expect(nan).rejects.toThrow(/^progress .*NaN/);
    await expect(reporter.report(job, 'a', '0.5' as unknown as number)).rejects.toThrow(TypeError);
    expect(refused.map(([, id]) => id)).toEqual([job, job]);
    expect(await reporter.report(job, 'b')).toMatchObject({ progress: 0, revision: 3 });
  });

  it('of a burst the latest wins, with what the others said and it leaves open', async () => {
    await using reporter = open();
    const job = newId();
    const first = reporter.report(job, 'count', 0);
    await first;
    const burst = Array.from({ length: 1000 }, (_, n) =>
      reporter.report(job, 'count', n / 1000, `${n}`, n === 500 ? { mark: n } : undefined),
    );
    const last = reporter.report(job, 'more');
    const replies = await Promise.all([...burst, last]);
    expect(new Set(replies.map(({ revision }) => revision))).toEqual(new Set([2]));
    expect(await reporter.getStatus(job)).toMatchObject({
      stage: 'more',
      progress: 0.999,
      message: null,
      metadata: { mark: 500 },
    });
  });

  it('the last before the end is sent, output too, and the end does not wait for pauses', async () => {
    await using reporter = open();
    const job = newId();
    await reporter.report(job, 'begin', 0);
    const texts = Array.from({ length: 200 }, (_, n) => `line ${n} 😀\n`);
    const written = texts.map((text) => reporter.reportOutput(job, text));
    const last = reporter.report(job, 'nearly', 0.9, 'last words');
    const done = reporter.reportFailure(job, new Error('broke'), { code: 'BROKEN' });
    expect(await last).toMatchObject({ status: 'RUNNING', stage: 'nearly', revision: 2 });
    expect(await done).toMatchObject({ status: 'FAILED', stage: 'nearly', progress: 0.9, revision: 3 });
    await Promise.all(written);
    expect(await output(server, job)).toBe(texts.join(''));
    expect(await read(server, job)).toMatchObject({ error: { code: 'BROKEN', message: 'broke' } });
  });

  it('output goes on behind what others wrote before, and begins anew with the job', async () => {
    const job = newId();
    {
      await using first = open();
      await first.reportOutput(job, 'before é, ');
    }
    await using reporter = open();
    await reporter.reportOutput(job, 'after');
    await reporter.reportComplete(job);
    expect(await output(server, job)).toBe('before é, after');
    void reporter.start(job, { restart: true });
    void reporter.reportOutput(job, 'anew');
    expect(await reporter.reportComplete(job)).toMatchObject({ status: 'COMPLETED', attempt: 2 });
    expect(await output(server, job)).toBe('anew');
  });

  it('[promise 2] reports of an attempt that is over are refused, none of them is sent as one of the next', async () => {
    const refused: string[] = [];
    await using first = open({ onError: (error) => refused.push((error as SpacedockError).code) });
    await using second = open();
    const job = newId();
    // It never called start: the first reply tells of the attempt.
    await first.report(job, 'first', 0.5);
    await first.reportOutput(job, 'first');
    expect(await second.start(job, { restart: true })).toMatchObject({ attempt: 2 });
    const before = await second.reportOutput(job, 'second');
    for (const late of [
      () => first.reportOutput(job, ' late'),
      () => first.report(job, 'late'),
      () => first.reportComplete(job, 'late'),
      () => first.reportFailure(job, 'late'),
      () => first.reportCancelled(job),
      () => first.report(job, 'late'),
    ]) {
      await expect(late()).rejects.toMatchObject({ code: 'LEASE_LOST', field: 'input.attempt' });
    }
    expect(refused).toEqual(Array(6).fill('LEASE_LOST'));
    expect(await read(server, job)).toMatchObject({ status: 'RUNNING', revision: before.revision });
    expect(await second.reportComplete(job, 'second')).toMatchObject({ status: 'COMPLETED', attempt: 2 });
    expect(await output(server, job)).toBe('second');
    // To begin it anew is to go on.
    expect(await first.start(job, { restart: true })).toMatchObject({ attempt: 3 });
    expect(await first.report(job, 'again')).toMatchObject({ stage: 'again', attempt: 3 });
  });

  it('another reporter goes on with an attempt by its number, until that is over', async () => {
    await using first = open();
    await using second = open();
    const job = newId();
    const { attempt } = await first.start(job);
    second.resume(job, attempt);
    expect(await second.report(job, 'helped')).toMatchObject({ stage: 'helped', attempt });
    await first.start(job, { restart: true });
    await expect(second.report(job, 'late')).rejects.toMatchObject({ code: 'LEASE_LOST' });
    second.resume(job, 0);
    await expect(second.report(job, 'none')).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.attempt' });
  });

  it('an emoji cut anywhere stays whole, its half alone does not hold up its caller', async () => {
    await using reporter = open();
    const job = newId();
    const text = 'a😀b👩‍🚀c';
    for (const half of text.split('')) await reporter.reportOutput(job, half);
    await reporter.reportOutput(job, '\ud83d');
    await reporter.reportComplete(job);
    expect(await output(server, job)).toBe(`${text}\ufffd`);
  });

  it('what the server refuses is told once and not tried again; what nobody awaits ends nothing', async () => {
    const refused: string[] = [];
    await using reporter = open({ onError: (error) => refused.push((error as SpacedockError).code) });
    const job = newId();
    await reporter.reportComplete(job);
    await expect(reporter.report(job, 'late', 0.5)).rejects.toMatchObject({ code: 'JOB_FINISHED' });
    await expect(reporter.reportOutput(job, 'late')).rejects.toMatchObject({ code: 'JOB_FINISHED' });
    await expect(reporter.start(job)).rejects.toMatchObject({ code: 'ALREADY_EXISTS', field: 'input.id' });
    await expect(reporter.reportError('a b', 'no id')).rejects.toBeInstanceOf(SpacedockError);
    const circle: Record<string, never> = {};
    Object.assign(circle, { circle });
    await expect(reporter.reportComplete(newId(), circle)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    for (let n = 0; n < 10; n++) void reporter.report(job, 'nobody hears');
    await reporter.close();
    expect(refused).toEqual([
      'JOB_FINISHED',
      'JOB_FINISHED',
      'ALREADY_EXISTS',
      'BAD_USER_INPUT',
      'BAD_USER_INPUT',
      'JOB_FINISHED',
    ]);
  });

  it('output beyond the limit is refused with what waits behind it, and the job goes on', async () => {
    await using proxy = await startProxy(server.url);
    await using reporter = open({ url: proxy.url });
    const job = newId();
    await reporter.reportOutput(job, 'kept');
    proxy.delay(20);
    const refused = [reporter.reportOutput(job, 'x'.repeat(1_000_001))];
    await eventually(async () => (await outputLength(server, job)) > 4);
    refused.push(reporter.reportOutput(job, 'behind'));
    for (const reply of refused) {
      await expect(reply).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE', limit: 1_000_000 });
    }
    proxy.delay(0);
    await reporter.reportOutput(job, 'y');
    expect(await reporter.reportComplete(job)).toMatchObject({ status: 'COMPLETED' });
    expect(await output(server, job)).toMatch(/^keptx+y$/);
  });

  it('shows a cancel in every reply', async () => {
    await using reporter = open();
    const job = newId();
    await reporter.report(job, 'work');
    await cancel(server, job);
    expect(await reporter.report(job, 'work', 0.5)).toMatchObject({ status: 'CANCELLING' });
    expect(await reporter.reportOutput(job, 'x')).toMatchObject({ status: 'CANCELLING' });
    expect(await reporter.reportCancelled(job)).toMatchObject({ status: 'CANCELLED' });
    expect(await end(server, job)).toMatchObject({ cancellation: { confirmedAt: expect.any(String) } });
  });

  it('a reply that is lost is asked for again, and nothing counts twice', async () => {
    await using proxy = await startProxy(server.url);
    await using reporter = open({ url: proxy.url });
    const job = newId();
    const lostStart = proxy.cutBefore('"startJob"');
    expect(await reporter.start(job)).toMatchObject({ revision: 1 });
    await lostStart;
    const lostOutput = proxy.cutBefore('"reportOutput"');
    await reporter.reportOutput(job, 'once ');
    await lostOutput;
    await reporter.reportOutput(job, 'only');
    const lostEnd = proxy.cutBefore('"reportComplete"');
    expect(await reporter.reportComplete(job, 'done')).toMatchObject({ status: 'COMPLETED', revision: 2 });
    await lostEnd;
    expect(await output(server, job)).toBe('once only');
  });

  it('an outbox that is full drops the progress of the job and refuses output, and keeps its order', async () => {
    await using proxy = await startProxy(server.url);
    await using reporter = open({ url: proxy.url, outboxCharacters: 1000 });
    const job = newId();
    await reporter.report(job, 'before', 0.1);
    proxy.swallow();
    proxy.cut();
    const stuck = reporter.reportOutput(job, 'x'.repeat(900));
    const dropped = reporter.report(job, 'dropped', 0.2);
    const instead = reporter.reportOutput(job, 'y'.repeat(200));
    await expect(reporter.reportOutput(job, 'z')).rejects.toMatchObject({ code: 'OUTBOX_FULL', limit: 1000 });
    const done = reporter.reportComplete(job, 'always fits');
    proxy.heal();
    proxy.cut();
    await Promise.all([stuck, done]);
    expect(await dropped).toEqual(await instead);
    const last = await read(server, job);
    expect(last.events.map(({ stage }) => stage)).not.toContain('dropped');
    expect(await output(server, job)).toBe('x'.repeat(900) + 'y'.repeat(200));
    expect(await reporter.reportOutput(newId(), 'there is room again')).toMatchObject({ status: 'RUNNING' });
  });

  it('a close delivers what waits, and may be called again', async () => {
    const reporter = open();
    const job = newId();
    await reporter.report(job, 'work', 0.1);
    void reporter.report(job, 'work', 0.2);
    void reporter.reportOutput(job, 'last');
    expect(await Promise.all([reporter.close(), reporter.close({ timeoutSeconds: 60 })])).toEqual([true, true]);
    expect(await reporter.close()).toBe(true);
    await expect(reporter.report(job, 'work', 0.3)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(await read(server, job)).toMatchObject({ progress: 0.2 });
    expect(await outputLength(server, job)).toBe(4);
  });

  it('a close that has no more time says that not all was delivered', async () => {
    await using proxy = await startProxy(server.url);
    const refused: string[] = [];
    const reporter = open({ url: proxy.url, onError: (error) => refused.push((error as SpacedockError).code) });
    proxy.swallow();
    const report = reporter.reportComplete(newId());
    expect(await Promise.all([reporter.close(), reporter.close({ timeoutSeconds: 0.05 })])).toEqual([false, false]);
    expect(await reporter.close()).toBe(false);
    await expect(report).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(refused).toEqual(['CONNECTION_LOST']);
  });
});

describe.each(engines)('over restarts of a server on %s', (engine) => {
  async function startPlace(): Promise<RedisServer | undefined> {
    return engine === 'redis' ? startRedis({ appendonly: true }) : undefined;
  }

  it('[promise 7] reports, output and the end arrive once and in order, whenever it is killed', async () => {
    await using redis = await startPlace();
    await using server = await startProcess(redis ? { redis } : {});
    const address = { graphql: `${server.url}/graphql` };
    const errors: Error[] = [];
    await using reporter = createProgressReporter({ url: server.url, onError: (error) => errors.push(error) });
    const jobs = [newId(), newId(), newId()];
    const text = (job: string, n: number) => `${job} line ${n} é😀\n`;
    const last: Promise<unknown>[] = [];
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 20; n++) {
        for (const job of jobs) {
          void reporter.report(job, 'work', (round * 20 + n) / 60);
          last.push(reporter.reportOutput(job, text(job, round * 20 + n)));
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      await server.kill();
      for (const job of jobs) last.push(reporter.reportOutput(job, `while it was away ${round}\n`));
      if (round === 2) for (const job of jobs) last.push(reporter.reportComplete(job, { job }));
      await server.restart();
      await last.at(-1);
    }
    await Promise.all(last);
    for (const job of jobs) {
      const expected = [0, 1, 2].map(
        (round) =>
          `${Array.from({ length: 20 }, (_, n) => text(job, round * 20 + n)).join('')}while it was away ${round}\n`,
      );
      expect(await output(address, job)).toBe(expected.join(''));
      expect(await read(address, job)).toMatchObject({ status: 'COMPLETED', result: { job }, attempt: 1 });
    }
    expect(errors).toEqual([]);
  });
});

it('output that the server lost is sent again, as far as it is at hand; what is not is refused, and the rest goes on', async () => {
  await using redis = await startRedis({ appendonly: false });
  await using server = await startProcess({ redis });
  const address = { graphql: `${server.url}/graphql` };
  await using reporter = createProgressReporter({ url: server.url });
  const [short, long, again] = [newId(), newId(), newId()];
  await reporter.start(again);
  expect(await reporter.start(again, { restart: true })).toMatchObject({ attempt: 2 });
  await reporter.reportOutput(again, 'before, ');
  await reporter.reportOutput(short, 'before é, ');
  await reporter.reportOutput(long, 'x'.repeat(100_000));
  await redis.kill();
  await redis.restart();
  await reporter.reportOutput(short, 'after');
  await expect(reporter.reportOutput(long, 'lost')).rejects.toMatchObject({ code: 'OUTPUT_GAP', limit: 0 });
  await reporter.reportOutput(long, 'goes on');
  // The server knows no attempt 2 any more: the job is there again, with all that is at hand of it.
  await reporter.reportOutput(again, 'after');
  for (const job of [short, long, again]) expect(await reporter.reportComplete(job)).toMatchObject({ attempt: 1 });
  expect(await output(address, again)).toBe('before, after');
  expect(await output(address, short)).toBe('before é, after');
  expect(await output(address, long)).toBe('goes on');
});

it('a server whose storage is away is a delay', async () => {
  await using redis = await startRedis({ appendonly: true });
  await using server = await startProcess({ redis });
  await using reporter = createProgressReporter({ url: server.url });
  const job = newId();
  await reporter.report(job, 'before');
  await redis.kill();
  const report = reporter.report(job, 'after', 0.5);
  const done = reporter.reportComplete(job);
  await server.log.take(({ level }) => level >= 40);
  await redis.restart();
  expect(await report).toMatchObject({ status: 'RUNNING', stage: 'after' });
  expect(await done).toMatchObject({ status: 'COMPLETED' });
});
