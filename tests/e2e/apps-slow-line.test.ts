import { describe, expect, test } from 'vitest';
import { lost } from '../../src/domain/recovery.ts';
import { engines } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openScene, SPACE } from './scene.ts';

const PROMPT = 'x'.repeat(250 * 1024);
const BYTES_PER_SECOND = 350 * 1024;

describe.concurrent.each(engines)('%s', (engine) => {
  // Sixteen such requests need longer than an unconfirmed claim lasts (10 s).
  test('an app on a slow line gets every large request once, and confirms each as it comes', async () => {
    await using scene = await openScene({ engine });
    const proxy = scene.use(await startProxy(scene.server.url));
    const ids: string[] = [];
    for (let n = 0; n < 18; n++) ids.push((await scene.person.submit(SPACE, PROMPT)).id);
    proxy.throttle(BYTES_PER_SECOND);
    const at = { socket: `${proxy.url.replace('http', 'ws')}/graphql` };
    const app = await scene.app({ capacity: 64 }, { at });
    // The first are confirmed while the others are on their way.
    await app.pings.take();
    expect(app.events.all.length).toBeLessThan(ids.length);
    await app.requests(ids.length);
    const given = app.events.all.flatMap((event) => (event.__typename === 'RequestAssigned' ? [event.job.id] : []));
    expect(given).toEqual(ids);
    expect(app.events.all.filter(({ __typename }) => __typename === 'LeaseRevoked')).toEqual([]);
    for (const id of ids) {
      const { attempt, events } = await scene.person.job(id);
      expect([attempt, events.map(({ status }) => status)]).toEqual([1, ['QUEUED', 'RUNNING']]);
    }
  }, 40_000);

  test('what waits in a full socket is not claimed: another app gets it', async () => {
    await using scene = await openScene({ engine });
    const proxy = scene.use(await startProxy(scene.server.url));
    proxy.throttle(BYTES_PER_SECOND);
    const at = { socket: `${proxy.url.replace('http', 'ws')}/graphql` };
    const slow = await scene.app({ capacity: 64 }, { at });
    const ids: string[] = [];
    for (let n = 0; n < 60; n++) ids.push((await scene.person.submit(SPACE, PROMPT)).id);
    await slow.request();
    const quick = await scene.app({ capacity: 64 });
    for (const { job } of await quick.requests(20)) {
      const { events } = await scene.person.job(job.id);
      expect(events.map(({ status }) => status)).toEqual(['QUEUED', 'RUNNING']);
    }
  });

  test('a lease that was taken away without a word is noticed, confirmed or not', async () => {
    await using scene = await openScene({ engine });
    const app = await scene.app({}, { pongs: 'withheld' });
    const { id } = await scene.person.submit(SPACE, 'whose?');
    const { lease } = await app.request();
    const { engine: storage } = scene.server;
    // As another process does it, but nobody is told.
    const job = await storage.jobs.read(id);
    expect(await storage.jobs.commit(lost(job!, lease.token, storage.now()))).toBe(true);
    expect(await app.event('LeaseRevoked')).toMatchObject({ jobId: id, token: lease.token });
    expect((await app.request()).job).toMatchObject({ id });
  });
});
