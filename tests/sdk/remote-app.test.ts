import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cancelJobMutation, JobFailure, jobQuery, remoteAppsQuery, SpacedockError } from '../../client/sdk/index.ts';
import { deferred } from '../../client/sdk/promises.ts';
import { openStage, SPACE, startActor } from './stage.ts';

test('a request with a file is served: progress, result and a file come back', async () => {
  await using stage = await openStage();
  const directory = await mkdtemp(join(tmpdir(), 'spacedock-sdk-'));
  const { event } = await stage.actor({
    name: 'echo',
    version: '1.2.3',
    async handler({ prompt, parameters, files, attempt, space, submitter }, { progress, fetchFile, saveFile }) {
      expect({ parameters, attempt, space }).toEqual({ parameters: null, attempt: 1, space: SPACE });
      expect(submitter).toHaveProperty('name');
      const [file] = files;
      if (!file) throw new Error('The file is missing');
      await progress('reading', 0.25, 'Looking at it', { pages: 2 });
      const text = await (await fetchFile(file)).text();
      const path = await saveFile(file, directory);
      expect(await saveFile(file, directory)).toBe(join(directory, 'note-2.txt'));
      return {
        result: { prompt, text, onDisk: await readFile(path, 'utf8') },
        confidence: 0.75,
        message: 'Done reading',
        metadata: { words: 3 },
        files: [path, { name: 'answer.json', type: 'application/json', data: '{"ok":true}' }],
      };
    },
  });

  const id = await stage.person.upload({ name: 'note.txt', type: 'text/plain', data: 'three small words' });
  const { id: job } = await stage.submit({ prompt: 'read this', files: [id] });
  const snapshots = await stage.watch(job);
  const last = snapshots.at(-1)!;
  expect(last).toMatchObject({
    status: 'COMPLETED',
    stage: 'complete',
    progress: 1,
    message: 'Done reading',
    metadata: { words: 3 },
    confidence: 0.75,
    result: { prompt: 'read this', text: 'three small words', onDisk: 'three small words' },
    attempt: 1,
    app: { name: 'echo' },
  });
  expect(last.events.map(({ stage }) => stage)).toContain('reading');
  const revisions = snapshots.map(({ revision }) => revision);
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b));

  const files = await Promise.all(
    last.files.map(async ({ name, type, url }) => {
      const response = await fetch(stage.person.resolve(url));
      return { name, type, text: await response.text() };
    }),
  );
  expect(files).toEqual([
    { name: 'note.txt', type: 'text/plain', text: 'three small words' },
    { name: 'answer.json', type: 'application/json', text: '{"ok":true}' },
  ]);
  expect((await event('request')).request.prompt).toBe('read this');
  expect((await event('result')).job).toBe(job);
  await rm(directory, { recursive: true });
});

test('a handler that returns nothing completes its job', async () => {
  await using stage = await openStage();
  await stage.actor({ handler: () => {} });
  const { id } = await stage.submit();
  expect(await stage.end(id)).toMatchObject({ status: 'COMPLETED', result: null, files: [] });
});

