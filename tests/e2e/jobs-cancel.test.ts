import { describe, expect, it } from 'vitest';
import { connectRemoteApp } from '../../client/sdk/index.ts';
import { post } from '../help/client.ts';
import { cancel, end, newSpace, openFuture, read, submit, watch } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker } from '../help/worker.ts';

const CANCEL = 'mutation ($id: ID!) { cancelJob(id: $id) { id status revision } }';

describe.each(engines)('a cancellation on %s', (engine) => {
  const server = useServer({ engine });

  it('ends a queued job at once, and no app ever gets it', async () => {
    const space = await newSpace(server);
    const first = await submit(server, space);
    const second = await submit(server, space);
    const cancelled = await cancel(server, first.id);
    expect(cancelled).toMatchObject({ status: 'CANCELLED', startedAt: null, processingTime: null, attempt: 0 });
    expect(cancelled.cancellation).toMatchObject({ deliveredAt: null, confirmedAt: cancelled.finishedAt });
    await using worker = await openWorker(server, space);
    expect((await worker.work()).job).toBe(second.id);
  });

  it('[promise 9] of a running job is seen as requested, delivered to its app, and confirmed', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using socket = await openSocket(server);
    await using worker = await openWorker(server, space);
    const watcher = watch(socket, id);
    const work = await worker.work();
    worker.socket.answerPings = false;

    expect(await cancel(server, id)).toMatchObject({ status: 'CANCELLING', finishedAt: null });
    const requested = await watcher.until(({ status }) => status === 'CANCELLING');
    expect(requested.cancellation).toMatchObject({ deliveredAt: null, confirmedAt: null });
    expect(await worker.event('CancelRequested')).toMatchObject({ jobId: id, leaseToken: work.lease });

    // The Ping that follows the request is what tells that it arrived.
    const ping = await worker.socket.take(({ type, payload }) => type === 'ping' && !!payload);
    worker.socket.answerPings = true;
    worker.socket.send({ type: 'pong', payload: ping.payload });
    const delivered = await watcher.until(({ cancellation }) => !!cancellation?.deliveredAt);
    expect(delivered.status).toBe('CANCELLING');

    expect((await work.cancelled()).data).toMatchObject({ status: 'CANCELLED' });
    const last = (await watcher.rest()).at(-1)!;
    expect(last).toMatchObject({ status: 'CANCELLED', result: null, error: null });
    const { requestedAt, deliveredAt, confirmedAt } = last.cancellation!;
    expect(requestedAt).toBe(requested.cancellation?.requestedAt);
    expect(deliveredAt).toBe(delivered.cancellation?.deliveredAt);
    expect(confirmedAt).toBe(last.finishedAt);
  });

  it('shows in the reply to every report', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    expect((await work.progress()).data).toMatchObject({ status: 'RUNNING' });
    await cancel(server, id);
    expect((await work.progress({ stage: 'tidying up' })).data).toMatchObject({ status: 'CANCELLING' });
    await work.cancelled();
  });

  it('discards a result that arrives nevertheless; sending it again gets the cancelled job', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    await cancel(server, id);
    const first = await work.complete({ result: 'too late' });
    expect(first.data).toMatchObject({ status: 'CANCELLED' });
    expect(await work.complete({ result: 'too late' })).toEqual(first);
    expect(await read(server, id)).toMatchObject({ status: 'CANCELLED', result: null, files: [], confidence: null });
  });

  it('makes room for the next job as soon as it is confirmed', async () => {
    const space = await newSpace(server);
    const first = await submit(server, space);
    const second = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    await cancel(server, first.id);
    await work.cancelled();
    expect((await worker.work()).job).toBe(second.id);
  });

  it('asked for twice is one; asked for after another end it is JOB_FINISHED', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    const first = await cancel(server, id);
    const second = await cancel(server, id);
    expect(second.cancellation?.requestedAt).toBe(first.cancellation?.requestedAt);
    expect(second.events).toEqual(first.events);
    await work.cancelled();
    const again = await post<{ cancelJob: { status: string } }>(server, CANCEL, { id });
    expect(again.data?.cancelJob.status).toBe('CANCELLED');

    const other = await submit(server, space);
    await (await worker.work()).complete();
    const { errors } = await post(server, CANCEL, { id: other.id });
    expect(errors[0]?.extensions.code).toBe('JOB_FINISHED');
    expect(errors[0]?.message).toContain('COMPLETED');
  });

  it('ends when its app leaves, without anybody knowing that the work has stopped', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    const worker = await openWorker(server, space);
    await worker.work();
    await cancel(server, id);
    await worker.leave();
    expect(await end(server, id)).toMatchObject({
      status: 'CANCELLED',
      attempt: 1,
      cancellation: { confirmedAt: null },
    });
  });

  it('[lesson vllm #54947] reaches the handler of an app as an aborted signal', async () => {
    const space = await newSpace(server);
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<unknown>();
    await using app = connectRemoteApp({
      url: server.url,
      spaces: [space],
      drainOnSignals: false,
      async handler(_request, { signal }) {
        started.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        aborted.resolve(signal.reason);
      },
    });
    await app.registered;
    const { id } = await submit(server, space);
    await started.promise;
    await cancel(server, id);
    expect(await aborted.promise).toMatchObject({ code: 'CANCELLED' });
    const job = await end(server, id);
    expect(job.status).toBe('CANCELLED');
    expect(job.cancellation?.deliveredAt).not.toBeNull();
    expect(job.cancellation?.confirmedAt).not.toBeNull();
  });
});

describe.each(engines)('the grace of a cancellation on %s', (engine) => {
  // Leases that outlive the grace: it is what ends the job here.
  const server = useServer({ engine, env: { RECONNECT_GRACE_SECONDS: '60' } });

  it('[promise 9] [promise 5] is ten seconds: then the job is cancelled, unconfirmed, and its app hears of it', async () => {
    const space = await newSpace(server);
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    await work.progress();
    await cancel(server, id);
    await worker.event('CancelRequested');

    const early = await openFuture(server, 9_000);
    expect(await read(server, id)).toMatchObject({ status: 'CANCELLING' });
    await early.close();
    const late = await openFuture(server, 11_000);
    const job = await end(server, id);
    expect(job).toMatchObject({ status: 'CANCELLED', cancellation: { confirmedAt: null } });
    expect(job.events.at(-1)?.message).toContain('did not confirm');
    expect(await worker.event('LeaseRevoked')).toMatchObject({ jobId: id, leaseToken: work.lease });
    // It may say so late: that changes nothing.
    expect((await work.cancelled()).data).toMatchObject({ status: 'CANCELLED' });
    expect(await read(server, id)).toEqual(job);
    await late.close();
  });
});

describe('a cancellation on two processes', () => {
  const server = useServer({ engine: 'redis' });

  it('[promise 8] [lesson bullmq #3768] crosses to the process that holds the app, and its end comes back', async () => {
    await using second = await server.second();
    const space = await newSpace(server);
    await using worker = await openWorker(server, space);
    const { id } = await submit(second, space);
    await using socket = await openSocket(second);
    const watcher = watch(socket, id);
    const work = await worker.work();
    expect(await cancel(second, id)).toMatchObject({ status: 'CANCELLING' });
    expect(await worker.event('CancelRequested')).toMatchObject({ jobId: id, leaseToken: work.lease });
    await watcher.until(({ cancellation }) => !!cancellation?.deliveredAt);
    await work.cancelled();
    const last = (await watcher.rest()).at(-1)!;
    expect(last.status).toBe('CANCELLED');
    expect(last.cancellation?.confirmedAt).not.toBeNull();
  });
});
