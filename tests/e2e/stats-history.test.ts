import { describe, expect, it } from 'vitest';
import { ask, post } from '../help/client.ts';
import { cancel, newSpace, submit } from '../help/jobs.ts';
import { startProcess } from '../help/process.ts';
import { startRedis } from '../help/redis.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { openWorker, send } from '../help/worker.ts';

interface Point {
  at: string;
  seconds: number;
  submitted: number;
  completed: number;
  failed: number;
  cancelled: number;
  queued: number | null;
  connectedApps: number;
  processes: number;
  runMs: { p50: number; p95: number } | null;
}

const HISTORY = `fragment All on ProcessStats { process history {
  at seconds submitted completed failed cancelled queued connectedApps processes runMs { p50 p95 } } }`;

interface Stats {
  total: { process: null; history: Point[] };
  thisProcess: { process: string; history: Point[] };
  each: { process: string }[];
}

const read = async (server: Pick<TestServer, 'graphql'>): Promise<Stats> =>
  (
    await ask<{ stats: Stats }>(
      server,
      `{ stats { total { ...All } thisProcess { ...All } each { process } } } ${HISTORY}`,
    )
  ).stats;

const sums = (points: Point[]) => ({
  submitted: points.reduce((sum, { submitted }) => sum + submitted, 0),
  completed: points.reduce((sum, { completed }) => sum + completed, 0),
  failed: points.reduce((sum, { failed }) => sum + failed, 0),
  cancelled: points.reduce((sum, { cancelled }) => sum + cancelled, 0),
});

/** What is sampled is there within an interval of 5 s. */
const soon = { timeout: 20_000, interval: 100 };

describe('the history of figures', () => {
  it('is that of all processes together and of each, with what one that has ended did', async () => {
    await using redis = await startRedis();
    await using one = await startServer({ redis });
    const other = await one.second();
    const space = await newSpace(one);
    await using worker = await openWorker(other, space);
    await submit(one, space);
    await submit(other, space);
    await (await worker.work()).complete({ result: 1 });
    await (await worker.work()).fail();
    await worker.leave();
    await cancel(one, (await submit(one, space)).id);
    await submit(one, space);
    await using socket = await openSocket(one);
    await send(socket, 'reportComplete', { job: 'tracked' });

    const all = { submitted: 5, completed: 2, failed: 1, cancelled: 1 };
    await expect.poll(async () => sums((await read(one)).total.history), soon).toEqual(all);
    await expect.poll(async () => sums((await read(other)).total.history), soon).toEqual(all);
    expect(sums((await read(one)).thisProcess.history)).toEqual({
      submitted: 4,
      completed: 1,
      failed: 0,
      cancelled: 1,
    });
    const { total, thisProcess, each } = await read(other);
    expect(sums(thisProcess.history)).toEqual({ submitted: 1, completed: 1, failed: 1, cancelled: 0 });
    expect(total.process).toBe(null);
    expect(each.map(({ process }) => process)).toContain(thisProcess.process);
    expect(each).toHaveLength(2);
    const last = total.history.at(-1)!;
    expect(last).toMatchObject({ seconds: 5, processes: 2, runMs: { p50: expect.any(Number) } });
    // In its own figures the tracked job has no run time: nobody knows when its reporter worked.
    expect((await read(one)).thisProcess.history.at(-1)!.runMs).toBe(null);
    await expect.poll(async () => (await read(one)).total.history.at(-1)?.queued, soon).toBe(1);

    await other.close();
    await expect.poll(async () => (await read(one)).each.length, soon).toBe(1);
    expect(sums((await read(one)).total.history)).toEqual(all);
  });

  it('is there after a restart, and gives as many points as are asked for', async () => {
    await using server = await startProcess({ env: { ACCESS: 'open' } });
    const at = { graphql: `${server.url}/graphql` };
    await submit(at, await newSpace(at));
    // Whatever has not been sampled yet is, when it stops.
    expect(await server.terminate()).toBe(0);
    await server.restart();
    await expect.poll(async () => sums((await read(at)).total.history).submitted, soon).toBe(1);
    expect(sums((await read(at)).thisProcess.history).submitted).toBe(0);
    for (const last of [0, 121]) {
      const { errors } = await post(at, `{ stats { total { history(last: ${last}) { at } } } }`);
      expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'last', limit: 120 });
    }
    await expect.poll(async () => (await read(at)).total.history.length, soon).toBeGreaterThan(1);
    const { stats } = await ask<{ stats: { total: { history: unknown[] } } }>(
      at,
      '{ stats { total { history(last: 1) { at } } } }',
    );
    expect(stats.total.history).toHaveLength(1);
  });
});
