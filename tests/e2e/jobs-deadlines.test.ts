import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { end, eventually, find, newSpace, openFuture, read, retry, submit, watch } from '../help/jobs.ts';
import { engines, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker } from '../help/worker.ts';

describe.each(engines)('a deadline on %s', { concurrent: true }, (engine) => {
  const server = useServer({ engine });

  it('[promise 5] ends a job that waits too long, and says which policy it was and how to raise it', async () => {
    const space = await newSpace(server, { maxQueueSeconds: 1 });
    const { id } = await submit(server, space);
    const job = await end(server, id);
    expect(job).toMatchObject({ status: 'TIMED_OUT', startedAt: null, error: { code: 'TIMED_OUT' } });
    expect(job.error?.message).toBe(
      `Waited longer than maxQueueSeconds (1 s) of space ${space}. ` +
        `An administrator can raise it: spacedock space update ${space} --max-queue-seconds N`,
    );
    expect(Date.parse(job.finishedAt!) - Date.parse(job.createdAt)).toBeGreaterThanOrEqual(1000);
  });

  it('[promise 5] [lesson inngest-py #384] ends a job that runs too long, whatever its app reports, and takes its lease', async () => {
    const space = await newSpace(server, { maxRunSeconds: 1 });
    const { id } = await submit(server, space);
    const next = await submit(server, space);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    await work.progress({ progress: 0.5 });
    const job = await end(server, id);
    expect(job).toMatchObject({ status: 'TIMED_OUT', progress: 0.5, attempt: 1 });
    expect(job.error?.message).toBe(
      `Ran longer than maxRunSeconds (1 s) of space ${space}. ` +
        `An administrator can raise it: spacedock space update ${space} --max-run-seconds N`,
    );
    expect(await worker.event('LeaseRevoked')).toMatchObject({ jobId: id, leaseToken: work.lease });
    expect((await work.complete()).errors[0]?.extensions.code).toBe('JOB_FINISHED');
    // Its place is free for others.
    expect((await worker.work()).job).toBe(next.id);
  });

  it('counts per attempt and per stay in the queue', async () => {
    const space = await newSpace(server, { maxRunSeconds: 1, maxQueueSeconds: 1, maxAttempts: 2 });
    const { id } = await submit(server, space);
    await using worker = await openWorker(server, space);
    await (await worker.work()).fail({ retryable: true });
    await worker.work();
    const job = await end(server, id);
    expect(job).toMatchObject({ status: 'TIMED_OUT', attempt: 2 });
    expect(job.processingTime).toBeGreaterThanOrEqual(1000);
    const second = job.events.filter(({ status }) => status === 'RUNNING').at(-1)!;
    expect(Date.parse(job.startedAt!)).toBe(Date.parse(second.at));
  });

  it('of before is kept by the jobs of before when the policy changes', async () => {
    const space = await newSpace(server, { retentionSeconds: 60 });
    const { id } = await submit(server, space);
    await using socket = await openSocket(server);
    await socket.ask('mutation ($input: UpdateSpaceInput!) { updateSpace(input: $input) { id } }', {
      input: { id: space, policy: { retentionSeconds: 7200 } },
    });
    await using worker = await openWorker(server, space);
    await (await worker.work()).complete();
    const job = await read(server, id);
    expect(Date.parse(job.keptUntil!) - Date.parse(job.finishedAt!)).toBe(60_000);
  });
});

describe.each(engines)('the retention of a job on %s', (engine) => {
  const server = useServer({ engine });

  it('deletes the job with its files, those of its input and of its result, when its time is over', async () => {
    const { id, later } = await finished(server);
    const folder = join(server.dataDir, 'files', 'jobs', id);
    await access(folder);
    const before = await openFuture(server, 59_000);
    const after = await openFuture(server, 61_000);
    await eventually(async () => (await find(server, id)) === null);
    await expect(access(folder)).rejects.toThrow('ENOENT');
    expect(await find(server, later)).not.toBeNull();
    await Promise.all([before.close(), after.close()]);
  });

  it('frees the idempotency key, and a retry is not possible any more', async () => {
    const { id, space } = await finished(server, 'once');
    expect((await submit(server, space, { prompt: 'With a file', idempotencyKey: 'once' })).id).toBe(id);
    const future = await openFuture(server, 61_000);
    await eventually(async () => (await find(server, id)) === null);
    await future.close();
    await expect(retry(server, id)).rejects.toThrow('NOT_FOUND');
    expect((await submit(server, space, { prompt: 'Another', idempotencyKey: 'once' })).id).not.toBe(id);
  });

  it('leaves nothing for those who watch late: NOT_FOUND', async () => {
    const { id } = await finished(server);
    const future = await openFuture(server, 61_000);
    await eventually(async () => (await find(server, id)) === null);
    await using socket = await openSocket(server);
    const [error] = (await watch(socket, id).ended) as { extensions: { code?: string } }[];
    expect(error?.extensions.code).toBe('NOT_FOUND');
    await future.close();
  });
});

async function upload(server: TestServer, text: string): Promise<string> {
  const response = await fetch(`${server.url}/files?name=note.txt`, { method: 'POST', body: text });
  return ((await response.json()) as { id: string }).id;
}

/** A completed job kept for a minute, with a file in and one out; and one that waits. */
async function finished(server: TestServer, idempotencyKey?: string) {
  const space = await newSpace(server, { retentionSeconds: 60 }, { prompt: true, files: { accept: ['*/*'] } });
  const files = idempotencyKey ? undefined : [await upload(server, 'in')];
  const { id } = await submit(server, space, { prompt: 'With a file', files, idempotencyKey });
  const worker = await openWorker(server, space);
  await (await worker.work()).complete({ files: [await upload(server, 'out')] });
  await worker.leave();
  const later = await submit(server, space);
  return { space, id, later: later.id };
}
