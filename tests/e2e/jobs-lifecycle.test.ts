import { describe, expect, it } from 'vitest';
import { ask } from '../help/client.ts';
import { cancel, end, find, newSpace, read, retry, submit, watch } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker, send } from '../help/worker.ts';

const codeOf = ({ errors }: { errors: { extensions: { code?: string } }[] }) => errors[0]?.extensions.code;

describe.each(engines)('a job on %s', (engine) => {
  const server = useServer({ engine });

  it('goes from the queue through an app to its result, and its watcher sees every step', async () => {
    const space = await newSpace(server);
    await using socket = await openSocket(server);
    const submitted = await submit(server, space, { prompt: 'Count the stars' });
    expect(submitted).toMatchObject({ status: 'QUEUED', revision: 1, attempt: 0, queuePosition: 1, progress: 0 });
    const watcher = watch(socket, submitted.id);
    expect(await watcher.next()).toMatchObject({ status: 'QUEUED', revision: 1 });

    await using worker = await openWorker(server, space);
    const work = await worker.work();
    expect(work).toMatchObject({ job: submitted.id, attempt: 1, input: { prompt: 'Count the stars', files: [] } });
    await watcher.until(({ status }) => status === 'RUNNING');
    await work.progress({ stage: 'counting', progress: 0.5, message: 'Half of the sky', metadata: { stars: 3000 } });
    expect(await watcher.until(({ stage }) => stage === 'counting')).toMatchObject({
      progress: 0.5,
      message: 'Half of the sky',
      metadata: { stars: 3000 },
      queuePosition: null,
    });
    await work.progress({ stage: 'counting', message: 'Still' });
    expect(await watcher.until(({ message }) => message === 'Still')).toMatchObject({ progress: 0.5 });
    const { data } = await work.complete({ result: { stars: 6000 }, confidence: 0.9, message: 'All counted' });
    expect(data?.status).toBe('COMPLETED');

    const [last] = (await watcher.rest()).slice(-1);
    expect(await watcher.ended).toBe('complete');
    expect(last).toMatchObject({
      status: 'COMPLETED',
      stage: 'complete',
      progress: 1,
      message: 'All counted',
      metadata: { stars: 3000 },
      result: { stars: 6000 },
      confidence: 0.9,
      attempt: 1,
      app: { id: worker.id, name: 'Worker' },
    });
    expect(await read(server, submitted.id)).toEqual(last);
  });

  it('tells how long it took, from the start to the end', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    await (await worker.work()).complete();
    const job = await read(server, id);
    expect(job.message).toBe('Job completed');
    expect(job.processingTime).toBe(Date.parse(job.finishedAt!) - Date.parse(job.startedAt!));
    expect(Date.parse(job.createdAt)).toBeLessThanOrEqual(Date.parse(job.startedAt!));
    expect(Date.parse(job.keptUntil!) - Date.parse(job.finishedAt!)).toBe(3600_000);
  });

  it('lists what happened to it, oldest first', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    await work.progress({ stage: 'load' });
    await work.progress({ stage: 'load', progress: 0.5 });
    await work.progress({ stage: 'run', message: 'Off we go' });
    await work.complete();
    const { events } = await read(server, id);
    expect(events.map(({ status, stage, message, attempt }) => ({ status, stage, message, attempt }))).toEqual([
      { status: 'QUEUED', stage: null, message: null, attempt: 0 },
      { status: 'RUNNING', stage: null, message: null, attempt: 1 },
      { status: 'RUNNING', stage: 'load', message: null, attempt: 1 },
      { status: 'RUNNING', stage: 'run', message: 'Off we go', attempt: 1 },
      { status: 'COMPLETED', stage: 'complete', message: 'Job completed', attempt: 1 },
    ]);
    expect([...events].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))).toEqual(events);
  });

  it('keeps the last hundred of its events', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    for (let n = 1; n <= 105; n++) await work.progress({ stage: `stage ${n}` });
    await work.complete();
    const { events } = await read(server, id);
    expect(events).toHaveLength(100);
    expect(events[0]).toMatchObject({ stage: 'stage 7' });
    expect(events.at(-1)).toMatchObject({ status: 'COMPLETED' });
  });

  it('fails with the code and the words of its app, keeping how far it came', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    await work.progress({ stage: 'decode', progress: 0.25 });
    await work.fail({ error: 'This is no picture', code: 'BAD_IMAGE', metadata: { byte: 7 } });
    expect(await read(server, id)).toMatchObject({
      status: 'FAILED',
      error: { code: 'BAD_IMAGE', message: 'This is no picture' },
      stage: 'decode',
      progress: 0.25,
      metadata: { byte: 7 },
      result: null,
      confidence: null,
    });
  });

  it('that failed retryably is tried again as often as its space says, then it fails', async () => {
    const space = await newSpace(server, { maxAttempts: 2 });
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    const first = await worker.work();
    await first.progress({ stage: 'half', progress: 0.5 });
    expect((await first.fail({ error: 'Out of memory', retryable: true })).data).toMatchObject({ status: 'QUEUED' });
    const second = await worker.work();
    expect(second).toMatchObject({ job: id, attempt: 2 });
    expect(second.lease).not.toBe(first.lease);
    expect(await read(server, id)).toMatchObject({ status: 'RUNNING', stage: null, progress: 0, attempt: 2 });
    await second.fail({ error: 'Out of memory again', retryable: true });
    const failed = await read(server, id);
    expect(failed).toMatchObject({ status: 'FAILED', error: { code: 'APP_ERROR', message: 'Out of memory again' } });
    expect(failed.events.map(({ status, attempt }) => `${status} ${attempt}`)).toEqual([
      ...['QUEUED 0', 'RUNNING 1', 'RUNNING 1', 'QUEUED 1', 'RUNNING 2', 'FAILED 2'],
    ]);
  });

  it('[promise 4] [lesson runpod-python #250] that has ended never changes again, whatever comes late', async () => {
    const space = await newSpace(server);
    const endings = {
      COMPLETED: 'complete',
      FAILED: 'fail',
      CANCELLED: 'cancelled',
    } as const;
    await using worker = await openWorker(server, space);
    for (const [status, verb] of Object.entries(endings)) {
      const { id } = await submit(server, space);
      const work = await worker.work();
      await work[verb]();
      const ended = await read(server, id);
      expect(ended.status).toBe(status);
      expect(codeOf(await work.progress({ progress: 0.1 }))).toBe('JOB_FINISHED');
      for (const other of Object.values(endings)) {
        const { data, errors } = await work[other]();
        // The report that ended it gets the job again; so does any that gives in to a cancellation.
        if (other === verb || status === 'CANCELLED') expect(data).toMatchObject({ status });
        else expect(errors[0]?.extensions.code).toBe('JOB_FINISHED');
      }
      const cancelled = await worker.socket.request('mutation ($id: ID!) { cancelJob(id: $id) { status } }', { id });
      if (status === 'CANCELLED') expect(cancelled.data).toEqual({ cancelJob: { status } });
      else expect(codeOf(cancelled)).toBe('JOB_FINISHED');
      expect(await read(server, id)).toEqual(ended);
    }
  });

  it('[promise 2] [lesson OpenFn kit #1130] takes one result: the same report again under the same lease changes nothing', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    const replies = await Promise.all([
      work.complete({ result: 'first' }),
      work.complete({ result: 'second' }),
      work.complete({ result: 'third' }),
    ]);
    for (const { data } of replies) expect(data).toEqual(replies[0].data);
    const job = await read(server, id);
    expect(job).toMatchObject({ status: 'COMPLETED', result: 'first', revision: 3 });
    expect((await work.complete({ result: 'first' })).data).toMatchObject({ revision: 3 });
    expect(await read(server, id)).toEqual(job);
  });

  it('[promise 2] [lesson bullmq #3183] takes no report under a lease that moved on', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    const first = await openWorker(server, space);
    const old = await first.work();
    await old.progress({ stage: 'by the first', progress: 0.3 });
    await first.leave();
    await using second = await openWorker(server, space);
    await using straggler = await openSocket(server);
    const work = await second.work();
    expect(work).toMatchObject({ job: id, attempt: 2 });
    await work.progress({ stage: 'by the second', progress: 0.6 });
    const before = await read(server, id);

    const held = { job: old.job, lease: old.lease };
    expect(codeOf(await send(straggler, 'reportProgress', { ...held, stage: 'late' }))).toBe('LEASE_LOST');
    expect(codeOf(await send(straggler, 'reportComplete', { ...held, result: 'late' }))).toBe('LEASE_LOST');
    expect(codeOf(await send(straggler, 'reportFailure', { ...held, error: 'late' }))).toBe('LEASE_LOST');
    expect(codeOf(await send(straggler, 'reportCancelled', held))).toBe('LEASE_LOST');
    expect(await read(server, id)).toEqual(before);

    await work.complete({ result: 'by the second' });
    expect(codeOf(await send(straggler, 'reportComplete', { ...held, result: 'late' }))).toBe('LEASE_LOST');
    expect(await read(server, id)).toMatchObject({ status: 'COMPLETED', result: 'by the second' });
  });

  it('is tried anew with the same input when someone asks, whatever its end', async () => {
    const space = await newSpace(server);
    await using worker = await openWorker(server, space);
    const { id } = await submit(server, space, { prompt: 'Again', priority: 3 });
    await (await worker.work()).fail({ error: 'No' });
    const next = await retry(server, id);
    expect(next.id).not.toBe(id);
    expect(next).toMatchObject({ priority: 3, input: { prompt: 'Again' } });
    const work = await worker.work();
    expect(work).toMatchObject({ job: next.id, attempt: 1, input: { prompt: 'Again' } });
    await work.complete({ result: 'Yes' });
    expect(await read(server, id)).toMatchObject({ status: 'FAILED' });
    expect(await end(server, next.id)).toMatchObject({ status: 'COMPLETED', result: 'Yes' });
  });

  it('is not tried anew while it is not over', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using socket = await openSocket(server);
    const { errors } = await socket.request('mutation ($id: ID!) { retryJob(id: $id) { id } }', { id });
    expect(errors[0]).toMatchObject({ extensions: { code: 'CONFLICT', field: 'id' } });
    await cancel(server, id);
  });

  it('that nobody knows is null', async () => {
    const space = await newSpace(server);
    expect(await find(server, `${space}.0192f0c1-2345-7000-8000-000000000000`)).toBeNull();
    expect(await find(server, 'no-such-job')).toBeNull();
  });

  it('is in its space’s list, which shows its submitter too', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    expect(
      await ask(server, 'query ($id: ID!) { space(id: $id) { jobs { nodes { id submitter { name role } } } } }', {
        id: space,
      }),
    ).toEqual({ space: { jobs: { nodes: [{ id, submitter: { name: 'Anonymous', role: 'ADMIN' } }] } } });
  });
});
