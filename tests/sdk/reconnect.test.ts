import { expect, test } from 'vitest';
import { connect, type JobSnapshot, jobQuery, watchJob } from '../../client/sdk/index.ts';
import { deferred } from '../../client/sdk/promises.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openStage } from './stage.ts';

/** The server knows that the app has the request: a report under its lease came. */
const working = ({ stage }: JobSnapshot) => stage === 'working';

/** A grace that the tests here never use up. */
const PATIENT = { env: { RECONNECT_GRACE_SECONDS: '20' } };

test('a completion whose answer was lost is sent again, and counts once', async () => {
  await using stage = await openStage({}, PATIENT);
  await using proxy = await startProxy(stage.server.url);
  const { event, events } = await stage.actor({ url: proxy.url, handler: () => ({ result: 'once' }) });
  const lost = proxy.cutBefore('"reportComplete"');
  const { id } = await stage.submit();
  await lost;
  const completed = await stage.end(id);
  expect(completed).toMatchObject({ status: 'COMPLETED', result: 'once', attempt: 1 });
  expect((await event('result')).job).toBe(id);
  expect(events.filter(({ type }) => type === 'request')).toHaveLength(1);
  expect(events.filter(({ type }) => type === 'refused' || type === 'revoked')).toEqual([]);
  expect((await stage.end(id)).revision).toBe(completed.revision);
});

test('an app comes back to the work it holds', async () => {
  await using stage = await openStage({}, PATIENT);
  await using proxy = await startProxy(stage.server.url);
  const goOn = deferred<void>();
  const { event } = await stage.actor({
    url: proxy.url,
    async handler(_, { progress, signal }) {
      await progress('working');
      await goOn.promise;
      return { result: { aborted: signal.aborted } };
    },
  });
  await event('registered');
  const { id } = await stage.submit();
  await stage.until(id, working);
  for (let turn = 0; turn < 3; turn++) {
    proxy.cut();
    expect((await event('disconnected')).retryInMs).toBeLessThanOrEqual(250);
    expect(await event('registered')).toMatchObject({ kept: [id], lost: [] });
  }
  goOn.resolve();
  expect(await stage.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: { aborted: false } });
});

test('progress of the time without a connection arrives after it, only the latest', async () => {
  await using stage = await openStage({}, PATIENT);
  await using proxy = await startProxy(stage.server.url);
  const lost = deferred<void>();
  const back = deferred<void>();
  const { event } = await stage.actor({
    url: proxy.url,
    async handler(_, { progress }) {
      await progress('working');
      await lost.promise;
      for (let step = 1; step <= 100; step++) await progress('away', step / 200, `step ${step}`);
      await back.promise;
    },
  });
  await event('registered');
  const { id } = await stage.submit();
  await stage.until(id, working);
  proxy.swallow();
  proxy.cut();
  await event('disconnected');
  lost.resolve();
  const watched = (async () => {
    const messages: (string | null)[] = [];
    for await (const { message, stage: name } of watchJob(stage.person, id)) {
      if (name === 'away') messages.push(message);
      if (message === 'step 100') back.resolve();
    }
    return messages;
  })();
  proxy.heal();
  proxy.cut();
  expect(await watched).toEqual(['step 100']);
});

test('a network that swallows everything without closing anything is noticed and left', async () => {
  await using stage = await openStage({}, PATIENT);
  await using proxy = await startProxy(stage.server.url);
  const goOn = deferred<void>();
  const { event } = await stage.actor({
    url: proxy.url,
    keepAliveSeconds: 0.3,
    async handler(_, { progress }) {
      await progress('working');
      await goOn.promise;
      return { result: 'after the silence' };
    },
  });
  await event('registered');
  const { id } = await stage.submit();
  await stage.until(id, working);
  proxy.swallow();
  expect((await event('disconnected')).reason).toContain('silent');
  proxy.heal();
  proxy.cut();
  expect((await event('registered')).kept).toEqual([id]);
  goOn.resolve();
  expect(await stage.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1, result: 'after the silence' });
});

test('an app that was away for too long hears that another took its work', async () => {
  await using stage = await openStage({}, { env: { RECONNECT_GRACE_SECONDS: '0.5' } });
  await using proxy = await startProxy(stage.server.url);
  const stopped = deferred<unknown>();
  const first = await stage.actor({
    url: proxy.url,
    async handler(_, { signal, progress }) {
      await progress('working');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      stopped.resolve(signal.reason);
      return { result: 'by the first' };
    },
  });
  await first.event('registered');
  const { id } = await stage.submit();
  await stage.until(id, working);
  proxy.swallow();
  proxy.cut();
  await first.event('disconnected');
  await stage.actor({ handler: () => ({ result: 'by the second' }) });
  const finished = await stage.end(id);
  expect(finished).toMatchObject({ status: 'COMPLETED', attempt: 2, result: 'by the second' });
  proxy.heal();
  proxy.cut();
  expect(await first.event('registered')).toMatchObject({ kept: [], lost: [id] });
  expect(await stopped.promise).toMatchObject({ code: 'LEASE_LOST' });
  expect((await stage.end(id)).revision).toBe(finished.revision);
  expect(first.events.some(({ type }) => type === 'result' || type === 'failed')).toBe(false);
});

test('files come and go over connections that break', async () => {
  await using stage = await openStage({}, PATIENT);
  await using proxy = await startProxy(stage.server.url);
  const { event } = await stage.actor({
    url: proxy.url,
    async handler({ files }, { fetchFile }) {
      const download = proxy.cutBefore('HTTP/1.1 200');
      const text = await (await fetchFile(files[0]!)).text();
      await download;
      void proxy.cutBefore('HTTP/1.1 201');
      return { result: text, files: [{ name: 'copy.txt', data: text }] };
    },
  });
  const file = await stage.person.upload({ name: 'original.txt', data: 'worth a second try' });
  const { id } = await stage.submit({ files: [file] });
  const { status, result, files } = await stage.end(id);
  expect({ status, result }).toEqual({ status: 'COMPLETED', result: 'worth a second try' });
  const copy = files.find(({ name }) => name === 'copy.txt')!;
  expect(await (await fetch(stage.person.resolve(copy.url))).text()).toBe('worth a second try');
  expect((await event('result')).job).toBe(id);
});

test('a server that goes away hands its apps to another, at once and with their work', async () => {
  await using stage = await openStage({}, { engine: 'redis', ...PATIENT });
  await using other = await stage.server.second();
  await using proxy = await startProxy(stage.server.url);
  const goOn = deferred<void>();
  const { event } = await stage.actor({
    url: proxy.url,
    async handler(_, { progress }) {
      await progress('working');
      await goOn.promise;
      return { result: 'on the other' };
    },
  });
  await event('registered');
  const { id } = await stage.submit();
  await stage.until(id, working);
  proxy.to(other.url);
  const closed = stage.server.server.close();
  expect(await event('disconnected')).toMatchObject({ code: 1001, retryInMs: 0 });
  expect((await event('registered')).kept).toEqual([id]);
  goOn.resolve();
  expect((await event('result')).job).toBe(id);
  await closed;
  const person = connect({ url: other.url });
  const { job } = await person.request(jobQuery, { id });
  expect(job).toMatchObject({ status: 'COMPLETED', attempt: 1, result: 'on the other' });
  await person.close();
});