test('as many requests as the capacity are worked on at a time', async () => {
  await using stage = await openStage();
  const all = deferred<void>();
  let running = 0;
  await stage.actor({
    capacity: 3,
    async handler() {
      if (++running === 3) all.resolve();
      await all.promise;
    },
  });
  const jobs = await Promise.all([1, 2, 3].map(() => stage.submit()));
  const ends = await Promise.all(jobs.map(({ id }) => stage.end(id)));
  expect(ends.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED']);
});

test('whatever a handler throws fails the job, with its message', async () => {
  await using stage = await openStage();
  const { event } = await stage.actor({
    handler() {
      throw new RangeError('no such page');
    },
  });
  const { id } = await stage.submit();
  expect(await stage.end(id)).toMatchObject({
    status: 'FAILED',
    attempt: 1,
    error: { code: 'APP_ERROR', message: 'no such page' },
  });
  expect((await event('failed')).error).toBeInstanceOf(RangeError);
});

test('a JobFailure says its code, its stage, and whether to try again', async () => {
  await using stage = await openStage({ maxAttempts: 2 });
  const attempts: number[] = [];
  await stage.actor({
    handler({ attempt }) {
      attempts.push(attempt);
      throw new JobFailure('The GPU is full', { code: 'OUT_OF_MEMORY', stage: 'loading', retryable: true });
    },
  });
  const { id } = await stage.submit();
  expect(await stage.end(id)).toMatchObject({
    status: 'FAILED',
    stage: 'loading',
    error: { code: 'OUT_OF_MEMORY', message: 'The GPU is full' },
  });
  expect(attempts).toEqual([1, 2]);
});

test.each([
  ['larger than accepted', 300_000],
  ['so large that the socket is closed', 3_000_000],
])('a result %s fails the job instead of leaving it to its deadline', async (_, size) => {
  await using stage = await openStage({}, { env: { MAX_MESSAGE_BYTES: '200000' } });
  const { event, events } = await stage.actor({ handler: () => ({ result: 'x'.repeat(size) }) });
  const { id } = await stage.submit();
  expect(await stage.end(id)).toMatchObject({ status: 'FAILED', attempt: 1, error: { code: 'PAYLOAD_TOO_LARGE' } });
  expect((await event('failed')).job).toBe(id);
  expect(events.filter(({ type }) => type === 'registered').length).toBeLessThanOrEqual(2);
});

test('a result that is not JSON fails the job', async () => {
  await using stage = await openStage();
  const circle: Record<string, never> = {};
  Object.assign(circle, { circle });
  await stage.actor({ handler: () => ({ result: circle }) });
  const { id } = await stage.submit();
  const { status, error } = await stage.end(id);
  expect(status).toBe('FAILED');
  expect(error?.message).toMatch(/circular/i);
});

test('of a burst of progress few reports leave, the latest wins, and none comes after the result', async () => {
  await using stage = await openStage();
  const goOn = deferred<void>();
  const { events } = await stage.actor({
    async handler(_, { progress }) {
      for (let step = 0; step <= 2000; step++) await progress('counting', step / 1000, `step ${step}`);
      await progress('counting', Number.NaN, 'last');
      await goOn.promise;
      for (let step = 0; step <= 2000; step++) void progress('too late');
    },
  });
  const { id } = await stage.submit();
  // 2 is clamped to 1, and what is not a number leaves the progress as it was.
  await stage.until(id, ({ message, progress }) => message === 'last' && progress === 1);
  goOn.resolve();
  const { status, revision, events: history } = await stage.end(id);
  expect(status).toBe('COMPLETED');
  expect(revision).toBeLessThan(30);
  expect(history.at(-1)).toMatchObject({ status: 'COMPLETED' });
  expect(events.filter(({ type }) => type === 'refused')).toEqual([]);
});

test('a cancel aborts the signal, and that the work stopped is reported', async () => {
  await using stage = await openStage();
  const stopped = deferred<unknown>();
  const started = deferred<void>();
  const { event } = await stage.actor({
    async handler(_, { signal }) {
      started.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      stopped.resolve(signal.reason);
      return { result: 'too late' };
    },
  });
  const { id } = await stage.submit();
  await started.promise;
  await stage.person.request(cancelJobMutation, { id });
  const reason = await stopped.promise;
  expect(reason).toBeInstanceOf(SpacedockError);
  expect(reason).toMatchObject({ code: 'CANCELLED' });
  expect((await event('cancelled')).job).toBe(id);
  const last = await stage.end(id);
  expect(last).toMatchObject({ status: 'CANCELLED', result: null });
  expect(last.cancellation?.deliveredAt).toBeTruthy();
  expect(last.cancellation?.confirmedAt).toBeTruthy();
});

test('a lease that is lost aborts the signal, and nothing is reported', async () => {
  await using stage = await openStage({ maxRunSeconds: 1 });
  const stopped = deferred<unknown>();
  const { event, events } = await stage.actor({
    async handler(_, { signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      stopped.resolve(signal.reason);
      throw new Error('given up');
    },
  });
  const { id } = await stage.submit();
  expect(await stopped.promise).toMatchObject({ code: 'LEASE_LOST' });
  expect((await event('revoked')).job).toBe(id);
  expect(await stage.end(id)).toMatchObject({ status: 'TIMED_OUT' });
  expect(events.some(({ type }) => type === 'failed' || type === 'refused')).toBe(false);
});

test('an app that drains finishes the work in hand and takes no more', async () => {
  await using stage = await openStage();
  const goOn = deferred<void>();
  const served: string[] = [];
  const { app, event } = await stage.actor({
    async handler({ id }, { progress }) {
      served.push(id);
      await goOn.promise;
      await progress('after the drain began', 0.9);
      return { result: 'finished' };
    },
  });
  const first = await stage.submit();
  await event('request');
  await event('registered');
  const drained = app.drain();
  await event('draining');
  await event('registered');
  const second = await stage.submit();
  goOn.resolve();
  expect(await stage.end(first.id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: 'finished' });
  await drained;
  await app.done;
  expect(served).toEqual([first.id]);
  expect((await stage.person.request(jobQuery, { id: second.id })).job?.status).toBe('QUEUED');
  expect((await stage.person.request(remoteAppsQuery, {})).remoteApps).toEqual([]);
});

test('an idle app drains at once', async () => {
  await using stage = await openStage();
  const { app } = await stage.actor({ handler: () => {} });
  await app.drain();
  expect((await stage.person.request(remoteAppsQuery, {})).remoteApps).toEqual([]);
});

test('an app that is closed gives its work to others at once', async () => {
  await using stage = await openStage();
  const stopped = deferred<unknown>();
  const started = deferred<void>();
  const { app } = await stage.actor({
    async handler(_, { signal }) {
      started.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      stopped.resolve(signal.reason);
    },
  });
  const { id } = await stage.submit();
  await started.promise;
  await app.close();
  expect(await stopped.promise).toMatchObject({ code: 'CONNECTION_LOST' });
  await stage.actor({ handler: () => ({ result: 'by the other' }) });
  expect(await stage.end(id)).toMatchObject({ status: 'COMPLETED', result: 'by the other' });
});

test('an app for a space that is not there ends, and hears the nearest name', async () => {
  await using stage = await openStage();
  const { app, event } = startActor({ url: stage.server.url, spaces: ['stagge'], handler: () => {} });
  const [registered, done] = await Promise.allSettled([app.registered, app.done]);
  for (const outcome of [registered, done]) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'NOT_FOUND' } });
    expect((outcome as PromiseRejectedResult).reason.message).toContain(SPACE);
  }
  expect(await event('refused')).toMatchObject({ final: true, error: { code: 'NOT_FOUND' } });
});

test('an instance that registers elsewhere ends the first', async () => {
  await using stage = await openStage();
  const first = await stage.actor({ instance: 'the-same', handler: () => {} });
  const ended = expect(first.app.done).rejects.toMatchObject({ code: 'CONFLICT' });
  const second = await stage.actor({ instance: 'the-same', handler: () => ({ result: 'second' }) });
  await ended;
  const { id } = await stage.submit();
  expect(await stage.end(id)).toMatchObject({ result: 'second' });
  expect(second.events.filter(({ type }) => type === 'disconnected')).toEqual([]);
});

test('an address that is none is refused before anything happens', () => {
  const options = { spaces: [SPACE], handler: () => {} };
  expect(() => startActor({ url: 'localhost:4000', ...options })).toThrow(TypeError);
});
