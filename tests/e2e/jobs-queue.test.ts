import { describe, expect, it } from 'vitest';
import { type JobSnapshot, type SubmitInferenceInput, submitInferenceMutation } from '../../client/sdk/index.ts';
import { type Viewer, visitor } from '../../src/domain/viewer.ts';
import { post } from '../help/client.ts';
import { cancel, newSpace, openFuture, read, submit, submitMany, watch } from '../help/jobs.ts';
import { engines, type TestServer } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker, send, type Worker } from '../help/worker.ts';

const trySubmit = (server: TestServer, input: SubmitInferenceInput) => post(server, submitInferenceMutation, { input });

/** Has the worker complete the next jobs, one after the other. Returns their prompts in the order they came. */
async function workOff(worker: Worker, count: number): Promise<(string | null)[]> {
  const prompts: (string | null)[] = [];
  for (let n = 0; n < count; n++) {
    const work = await worker.work();
    prompts.push(work.input.prompt);
    await work.complete();
  }
  return prompts;
}

describe.each(engines)('the queue of a space on %s', (engine) => {
  const server = useServer({ engine });

  it('[promise 3] hands jobs out in the order they came', async () => {
    const space = await newSpace(server);
    const prompts = Array.from({ length: 25 }, (_, n) => `${n}`);
    await submitMany(server, space, prompts);
    await using worker = await openWorker(server, space);
    expect(await workOff(worker, 25)).toEqual(prompts);
  });

  it('[promise 3] hands out the higher priority first, and each priority in the order it came', async () => {
    const space = await newSpace(server);
    for (const [prompt, priority] of Object.entries({ a: 0, b: -100, c: 100, d: 5, e: 100, f: 0, g: -1 })) {
      await submit(server, space, { prompt, priority });
    }
    await using worker = await openWorker(server, space);
    expect(await workOff(worker, 7)).toEqual(['c', 'e', 'd', 'a', 'f', 'g', 'b']);
  });

  it('[promise 3] gives a job that comes back its old place', async () => {
    const space = await newSpace(server);
    await submitMany(server, space, ['first', 'second', 'third']);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    expect(work.input.prompt).toBe('first');
    await work.fail({ retryable: true });
    expect(await workOff(worker, 3)).toEqual(['first', 'second', 'third']);
  });

  it('[promise 3] hands jobs of a FAIR space out in turns between submitters, and says so in their places', async () => {
    const space = await newSpace(server, { order: 'FAIR' });
    const submitFor = async (name: string, prompt: string) => {
      const viewer: Viewer = { ...visitor(`u_${name}`), name, role: 'USER' };
      return (await server.server.services.submission.submit({ space, prompt }, viewer)).id;
    };
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) ids.push(await submitFor('flood', `flood ${n}`));
    for (const prompt of ['first', 'second']) ids.push(await submitFor('other', prompt));
    const places = await Promise.all(ids.slice(-2).map(async (id) => (await read(server, id)).queuePosition));
    expect(places).toEqual([2, 4]);
    await using worker = await openWorker(server, space);
    const work = await worker.work();
    expect(work.input.prompt).toBe('flood 0');
    await work.fail({ retryable: true });
    expect(await workOff(worker, 5)).toEqual(['flood 0', 'first', 'flood 1', 'second', 'flood 2']);
  });

  it('gives an app as many jobs as its capacity, not one more', async () => {
    const space = await newSpace(server);
    const ids = await submitMany(server, space, ['1', '2', '3', '4']);
    await using worker = await openWorker(server, space, { capacity: 2 });
    const [first, second] = [await worker.work(), await worker.work()];
    const running = async () => (await Promise.all(ids.map((id) => read(server, id)))).map(({ status }) => status);
    expect(await running()).toEqual(['RUNNING', 'RUNNING', 'QUEUED', 'QUEUED']);
    await second.complete();
    expect((await worker.work()).input.prompt).toBe('3');
    expect(await running()).toEqual(['RUNNING', 'COMPLETED', 'RUNNING', 'QUEUED']);
    await first.complete();
  });

  it('[promise 6] tells those who wait as they move up, with the job’s revision as it was', async () => {
    const space = await newSpace(server);
    const ids = await submitMany(server, space, ['1', '2', '3']);
    await using socket = await openSocket(server);
    const watcher = watch(socket, ids[2]!);
    const seen: JobSnapshot[] = [await watcher.next()];
    expect(seen[0]).toMatchObject({ queuePosition: 3, revision: 1 });
    await using worker = await openWorker(server, space);
    const first = await worker.work();
    seen.push(await watcher.until(({ queuePosition }) => queuePosition === 2));
    await first.complete();
    const second = await worker.work();
    seen.push(await watcher.until(({ queuePosition }) => queuePosition === 1));
    expect(seen.map(({ revision }) => revision)).toEqual([1, 1, 1]);
    await second.complete();
    expect(await watcher.until(({ status }) => status === 'RUNNING')).toMatchObject({ queuePosition: null });
  });

  it('takes no more than maxQueued; what runs does not count', async () => {
    const space = await newSpace(server, { maxQueued: 2 });
    const [first] = await submitMany(server, space, ['1', '2']);
    const { errors } = await trySubmit(server, { space, prompt: '3' });
    expect(errors[0]).toMatchObject({
      message: `Space ${space} has 2 jobs waiting; its maxQueued is 2`,
      extensions: { code: 'QUEUE_FULL', field: 'input.space', limit: 2, retryAfterSeconds: 5 },
    });
    await using worker = await openWorker(server, space);
    expect((await worker.work()).job).toBe(first);
    const { id } = await submit(server, space);
    expect((await trySubmit(server, { space, prompt: '4' })).errors[0]?.extensions.code).toBe('QUEUE_FULL');
    await cancel(server, id);
    await submit(server, space);
  });

  it('of a space without an app refuses, or keeps jobs for later, as its policy says', async () => {
    const strict = await newSpace(server, { whenOffline: 'REJECT' });
    const { errors } = await trySubmit(server, { space: strict, prompt: 'Now' });
    expect(errors[0]).toMatchObject({ extensions: { code: 'SPACE_NOT_CONNECTED', field: 'input.space' } });
    const worker = await openWorker(server, strict);
    const accepted = await submit(server, strict);
    expect((await worker.work()).job).toBe(accepted.id);
    await worker.leave();
    expect((await trySubmit(server, { space: strict, prompt: 'Now' })).errors[0]?.extensions.code).toBe(
      'SPACE_NOT_CONNECTED',
    );

    const patient = await newSpace(server, { whenOffline: 'QUEUE' });
    const { id } = await submit(server, patient);
    await using later = await openWorker(server, patient);
    expect((await later.work()).job).toBe(id);
  });
});

