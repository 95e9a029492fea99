import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createProgressReporter, JobFailure, outputLengthQuery, type Tracked } from '../../client/sdk/index.ts';
import { deferred } from '../../client/sdk/promises.ts';
import { ask } from '../help/client.ts';
import { cancel, end, find, read, watch } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { useServer } from '../help/use-server.ts';

const newId = () => `track-${randomUUID()}`;

/** Works until it is told to stop. */
const untilAborted = ({ signal }: Tracked) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));

describe.each(engines)('a tracked function on %s', (engine) => {
  const server = useServer({ engine });
  const open = (url = server.url) => createProgressReporter({ url });

  it('completes its job with what it returns', async () => {
    await using reporter = open();
    const job = newId();
    const work = async ({ id, report, write }: Tracked) => {
      expect(id).toBe(job);
      await report('rendering', 0.5, 'half', { fps: 24 });
      void write('words');
      return { frames: 100 };
    };
    expect(await reporter.track(job, work, { title: 'Render' })).toEqual({ frames: 100 });
    expect(await read(server, job)).toMatchObject({
      status: 'COMPLETED',
      title: 'Render',
      result: { frames: 100 },
      metadata: { fps: 24 },
      attempt: 1,
    });
    // The next run is a new attempt, one that returns nothing too.
    await reporter.track(job, () => {});
    expect(await read(server, job)).toMatchObject({ status: 'COMPLETED', result: null, attempt: 2 });
  });

  it('is not called where its job cannot begin', async () => {
    await using reporter = open();
    const job = newId();
    await reporter.report(job, 'by another');
    await reporter.report(job, 'and again');
    let called = false;
    const tracked = reporter.track(job, () => (called = true), { restart: false });
    await expect(tracked).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(called).toBe(false);
  });

  it.each([
    ['an error', new RangeError('no such page'), { code: 'APP_ERROR', message: 'no such page' }],
    ['a JobFailure', new JobFailure('full', { code: 'DISK_FULL' }), { code: 'DISK_FULL', message: 'full' }],
    ['a code that the server refuses', new JobFailure('full', { code: 'a b' }), { code: 'APP_ERROR', message: 'full' }],
  ])('that throws %s fails its job and throws on', async (_, error, seen) => {
    await using reporter = open();
    const job = newId();
    const tracked = reporter.track(job, async ({ report }) => {
      void report('reading', 0.3);
      throw error;
    });
    await expect(tracked).rejects.toBe(error);
    expect(await read(server, job)).toMatchObject({ status: 'FAILED', stage: 'reading', progress: 0.3, error: seen });
  });

  it('whose result is refused fails its job', async () => {
    await using reporter = open();
    const job = newId();
    await expect(reporter.track(job, () => 1n)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await read(server, job)).toMatchObject({ status: 'FAILED', error: { code: 'BAD_USER_INPUT' } });
  });

  it('[promise 9] that is silent hears of a cancel, and that it stopped is reported', async () => {
    await using reporter = open();
    const job = newId();
    const began = deferred<void>();
    const tracked = reporter.track(
      job,
      (tools) => {
        began.resolve();
        return untilAborted(tools);
      },
      { pollSeconds: 0.1 },
    );
    const outcome = expect(tracked).rejects.toMatchObject({ name: 'SpacedockError', code: 'CANCELLED' });
    await began.promise;
    await cancel(server, job);
    await outcome;
    expect(await read(server, job)).toMatchObject({
      status: 'CANCELLED',
      cancellation: { deliveredAt: expect.any(String), confirmedAt: expect.any(String) },
    });
  });

  it('hears of a cancel by the reply to its report, and its result is discarded', async () => {
    await using reporter = open();
    const job = newId();
    const tracked = reporter.track(job, async ({ report, signal }) => {
      await report('work');
      await cancel(server, job);
      await report('work', 0.5);
      expect(signal.reason).toMatchObject({ code: 'CANCELLED' });
      return 'too late';
    });
    await expect(tracked).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await read(server, job)).toMatchObject({ status: 'CANCELLED', result: null });
  });

  it('that is done when the cancel comes is cancelled all the same', async () => {
    await using reporter = open();
    const job = newId();
    const tracked = reporter.track(job, async () => {
      await cancel(server, job);
      return 'too late';
    });
    await expect(tracked).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await read(server, job)).toMatchObject({ status: 'CANCELLED' });
  });

  it('stops when its job ended elsewhere, and reports nothing', async () => {
    await using reporter = open();
    await using other = open();
    const job = newId();
    const tracked = reporter.track(
      job,
      async (tools) => {
        await other.reportComplete(job, 'by another');
        return untilAborted(tools);
      },
      { pollSeconds: 0.1 },
    );
    await expect(tracked).rejects.toMatchObject({ code: 'JOB_FINISHED' });
    expect(await read(server, job)).toMatchObject({ status: 'COMPLETED', result: 'by another' });
  });

  it.each([
    ['waits for its signal', untilAborted],
    [
      'goes on without a look at it',
      async ({ report, write, signal }: Tracked) => {
        while (!signal.aborted) await Promise.allSettled([report('first'), write('first')]);
        await expect(report('late')).rejects.toMatchObject({ code: 'LEASE_LOST' });
        await expect(write('late')).rejects.toMatchObject({ code: 'LEASE_LOST' });
        return 'first';
      },
    ],
    [
      'fails of it',
      async ({ report }: Tracked) => {
        for (;;) await report('first');
      },
    ],
  ])('[promise 2] that %s is told when another run begins its job anew, and spoils nothing', async (_, work) => {
    await using reporter = open();
    await using other = open();
    const job = newId();
    const began = deferred<Tracked>();
    const first = reporter.track(
      job,
      (tools) => {
        began.resolve(tools);
        return work(tools);
      },
      { pollSeconds: 0.1 },
    );
    const told = expect(first).rejects.toMatchObject({ code: 'LEASE_LOST', field: 'input.attempt' });
    const { signal } = await began.promise;
    const second = await other.track(job, async ({ report, write }) => {
      await report('second', 0.5);
      await told;
      await write('second');
      return 'second';
    });
    expect(second).toBe('second');
    expect(signal.reason).toMatchObject({ message: `Attempt 1 of job ${job} is over; it is at attempt 2` });
    expect(await read(server, job)).toMatchObject({ status: 'COMPLETED', result: 'second', attempt: 2 });
    const { events } = await read(server, job);
    const stages = events.filter(({ attempt }) => attempt === 2).map(({ stage }) => stage);
    expect(stages).toEqual([null, 'second', 'complete']);
    expect((await ask(server, outputLengthQuery, { id: job })).job?.outputLength).toBe('second'.length);
  });

  it.each([
    ['returns', () => 'first'],
    [
      'throws',
      () => {
        throw new Error('first');
      },
    ],
  ])('that %s before it was told of a run that began its job anew ends nothing but itself', async (_, end) => {
    await using reporter = open();
    await using other = open();
    const job = newId();
    const [began, goOn] = [deferred<void>(), deferred<void>()];
    const first = reporter.track(
      job,
      async () => {
        began.resolve();
        await goOn.promise;
        return end();
      },
      { pollSeconds: 60 },
    );
    const told = expect(first).rejects.toMatchObject({ code: 'LEASE_LOST' });
    await began.promise;
    await other.track(job, async ({ report }) => {
      goOn.resolve();
      await told;
      expect(await report('second')).toMatchObject({ status: 'RUNNING', attempt: 2 });
    });
    expect(await read(server, job)).toMatchObject({ status: 'COMPLETED', attempt: 2 });
  });

  it('[promise 2] of two runs of one reporter at a time each has its own attempt', async () => {
    await using reporter = open();
    const job = newId();
    const began = deferred<Tracked>();
    const work = (tools: Tracked) => {
      began.resolve(tools);
      return untilAborted(tools);
    };
    const first = reporter.track(job, work, { pollSeconds: 60 });
    const told = expect(first).rejects.toMatchObject({ code: 'LEASE_LOST' });
    const { report, write } = await began.promise;
    const second = reporter.track(job, async (own) => {
      // Said at once, so that they would leave together.
      const ours = [own.report('second', 0.5), own.write('second')];
      const late = [report('late', 0.9), write('late')];
      for (const each of late) await expect(each).rejects.toMatchObject({ code: 'LEASE_LOST' });
      await told;
      for (const each of ours) expect(await each).toMatchObject({ stage: 'second', progress: 0.5, attempt: 2 });
      return 'second';
    });
    // While the second begins the first is not taken for it.
    const between = report('between');
    expect(await second).toBe('second');
    await expect(between).rejects.toMatchObject({ code: 'LEASE_LOST' });
    const { status, result, attempt, events } = await read(server, job);
    expect({ status, result, attempt }).toEqual({ status: 'COMPLETED', result: 'second', attempt: 2 });
    expect(events.map(({ stage }) => stage)).toEqual([null, null, 'second', 'complete']);
    expect((await ask(server, outputLengthQuery, { id: job })).job?.outputLength).toBe('second'.length);
  });

  it('that is silent for longer than its job may be stays alive', async () => {
    await using reporter = open();
    const job = newId();
    /** Until the server has heard of it after it would have timed out. */
    const work = async () => {
      await using socket = await openSocket(server);
      await watch(socket, job).until(
        ({ startedAt, updatedAt }) => Date.parse(updatedAt) - Date.parse(startedAt!) > 1500,
      );
    };
    await reporter.track(job, work, { silentSeconds: 1, pollSeconds: 0.3 });
    expect(await read(server, job)).toMatchObject({ status: 'COMPLETED' });
  });

  it('of stages and items is shown as a whole', async () => {
    await using reporter = open();
    const job = newId();
    await reporter
      .track(job, async ({ stages, each }) => {
        const parts = stages({ download: 1, render: 7, upload: 2 });
        await parts.run('download', () => {});
        await parts.run('render', async ({ report }) => {
          expect(await report(0.5, 'frame 50')).toMatchObject({ stage: 'render', progress: 0.45, message: 'frame 50' });
        });
        for await (const item of each(['a', 'b', 'c', 'd'], { stage: 'check' })) {
          if (item === 'd') throw new Error('bad item');
        }
      })
      .catch(() => {});
    expect(await end(server, job)).toMatchObject({
      status: 'FAILED',
      stage: 'check',
      progress: 0.75,
      message: 'bad item',
    });
  });

  it('that works off items stops at the next one after a cancel', async () => {
    await using reporter = open();
    const job = newId();
    const done: number[] = [];
    const tracked = reporter.track(job, async ({ each, report }) => {
      for await (const n of each([1, 2, 3, 4], { stage: 'check' })) {
        done.push(n);
        if (n === 2) {
          await cancel(server, job);
          await report('check');
        }
      }
    });
    await expect(tracked).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(done).toEqual([1, 2]);
    expect(await read(server, job)).toMatchObject({ status: 'CANCELLED' });
  });

  it('works on while the server cannot be reached', async () => {
    await using proxy = await startProxy(server.url);
    await using reporter = open(proxy.url);
    const job = newId();
    const result = await reporter.track(
      job,
      async ({ report }) => {
        proxy.swallow();
        proxy.cut();
        for (let step = 0; step < 100; step++) void report('away', step / 100);
        proxy.heal();
        proxy.cut();
        return 'worked';
      },
      { pollSeconds: 0.1 },
    );
    expect(result).toBe('worked');
    expect(await find(server, job)).toMatchObject({ status: 'COMPLETED', result: 'worked' });
  });
});
