import { expect, test } from 'vitest';
import { startChildApp } from '../help/child-app.ts';
import { connectPerson } from '../help/person.ts';
import { startProcess } from '../help/process.ts';
import { random } from '../help/random.ts';
import { rawInput, startRawApp } from '../help/raw-app.ts';
import { SPACE } from './scene.ts';

test('[promise 1] [promise 10] kill -9 of the embedded server in mid-job: nothing is lost, the app reattaches and completes it', async () => {
  await using server = await startProcess({ env: { RECONNECT_GRACE_SECONDS: '20' } });
  await using person = connectPerson(server.url);
  await person.space(SPACE);
  await using app = await startChildApp({ url: server.url, spaces: [SPACE], name: 'patient' });
  const { id } = await person.submit(SPACE, 'hold');
  const watched = person.watch(id);
  await app.event('working');
  await watched.next(({ stage }) => stage === 'working');
  const waiting = await person.submitMany(SPACE, 5);
  await server.kill();
  await app.event('disconnected');
  await server.restart();
  expect(await app.event('registered')).toMatchObject({ kept: [id], lost: [] });
  app.finish(id);
  // The same watcher, over the outage.
  await watched.next(({ status, attempt }) => status === 'COMPLETED' && attempt === 1);
  for (const job of waiting) expect(await person.end(job)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
  const starts = await Promise.all(waiting.map(async (job) => Date.parse((await person.job(job)).startedAt!)));
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
});

test('kill -9 of the embedded server and of its app: the job is queued again after the grace, and another completes it', async () => {
  await using server = await startProcess();
  await using person = connectPerson(server.url);
  await person.space(SPACE);
  await using lost = await startRawApp(server.socket, rawInput([SPACE]));
  const { id } = await person.submit(SPACE, 'whose?');
  const watched = person.watch(id);
  const request = await lost.request();
  await lost.progress(request, 'drawing', 0.5);
  await server.kill();
  await server.restart();
  await watched.next(({ status, attempt }) => status === 'QUEUED' && attempt === 1);
  await using other = await startRawApp(server.socket, rawInput([SPACE]));
  const again = await other.request();
  expect(again.job).toMatchObject({ id, attempt: 2 });
  expect(await other.complete(request, 'first')).toMatchObject({ code: 'LEASE_LOST' });
  expect(await other.complete(again, 'second')).toMatchObject({ status: 'COMPLETED' });
  await watched.next(({ status, result }) => status === 'COMPLETED' && result === 'second');
});

test('[promise 1] kill -9 of the embedded server again and again, under submits: every acknowledged one ends, once', async () => {
  const { seed, integer } = random();
  console.log(`seed ${seed}`);
  await using server = await startProcess({ env: { RECONNECT_GRACE_SECONDS: '20' } });
  await using person = connectPerson(server.url);
  await person.space(SPACE, { maxAttempts: 10 });
  await using app = await startChildApp({ url: server.url, spaces: [SPACE], name: 'steady', capacity: 4 });
  const acknowledged: string[] = [];
  for (let life = 0; life < 3; life++) {
    for (let left = integer(20, 80); left > 0; left--) acknowledged.push((await person.submit(SPACE, 'count me')).id);
    // The kill comes while these are under way.
    const last = Array.from({ length: 5 }, () => person.submit(SPACE, 'count me'));
    const [outcomes] = await Promise.all([Promise.allSettled(last), server.kill()]);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') acknowledged.push(outcome.value.id);
      else expect(outcome.reason).toMatchObject({ code: 'CONNECTION_LOST' });
    }
    await server.restart();
  }
  for (const id of acknowledged) {
    const { status, events } = await person.end(id);
    expect({ id, status }).toEqual({ id, status: 'COMPLETED' });
    expect(events.filter((event) => event.status === 'COMPLETED')).toHaveLength(1);
  }
  const accepted = app.events.all.filter((event) => event.type === 'result').map((event) => event.job);
  expect(new Set(accepted).size).toBe(accepted.length);
  expect(server.crash).toEqual([]);
});