describe.each(engines)('the expected wait on %s', (engine) => {
  // Presences that outlive the jump of a clock.
  const server = useServer({ engine, env: { RECONNECT_GRACE_SECONDS: '60' } });

  it('tells those who wait how long, from recent run times and the capacity', async () => {
    const space = await newSpace(server);
    const [first, ...rest] = await submitMany(server, space, ['1', '2', '3', '4']);
    expect(await read(server, rest[0]!)).toMatchObject({ queuePosition: 2, estimatedWait: null });
    await using socket = await openSocket(server);
    const watcher = watch(socket, rest[2]!);
    await using worker = await openWorker(server, space);
    const { job, lease } = await worker.work();
    expect(job).toBe(first);
    // A process whose clock is ahead takes the report: the job ran for four seconds.
    const future = await openFuture(server, 4_000);
    await using reporter = await openSocket({ socket: `${future.url.replace('http', 'ws')}/graphql` });
    await send(reporter, 'reportComplete', { job, lease });
    const ms = (await read(server, job)).processingTime!;
    expect(ms).toBeGreaterThanOrEqual(4000);
    const run = Math.round(ms / 100) / 10;

    const second = await worker.work();
    // Two more to go, one at a time, and the one that runs may end at once.
    const waiting = await watcher.until((job) => job.queuePosition === 2 && job.estimatedWait?.low !== 0);
    expect(waiting.estimatedWait).toEqual({ low: run, high: Math.round(ms / 50) / 10 });
    expect(await read(server, rest[1]!)).toMatchObject({ queuePosition: 1, estimatedWait: { low: 0, high: run } });
    expect(await read(server, second.job)).toMatchObject({ queuePosition: null, estimatedWait: null });
    await future.close();
  });
});

describe.each(engines)('one submitter’s part of a queue on %s', (engine) => {
  const server = useServer({ engine, env: { MAX_QUEUED_PER_VIEWER: '2' } });

  it('is bounded in each space, and one past it is refused with the limit', async () => {
    const [space, elsewhere] = [await newSpace(server), await newSpace(server)];
    const other: Viewer = { ...visitor('u_other'), name: 'other', role: 'USER' };
    await submitMany(server, space, ['1', '2']);
    const { errors } = await trySubmit(server, { space, prompt: '3' });
    expect(errors).toMatchObject([
      {
        message: `You have 2 jobs waiting in space ${space}; at most 2 of one submitter may`,
        extensions: { code: 'QUEUE_FULL', field: 'input.space', limit: 2, retryAfterSeconds: 5 },
      },
    ]);
    await submit(server, elsewhere, { prompt: '4' });
    await server.server.services.submission.submit({ space, prompt: '?' }, other);
    await using worker = await openWorker(server, space);
    expect((await worker.work()).input.prompt).toBe('1');
    await submit(server, space, { prompt: '5' });
    expect((await trySubmit(server, { space, prompt: '6' })).errors[0]?.extensions.code).toBe('QUEUE_FULL');
  });
});
